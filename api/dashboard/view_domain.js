/* view_domain.js -- one recipient domain: over time, why, what its servers said, who is suppressed. */
import { ask, segment } from "./api.js";
import { basisFilter, controls } from "./controls.js";
import { card, h, link, word } from "./dom.js";
import { eventTable, suppressionTable } from "./lists.js";
import * as format from "./format.js";
import { classChart, classMark, flagText, rateChart } from "./rates.js";
import { interval, to, windowQuery } from "./state.js";
import { table } from "./table.js";
import { zone } from "./zone.js";

export const title = (parts) => parts[1];

const tile = (key, label, value, below) => h("div", { class: "tile of-" + key }, h("h2", null, label), h("p", { class: "big" }, value), below ? h("p", { class: "below muted" }, below) : null);

const summary = (detail) => h("div", { class: "tiles small" },
	tile("failure_rate", "Failure rate", format.percent(detail.failure_rate), detail.failure_rate === null ? flagText(detail.flags) : format.interval(detail.failure_rate_interval)),
	[["failed", "Failed"], ["attempted", "Attempted"], ["hard", "Hard"], ["soft", "Soft"], ["block", "Block"], ["delayed", "Delayed"], ["complaints", "Complaints"]]
		.map(([key, label]) => tile(key, label, format.big(detail[key]))));

function reasonTable(domain, reasons) {
	return table({ caption: "Reasons", rows: reasons, sorted: null, columns: [
		{ key: "reason", label: "Reason", value: (row) => row.reason, cell: (row) => link(to(["events"], { domain, reason: row.reason, outcome: row.outcome }), row.reason ?? row.outcome) },
		{ key: "outcome", label: "Outcome", from: "medium", value: (row) => row.outcome },
		{ key: "class", label: "Class", value: (row) => row.class, cell: (row) => classMark(row.class) },
		{ key: "count", label: "Count", kind: "number", value: (row) => row.count, cell: (row) => format.count(row.count) }] });
}

function saidTable(diagnostics) {
	return table({ caption: "What its servers said", rows: diagnostics, sorted: null, columns: [
		{ key: "template", label: "Text (numbers and addresses masked)", value: (row) => row.template, cell: (row) => h("span", { class: "said" }, row.template) },
		{ key: "reason", label: "Reason", from: "medium", value: (row) => row.reason, cell: (row) => word(row.reason) },
		{ key: "count", label: "Count", kind: "number", value: (row) => row.count, cell: (row) => format.count(row.count) },
		{ key: "example", label: "Example", value: (row) => row.example, cell: (row) => row.example && link(to(["events", row.example]), "Example") }] });
}

const orNothing = (rows, nodes, words) => rows.length ? nodes : h("p", { class: "muted" }, words);

export async function show(state, signal) {
	const domain = state.parts[1], query = windowQuery(state), [every] = interval(state), own = { signal };
	const [detail, series, events, suppressions] = await Promise.all([
		ask("/v1/domains/" + segment(domain), { ...query, step: "day" }, own),
		ask("/v1/timeseries", { ...query, domain, interval: every, fill: true, tz: zone() }, own),
		ask("/v1/events", { domain, from: "90d", limit: 10, ...(query.stream ? { stream: query.stream } : {}) }, own),
		ask("/v1/suppressions", { domain, limit: 10, ...(query.stream ? { stream: query.stream } : {}) }, own),
	]);

	return [h("p", { class: "crumbs" }, link(to(["domains"]), "All domains")), controls(state, [basisFilter]), summary(detail),
		detail.failure_rate !== null && detail.flags.length ? h("p", { class: "muted" }, flagText(detail.flags)) : null,
		h("div", { class: "two" }, card("Rate and volume", null, rateChart(state, series.points, domain)), card("Failures by class", null, classChart(state, series.points, domain))),
		h("div", { class: "two" }, card("Reasons", null, orNothing(detail.reasons, reasonTable(domain, detail.reasons), "No failure in this window.")),
			card("What its servers said", null, orNothing(detail.diagnostics, saidTable(detail.diagnostics), "Nothing in this window."))),
		card("Newest events", link(to(["events"], { domain }), "All of them"), orNothing(events.events, eventTable(events.events), "None that is still kept.")),
		card("Suppressed here", link(to(["suppressions"], { domain }), "All of them"), orNothing(suppressions.suppressions, suppressionTable(suppressions.suppressions), "Nobody."))];
}
