/* table.js -- rows with a heading each: sorted by the server, kept narrow by the style sheet, saved as CSV.
 * A column: { key, label, kind: "number" or "text", value(row): for the CSV, cell(row): text or a node, sort: what the API
 * calls it, from: "medium" or "wide" screens on, title, exact }. */
import { h, button } from "./dom.js";
import { changed } from "./state.js";

const classes = (column) => [column.kind ?? "text", column.from ? "from-" + column.from : "", "of-" + column.key].filter(Boolean).join(" ");

function heading(column, sorted) {
	const is = sorted && column.sort && sorted.sort === column.sort;
	const down = is && sorted.order === "desc";
	const next = is ? (down ? "asc" : "desc") : column.sort === "domain" ? "asc" : "desc";
	const text = column.sort && sorted
		? h("a", { href: changed({ sort: column.sort, order: next }), class: "sorter" }, is ? h("span", { class: "arrow", "aria-hidden": "true" }, down ? "▼ " : "▲ ") : null, column.label)
		: column.label;

	return h("th", { scope: "col", class: classes(column), title: column.title, "aria-sort": is ? (down ? "descending" : "ascending") : null }, text);
}

const cellOf = (column, row) => column.cell ? column.cell(row) : column.value(row);

function bodyRow(columns, row) {
	return h("tr", null, columns.map((column, i) => h(i ? "td" : "th", { class: classes(column), scope: i ? null : "row" }, cellOf(column, row))));
}

/* sorted: { sort, order } as the list came; null: not to be sorted. */
export function table({ caption, columns, rows, sorted }) {
	return h("table", { class: "rows" }, h("caption", { class: "sr-only" }, caption),
		h("thead", null, h("tr", null, columns.map((column) => heading(column, sorted)))),
		h("tbody", null, rows.map((row) => bodyRow(columns, row))));
}

/* ---- as a file ---- */

/* RFC 4180; what a spreadsheet would take for a formula begins with an apostrophe, as in the API's own lists. An address that
 * others load (`exact`) is never changed. */
function cell(value, exact) {
	const text = value === null || value === undefined ? "" : String(value);
	const safe = typeof value === "string" && !exact && /^[=+\-@\t\r]/.test(text) ? "'" + text : text;

	return /[",\r\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
}

export function csv(columns, rows) {
	const lines = [columns.map((column) => column.key), ...rows.map((row) => columns.map((column) => cell(column.value(row), column.exact)))];

	return lines.map((line) => line.join(",") + "\r\n").join("");
}

export function save(name, type, text) {
	const url = URL.createObjectURL(new Blob([text], { type }));
	const anchor = h("a", { href: url, download: name });

	anchor.click();
	setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export const csvButton = (name, columns, rows) =>
	button("Save as CSV", () => save(name + ".csv", "text/csv", csv(columns, rows)), { class: "quiet", disabled: rows.length === 0 });
