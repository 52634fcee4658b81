/* state.js -- what is shown, as the part of the address behind "#": #/domains/example.com?window=7d&sort=failed
 * So back, reload and a link that is sent show the same; and what stands there reaches no server's log.
 * The shared words go along from view to view; the others belong to one. */

const SHARED = ["window", "from", "to", "stream", "basis", "zone"];
export const DEFAULT_WINDOW = "14d";

/* { parts: ["domains", "example.com"], query: { window: "7d" } } */
export function read() {
	const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
	const parts = path.split("/").filter((part) => part !== "").map(decode);

	return { parts: parts.length ? parts : ["overview"], query: Object.fromEntries(new URLSearchParams(query ?? "")) };
}

/* An address that somebody typed may have a % that stands for nothing. */
function decode(part) {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}

const isSet = ([, value]) => value !== null && value !== undefined && value !== "";

export function href(parts, query) {
	const words = new URLSearchParams(Object.entries(query ?? {}).filter(isSet)).toString();

	return "#/" + parts.map(encodeURIComponent).join("/") + (words ? "?" + words : "");
}

/* Another view, of the same window, stream and basis. */
export function to(parts, query) {
	const now = read().query;
	const kept = Object.fromEntries(SHARED.filter((word) => word in now).map((word) => [word, now[word]]));

	return href(parts, { ...kept, ...query });
}

/* The same view with some words changed; null takes one away. A page of a list belongs to its words. */
export function changed(changes) {
	const { parts, query } = read();

	return href(parts, { ...query, cursor: null, ...changes });
}

export function change(changes) {
	location.hash = changed(changes);
}

export function go(parts, query) {
	location.hash = to(parts, query);
}

/* The words of the address that the API knows under the same name, for a query. */
export function windowQuery({ query }) {
	const { from, to: end, stream, basis } = query;
	const span = from ? { from, to: end } : { from: query.window ?? DEFAULT_WINDOW };

	return clean({ ...span, stream, basis });
}

export const clean = (query) => Object.fromEntries(Object.entries(query).filter(isSet));
export const pick = (query, names) => clean(Object.fromEntries(names.map((name) => [name, query[name]])));

/* How long the window is, in days; roughly. */
function windowDays({ query }) {
	if (query.from)
		return (Date.parse(query.to ?? new Date().toISOString()) - Date.parse(query.from)) / 86400000;
	const [, n, unit] = /^(\d+)([hd])$/.exec(query.window ?? DEFAULT_WINDOW) ?? [null, "14", "d"];

	return unit === "h" ? Number(n) / 24 : Number(n);
}

/* The step of a series over the window: what the API calls it, and seconds. */
export function interval(state) {
	const days = windowDays(state);

	return days <= 2 ? ["hour", 3600] : days <= 120 ? ["day", 86400] : ["week", 7 * 86400];
}
