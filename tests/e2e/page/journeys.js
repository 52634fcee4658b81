/* journeys.js -- what people do with the page: sort, filter, zoom, go back, reload, lose a key, lose the network. */
import { readFileSync } from "node:fs";
import { fault, settled, watch } from "./browse.js";

const MOST_BYTES = 120 * 1024, MOST_REQUESTS = 10;
let spec = null, step = "";

const expect = (holds, what) => holds || fault(step, what);
const texts = (page, selector) => page.locator(selector).allTextContents();

async function fresh(browser, expected) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "de-DE", timezoneId: "Europe/Berlin", acceptDownloads: true });
	const page = await context.newPage();

	watch(page, () => step, expected);
	return page;
}

async function open(page, hash) {
	await page.goto(spec.url + "/" + hash);
	await settled(page);
}

async function firstView(browser) {
	const page = await fresh(browser), session = await page.context().newCDPSession(page);
	let bytes = 0, requests = 0;

	step = "first view";
	await session.send("Network.enable");
	session.on("Network.loadingFinished", (event) => { bytes += event.encodedDataLength; });
	page.on("request", () => { requests++; });
	await open(page, "");
	expect(requests <= MOST_REQUESTS, `asks ${requests} times`);
	expect(bytes > 10000 && bytes <= MOST_BYTES, `transfers ${bytes} bytes`);
	expect((await texts(page, ".tile.main .big"))[0].includes(","), "the rate is not written as a German writes it");
	await page.close();
	return bytes;
}

/* Sorting, a filter, a reload, back: the address has all of it. */
async function state(browser) {
	const page = await fresh(browser);

	step = "sort";
	await open(page, "#/domains?window=30d");
	await page.click("thead >> text=Failure rate");
	await settled(page);
	expect(await page.getAttribute("th[aria-sort]", "aria-sort") === "descending", "is not told");
	const sorted = await texts(page, "tbody tr th, tbody tr td:first-child");
	step = "filter";
	await page.selectOption("select[name=class]", "block");
	await settled(page);
	const filtered = await texts(page, "tbody tr");
	expect(page.url().includes("class=block") && page.url().includes("sort=failure_rate"), "is not in the address");
	step = "reload";
	await page.reload();
	await settled(page);
	expect(JSON.stringify(await texts(page, "tbody tr")) === JSON.stringify(filtered), "shows something else");
	expect(await page.inputValue("select[name=class]") === "block", "forgets the filter");
	step = "back";
	await page.goBack();
	await settled(page);
	expect(JSON.stringify(await texts(page, "tbody tr th, tbody tr td:first-child")) === JSON.stringify(sorted), "shows something else");
	step = "csv";
	const filteredRows = await page.locator("tbody tr").count();
	const [file] = await Promise.all([page.waitForEvent("download"), page.click("text=Save as CSV")]);
	const lines = readFileSync(await file.path(), "utf8").split("\r\n");
	expect(file.suggestedFilename() === "domains.csv", "has the name " + file.suggestedFilename());
	expect(lines[0].startsWith("domain,failure_rate,failed,") && lines.length === filteredRows + 2, `has ${lines.length} lines under ${lines[0]}`);
	step = "domain";
	await page.click("tbody >> text=harbour.example");
	await settled(page);
	expect((await page.textContent("h1")) === "harbour.example" && page.url().includes("window=30d"), "loses the window");
	await page.close();
}

/* A span that is dragged over a chart is the window of the whole page. */
async function zoom(browser) {
	const page = await fresh(browser);

	step = "zoom";
	await open(page, "#/overview?window=30d");
	const box = await page.locator(".plot .u-over").first().boundingBox();
	await page.mouse.move(box.x + box.width * 0.3, box.y + 50);
	expect(await page.locator(".tooltip").first().isVisible(), "the pointer shows nothing");
	await page.mouse.down();
	await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 5 });
	await page.mouse.up();
	await page.waitForURL(/from=\d{4}-\d\d-\d\dT.*to=/);
	await settled(page);
	expect(Number(await page.locator(".plot").first().getAttribute("data-points")) < 20, "does not narrow the chart");
	step = "zone";
	await page.focus("select.zone");
	await page.selectOption("select.zone", "Asia/Tokyo");
	await settled(page);
	expect(page.url().includes("zone=Asia%2FTokyo"), "is not in the address");
	step = "theme";
	const before = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	await page.selectOption("select.theme", "dark");
	await settled(page);
	await page.reload();
	await settled(page);
	expect(before !== await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "is not kept");
	await page.close();
}

/* Every step by the keyboard alone. */
async function keyboard(browser) {
	const page = await fresh(browser);

	step = "keyboard";
	await open(page, "#/overview");
	await page.keyboard.press("Tab");
	expect(await page.evaluate(() => document.activeElement.className) === "skip", "the first stop is not the way to the content");
	await page.keyboard.press("Enter");
	expect(await page.evaluate(() => document.activeElement.id) === "main", "the way to the content leads elsewhere");
	expect(page.url().endsWith("#/overview"), "the way to the content leaves the view");
	await page.focus("nav a:has-text('Events')");
	await page.keyboard.press("Enter");
	await settled(page);
	expect(await page.evaluate(() => document.activeElement.tagName) === "H1", "a new view does not take the focus");
	await page.close();
}

/* What a server says is text, whatever it looks like. */
async function hostile(browser) {
	const page = await fresh(browser);

	step = "hostile";
	await open(page, "#/events/" + spec.hostile.id);
	expect((await page.textContent("main")).includes("<img src=x onerror=alert(1)>"), "the text is not shown");
	expect(await page.locator("main img, main script").count() === 0, "the text became markup");
	expect((await page.textContent("mark")) !== "", "nothing is marked");
	await page.click("text=Show it as it came");
	await page.waitForSelector("pre[aria-label='The notice as it came']");
	await page.close();
}

async function decisions(browser) {
	const page = await fresh(browser);

	step = "suppress";
	await open(page, "#/recipients/somebody%40harbour.example");
	await page.fill("input[placeholder=why]", "asked for it");
	await page.click("text=Suppress >> nth=-1");
	await page.waitForSelector("main >> text=Do not mail it.");
	expect((await page.textContent("main")).includes("asked for it"), "the note is not kept");
	step = "remove";
	await page.fill("input[placeholder=why]", "is back");
	expect(await page.locator("main button:text-is('Suppress')").count() === 0, "is offered again");
	await page.click("text=Remove from the list");
	await page.waitForSelector("main >> text=Nothing speaks against mailing it.");
	step = "allow";
	await page.click("text=Allow, whatever bounces");
	await page.waitForSelector("main >> text=whatever bounces. >> nth=0");
	step = "release";
	await open(page, "#/suppressions?tab=holds");
	page.once("dialog", (dialog) => dialog.accept());
	await page.click("tr:has-text('harbour') >> text=Release");
	await page.waitForSelector("tr:has-text('harbour') >> text=released");
	step = "exports";
	await open(page, "#/suppressions?tab=exports");
	expect((await texts(page, "tbody tr")).length === 1, "does not list the job");
	step = "audit";
	await open(page, "#/system");
	const changed = await page.locator("table:has(caption:has-text('Who changed what')) tbody").innerText();
	expect(["suppression.put", "suppression.remove", "hold.release", "loopback", "asked for it", "is back"].every((word) => changed.includes(word)), "does not tell of what was done: " + changed);
	step = "undo";
	await open(page, "#/suppressions?tab=undo");
	await page.click("button:has-text('Try')");
	await page.waitForSelector("main >> text=Not suppressed any more");
	step = "rule";
	await open(page, "#/unknown?window=30d");
	await page.click("text=Try one >> nth=0");
	await settled(page);
	await page.click(".bench button:has-text('Try')");
	await page.waitForSelector("h3:has-text('With the rule')");
	expect((await texts(page, ".verdict strong")).some((text) => text === "policy.refused"), "says nothing of the rule");
	await page.close();
}

/* A key that only reads is offered nothing else; one that is no good any more, and none, say what to do. */
async function keys(browser) {
	const page = await fresh(browser, ["401", "403"]);

	step = "no key";
	await page.goto(spec.locked + "/#/recipients/somebody%40harbour.example");
	await page.waitForSelector("text=This server wants a key");
	step = "revoked key";
	await page.fill("input.key", spec.keys.revoked);
	await page.click("text=Use this key");
	await page.waitForSelector("text=This key is good no more");
	step = "read key";
	await page.fill("input.key", spec.keys.read);
	await page.click("text=Use this key");
	await page.waitForSelector("text=This key only reads");
	expect(await page.locator("text=Remove from the list").count() === 0, "what would be refused is offered");
	await page.goto(spec.locked + "/#/system");
	await page.waitForSelector("h2:has-text('This server')");
	expect(await page.locator("text=Who changed what").count() === 0, "a key that only reads is shown who changed what");
	await page.goBack();
	await page.reload();
	await page.waitForSelector("text=This key only reads");
	await page.close();
}

async function offline(browser) {
	const page = await fresh(browser, ["ERR_INTERNET_DISCONNECTED"]);

	step = "offline";
	await open(page, "#/domains");
	await page.context().setOffline(true);
	await page.click("nav a:has-text('Events')");
	await page.waitForSelector("text=The server does not answer");
	await page.context().setOffline(false);
	await page.click("text=Try again").catch(() => {}); /* the page may have seen it first */
	await page.waitForSelector("main >> text=By arrival, the newest first");
	await page.close();
}

export async function journeys(browser, given) {
	spec = given;
	const bytes = await firstView(browser);

	for (const journey of [state, zoom, keyboard, hostile, decisions, keys, offline])
		await journey(browser).catch((error) => fault(step, error.message.split("\n")[0]));
	console.log(`the first view transfers ${bytes} bytes`);
}
