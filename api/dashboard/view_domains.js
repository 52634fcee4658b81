/* view_domains.js -- recipient domains, or their mailbox providers: sorted, filtered, as a file. */
import { ask } from "./api.js";
import { basisFilter, controls, pages, spanText } from "./controls.js";
import { card, cut, h, link } from "./dom.js";
import { columns } from "./rates.js";
import { clean, pick, to, windowQuery } from "./state.js";
import { csvButton, table } from "./table.js";
import { empty } from "./trouble.js";

const KINDS = {
	domains: { path: "/v1/domains", of: "domain", title: "Domains", none: "(not told)", open: (name) => ["domains", name] },
	providers: { path: "/v1/providers", of: "provider", title: "Providers", none: "(no provider that is known)", open: () => ["domains"], query: (name) => ({ provider: name }) },
};
const FILTERS = ["reason", "class", "campaign", "provider", "min_attempted"];
const PAGE = 100;

const kindOf = (parts) => KINDS[parts[0]] ?? KINDS.domains;
export const title = (parts) => kindOf(parts).title;

function nameColumn(kind) {
	return {
		key: kind.of, label: kind.of === "domain" ? "Domain" : "Provider", sort: "domain", value: (row) => row[kind.of],
		cell: (row) => row[kind.of] === "" ? h("span", { class: "muted" }, kind.none) : link(to(kind.open(row[kind.of]), kind.query?.(row[kind.of])), cut(row[kind.of])),
	};
}

function filtersOf(kind, streams, reasons, campaigns) {
	return [
		{ name: "reason", label: "Reason", options: [...new Set(reasons.map((row) => row.reason).filter(Boolean))].sort() },
		{ name: "class", label: "Class", options: ["hard", "soft", "block"] },
		{ name: "stream", label: "Stream", options: streams },
		campaigns.length ? { name: "campaign", label: "Campaign", options: campaigns } : { name: "campaign", label: "Campaign" },
		...(kind.of === "domain" ? [{ name: "provider", label: "Provider", placeholder: "any" }] : []),
		{ name: "min_attempted", label: "Attempted at least", type: "number", placeholder: "0" },
		basisFilter,
	];
}

/* Lists to choose from are a help: without them the filters take what is typed. */
async function choices(query, signal) {
	const span = pick(query, ["from", "to", "stream", "basis"]);
	const [streams, reasons, campaigns] = await Promise.all([ask("/v1/streams", clean({ ...span, stream: null }), { signal }).catch(() => ({ streams: [] })),
		ask("/v1/reasons", span, { signal }), ask("/v1/breakdown", { ...span, by: "campaign", limit: 100 }, { signal }).catch(() => ({ rows: [] }))]);

	return [streams.streams.map((row) => row.stream), reasons.reasons, campaigns.rows.map((row) => row.value).filter(Boolean)];
}

export async function show(state, signal) {
	const kind = kindOf(state.parts), { query } = state;
	const sorted = { sort: query.sort ?? "failed", order: query.order ?? (query.sort === "domain" ? "asc" : "desc") };
	const wanted = { ...windowQuery(state), ...pick(query, [...FILTERS, "cursor"]), ...sorted, limit: PAGE };
	const [page, [streams, reasons, campaigns]] = await Promise.all([ask(kind.path, wanted, { signal }), choices(windowQuery(state), signal)]);
	const rows = page[state.parts[0] === "providers" ? "providers" : "domains"];
	const all = [nameColumn(kind), ...columns(rows)];
	const span = spanText(page.from, page.to);

	return [controls(state, filtersOf(kind, streams, reasons, campaigns)),
		rows.length
			? card(span, csvButton(kind.title.toLowerCase(), all, rows), table({ caption: `${kind.title}, ${span}`, columns: all, rows, sorted }),
				rows.some((row) => row.flags.includes("partly_covered")) ? h("p", { class: "muted" }, "* Some failures fell on days without a volume: they are not in the rate.") : null, pages(page.next_cursor))
			: empty("Nothing matches", "In this window nothing was attempted, and nothing failed, that these filters leave. Choose a longer window, or clear them.")];
}
