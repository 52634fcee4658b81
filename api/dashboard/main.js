/* main.js -- from an address to a view, and again when it changes.
 * A view is shown whole: the one before stays until all that the new one begins with has come, so that nothing jumps. */
import { fill, h } from "./dom.js";
import { preferences } from "./controls.js";
import { read, to } from "./state.js";
import { trouble } from "./trouble.js";
import { grant } from "./grant.js";
import * as domains from "./view_domains.js";
import * as domain from "./view_domain.js";
import * as event from "./view_event.js";
import * as events from "./view_events.js";
import * as overview from "./view_overview.js";
import * as recipients from "./view_recipients.js";
import * as suppressions from "./view_suppressions.js";
import * as system from "./view_system.js";
import * as unknown from "./view_unknown.js";

/* A view: title(parts), show(state, signal) that promises nodes; `many` are those of #/NAME/SOMETHING. */
const VIEWS = {
	overview: { label: "Overview", one: overview },
	domains: { label: "Domains", one: domains, many: domain },
	providers: { label: "Providers", one: domains },
	events: { label: "Events", one: events, many: event },
	recipients: { label: "Recipients", one: recipients },
	suppressions: { label: "Suppressions", one: suppressions },
	unknown: { label: "Unknown", one: unknown },
	system: { label: "System", one: system },
};

const $ = (id) => document.getElementById(id);
let running = new AbortController(), shown = "";

function drawNavigation(name) {
	fill($("nav"), Object.entries(VIEWS).map(([key, view]) =>
		h("a", { href: to([key]), "aria-current": key === name ? "page" : null }, view.label)));
	$("nav").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
	fill($("preferences"), preferences(() => show()));
}

function viewOf(state) {
	const row = VIEWS[state.parts[0]] ?? VIEWS.overview;

	return state.parts.length > 1 && row.many ? row.many : row.one;
}

function put(state, title, nodes) {
	const moved = shown !== "" && shown !== state.parts.join("/");

	document.title = title + " · bounced";
	fill($("main"), h("h1", { tabindex: "-1" }, title), nodes);
	$("main").removeAttribute("aria-busy");
	document.body.dataset.view = state.parts[0];
	if (moved) {
		scrollTo(0, 0);
		$("main").querySelector("h1").focus({ preventScroll: true });
	}
	$("announce").textContent = title;
	shown = state.parts.join("/");
}

async function show() {
	const state = read(), view = viewOf(state), title = view.title(state.parts);

	running.abort();
	running = new AbortController();
	const { signal } = running;
	drawNavigation(state.parts[0]);
	$("main").setAttribute("aria-busy", "true");
	if (!shown)
		fill($("main"), h("p", { class: "loading" }, "Loading"));
	try {
		await grant.learn(signal);
		const nodes = await view.show(state, signal, show);

		if (!signal.aborted)
			put(state, title, nodes);
	} catch (error) {
		if (!signal.aborted)
			put(state, title, trouble(error, show));
	}
}

document.querySelector(".skip").addEventListener("click", (event) => {
	event.preventDefault(); /* what stands behind "#" is the view */
	$("main").focus();
});
addEventListener("hashchange", show);
addEventListener("online", show);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
show();
