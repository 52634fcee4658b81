/* measure.js -- how long the first view takes, and how much of that any page would.
 * usage: node measure.js SPEC.json: { pages: { NAME: URL, ... }, chromium, times }; prints the middle of many visits, in turns.
 *
 * Speaks DevTools' protocol itself, over pipes: a client that watches requests has the browser take a stack for each of them. Nothing
 * is asked of a page before it stands. Told, and never asserted. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FLAGS = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--remote-debugging-pipe", "--window-size=1280,900", "--no-first-run",
	"--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--disable-background-networking"];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

class Browser {
	#waiting = new Map();
	#last = 0;

	constructor(program) {
		this.folder = mkdtempSync(join(tmpdir(), "page-measure-"));
		this.child = spawn(program, [...FLAGS, "--user-data-dir=" + this.folder, "about:blank"], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
		let rest = "";
		this.child.stdio[4].setEncoding("utf8").on("data", (text) => {
			const answers = (rest + text).split("\0");

			rest = answers.pop();
			answers.forEach((one) => this.#take(JSON.parse(one)));
		});
	}

	#take({ id, result, error }) {
		this.#waiting.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
		this.#waiting.delete(id);
	}

	send(method, params = {}, sessionId = undefined) {
		this.child.stdio[3].write(JSON.stringify({ id: ++this.#last, method, params, sessionId }) + "\0");
		return new Promise((done) => this.#waiting.set(this.#last, done));
	}

	async tab(browserContextId) {
		const { targetId } = await this.send("Target.createTarget", { url: "about:blank", browserContextId });
		const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });

		await this.send("Performance.enable", { timeDomain: "threadTicks" }, sessionId);
		return { targetId, sessionId };
	}

	async close() {
		const over = new Promise((done) => this.child.on("exit", done));

		this.send("Browser.close");
		await over;
		rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
	}
}

/* ---- one visit ---- */

/* Runs in the page, when it may stand: null, it does not yet. */
function figures() {
	const marks = (name) => performance.getEntriesByName(name).map((mark) => mark.startTime);
	const main = document.querySelector("main#main"), painted = performance.getEntriesByType("paint").map((one) => one.startTime);

	if (document.readyState !== "complete" || !painted.length || (main ? !main.querySelector("h1") || main.matches("[aria-busy], :has([aria-busy], .plot:not([data-points]))") : document.body.dataset.wanted && !marks("shown").length))
		return null;
	if (Math.max(0, ...marks("painted")) < Math.max(0, ...marks("shown")) && marks("painted").length)
		return null;
	return { whole: Math.max(0, ...marks("shown")) || performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
		seen: Math.max(0, ...marks("painted")) || Math.max(...painted), first: Math.min(...painted),
		requests: 1 + performance.getEntriesByType("resource").length };
}

/* Milliseconds from the address to the view whole, to it painted, to the first thing painted; those that the page's own thread worked. */
async function visit(browser, { sessionId }, url) {
	const worked = async () => (await browser.send("Performance.getMetrics", {}, sessionId)).metrics.find((one) => one.name === "TaskDuration").value * 1000;
	const before = await worked();

	await browser.send("Page.navigate", { url }, sessionId);
	for (let i = 0; i < 100; i++) {
		await pause(i ? 100 : 500);
		const { result } = await browser.send("Runtime.evaluate", { expression: `(${figures})()`, returnByValue: true }, sessionId);
		if (result.value) {
			const after = await worked();

			return { ...result.value, worked: after < before ? after : after - before }; /* less: another process has the page */
		}
	}
	throw new Error(url + " does not stand");
}

/* A page in a profile that has just been made, with all that a browser sets up for one; in a new tab of a browser that runs, with
 * nothing kept of the page; and in that tab again. */
async function visits(browser, url, put) {
	const { browserContextId } = await browser.send("Target.createBrowserContext");

	put("new profile", await visit(browser, await browser.tab(browserContextId), url));
	await browser.send("Target.disposeBrowserContext", { browserContextId });
	const tab = await browser.tab();

	await browser.send("Network.clearBrowserCache", {}, tab.sessionId);
	await browser.send("Storage.clearDataForOrigin", { origin: new URL(url).origin, storageTypes: "all" }, tab.sessionId);
	await pause(200);
	put("nothing kept", await visit(browser, tab, url));
	put("seen before", await visit(browser, tab, url));
	await browser.send("Target.closeTarget", { targetId: tab.targetId });
}

/* ---- what any page costs ---- */

const FLOOR = {
	"/empty": ["text/html", "<!doctype html><title>-</title><link rel=icon href=data:,><p>-"],
	"/one": ["text/html", "<!doctype html><title>-</title><link rel=icon href=data:,><script defer src=/one.js></script><body data-wanted=1><p>-"],
	"/one.js": ["text/javascript", 'fetch("/one.json").then((reply) => reply.json()).then((one) => { document.body.append(one.text); performance.mark("shown"); });'],
	"/one.json": ["application/json", '{"text":"-"}'],
};

async function floor() {
	const server = createServer((request, reply) => {
		const [type, text] = FLOOR[request.url] ?? ["text/plain", ""];

		reply.setHeader("Content-Type", type);
		reply.setHeader("Cache-Control", "no-cache");
		reply.end(text);
	});

	await new Promise((done) => server.listen(0, "127.0.0.1", done));
	return server;
}

const middle = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

function tell(name, found) {
	const of = (key, which = middle) => String(Math.round(which(found.map((one) => one[key])))).padStart(5);

	console.log(`${name.padEnd(34)} whole ${of("whole")} ms (least ${of("whole", (all) => Math.min(...all))}), painted ${of("seen")}, first paint ${of("first")}, ` +
		`${of("worked")} ms of work in the page's thread, ${of("requests")} requests`);
}

const spec = JSON.parse(readFileSync(process.argv[2], "utf8"));
const server = await floor(), browser = new Browser(spec.chromium), found = {};
const pages = { "floor: an empty page": `http://127.0.0.1:${server.address().port}/empty`, "floor: one script, one question": `http://127.0.0.1:${server.address().port}/one`, ...spec.pages };

try {
	await pause(1000);
	for (let i = -1; i < spec.times; i++) /* the first round is the browser's */
		for (const [name, url] of Object.entries(pages))
			await visits(browser, url, (how, one) => i < 0 || ((found[how] ??= {})[name] ??= []).push(one));
} finally {
	await browser.close();
	server.close();
}
for (const [how, by] of Object.entries(found)) {
	console.log(`${how}, the middle of ${spec.times}:`);
	Object.entries(by).forEach(([name, visited]) => tell("  " + name, visited));
}
