/* browse.js -- the page in a browser, each view at each width, light and dark, and what people do with it.
 * usage: node browse.js SPEC.json: { url, locked (where keys are needed), keys: { read, revoked }, event, hostile, recipient, shots }; prints one line for each fault
 * and exits with 1.
 * Asserts nothing about time. */
import axe from "axe-core";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { journeys } from "./journeys.js";

const spec = JSON.parse(readFileSync(process.argv[2], "utf8"));
const WIDTHS = [1280, 768, 320], THEMES = ["light", "dark"];
const VIEWS = {
	overview: "#/overview", domains: "#/domains", providers: "#/providers?window=30d", domain: "#/domains/harbour.example", events: "#/events",
	event: "#/events/" + spec.event, recipients: "#/recipients", recipient: "#/recipients/" + encodeURIComponent(spec.recipient),
	suppressions: "#/suppressions", holds: "#/suppressions?tab=holds", exports: "#/suppressions?tab=exports", undo: "#/suppressions?tab=undo",
	hostile: "#/events/" + spec.hostile.id, "hostile domain": "#/domains/" + spec.hostile.domain,
	"hostile recipient": "#/recipients/" + encodeURIComponent(spec.hostile.recipient), "hostile list": "#/events?org_domain=hostile.example",
	unknown: "#/unknown?window=30d&text=554%20relation%20unclear", system: "#/system", empty: "#/events?recipient=nobody%40nowhere.example", missing: "#/events/none",
};
/* Views with charts, and how many. */
const CHARTS = { overview: 2, domain: 2, "hostile domain": 1 };
const faults = [];

export const fault = (where, what) => faults.push(`${where}: ${what}`);

/* What must never happen, whatever is done. The answers that a journey asks for by doing wrong are `expected`. */
export function watch(page, where, expected = []) {
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()) && !expected.some((one) => message.text().includes(one)))
			fault(where(), "console: " + message.text());
	});
	page.on("pageerror", (error) => fault(where(), "script: " + error.message));
	page.on("request", (request) => {
		if (![spec.url, spec.locked, "blob:"].some((ours) => request.url().startsWith(ours)))
			fault(where(), "asked another host: " + request.url());
	});
}

/* The view stands: all that it asked for has come, charts are drawn. */
export async function settled(page) {
	await page.waitForSelector("main:not([aria-busy]):not(:has([aria-busy])) h1");
	await page.waitForFunction(() => [...document.querySelectorAll(".plot")].every((plot) => plot.dataset.points));
	await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/* Runs in the page: boxes of text that lie over each other, and whatever is wider than the screen. */
function crooked() {
	const found = [], wide = document.documentElement.scrollWidth - innerWidth;
	const visible = (node) => node.checkVisibility() && node.getBoundingClientRect().width > 0 && !node.closest(".sr-only, .scroll, .plot, nav");
	const boxes = [...document.querySelectorAll("main h1, main h2, main p, main th, main td, main dt, main dd, main button, main input, main select, main summary, main .segments")]
		.filter(visible).map((node) => ({ node, box: node.getBoundingClientRect() }));

	if (wide > 0)
		found.push(`scrolls sideways by ${wide}`);
	for (const { node, box } of boxes)
		if (box.right > innerWidth + 1 || box.left < -1)
			found.push(`${node.tagName} "${node.textContent.slice(0, 30)}" is cut by the screen`);
	for (let i = 0; i < boxes.length; i++) {
		for (let j = i + 1; j < Math.min(boxes.length, i + 40); j++) {
			const a = boxes[i], b = boxes[j];
			const over = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left) > 1 && Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top) > 1;

			if (over && !a.node.contains(b.node) && !b.node.contains(a.node))
				found.push(`${a.node.tagName} "${a.node.textContent.slice(0, 30)}" lies over ${b.node.tagName} "${b.node.textContent.slice(0, 30)}"`);
		}
	}
	return found.slice(0, 5);
}

/* Runs in the page: each chart has its points and something drawn in its middle. */
function charts() {
	return [...document.querySelectorAll(".plot")].map((plot) => {
		const canvas = plot.querySelector("canvas");
		const pixels = canvas?.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data ?? [];
		const colours = new Set();

		for (let i = 0; i < pixels.length; i += 4)
			if (pixels[i + 3] > 200)
				colours.add(`${pixels[i]} ${pixels[i + 1]} ${pixels[i + 2]}`);
		return { points: Number(plot.dataset.points ?? 0), colours: colours.size };
	});
}

/* Runs in the page: are headers above numbers on the same side as they? */
function ragged() {
	return [...document.querySelectorAll("main table")].flatMap((table) => [...(table.tBodies[0]?.rows[0]?.cells ?? [])]
		.filter((cell, i) => getComputedStyle(cell).textAlign !== getComputedStyle(table.tHead.rows[0].cells[i]).textAlign).map((cell) => cell.textContent));
}

async function checkAxe(page, where) {
	const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));

	for (const one of violations)
		fault(where, `axe ${one.id}: ${one.help}: ${one.nodes.slice(0, 2).map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

async function checkView(page, name, where, withAxe) {
	await page.goto(spec.url + "/" + VIEWS[name]);
	await settled(page);
	for (const what of await page.evaluate(crooked))
		fault(where, what);
	for (const what of await page.evaluate(ragged))
		fault(where, `"${what}" is not under its heading`);
	const drawn = await page.evaluate(charts);
	if (drawn.length !== (CHARTS[name] ?? 0))
		fault(where, `${drawn.length} charts`);
	for (const one of drawn)
		if (one.points < 10 || one.colours < 4)
			fault(where, `a chart with ${one.points} points and ${one.colours} colours`);
	for (const moved of await page.evaluate(() => globalThis.shifts))
		fault(where, moved);
	if (withAxe)
		await checkAxe(page, where);
	if (spec.shots)
		await page.screenshot({ path: `${spec.shots}/${where.replaceAll(" ", "-")}.png`, fullPage: true });
}

/* Runs in the page before anything else. */
function countShifts() {
	globalThis.shifts = [];
	new PerformanceObserver((list) => list.getEntries().filter((entry) => !entry.hadRecentInput).forEach((entry) => {
		globalThis.shifts.push(`moved by ${entry.value}: ${entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? node?.textContent).join(" | ")}`);
	})).observe({ type: "layout-shift", buffered: true });
}

async function checkLook(browser, width, theme) {
	const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme, locale: "en-GB", timezoneId: "Europe/Berlin" });
	const page = await context.newPage();
	let name = "";
	const where = () => `${name} ${width} ${theme}`;

	await context.addInitScript({ content: axe.source });
	await context.addInitScript(countShifts);
	watch(page, where, ["404"]);
	for (name of Object.keys(VIEWS)) {
		await checkView(page, name, where(), width === 1280 || (width === 320 && theme === "light"));
		await page.goto("about:blank");
	}
	await context.close();
}

const browser = await chromium.launch({ executablePath: spec.chromium, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
try {
	for (const width of WIDTHS)
		await Promise.all(THEMES.map((theme) => checkLook(browser, width, theme)));
	await journeys(browser, spec);
} finally {
	await browser.close();
}
for (const one of [...new Set(faults)])
	console.log(one);
console.log(`${Object.keys(VIEWS).length} views at ${WIDTHS.length} widths in ${THEMES.length} themes, ${faults.length} faults`);
process.exitCode = faults.length ? 1 : 0;
