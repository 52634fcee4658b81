/* movers.js -- domains and providers whose failures changed most since the period before. */
import { ask } from "./api.js";
import { card, cut, h, link } from "./dom.js";
import * as format from "./format.js";
import { to } from "./state.js";
import { table } from "./table.js";

const LOOKED_AT = 200, SHOWN = 6;

/* The same query about the period before. Who is not among the first of it is asked for alone, so that no change is guessed. */
async function both(path, key, total, query, signal) {
	const list = (one) => ask(path, { ...one, sort: "failed", limit: LOOKED_AT }, { signal });
	const [now, then] = await Promise.all([list(query), total.then(({ before }) => list({ ...query, from: before.from, to: before.to }))]);
	const rows = new Map();

	for (const row of now[key])
		rows.set(row.domain ?? row.provider, { now: row, then: null });
	for (const row of then[key])
		rows.set(row.domain ?? row.provider, { now: null, ...rows.get(row.domain ?? row.provider), then: row });
	return [...rows].map(([name, pair]) => ({ name, ...pair, whole: { now: now.next_cursor === null, then: then.next_cursor === null } }))
		.filter((row) => (row.now || row.whole.now) && (row.then || row.whole.then));
}

const failed = (row) => row?.failed ?? 0;
const rate = (row) => row?.failure_rate ?? null;

/* In standard deviations of counts: twenty more of a thousand is less of a change than of five. */
const weight = (row) => Math.abs(failed(row.now) - failed(row.then)) / Math.sqrt(failed(row.now) + failed(row.then) + 1);

function changeCell(row) {
	const difference = failed(row.now) - failed(row.then);

	return h("span", { class: "change " + (difference > 0 ? "worse" : "better") }, (difference > 0 ? "+" : "−") + format.count(Math.abs(difference)),
		h("span", { class: "sr-only" }, difference > 0 ? " worse" : " better"));
}

function mover(caption, name, rows) {
	const shown = rows.filter((row) => failed(row.now) !== failed(row.then)).sort((a, b) => weight(b) - weight(a)).slice(0, SHOWN);

	if (!shown.length)
		return h("p", { class: "muted" }, "Nothing changed.");
	return table({ caption, rows: shown, sorted: null, columns: [name,
		{ key: "difference", label: "Change", kind: "number", value: (row) => failed(row.now) - failed(row.then), cell: changeCell },
		{ key: "failed", label: "Failed", kind: "number", from: "medium", value: (row) => failed(row.now), cell: (row) => format.count(failed(row.now)) },
		{ key: "failure_rate", label: "Rate", kind: "number", value: (row) => rate(row.now), cell: (row) => format.percent(rate(row.now)) },
		{ key: "before", label: "Before", kind: "number", from: "medium", value: (row) => rate(row.then), cell: (row) => format.percent(rate(row.then)) }] });
}

/* `total` is promised: this window is asked for before it is known which one was before. */
export async function movers(total, query, signal) {
	const [domains, providers] = await Promise.all([both("/v1/domains", "domains", total, query, signal), both("/v1/providers", "providers", total, query, signal)]);
	const domain = { key: "domain", label: "Domain", value: (row) => row.name, cell: (row) => row.name === "" ? "(not told)" : link(to(["domains", row.name]), cut(row.name)) };
	const provider = { key: "provider", label: "Provider", value: (row) => row.name,
		cell: (row) => row.name === "" ? "(all others)" : link(to(["domains"], { provider: row.name }), cut(row.name)) };

	return [card("Domains that changed most", link(to(["domains"]), "All"), mover("Domains that changed most", domain, domains)),
		card("Providers that changed most", link(to(["providers"]), "All"), mover("Providers that changed most", provider, providers))];
}
