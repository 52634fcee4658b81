/* decisions.js -- what only a person can say of the suppression list: was the provider right, and was all of it wrong? */
import { ask, segment, tell } from "./api.js";
import { button, card, facts, field, fill, h, select } from "./dom.js";
import { grant } from "./grant.js";
import * as format from "./format.js";
import { table } from "./table.js";
import { empty } from "./trouble.js";

/* ---- holds ---- */

function decide(hold, again) {
	const said = h("span", { role: "alert" });
	const act = (what, question) => () => confirm(question)
		&& tell("POST", `/v1/suppressions/holds/${segment(hold.id)}/${what}`, {}, {}).then(again, (error) => fill(said, error.message));
	const many = format.count(hold.entries);

	if (hold.state !== "open")
		return h("span", { class: "muted" }, `${hold.state} ${format.ago(hold.decided_at)}${hold.decided_by ? " by " + hold.decided_by : ""}`);
	if (!grant.mayWrite())
		return h("span", { class: "muted" }, "waits for somebody with a key that writes");
	return h("span", { class: "actions" }, button("Release", act("release", `${hold.provider} was right: ${many} entries count from now on.`)),
		button("Discard", act("discard", `${hold.provider} was wrong: ${many} entries go as if they had not come.`), { class: "danger" }), said);
}

export async function holds(state, signal, again) {
	const { holds: rows } = await ask("/v1/suppressions/holds", {}, { signal });

	if (!rows.length)
		return [empty("No provider is doubted", "Where one suddenly says of many that they are unknown, what it says is held back here, until somebody decides or suppress.hold_days are over.")];
	return [h("p", { class: "muted" }, "Answers are those of the quarter of an hour that gave the alarm; so many of them were believed, and what came beyond is held. Release: the provider was right, what is held counts. Discard: it was wrong, as if nothing had come."),
		card("Holds", null, table({ caption: "Holds", rows, sorted: null, columns: [
			{ key: "provider", label: "Provider", value: (hold) => hold.provider },
			{ key: "since", label: "Since", from: "medium", value: (hold) => hold.since, cell: (hold) => format.rowTime(hold.since) },
			{ key: "until", label: "Until", from: "medium", value: (hold) => hold.until, cell: (hold) => format.rowTime(hold.until) },
			{ key: "entries", label: "Held", title: "Entries that wait for the decision", kind: "number", value: (hold) => hold.entries, cell: (hold) => format.count(hold.entries) },
			{ key: "answers", label: "Answers", title: "That would have suppressed, in the quarter of an hour that gave the alarm", kind: "number", from: "wide", value: (hold) => hold.answers, cell: (hold) => format.count(hold.answers) },
			{ key: "believed", label: "Believed", title: "So many of the answers counted; what came beyond is held", kind: "number", from: "wide", value: (hold) => hold.believed, cell: (hold) => format.count(hold.believed) },
			{ key: "decision", label: "Decision", value: (hold) => hold.state, cell: (hold) => decide(hold, again) }] }))];
}

/* ---- undo ---- */

const moment = (input) => input.value ? new Date(input.value).toISOString() : undefined;
const local = (at) => new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);

function outcome(done) {
	return facts([["Events", format.count(done.events)], ["Entries looked at", format.count(done.entries)], ["Not suppressed any more", format.count(done.lifted)], ["Suppressed by it", format.count(done.suppressed)]]);
}

export async function undo() {
	if (!grant.mayWrite())
		return [empty("This key only reads", "What came against addresses in a window can be taken back with a key of scope write: bounced key create NAME --scope write.")];
	const from = h("input", { type: "datetime-local", required: true, value: local(new Date(Date.now() - 86400000)) }), end = h("input", { type: "datetime-local", value: local(new Date()) });
	const by = select("provider", [["provider", "Provider or domain"], ["reason", "Reason"], ["rule", "Rule"]], () => {}), what = h("input", { type: "text", placeholder: "every one", spellcheck: "false" });
	const room = h("div", { class: "outcome-room", "aria-live": "polite" });
	const ask = (dryRun) => tell("POST", "/v1/suppressions/undo", {}, { from: moment(from), to: moment(end), dry_run: dryRun, ...(what.value.trim() ? { [by.value]: what.value.trim() } : {}) });
	const fault = (error) => fill(room, h("p", { role: "alert" }, error.message));
	const tryIt = (event) => {
		event.preventDefault();
		ask(true).then((tried) => fill(room, outcome(tried), tried.events
			? button(`Take back ${format.count(tried.events)} events`, () => ask(false).then((done) => fill(room, h("p", null, h("strong", null, "Done.")), outcome(done)), fault), { class: "danger" }) : null), fault);
	};

	return [card("Take back what came in a window", null, h("p", { class: "muted" }, "Of a provider that told nonsense, of a rule or a reason that was wrong. First it is only tried; times are those of this browser."),
		h("form", { class: "inline", on: { submit: tryIt } }, field("From", from), field("To", end), field("Of a", by), field("Which", what), h("button", { class: "primary" }, "Try")), room)];
}
