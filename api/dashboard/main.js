/* main.js -- from an address to a view, and again when it changes.
 * A view is shown whole: the one before stays until all that the new one begins with has come, so that nothing jumps. */
import { drawCharts } from "./chart.js";
import { fill, h, stands } from "./dom.js";
import { preferences } from "./controls.js";
import { changed, read, to } from "./state.js";
import { trouble } from "./trouble.js";
import { Trouble } from "./api.js";
import { grant } from "./grant.js";

/* A view, asked for when it is looked at: title(parts), show(state, signal, again) that promises nodes; `many` are those of
 * #/NAME/SOMETHING. */
const domains = () => import("./view_domains.js");
const VIEWS = {
	overview: { label: "Overview", one: () => import("./view_overview.js") },
	domains: { label: "Domains", one: domains, many: () => import("./view_domain.js") },
	providers: { label: "Providers", one: domains },
	events: { label: "Events", one: () => import("./view_events.js"), many: () => import("./view_event.js") },
	recipients: { label: "Recipients", one: () => import("./view_recipients.js") },
	suppressions: { label: "Suppressions", one: () => import("./view_suppressions.js") },
	unknown: { label: "Unknown", one: () => import("./view_unknown.js") },
	system: { label: "System", one: () => import("./view_system.js") },
};

const $ = (id) => document.getElementById(id);
let running = new AbortController(), shown = "";

function drawNavigation(name) {
	fill($("nav"), Object.entries(VIEWS).map(([key, view]) =>
		h("a", { href: to([key]), "aria-current": key === name ? "page" : null }, view.label)));
	requestAnimationFrame(() => $("nav").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }));
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
	drawCharts();
	$("main").removeAttribute("aria-busy");
	document.body.dataset.view = state.parts[0];
	if (moved) {
		scrollTo(0, 0);
		$("main").querySelector("h1").focus({ preventScroll: true });
	}
	$("announce").textContent = title;
	stands();
	shown = state.parts.join("/");
}

/* Its questions are on their way before anything is drawn. */
async function begin(state, signal) {
	const view = await viewOf(state)().catch(() => { throw new Trouble("offline", "The server does not answer", ""); });

	const nodes = view.show(state, signal, show);

	nodes.catch(() => {}); /* said when it is waited for, if it still is */
	return { title: view.title(state.parts), nodes };
}

function drawFrame(state) {
	drawNavigation(state.parts[0]);
	$("main").setAttribute("aria-busy", "true");
}

async function show() {
	const state = read();
	let title = "bounced";

	running.abort();
	running = new AbortController();
	const { signal } = running;
	const begun = begin(state, signal);

	try {
		drawFrame(state);
		const view = await begun;

		title = view.title;
		const nodes = await view.nodes;

		if (!signal.aborted)
			put(state, title, nodes);
	} catch (error) {
		if (!signal.aborted && !await choseStream(error, state, signal))
			put(state, title, trouble(error, show));
	}
}

/* A key that is bound to streams names one in each question: the first, until another is chosen. */
async function choseStream(error, state, signal) {
	if (error.kind !== "scope" || state.query.stream)
		return false;
	await grant.learn(signal).catch(() => {});
	if (!grant.streams().length)
		return false;
	location.replace(changed({ stream: grant.streams()[0] }));
	return true;
}

document.querySelector(".skip").addEventListener("click", (event) => {
	event.preventDefault(); /* what stands behind "#" is the view */
	$("main").focus();
});
addEventListener("hashchange", show);
addEventListener("online", show);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
show();
