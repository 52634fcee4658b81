/* view_recipients.js -- one address: what happened to it, and why it is or is not on the list. */
import { ask, segment, tell } from "./api.js";
import { button, card, facts, field, fill, h, link } from "./dom.js";
import { eventTable, stateMark, suppressionTable } from "./lists.js";
import { grant } from "./grant.js";
import * as format from "./format.js";
import { go, pick, to } from "./state.js";

export const title = (parts) => parts[1] ?? "Recipients";

/* What the answer means for who wants to send. */
const MEANING = {
	clear: "Nothing speaks against mailing it.",
	strikes: "It has strikes, and not enough of them: it may be mailed.",
	expired: "It was suppressed until its time was over: it may be mailed.",
	held: "It would be suppressed, but its provider is doubted: see the holds. Until that is decided it may be mailed.",
	suppressed: "Do not mail it.",
	allowed: "Somebody said that it is to be mailed, whatever bounces.",
};

function lookUp(address) {
	const input = h("input", { type: "search", value: address ?? "", placeholder: "ann@example.com", required: true, spellcheck: "false", autocomplete: "off", class: "key" });

	return h("form", { class: "inline", role: "search", "aria-label": "Look up an address", on: { submit: (event) => {
		event.preventDefault();
		go(["recipients", input.value.trim()]);
	} } }, field("Address", input), h("button", { class: "primary" }, "Look up"));
}

const counts = (recipient) => h("div", { class: "tiles small" }, [["failed", "Failed"], ["hard", "Hard"], ["soft", "Soft"], ["block", "Block"], ["delayed", "Delayed"], ["delivered", "Delivered"], ["complaints", "Complaints"], ["events", "Events"]]
	.map(([key, label]) => h("div", { class: "tile of-" + key }, h("h2", null, label), h("p", { class: "big" }, format.count(recipient[key])))));

/* What may be changed by hand, of what would change something; nothing, with a key that only reads. */
function actions(address, entry, stream, again) {
	if (!grant.mayWrite())
		return h("p", { class: "muted" }, "This key only reads: with one of scope write this address could be suppressed, removed or allowed here.");
	const note = h("input", { type: "text", maxlength: 1024, placeholder: "why", title: "Kept with what is suppressed or allowed by hand, and in the audit", class: "key" }), said = h("p", { role: "alert" });
	const path = "/v1/suppressions/" + segment(address), query = stream ? { stream } : {};
	const act = (work) => () => work().then(again, (error) => fill(said, error.message));
	const put = (state) => act(() => tell("PUT", path, query, { state, ...(note.value ? { note: note.value } : {}) }));

	const own = entry?.address === address ? entry : null, remove = () => ask(path, { ...query, ...(note.value ? { note: note.value } : {}) }, { method: "DELETE" });

	return h("div", { class: "actions" }, field("Note", note),
		own?.state === "active" && !own.expires_at ? null : button("Suppress", put("active"), { class: "danger" }),
		own?.state === "allowed" ? null : button("Allow, whatever bounces", put("allowed")),
		own && !["removed", "expired"].includes(own.state) ? button("Remove from the list", act(remove)) : null, said);
}

function standing({ suppression }, entries, doing) {
	const { answer, entry } = suppression;

	return card("May it be mailed?", stateMark(answer), h("p", null, h("strong", null, MEANING[answer] ?? "")),
		entry ? facts([["Entry", entry.address], ["Stream", entry.stream ?? "every one"], ["Because of", entry.reason ?? entry.source], ["Told by", format.word(entry.source)], ["Events", format.count(entry.count)],
			["First seen", format.time(entry.first_seen_at)], ["Last seen", format.time(entry.last_seen_at)], ["Until", entry.expires_at ? format.time(entry.expires_at) : "for good"],
			["Evidence", entry.evidence ? link(to(["events", entry.evidence]), "the event") : null], ["Changed by", entry.changed_by], ["Note", entry.note]]) : null,
		entry?.diagnostic ? h("pre", { tabindex: "0", "aria-label": "What was said" }, entry.diagnostic) : null,
		entries.length > 1 ? suppressionTable(entries) : null, doing);
}

export async function show(state, signal, again) {
	const address = state.parts[1], query = pick(state.query, ["stream"]), own = { signal };

	await grant.learn(signal);
	if (!address)
		return [lookUp(""), h("p", { class: "muted" }, "What happened to an address, whether it may be mailed, and how that is known.")];
	const recipient = await ask("/v1/recipients/" + segment(address), query, own), { entry } = recipient.suppression;
	const { entries } = entry?.address === recipient.recipient ? await ask("/v1/suppressions/" + segment(address), query, own) : { entries: [] };

	return [lookUp(address), standing(recipient, entries, actions(recipient.recipient, entry, query.stream, again)), counts(recipient),
		card("History", recipient.events > recipient.newest.length ? link(to(["events"], { recipient: address, window: "90d" }), "All of them") : null,
			recipient.newest.length ? eventTable(recipient.newest) : h("p", { class: "muted" }, "No event of this address is kept. The address is compared as a whole, upper or lower case."))];
}
