/* view_system.js -- how the server itself is: what waits, who runs, who fell silent. */
import { ask } from "./api.js";
import { refreshButton } from "./controls.js";
import { card, facts, h } from "./dom.js";
import * as format from "./format.js";
import { grant } from "./grant.js";
import { table } from "./table.js";

export const title = () => "System";

const number = (key, label, from, write = format.count) => ({ key, label, kind: "number", from, value: (row) => row[key], cell: (row) => write(row[key]) });

const lanes = (rows) => table({ caption: "Lanes of the spool", rows, sorted: null, columns: [
	{ key: "name", label: "Lane", value: (row) => row.name },
	number("waiting", "Waiting"),
	{ key: "oldest_at", label: "Oldest since", value: (row) => row.oldest_at, cell: (row) => row.oldest_at ? format.ago(row.oldest_at) : "nothing waits" },
	number("records", "Taken in all", "medium"), number("used_bytes", "Disk", "medium", format.bytes), number("free_bytes", "Free", "wide", format.bytes)] });

const roles = (rows) => table({ caption: "Processes", rows, sorted: null, columns: [
	{ key: "name", label: "Role", value: (row) => row.name },
	number("processes", "Processes"), number("restarts", "Restarts"),
	{ key: "started_at", label: "Newest since", from: "medium", value: (row) => row.started_at, cell: (row) => format.ago(row.started_at) },
	number("resident_bytes", "Memory", "medium", format.bytes)] });

const sources = (rows) => table({ caption: "Sources of volumes", rows, sorted: null, columns: [
	{ key: "stream", label: "Stream", value: (row) => row.stream },
	{ key: "source", label: "Source", value: (row) => row.source, cell: (row) => format.orEmpty(row.source, "(not named)") },
	{ key: "last_at", label: "Last volume until", value: (row) => row.last_at, cell: (row) => h("time", { datetime: row.last_at, title: format.exact(row.last_at) }, format.ago(row.last_at)) },
	{ key: "silent", label: "State", value: (row) => row.silent, cell: (row) => h("span", { class: "state of-" + (row.silent ? "active" : "allowed") }, row.silent ? "fell silent" : "as usual") }] });

const changes = (rows) => table({ caption: "Who changed what", rows, sorted: null, columns: [
	{ key: "at", label: "When", value: (row) => row.at, cell: (row) => format.rowTime(row.at) },
	{ key: "who", label: "Who", value: (row) => row.who },
	{ key: "action", label: "What", value: (row) => row.action },
	{ key: "address", label: "Of", from: "medium", value: (row) => row.address ?? row.subject ?? "" },
	number("n", "Rows", "wide"),
	{ key: "note", label: "Note", from: "wide", value: (row) => row.note ?? "" }] });

/* Only for who may know: other keys are refused, and the view does without. */
async function audit(signal) {
	await grant.learn(signal);
	return grant.mayAdmin() ? (await ask("/v1/audit", { from: "30d", limit: 20 }, { signal })).audit : null;
}

export async function show(state, signal, again) {
	const [system, changed] = await Promise.all([ask("/v1/system", {}, { signal }), audit(signal)]);
	const waiting = system.lanes.reduce((sum, lane) => sum + lane.waiting, 0), running = system.roles.filter((row) => row.processes || row.restarts), silent = system.volumes.filter((row) => row.silent).length;

	return [card("This server", refreshButton(again), facts([["Version", system.version], ["Its clock", format.time(system.now)],
		["Waiting", waiting ? format.count(waiting) + " mails, not yet counted" : "nothing"],
		["Certificate", system.certificate_until ? `good until ${format.day(system.certificate_until)}, ${format.ago(system.certificate_until)}` : "none: mail comes in plain"]])),
	card("Lanes of the spool", null, lanes(system.lanes)),
	running.length ? card("Processes", null, roles(running)) : null,
	card("Who tells how much was sent", null, silent ? h("p", { class: "change worse" }, `${format.count(silent)} fell silent: without volumes there is no failure rate.`) : null,
		system.volumes.length ? sources(system.volumes) : h("p", { class: "muted" }, "Nobody in the last 30 days: without volumes there are counts, and no failure rate. POST /v1/volumes takes them.")),
	changed ? card("Who changed what", null, changed.length ? changes(changed) : h("p", { class: "muted" }, "Nothing was changed by hand or by key in the last 30 days.")) : null];
}
