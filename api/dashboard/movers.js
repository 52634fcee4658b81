/* movers.js -- domains and providers whose failures changed most since the period before. */
import { card, cut, h, link } from "./dom.js";
import * as format from "./format.js";
import { to } from "./state.js";
import { table } from "./table.js";

const SHOWN = 6;

function changeCell({ difference }) {
	return h("span", { class: "change " + (difference > 0 ? "worse" : "better") }, (difference > 0 ? "+" : "−") + format.count(Math.abs(difference)),
		h("span", { class: "sr-only" }, difference > 0 ? " worse" : " better"));
}

function mover(caption, name, rows) {
	if (!rows.length)
		return h("p", { class: "muted" }, "Nothing changed.");
	return table({ caption, rows: rows.slice(0, SHOWN), sorted: null, columns: [name,
		{ key: "difference", label: "Change", kind: "number", value: (row) => row.difference, cell: changeCell },
		{ key: "failed", label: "Failed", kind: "number", from: "medium", value: (row) => row.failed, cell: (row) => format.count(row.failed) },
		{ key: "failure_rate", label: "Rate", kind: "number", value: (row) => row.failure_rate, cell: (row) => format.percent(row.failure_rate) },
		{ key: "before", label: "Before", kind: "number", from: "medium", value: (row) => row.before.failure_rate, cell: (row) => format.percent(row.before.failure_rate) }] });
}

/* Of an answer of /v1/movers. */
export function movers({ domains, providers }) {
	const domain = { key: "domain", label: "Domain", value: (row) => row.domain, cell: (row) => row.domain === "" ? "(not told)" : link(to(["domains", row.domain]), cut(row.domain)) };
	const provider = { key: "provider", label: "Provider", value: (row) => row.provider,
		cell: (row) => row.provider === "" ? "(all others)" : link(to(["domains"], { provider: row.provider }), cut(row.provider)) };

	return [card("Domains that changed most", link(to(["domains"]), "All"), mover("Domains that changed most", domain, domains)),
		card("Providers that changed most", link(to(["providers"]), "All"), mover("Providers that changed most", provider, providers))];
}
