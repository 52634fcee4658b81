/* view_unknown.js -- texts that no rule knows, and a bench for the rule that would. */
import { ask } from "./api.js";
import { controls, pages } from "./controls.js";
import { card, h, link } from "./dom.js";
import * as format from "./format.js";
import { changed, clean, pick, to, windowQuery } from "./state.js";
import { csvButton, table } from "./table.js";
import { empty } from "./trouble.js";
import { bench, ruleFor } from "./verdict.js";

const PAGE = 50;

export const title = () => "Unknown texts";

const COLUMNS = [
	{ key: "template", label: "Text, masked", title: "Numbers and addresses are masked, so that texts that say the same are one", value: (row) => row.template, cell: (row) => h("span", { class: "said" }, row.template) },
	{ key: "count", label: "Count", kind: "number", value: (row) => row.count, cell: (row) => format.count(row.count) },
	{ key: "domains", label: "Domains", kind: "number", from: "medium", value: (row) => row.domains, cell: (row) => format.count(row.domains) },
	{ key: "last_day", label: "Last day", from: "medium", value: (row) => row.last_day, cell: (row) => format.utcDay(row.last_day) },
	{ key: "example", label: "Example", from: "medium", value: (row) => row.example, cell: (row) => row.example && link(to(["events", row.example]), "Example") },
	{ key: "try", label: "Rule", value: () => "", cell: (row) => link(changed({ text: row.template }), "Try one") },
];

export async function show(state, signal) {
	const query = { ...clean({ ...windowQuery(state), basis: null }), ...pick(state.query, ["domain", "cursor"]) };
	const page = await ask("/v1/diagnostics", { ...query, reason: "unknown.unclassified", limit: PAGE }, { signal });
	const rows = page.diagnostics;

	return [controls(state, [{ name: "domain", label: "Domain", placeholder: "any" }, { name: "stream", label: "Stream", placeholder: "any" }]),
		rows.length ? card("No rule knows these", csvButton("unknown-texts", COLUMNS.slice(0, -1), rows), table({ caption: "Unknown texts", columns: COLUMNS, rows, sorted: null }), pages(page.next_cursor))
			: empty("Every text was understood", "In this window no failure or delay was left without a reason."), bench(state.query.text, state.query.text ? ruleFor(state.query.text) : null)];
}
