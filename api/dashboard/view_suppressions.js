/* view_suppressions.js -- who is not to be mailed: the list, what the guard holds back, the files of it, and what was wrong. */
import { ask } from "./api.js";
import { filters, pages } from "./controls.js";
import { card, h } from "./dom.js";
import { holds, undo } from "./decisions.js";
import { grant } from "./grant.js";
import { stateWord, SUPPRESSION_COLUMNS, suppressionTable } from "./lists.js";
import * as format from "./format.js";
import { href, pick, read } from "./state.js";
import { csvButton, table } from "./table.js";
import { empty } from "./trouble.js";

const PAGE = 100;
const STATES = ["active", "held", "removed", "allowed", "expired", "strikes"];

export const title = () => "Suppressions";

async function list(state, signal) {
	const page = await ask("/v1/suppressions", { ...pick(state.query, ["state", "domain", "stream", "cursor"]), limit: PAGE }, { signal });
	const rows = page.suppressions;

	return [filters([{ name: "state", label: "State", any: "on the list", options: STATES.map((one) => [one, stateWord(one)]) },
		{ name: "domain", label: "Domain", placeholder: "example.com" }, { name: "stream", label: "Stream", placeholder: "any" }]),
	rows.length ? card("From a to z", csvButton("suppressions", SUPPRESSION_COLUMNS, rows), suppressionTable(rows), pages(page.next_cursor))
		: empty("The list is empty", "Nobody is suppressed here, of these filters. docs/suppression.md tells what leads to an entry.")];
}

const exportState = (job) => h("span", { class: "state of-" + (job.state === "good" ? "allowed" : job.state === "waiting" ? "removed" : "active") }, job.state);

const exportTrouble = (job) => job.error || (job.delivery && job.delivery.status ? "its command: " + job.delivery.status : null);

async function exports(state, signal) {
	const { exports: jobs } = await ask("/v1/exports", {}, { signal });

	if (!jobs.length)
		return [empty("No list is exported", "export.jobs says which files are written, in which format and how often: docs/exports.md.")];
	return [card("Exports", null, table({ caption: "Exports", rows: jobs, sorted: null, columns: [
		{ key: "name", label: "Job", value: (job) => job.name },
		{ key: "state", label: "State", value: (job) => job.state, cell: exportState },
		{ key: "age_s", label: "Age", kind: "number", value: (job) => job.age_s, cell: (job) => format.duration(job.age_s) },
		{ key: "rows", label: "Rows", kind: "number", value: (job) => job.rows, cell: (job) => format.count(job.rows) },
		{ key: "files", label: "Files", kind: "number", from: "wide", value: (job) => job.files, cell: (job) => format.count(job.files) },
		{ key: "next_at", label: "Next", from: "medium", value: (job) => job.next_at, cell: (job) => format.ago(job.next_at) },
		{ key: "path", label: "File", from: "wide", value: (job) => job.path, cell: (job) => h("span", { class: "said" }, job.path) },
		{ key: "error", label: "Trouble", from: "medium", value: exportTrouble, cell: (job) => exportTrouble(job) ? h("span", { class: "said" }, exportTrouble(job)) : "none" }] }))];
}

const TABS = { list: ["The list", list], holds: ["Held by the guard", holds], exports: ["Exports", exports], undo: ["Take back", undo] };

export async function show(state, signal, again) {
	const name = TABS[state.query.tab] ? state.query.tab : "list";
	const shared = pick(read().query, ["window", "from", "to", "zone"]);
	const tabs = h("nav", { class: "tabs", "aria-label": "Suppressions" }, Object.entries(TABS).map(([key, [label]]) =>
		h("a", { href: href(["suppressions"], { ...shared, tab: key === "list" ? null : key }), "aria-current": key === name ? "page" : null }, label)));

	await grant.learn(signal);
	return [tabs, await TABS[name][1](state, signal, again)];
}
