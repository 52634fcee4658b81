/* trouble.js -- what is said when there is nothing to show, and what to do about it. */
import { button, field, h } from "./dom.js";
import { key } from "./api.js";
import { href, read } from "./state.js";

const note = (title, ...children) => h("div", { class: "note", role: "status" }, h("h2", null, title), children);

/* Nothing is there: why, and where to look instead. */
export const empty = (title, ...children) => note(title, children.map((child) => typeof child === "string" ? h("p", null, child) : child));

/* No key, or one that is good no more. */
function keyForm(again) {
	const input = h("input", { type: "password", autocomplete: "off", spellcheck: "false", required: true, class: "key" });

	return h("form", { class: "inline", on: { submit: (event) => {
		event.preventDefault();
		key.set(input.value.trim());
		again();
	} } }, field("Key", input), h("button", { class: "primary" }, "Use this key"));
}

const WORDS = {
	offline: ["The server does not answer", "It may be starting again, or the network is gone. Nothing that arrives is lost meanwhile."],
	no_key: ["This server wants a key", "Make one on the server: bounced key create dashboard --scope read. It is kept in this tab alone, until it is closed."],
	bad_key: ["This key is good no more", "It is unknown, expired or revoked. bounced key list shows which are good; bounced key create dashboard --scope read makes a new one."],
	scope: ["This key may not see that", "Ask whoever runs the server for a key with another scope, or of another stream."],
	missing: ["That is not here", "It may have been deleted by age, or the link is of another server."],
	asked: ["That cannot be asked", "Some word of the address is not one that the server takes."],
	busy: ["Too many questions", "This key, or this address, has asked more than it may in a minute. Wait for the next one; bad keys count, too."],
	server: ["The server has trouble", "Its log says more: bounced reports what it could not do as level=error."],
};

export function trouble(error, again) {
	const [title, advice] = WORDS[error.kind] ?? ["This page has a fault", "Loading it again may help. If not, please report what stands below."];
	const said = error.kind ? error.message : String(error.stack ?? error);

	return note(title, h("p", null, advice), error.kind === "offline" ? null : h("p", { class: "said" }, said),
		["no_key", "bad_key", "scope"].includes(error.kind) ? keyForm(again) : button("Try again", again, { class: "primary" }),
		error.kind === "asked" ? h("p", null, h("a", { href: href(read().parts) }, "Show this without filters")) : null);
}
