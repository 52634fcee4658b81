/* lists.js -- events and entries of the suppression list, as rows; several views have them. */
import { cut, h, link, word } from "./dom.js";
import * as format from "./format.js";
import { classMark } from "./rates.js";
import { to } from "./state.js";
import { table } from "./table.js";

const when = (at) => h("time", { datetime: at, title: format.exact(at) }, format.rowTime(at));

export const outcomeMark = (name) => h("span", { class: "outcome of-" + name }, name);

export const EVENT_COLUMNS = [
	{ key: "received_at", label: "Arrived", value: (row) => row.received_at, cell: (row) => link(to(["events", row.id]), when(row.received_at)) },
	{ key: "recipient", label: "Recipient", value: (row) => row.recipient, cell: (row) => row.recipient ? link(to(["recipients", row.recipient]), cut(row.recipient)) : h("span", { class: "muted" }, "(not told)") },
	{ key: "outcome", label: "Outcome", from: "medium", value: (row) => row.outcome, cell: (row) => outcomeMark(row.outcome) },
	{ key: "reason", label: "Reason", value: (row) => row.reason, cell: (row) => word(row.reason ?? format.UNKNOWN) },
	{ key: "class", label: "Class", from: "medium", value: (row) => row.class, cell: (row) => classMark(row.class) },
	{ key: "status", label: "Status", from: "wide", value: (row) => row.status, cell: (row) => row.status ?? format.UNKNOWN },
	{ key: "stream", label: "Stream", from: "wide", value: (row) => row.stream },
	{ key: "diagnostic", label: "What was said", from: "wide", value: (row) => row.diagnostic, cell: (row) => h("span", { class: "said short", title: row.diagnostic }, row.diagnostic ?? format.UNKNOWN) },
];

export const eventTable = (events) => table({ caption: "Events", columns: EVENT_COLUMNS, rows: events, sorted: null });

const STATES = {
	active: "suppressed", held: "held by the guard", removed: "removed", allowed: "allowed", expired: "expired", strikes: "has strikes",
};
export const stateWord = (state) => STATES[state] ?? state;
export const stateMark = (state) => h("span", { class: "state of-" + state }, stateWord(state));

export const SUPPRESSION_COLUMNS = [
	{ key: "address", label: "Address", exact: true, value: (row) => row.address, cell: (row) => link(to(["recipients", row.address]), cut(row.address)) },
	{ key: "state", label: "State", value: (row) => row.state, cell: (row) => stateMark(row.state) },
	{ key: "stream", label: "Stream", from: "medium", value: (row) => row.stream, cell: (row) => word(row.stream ?? "every one") },
	{ key: "reason", label: "Reason", from: "medium", value: (row) => row.reason, cell: (row) => word(row.reason ?? row.source) },
	{ key: "count", label: "Events", kind: "number", from: "wide", value: (row) => row.count, cell: (row) => format.count(row.count) },
	{ key: "last_seen_at", label: "Last seen", from: "medium", value: (row) => row.last_seen_at, cell: (row) => when(row.last_seen_at) },
	{ key: "expires_at", label: "Until", from: "wide", value: (row) => row.expires_at, cell: (row) => row.expires_at ? when(row.expires_at) : word("for good") },
];

export const suppressionTable = (rows) => table({ caption: "Suppressions", columns: SUPPRESSION_COLUMNS, rows, sorted: null });
