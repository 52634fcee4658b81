/* rates.js -- the columns, marks and words that counts and rates have in every view. */
import { chart } from "./chart.js";
import { setWindow } from "./controls.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { interval } from "./state.js";

const FLAGS = {
	no_volume: "no volume is known: a count and no rate",
	not_covered: "no failure fell on a day with a volume: no rate",
	over_attempted: "more failed than was attempted: volumes and bounces do not match",
	partly_covered: "some failures fell on days without a volume: they are not in the rate",
	volume_cut: "a volume is cut by the end of a step: no rate",
	by_the_hour: "matched hour by hour; bounces come later than the mail",
};

export const flagText = (flags) => flags.map((flag) => FLAGS[flag] ?? format.word(flag)).join("; ");

/* The rate, a bar as long as it is (the longest of the list is whole), and why there is none. */
function rateCell(row, most) {
	if (row.failure_rate === null)
		return h("span", { class: "muted", title: flagText(row.flags) }, format.UNKNOWN, h("span", { class: "sr-only" }, " " + flagText(row.flags)));
	const bar = h("span", { class: "ratebar", "aria-hidden": "true" }, h("span"));

	bar.firstChild.style.width = (most > 0 ? 100 * row.failure_rate / most : 0) + "%";
	return h("span", { class: "rate", title: [format.interval(row.failure_rate_interval), flagText(row.flags)].filter(Boolean).join("; ") },
		format.percent(row.failure_rate), row.flags.includes("partly_covered") ? h("span", { class: "mark" }, "*") : null, bar);
}

const number = (key, label, from, sort = key) => ({ key, label, kind: "number", from, sort, value: (row) => row[key], cell: (row) => format.count(row[key]) });

/* What stands behind the name of a row, in order of importance: narrow screens show the first ones. */
export function columns(rows) {
	const most = Math.max(0, ...rows.map((row) => row.failure_rate ?? 0));

	return [
		{ key: "failure_rate", label: "Failure rate", kind: "number", sort: "failure_rate", value: (row) => row.failure_rate, cell: (row) => rateCell(row, most) },
		number("failed", "Failed"),
		number("attempted", "Attempted", "medium"),
		number("hard", "Hard", "medium"), number("soft", "Soft", "medium"), number("block", "Block", "medium"),
		number("delayed", "Delayed", "wide"), number("complaints", "Complaints", "wide"),
		{ key: "failure_rate_interval", label: "95 % interval", kind: "number", from: "wide",
			value: (row) => row.failure_rate_interval?.join(" ") ?? null, cell: (row) => format.interval(row.failure_rate_interval) },
		{ key: "coverage", label: "Coverage", kind: "number", from: "wide", title: "The share of the failures that fell on days with a volume",
			value: (row) => row.coverage, cell: (row) => format.confidence(row.coverage) },
	];
}

/* ---- over time ---- */

const count = (key, label, more) => ({ label, colour: key, value: (point) => point[key], write: format.count, ...more });

/* Rate and volume: what happened, and of how much. Without a volume there is neither, and axes alone say nothing. */
export function rateChart(state, points, name) {
	const [, step] = interval(state);

	if (points.every((point) => point.attempted === null))
		return h("p", { class: "muted" }, "How much was sent is not known here, so that there is no rate. Mailings tell it by POST /v1/volumes, or it is counted from the mail system's logs: bounced volume import.");

	return chart({
		label: `Failure rate and mails attempted over time, ${name}`, points, step, zoom: setWindow,
		axes: [{ scale: "rate", label: "failure rate", write: (rate) => format.percent(rate), least: 0.01 },
			{ scale: "volume", label: "attempted", write: format.short, least: 10, whole: true }],
		series: [count("attempted", "Attempted", { scale: "volume", mark: "bar", colour: "volume" }),
			{ label: "Failure rate", scale: "rate", mark: "line", colour: "accent", value: (point) => point.failure_rate, write: format.percent }],
	});
}

export function classChart(state, points, name) {
	const [, step] = interval(state);
	const shared = { scale: "count", mark: "bar", stack: true };

	return chart({
		label: `Failures by class over time, ${name}`, points, step, zoom: setWindow,
		axes: [{ scale: "count", label: "failures", write: format.short, least: 4, whole: true }],
		series: [count("block", "Block", shared), count("soft", "Soft", shared), count("hard", "Hard", shared)],
	});
}

/* A class, as a mark that does not depend on its colour alone. */
export const classMark = (name) => name ? h("span", { class: "class of-" + name }, name) : h("span", { class: "muted" }, format.UNKNOWN);
