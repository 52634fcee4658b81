/* format.js -- numbers and moments as their reader writes them.
 * Knows: the locale of the browser. Unknown is a dash, never 0. */
import { zone } from "./zone.js";

export const UNKNOWN = "–";
const locale = navigator.language || "en";

const kept = new Map();

function formatter(Kind, options) {
	const name = Kind.name + JSON.stringify(options);

	if (!kept.has(name))
		kept.set(name, new Kind(locale, options));
	return kept.get(name);
}

/* A browser takes longer over the first of these than over all others. */
export const warm = () => [count(0), percent(0), short(0), shortDay("2026-01-01")];

const or = (format) => (value) => value === null || value === undefined ? UNKNOWN : format(value);
const number = (options) => or((value) => formatter(Intl.NumberFormat, options).format(value));

export const count = number({});
export const short = number({ notation: "compact", maximumFractionDigits: 1 });
/* In little room: millions are not told to the last one. */
export const big = (value) => value >= 1000000 ? short(value) : count(value);
const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];

export const bytes = or((value) => {
	const power = value < 1024 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log2(value) / 10));

	return formatter(Intl.NumberFormat, { maximumFractionDigits: power ? 1 : 0 }).format(value / 1024 ** power) + " " + SIZES[power];
});
const fraction = (value) => value !== 0 && Math.abs(value) < 0.001 ? 3 : 2;
export const percent = or((value) => formatter(Intl.NumberFormat,
	{ style: "percent", minimumFractionDigits: 2, maximumFractionDigits: fraction(value) }).format(value));
export const interval = or(([low, high]) => percent(low) + " – " + percent(high));
export const confidence = number({ style: "percent", maximumFractionDigits: 0 });

/* Of rates, in points of a percent; of counts, in parts of what was before. */
export const points = or((value) => formatter(Intl.NumberFormat,
	{ signDisplay: "exceptZero", minimumFractionDigits: 2, maximumFractionDigits: fraction(value) }).format(100 * value) + " pp");
export const change = number({ style: "percent", signDisplay: "exceptZero", maximumFractionDigits: 0 });

const moment = (options) => or((text) => formatter(Intl.DateTimeFormat, { timeZone: zone(), ...options }).format(new Date(text)));

export const time = moment({ dateStyle: "medium", timeStyle: "short" });
const sameYear = moment({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/* For rows: the year only where it is another. */
export const rowTime = or((at) => new Date(at).getFullYear() === new Date().getFullYear() ? sameYear(at) : time(at));
export const exact = moment({ dateStyle: "full", timeStyle: "long" });
export const day = moment({ dateStyle: "medium" });
export const utcDay = moment({ dateStyle: "medium", timeZone: "UTC" });
export const shortDay = moment({ day: "numeric", month: "short" });
export const hour = moment({ hour: "2-digit", minute: "2-digit" });
export const weekday = moment({ weekday: "short", day: "numeric", month: "short" });

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/* "3 hours ago" */
export const ago = or((text) => {
	const seconds = (Date.parse(text) - Date.now()) / 1000;
	const [unit, size] = UNITS.find(([, one]) => Math.abs(seconds) >= one) ?? UNITS[3];

	return formatter(Intl.RelativeTimeFormat, { numeric: "auto" }).format(Math.round(seconds / size), unit);
});

export const duration = or((seconds) => {
	const [unit, size] = UNITS.find(([, one]) => seconds >= one) ?? UNITS[3];

	return formatter(Intl.NumberFormat, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 }).format(seconds / size);
});

/* "recipient.unknown" reads as it stands; a word in a list of values reads better with spaces. */
export const word = (name) => name.replaceAll("_", " ");
export const orEmpty = (name, text) => name === "" || name === null ? text : name;
