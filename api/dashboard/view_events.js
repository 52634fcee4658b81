/* view_events.js -- single events, the newest first. */
import { ask } from "./api.js";
import { controls, pages } from "./controls.js";
import { card } from "./dom.js";
import { EVENT_COLUMNS, eventTable } from "./lists.js";
import { pick, windowQuery } from "./state.js";
import { csvButton } from "./table.js";
import { empty } from "./trouble.js";

const PAGE = 50;
const KINDS = ["bounce", "complaint", "auto_reply", "challenge", "mdn", "dmarc_report", "tls_report", "unsubscribe", "not_bounce", "unknown"];
const FILTERS = ["recipient", "domain", "org_domain", "provider", "reason", "class", "outcome", "kind", "status", "campaign", "source", "message_id", "remote_mta", "reporting_mta"];

export const title = () => "Events";

const filtersOf = (streams, reasons) => [
	{ name: "recipient", label: "Recipient", placeholder: "ann@example.com" },
	{ name: "domain", label: "Domain", placeholder: "example.com" },
	{ name: "outcome", label: "Outcome", options: ["failed", "delayed", "delivered", "relayed", "expanded", "complaint"] },
	{ name: "class", label: "Class", options: ["hard", "soft", "block"] },
	{ name: "reason", label: "Reason", options: reasons },
	{ name: "stream", label: "Stream", options: streams },
	{ name: "provider", label: "Provider", placeholder: "any" },
	{ name: "status", label: "Status", placeholder: "5.1.1" },
	{ name: "kind", label: "Kind", options: KINDS },
	{ name: "source", label: "Source", options: ["smtp", "http", "import", "log"] },
	{ name: "message_id", label: "Message-ID", placeholder: "of the mail" },
];

/* A reason that is asked for is among the choices, whether it was given in this window or not. */
const withChosen = (list, chosen) => [...new Set([...list, ...(chosen ? [chosen] : [])])].sort();

export async function show(state, signal) {
	const query = windowQuery(state), { basis, ...span } = query;
	const [page, streams, reasons] = await Promise.all([
		ask("/v1/events", { ...span, ...pick(state.query, [...FILTERS, "cursor"]), limit: PAGE }, { signal }),
		ask("/v1/streams", pick(span, ["from", "to"]), { signal }).then((answer) => answer.streams.map((row) => row.stream), () => []),
		ask("/v1/reasons", span, { signal }).then((answer) => answer.reasons.map((row) => row.reason).filter(Boolean), () => []),
	]);

	return [controls(state, filtersOf(withChosen(streams, state.query.stream), withChosen(reasons, state.query.reason))),
		page.events.length
			? card("By arrival, the newest first", csvButton("events", EVENT_COLUMNS, page.events), eventTable(page.events), pages(page.next_cursor))
			: empty("No event matches", "Events are kept for retention.events_days, and listed by the arrival of their bounce. Choose a longer window, or clear the filters.")];
}
