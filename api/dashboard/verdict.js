/* verdict.js -- a text of a server with the words that decided, how today's rules come to what they say, and a bench where
 * a rule is tried. */
import { tell } from "./api.js";
import { button, card, field, fill, h } from "./dom.js";
import * as format from "./format.js";
import { classMark } from "./rates.js";

/* The span is in bytes of UTF-8. */
export function marked(text, span) {
	const bytes = new TextEncoder().encode(text), decoder = new TextDecoder();

	if (!span || span[0] >= span[1] || span[1] > bytes.length)
		return text;
	const part = (from, end) => decoder.decode(bytes.subarray(from, end));

	return [part(0, span[0]), h("mark", null, part(span[0], span[1])), part(span[1], bytes.length)];
}

/* What decided, what agrees with it, and what was outvoted, apart from how the words were read. */
const RANKS = ["decides", "agrees", "outvoted"];

function evidence(account, decided) {
	const said = account.map((line) => /^\s*(decides|outvoted) ([\d.]+) (\S+) says (\S+)/.exec(line)).filter(Boolean);
	const rows = said.map(([line, what, ...rest]) => [line, what === "outvoted" && rest[2] === decided ? "agrees" : what, ...rest])
		.sort((a, b) => RANKS.indexOf(a[1]) - RANKS.indexOf(b[1]));

	return rows.length ? h("ul", { class: "evidence" }, rows.map(([, what, strength, rule, reason]) =>
		h("li", { class: what }, h("strong", null, what), ` ${rule} says ${reason} `, h("span", { class: "muted" }, strength)))) : null;
}

function one(label, { event, account }, text) {
	return h("div", { class: "verdict" }, h("h3", null, label),
		h("p", null, h("strong", null, event.reason ?? event.outcome), " ", event.class ? classMark(event.class) : null, " ",
			h("span", { class: "muted" }, `by ${event.rule?.id ?? "no rule"}, confidence ${format.confidence(event.confidence)}`)),
		h("pre", { tabindex: "0", "aria-label": label + ": the text" }, marked(event.diagnostic ?? text, event.rule?.span)), evidence(account, event.reason),
		h("details", null, h("summary", null, "How the words were read"), h("pre", { tabindex: "0", "aria-label": "How the words were read" }, account.join("\n"))));
}

const classify = (text, remoteMta, rule, signal) =>
	tell("POST", "/v1/classify", {}, { text, ...(remoteMta ? { remote_mta: remoteMta } : {}), ...(rule ? { rule } : {}) }, { signal });

/* What today's rules say of a text that was judged when it came. */
export async function judgement(text, remoteMta, signal) {
	const answer = await classify(text, remoteMta, "", signal).catch((error) => ({ error }));

	return card("Today's rules say", null, answer.error ? h("p", { class: "muted" }, answer.error.message) : one("By all rules", answer, text));
}

/* ---- the bench ---- */

const RULE = "rule text.local.NAME = policy.refused 0.9\n    1  the words that say it\n";

/* A pattern has no other letters than those of the text where it is made of one. */
const patternOf = (text) => text.replace(/^\d{3}[ -](\d\.\d+\.\d+ )?/, "").replace(/[\\^$.|?*+()[\]{}]/g, "\\$&").replaceAll("#", ".*").replace(/^(\.\*|\s)+|(\.\*|\s)+$/g, "").toLowerCase();
export const ruleFor = (text) => RULE.replace("the words that say it", patternOf(text));

export function bench(text, rule) {
	const asked = h("textarea", { rows: 3, value: text ?? "", required: true, maxlength: 4096, spellcheck: "false", class: "said" });
	const typed = h("textarea", { rows: 4, value: rule ?? RULE, maxlength: 16384, spellcheck: "false", class: "said" });
	const mta = h("input", { type: "text", placeholder: "mx.example.com", spellcheck: "false" }), room = h("div", { class: "verdicts", "aria-live": "polite" });
	const copied = h("span", { role: "status" });
	const copy = () => navigator.clipboard.writeText(typed.value).then(() => fill(copied, "Copied: put it into parser.rules_file and reload."),
		() => { typed.select(); fill(copied, "Selected: copy it with the keyboard."); });
	const tryIt = (event) => {
		event.preventDefault();
		classify(asked.value, mta.value.trim(), typed.value.trim() ? typed.value : "")
			.then((answer) => fill(room, one("Today", answer, asked.value), answer.with_rule ? one("With the rule", answer.with_rule, asked.value) : null),
				(error) => fill(room, h("p", { role: "alert" }, h("strong", null, error.detail || error.message))));
	};

	return card("Try a rule", null, h("p", { class: "muted" }, "The text as a server said it, and a rule that stands before all others while it is tried. Nothing is stored. docs/rules.md has the language."),
		h("form", { class: "bench", on: { submit: tryIt } }, field("Text", asked), field("Rule", typed), field("Server that said it, if it matters", mta),
			h("div", { class: "actions" }, h("button", { class: "primary" }, "Try"), button("Copy the rule", copy), copied)), room);
}
