/* controls.js -- what a reader turns: the window, filters, the zone, light and dark. All but the last are words of the
 * address (state.js). */
import { button, field, h, link, select } from "./dom.js";
import * as format from "./format.js";
import { change, changed, DEFAULT_WINDOW, href, read } from "./state.js";
import { theme } from "./theme.js";
import { rememberZone, zone, zones } from "./zone.js";

const WINDOWS = [["24h", "24 h"], ["7d", "7 d"], ["14d", "14 d"], ["30d", "30 d"], ["90d", "90 d"]];
const DAY_MS = 86400000;

const dayOf = (text) => text ? new Date(text).toISOString().slice(0, 10) : "";
const dayBefore = (text) => text ? new Date(Date.parse(text) - 1).toISOString().slice(0, 10) : "";

/* Days are those of UTC, as the server counts them. */
function customWindow({ query }) {
	const today = new Date().toISOString().slice(0, 10);
	const from = h("input", { type: "date", value: dayOf(query.from), max: today, required: true });
	const last = h("input", { type: "date", value: dayBefore(query.to), max: today, required: true });

	return h("form", { class: "inline", on: { submit: (event) => {
		event.preventDefault();
		setWindow(new Date(from.value), new Date(Date.parse(last.value) + DAY_MS));
	} } }, field("First day (UTC)", from), field("Last day (UTC)", last), h("button", null, "Show"));
}

export function setWindow(from, to) {
	if (from < to)
		change({ window: null, from: from.toISOString().replace(".000", ""), to: to.toISOString().replace(".000", "") });
}

/* from and to as the server took them. */
export const spanText = (from, to) => Date.parse(to) - Date.parse(from) > 2 * DAY_MS
	? `${format.utcDay(from)} – ${format.utcDay(new Date(Date.parse(to) - 1))}` : `${format.time(from)} – ${format.time(to)}`;

function windowPicker(state) {
	const { query } = state;
	const now = query.from ? "" : query.window ?? DEFAULT_WINDOW;

	return h("div", { class: "window" },
		h("div", { class: "segments", role: "group", "aria-label": "Window" }, WINDOWS.map(([word, text]) =>
			h("a", { href: changed({ window: word, from: null, to: null }), "aria-current": word === now ? "true" : null }, text))),
		h("details", { class: "custom" }, h("summary", null, query.from ? spanText(query.from, query.to ?? new Date()) : "Other days"), customWindow(state)));
}

/* ---- filters: [{ name, label, options: [...] } or { name, label, type, placeholder, list: [...] }] ---- */

function inputOf(filter, value) {
	if (filter.options)
		return select(value ?? "", [["", filter.any ?? "all"], ...filter.options], (chosen) => change({ [filter.name]: chosen }), { name: filter.name });
	const input = h("input", {
		name: filter.name, type: filter.type ?? "text", value: value ?? "", placeholder: filter.placeholder, list: filter.list ? "list-" + filter.name : null,
		min: filter.type === "number" ? 0 : null, spellcheck: "false", autocomplete: "off", on: { change: () => change({ [filter.name]: input.value.trim() }) },
	});

	return filter.list ? [input, h("datalist", { id: "list-" + filter.name }, filter.list.map((one) => h("option", { value: one })))] : input;
}

export function filters(wanted) {
	const { parts, query } = read();
	const set = wanted.filter((filter) => query[filter.name]);
	const rest = Object.fromEntries(Object.entries(query).filter(([name]) => !wanted.some((filter) => filter.name === name) && name !== "cursor"));

	const form = h("form", { class: "filters", role: "search", "aria-label": "Filters", on: { submit: (event) => event.preventDefault() } },
		wanted.map((filter) => field(filter.label, inputOf(filter, query[filter.name]))),
		set.length ? h("a", { class: "clear", href: href(parts, rest) }, "Clear filters") : null);

	/* On a narrow screen they would push everything else out of sight. */
	return matchMedia("(max-width: 719px)").matches
		? h("details", { class: "folded", open: set.length > 0 }, h("summary", null, set.length ? `Filters (${set.length})` : "Filters"), form) : form;
}

/* The window, and what of it. */
export const controls = (state, wanted) => h("div", { class: "controls" }, windowPicker(state), filters(wanted));

export const basisFilter = { name: "basis", label: "Counted by", any: "bounce time", options: [["send", "mail date"]] };

/* ---- zone and theme ---- */

function zonePicker() {
	const all = (names) => names.map((name) => [name, name.replaceAll("_", " ")]);
	const picker = select(zone(), all([...new Set(["UTC", zone()])]), (name) => {
		rememberZone(name);
		change({ zone: name });
	}, { "aria-label": "Time zone", class: "zone" });

	/* Four hundred names are made when somebody wants to see them. */
	const open = () => {
		if (picker.options.length < 10)
			for (const [value, text] of all(zones()))
				if (![...picker.options].some((option) => option.value === value))
					picker.append(h("option", { value }, text));
	};
	picker.addEventListener("focus", open, { once: true });
	picker.addEventListener("pointerdown", open, { once: true });
	return picker;
}

const THEMES = [["", "Auto"], ["light", "Light"], ["dark", "Dark"]];

function themePicker(redraw) {
	return select(theme.get(), THEMES, (name) => {
		theme.set(name);
		redraw();
	}, { "aria-label": "Colours", class: "theme" });
}

export const preferences = (redraw) => [zonePicker(), themePicker(redraw)];

/* ---- lists page by page ---- */

export function pages(next) {
	const { query } = read();

	if (!query.cursor && !next)
		return null;
	return h("nav", { class: "pages", "aria-label": "Pages" },
		query.cursor ? link(changed({}), "First page") : null,
		next ? link(changed({ cursor: next }), "Next page") : h("span", { class: "muted" }, "This is the last page"));
}

export const refreshButton = (again) => button("Refresh", again, { class: "quiet" });
