/* view_event.js -- one event: what was said, the words that decided, the mail it is about, the mail that came. */
import { ask, askText, segment } from "./api.js";
import { button, card, facts, fill, h, link } from "./dom.js";
import { judgement, marked } from "./verdict.js";
import { outcomeMark } from "./lists.js";
import * as format from "./format.js";
import { classMark } from "./rates.js";
import { to } from "./state.js";

const MAIL_LETTERS = 200000;

export const title = () => "Event";

const when = (at) => at === null ? null : format.time(at);
const search = (name, value) => value ? link(to(["events"], { [name]: value }), value) : null;

const decided = (event) => card("What was decided", null,
	h("p", { class: "marks" }, outcomeMark(event.outcome), " ", event.class ? classMark(event.class) : null, " ", h("strong", null, event.reason ?? "")),
	event.diagnostic ? h("pre", { tabindex: "0", "aria-label": "What the server said" }, marked(event.diagnostic, event.rule?.span)) : h("p", { class: "muted" }, "The notice has no text of a server."),
	facts([["Rule", event.rule ? event.rule.id ?? "none" : null], ["Layer", event.rule?.layer], ["Confidence", format.confidence(event.confidence)],
		["Status", event.status], ["In the field", event.status_field === event.status ? null : event.status_field], ["Reply", event.reply_code], ["Command", event.command],
		["Counts", event.counts ? "yes" : "no: another report of the same delivery does"], ["In rates", event.rated ? "yes" : "no: its return path proves nothing"]]));

const whom = (event) => card("Whom it is about", null, facts([
	["Recipient", event.recipient ? link(to(["recipients", event.recipient]), event.recipient) : null], ["At the end", event.final_recipient === event.recipient ? null : event.final_recipient],
	["Domain", event.domain ? link(to(["domains", event.domain]), event.domain) : null], ["Refused by", search("remote_mta", event.remote_mta)], ["Reported by", search("reporting_mta", event.reporting_mta)],
	["Stream", event.stream], ["Campaign", event.campaign], ["Proof", event.proof], ["Token made for", event.proof === "unbound" ? event.token_recipient ? link(to(["recipients", event.token_recipient]), event.token_recipient) : "another address, not told" : null], ["Happened", when(event.happened_at)], ["Arrived", when(event.received_at)],
	["Retried until", when(event.will_retry_until)]]));

function original({ original: mail }) {
	const rows = [["Message-ID", search("message_id", mail.message_id)], ["From", mail.from], ["Subject", mail.subject], ["Date", when(mail.date)], ["List", mail.list_id], ["Envelope", mail.envelope_id]];

	return card("The mail that was sent", null, rows.some(([, value]) => value) ? facts(rows) : h("p", { class: "muted" }, "The notice returned nothing of it."));
}

function notice(event, signal) {
	const { message } = event, room = h("div", { class: "mail" });

	async function open() {
		const text = await askText(`/v1/messages/${segment(event.message_id)}/raw`, { signal });

		fill(room, h("pre", { tabindex: "0", "aria-label": "The notice as it came" }, text.slice(0, MAIL_LETTERS)),
			text.length > MAIL_LETTERS ? h("p", { class: "muted" }, "The rest is left out here.") : null);
	}
	if (message.raw_kept)
		fill(room, button("Show it as it came", () => open().catch((error) => fill(room, h("p", null, error.message)))));
	else
		fill(room, h("p", { class: "muted" }, "Its bytes are not kept any more (retention.raw_days)."));
	return card("The notice", null, facts([["Kind", format.word(event.kind)], ["Format", message.format], ["Size", format.bytes(message.size)], ["From", message.peer],
		["To", message.forward_path], ["Token", message.token], ["Flaws", message.flaws.map(format.word).join(", ")]]), room);
}

export async function show(state, signal) {
	const event = await ask("/v1/events/" + segment(state.parts[1]), {}, { signal });

	const today = event.diagnostic ? await judgement(event.diagnostic, event.remote_mta, signal) : null;

	return [h("p", { class: "crumbs" }, link(to(["events"]), "All events")), h("div", { class: "two" }, decided(event), today),
		h("div", { class: "two" }, whom(event), original(event.message)), notice(event, signal)];
}
