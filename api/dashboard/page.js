"use strict";
/* The page of the API: every number here is one of /v1/domains. Text from outside is only ever set as
 * text, never as markup. */

const $ = (id) => document.getElementById(id);
const HOUR_MS = 3600 * 1000;
let shown = null; /* the query of the list, for its next pages */

function element(name, text, className) {
	const node = document.createElement(name);
	node.textContent = text;
	if (className)
		node.className = className;
	return node;
}

function cell(value, format) {
	if (value === null)
		return element("td", "unknown", "unknown");
	return element("td", format ? format(value) : String(value));
}

const percent = (rate) => (100 * rate).toFixed(2) + " %";
const interval = (pair) => percent(pair[0]) + " to " + percent(pair[1]);

async function ask(path, query) {
	const key = $("key").value;
	const headers = key ? { Authorization: "Bearer " + key } : {};
	const reply = await fetch(path + "?" + new URLSearchParams(query), { headers });
	const body = await reply.json();

	if (reply.status === 401)
		$("key-label").hidden = false;
	if (!reply.ok)
		throw new Error(body.title + ": " + body.detail);
	return body;
}

function currentQuery() {
	const to = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS;
	const query = {
		from: new Date(to - Number($("days").value) * 24 * HOUR_MS).toISOString(),
		to: new Date(to).toISOString(),
		basis: $("basis").value,
	};

	if ($("mature").checked && !$("mature").disabled)
		query.mature = "true";
	if ($("stream").value)
		query.stream = $("stream").value;
	return query;
}

function domainRow(row) {
	const tr = document.createElement("tr"), name = document.createElement("td");
	const button = element("button", row.domain || "(not told)");

	button.disabled = row.domain === "";
	button.addEventListener("click", () => guarded(() => showDomain(row.domain)));
	name.append(button);
	tr.append(name, cell(row.attempted));
	for (const field of ["failed", "hard", "soft", "block", "delayed", "complaints"])
		tr.append(cell(row[field]));
	tr.append(cell(row.failure_rate, percent), cell(row.failure_rate_interval, interval),
		cell(row.coverage, percent));
	tr.title = row.flags.join(", ");
	return tr;
}

async function showList(cursor) {
	const query = cursor ? { ...shown, cursor } : { ...currentQuery(), sort: $("sort").value };
	const page = await ask("/v1/domains", query);
	const body = $("domains").tBodies[0];

	shown = query;
	delete shown.cursor;
	if (!cursor)
		body.replaceChildren();
	body.append(...page.domains.map(domainRow));
	$("domains").hidden = body.rows.length === 0;
	$("more").hidden = page.next_cursor === null;
	$("more").onclick = () => guarded(() => showList(page.next_cursor));
	$("message").textContent = body.rows.length ? page.from + " to " + page.to + ", as of " + page.as_of :
		"Nothing has failed and nothing was attempted in this window.";
}

function bar(x, width, y, height, className) {
	const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");

	for (const [name, value] of Object.entries({ x, width, y, height }))
		rect.setAttribute(name, String(value));
	rect.setAttribute("class", className);
	return rect;
}

function drawSeries(detail) {
	const stepMs = (detail.step === "day" ? 24 : 1) * HOUR_MS;
	const start = Math.floor(Date.parse(detail.from) / stepMs) * stepMs;
	const steps = Math.max(1, Math.ceil((Date.parse(detail.to) - start) / stepMs));
	const most = Math.max(1, ...detail.series.map((step) => step.failed));
	const width = 800 / steps;

	$("series").replaceChildren();
	for (const step of detail.series) {
		const x = (Date.parse(step.at) - start) / stepMs * width;
		let y = 160;

		for (const part of ["hard", "soft", "block"]) {
			const height = 155 * step[part] / most;

			y -= height;
			$("series").append(bar(x, width * 0.9, y, height, part));
		}
	}
	$("detail").querySelector("figcaption").textContent =
		"Failures per " + detail.step + ", at most " + most + ": hard red, soft orange, block blue";
}

function fill(table, rows) {
	$(table).tBodies[0].replaceChildren(...rows.map((cells) => {
		const tr = document.createElement("tr");

		cells.forEach((text, i) => tr.append(element("td", text ?? "", i < cells.length - 1 ? "text" : "")));
		return tr;
	}));
}

async function showDomain(domain) {
	const query = { ...shown };

	delete query.sort;
	const detail = await ask("/v1/domains/" + encodeURIComponent(domain), query);

	$("detail").querySelector("h2").textContent = domain;
	drawSeries(detail);
	fill("reasons", detail.reasons.map((row) => [row.outcome, row.reason, row.class, row.count]));
	fill("diagnostics", detail.diagnostics.map((row) => [row.template, row.reason, row.count]));
	$("detail").hidden = false;
	$("detail").scrollIntoView({ behavior: "smooth" });
}

function guarded(work) {
	return work().catch((error) => { $("message").textContent = error.message; });
}

/* Only the rate of mail by its date waits for bounces that are still to come. */
$("basis").addEventListener("change", () => { $("mature").disabled = $("basis").value !== "send"; });
$("mature").disabled = $("basis").value !== "send"; /* a reload keeps what was chosen */
$("controls").addEventListener("submit", (event) => {
	event.preventDefault();
	$("detail").hidden = true;
	guarded(() => showList(null));
});
guarded(() => showList(null));
