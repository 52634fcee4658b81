/* view_overview.js -- how it went, and what changed: the first look in the morning. */
import { chart } from "./chart.js";
import { basisFilter, controls, setWindow } from "./controls.js";
import { append, card, fill, h, link, stands } from "./dom.js";
import { empty } from "./trouble.js";
import * as format from "./format.js";
import { movers } from "./movers.js";
import { questions } from "./overview_questions.js";
import { classChart, columns, flagText, rateChart } from "./rates.js";
import { asked } from "./start.js";
import { interval, to } from "./state.js";
import { table } from "./table.js";

export const title = () => "Overview";

/* ---- tiles ---- */

/* More failures are bad, more mail is neither. */
function changeMark(difference, text, isBad) {
	if (difference === null || !text)
		return h("span", { class: "muted" }, "nothing before");
	const mood = isBad && difference !== 0 ? (difference > 0 ? "worse" : "better") : "";

	return h("span", { class: "change " + mood }, h("span", { "aria-hidden": "true" }, difference > 0 ? "▲ " : difference < 0 ? "▼ " : ""), text,
		h("span", { class: "sr-only" }, mood), h("span", { class: "muted before" }, " vs. before"));
}

function tile(label, value, below, properties) {
	return h("div", { class: "tile " + (properties?.class ?? ""), title: properties?.title }, h("h2", null, label),
		h("p", { class: "big" }, properties?.href ? link(properties.href, value) : value), h("p", { class: "below" }, below));
}

function countTile(total, key, label, isBad, query) {
	const now = total[key], before = total.before[key];
	const text = before ? format.change((now - before) / before) : before === 0 && now ? `from ${format.count(0)}` : before === now ? "the same" : "";

	return tile(label, format.big(now), changeMark(now === null || before === null ? null : now - before, text, isBad),
		{ class: "of-" + key, title: format.count(now), href: query && now ? to(["events"], query) : null });
}

function rateTile(total) {
	const now = total.failure_rate, before = total.before.failure_rate;
	const known = now !== null && before !== null;

	return tile("Failure rate", format.percent(now), [
		now === null ? h("span", { class: "muted" }, flagText(total.flags)) : h("span", { class: "muted" }, format.interval(total.failure_rate_interval)),
		h("br"), changeMark(known ? now - before : null, known ? format.points(now - before) : "", true)],
	{ class: "main", title: "95 % interval below" });
}

function stateTiles(system, holds) {
	const open = holds?.filter((hold) => hold.state === "open") ?? [];
	const held = open.reduce((sum, hold) => sum + hold.entries, 0);
	const waiting = system?.lanes.reduce((sum, lane) => sum + lane.waiting, 0);

	return [
		holds ? tile("Held by the guard", format.count(held), open.length ? h("span", { class: "change worse" }, `${format.count(open.length)} ${open.length === 1 ? "provider waits" : "providers wait"} for a decision`)
			: h("span", { class: "muted" }, "no provider is doubted"), { href: to(["suppressions"], { tab: "holds" }) }) : null,
		system ? tile("Waiting in the spool", format.count(waiting), h("span", { class: "muted" }, waiting ? "taken, not yet counted" : "all that came is counted"), { href: to(["system"]) }) : null,
	];
}

/* Anybody can write a bounce: what of a stream that signs nobody proved stands beside the rate. */
const unprovenTile = (total) => total.unproven ? tile("Not proven", format.count(total.unproven),
	h("span", { class: "muted" }, `${format.percent(total.forged_share)} of all failures, in no rate`), { title: "Failures without a signed return path, of streams that sign", href: to(["events"], { proof: "none" }) }) : null;

const tiles = (total, system, holds) => h("div", { class: "tiles" }, rateTile(total),
	countTile(total, "attempted", "Attempted", false), countTile(total, "hard", "Hard", true, { class: "hard", outcome: "failed" }),
	countTile(total, "soft", "Soft", true, { class: "soft", outcome: "failed" }), countTile(total, "block", "Block", true, { class: "block", outcome: "failed" }),
	countTile(total, "delayed", "Delayed", true, { outcome: "delayed" }), countTile(total, "complaints", "Complaints", true, { outcome: "complaint" }),
	unprovenTile(total), stateTiles(system, holds));

/* ---- reasons over time ---- */

function reasonChart(state, reasons) {
	const [, step] = interval(state);
	const points = (reasons[0]?.points ?? []).map((point, i) => ({ at: point.at, counts: reasons.map((one) => one.points[i]?.failed ?? 0) }));

	return chart({
		label: "The most frequent reasons over time", points, step, zoom: setWindow,
		axes: [{ scale: "count", label: "failures", write: format.short, least: 4, whole: true }],
		series: reasons.map(({ reason }, i) => ({ label: reason, scale: "count", mark: "bar", stack: true, colour: "series-" + (i + 1), value: (point) => point.counts[i], write: format.count })),
	});
}

function streamTable(streams) {
	const name = { key: "stream", label: "Stream", value: (row) => row.stream, cell: (row) => link(to(["overview"], { stream: row.stream }), row.stream) };

	return table({ caption: "Streams", columns: [name, ...columns(streams)], rows: streams, sorted: null });
}

/* What comes later has its room from the start. */
function later(holder, promise, signal) {
	holder.setAttribute("aria-busy", "true");
	promise.catch((error) => signal.aborted ? null : h("p", { class: "muted" }, error.message)).then((nodes) => {
		fill(holder, nodes);
		holder.removeAttribute("aria-busy");
		stands();
	});
	return holder;
}

export async function show(state, signal) {
	const { moved, rest } = asked(state, signal) ?? questions(state, signal);

	format.warm(); /* while the server is at it */
	const [{ overview: total, timeseries, streams: { streams }, reasons }, system, holds] = await rest;
	const nodes = [controls(state, [{ name: "stream", label: "Stream", options: streams.map((row) => row.stream) }, basisFilter])];

	if (!total.failed && !total.attempted && !total.delayed && !total.complaints)
		return [...nodes, empty("Nothing has come in this window", "Choose a longer one, or point a return path at this server: its SMTP port takes bounces, POST /v1/volumes how much was sent.",
			"To see what this page can show, run: bounced demo")];
	return append(document.createDocumentFragment(), [...nodes, tiles(total, system, holds),
		card("Rate and volume", null, rateChart(state, timeseries.points, state.query.stream ?? "all streams")),
		total.attempted === null ? card("Failures by class", null, classChart(state, timeseries.points, state.query.stream ?? "all streams")) : null,
		card("Streams", null, streamTable(streams)),
		card("Most frequent reasons", link(to(["events"], { outcome: "failed" }), "Events"), reasonChart(state, reasons)),
		later(h("div", { class: "movers" }), moved.then(movers), signal)]);
}
