/* chart.js -- series over time, drawn by uPlot (vendor/uplot.js).
 * Knows: axes, colours of the theme, what the pointer is over, a span that was dragged. Each chart comes with the same
 * numbers as a table, for whoever cannot see it. */
import { h, fill, stands } from "./dom.js";
import * as format from "./format.js";
import { zone } from "./zone.js";

const HEIGHT = 240;
let uPlot = null;

/* It takes a while to run: while the server is at the first questions. */
const library = new Promise((done) => { setTimeout(done); }).then(() => import("./vendor/uplot.js")).then((module) => { uPlot = module.uPlot; });

const probe = h("span", { class: "probe", "aria-hidden": "true" });

const known = new Map();

/* A canvas does not know the words of the style sheet, and asking for each lays out the page. */
function colour(name, alpha) {
	const key = [document.documentElement.dataset.theme, matchMedia("(prefers-color-scheme: dark)").matches, name].join();

	if (!known.has(key)) {
		if (!probe.isConnected)
			document.body.append(probe);
		probe.style.color = `var(--${name})`;
		known.set(key, getComputedStyle(probe).color);
	}
	return alpha === undefined ? known.get(key) : known.get(key).replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`);
}

/* ---- what an axis says ---- */

function momentOf(seconds, step) {
	const at = new Date(seconds * 1000);

	return step < 86400 ? format.hour(at) : format.shortDay(at);
}

function timeAxis() {
	const lines = (plot, splits, axis, space, step) => splits.map((at, i) => {
		const text = momentOf(at, step);

		/* Hours alone do not tell the day. */
		return step < 86400 && (i === 0 || format.shortDay(new Date(at * 1000)) !== format.shortDay(new Date(splits[i - 1] * 1000)))
			? text + "\n" + format.shortDay(new Date(at * 1000)) : text;
	});

	return { stroke: colour("muted"), grid: { show: false }, ticks: { stroke: colour("line"), size: 4 }, values: lines, space: 64, font: "12px system-ui, sans-serif", size: 40 };
}

/* Of counts there is no half. */
const WHOLE = [1, 2, 5].flatMap((n) => [...Array(12).keys()].map((power) => n * 10 ** power)).sort((a, b) => a - b);

function valueAxis({ scale, label, write, whole }, side, grid) {
	return {
		scale, label, side, ...(whole ? { incrs: WHOLE } : {}), stroke: colour("muted"), values: (plot, splits) => splits.map((at) => at === null ? "" : write(at)),
		grid: { show: grid, stroke: colour("line"), width: 1 }, ticks: { show: false }, size: 58, labelSize: 18, labelGap: 0,
		font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", space: 36,
	};
}

/* ---- beside the chart ---- */

function legend(series) {
	return h("ul", { class: "legend" }, series.filter((one) => !one.hidden).map((one) =>
		h("li", null, h("span", { class: "swatch " + one.mark + " of-" + one.colour, "aria-hidden": "true" }), one.label)));
}

function numbers(label, points, series, when) {
	return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label + ", as a table" },
		h("table", null, h("caption", { class: "sr-only" }, label),
			h("thead", null, h("tr", null, h("th", { scope: "col" }, "Time"),
				series.map((one) => h("th", { scope: "col", class: "number" }, one.label)))),
			h("tbody", null, points.map((point) => h("tr", null, h("th", { scope: "row" }, when(point.at)),
				series.map((one) => h("td", { class: "number" }, one.write(one.value(point)))))))));
}

/* A hundred moments and counts are written when somebody wants to read them. */
function asTable(...of) {
	const box = h("details", { class: "as-table" }, h("summary", null, "The same as a table"));

	box.addEventListener("toggle", () => box.append(numbers(...of)), { once: true });
	return box;
}

/* What stands at the pointer, in the words of the legend. */
function tooltip(points, series, when) {
	const box = h("div", { class: "tooltip", hidden: true });

	function show(plot) {
		const i = plot.cursor.idx;

		box.hidden = i === null || i === undefined || plot.cursor.left < 0;
		if (box.hidden)
			return;
		fill(box, h("strong", null, when(points[i].at)), series.filter((one) => !one.hidden).map((one) =>
			h("div", null, h("span", { class: "swatch " + one.mark + " of-" + one.colour }), h("span", null, one.label),
				h("b", null, one.write(one.value(points[i]))))));
		const left = plot.cursor.left + plot.over.offsetLeft;
		const room = plot.root.clientWidth, width = box.offsetWidth;

		box.style.left = Math.max(0, left + 14 + width > room ? left - width - 14 : left + 14) + "px";
		box.style.top = plot.over.offsetTop + 4 + "px";
	}
	return { hooks: { init: (plot) => plot.root.append(box), setCursor: show } };
}

/* ---- marks ---- */

function marks(series, width) {
	const paths = {
		bar: uPlot.paths.bars({ size: [0.72, 28], align: 0 }),
		line: uPlot.paths.linear(),
	};

	return series.map((one) => ({
		label: one.label, scale: one.scale, paths: paths[one.mark], width: one.mark === "line" ? width : 0,
		stroke: one.mark === "line" ? colour(one.colour) : undefined,
		fill: one.mark === "bar" ? colour(one.colour, one.alpha) : undefined,
		points: { show: one.mark === "line", size: 5, fill: colour(one.colour), stroke: colour(one.colour) },
		spanGaps: false,
	}));
}

/* Bars that stand on each other are drawn from the tallest, each as the sum of those below it. */
function columns(points, series) {
	const stacked = series.filter((one) => one.stack);

	return series.map((one) => {
		const below = one.stack ? stacked.slice(stacked.indexOf(one)) : [one];

		return points.map((point) => below.length > 1
			? below.reduce((sum, other) => sum + (other.value(point) ?? 0), 0) : one.value(point));
	});
}

function optionsOf({ points, series, axes, step, zoom }, when) {
	const half = step / 2;

	return {
		width: 600, height: HEIGHT, tzDate: (at) => uPlot.tzDate(new Date(at * 1000), zone()),
		legend: { show: false }, plugins: [tooltip(points, series, when)],
		padding: [12, axes.length > 1 ? 0 : 12, 0, 0],
		cursor: { drag: { x: Boolean(zoom), y: false, setScale: false }, y: false, points: { show: false } },
		scales: {
			x: { time: true, range: (plot, low, high) => [low - half, high + half] },
			...Object.fromEntries(axes.map((axis) => [axis.scale, { range: (plot, low, high) => [0, high > 0 ? high * 1.08 : axis.least] }])),
		},
		axes: [timeAxis(), ...axes.map((axis, i) => valueAxis(axis, i ? 1 : 3, i === 0))],
		series: [{}, ...marks(series, 2)],
		hooks: { setSelect: [(plot) => selected(plot, step, zoom)], draw: [drawn] },
	};
}

/* It draws behind the task that made it. */
function drawn(plot) {
	plot.root.parentNode.dataset.points = String(plot.data[0].length);
	stands();
}

/* At least one step of the series. */
function selected(plot, step, zoom) {
	if (!zoom || plot.select.width < 4)
		return;
	const from = plot.posToVal(plot.select.left, "x"), end = plot.posToVal(plot.select.left + plot.select.width, "x");

	zoom(new Date(Math.round(from / step) * step * 1000), new Date(Math.max(Math.round(end / step), Math.round(from / step) + 1) * step * 1000));
}

/* chart({ label, points: [{ at, ... }], step (seconds), axes: [{ scale, label, write, least, whole }], zoom(from, to),
 *  series: [{ label, scale, mark: "bar" or "line", colour, value(point), write, stack, alpha }] }) */
export function chart(wish) {
	const when = (at) => wish.step < 86400 ? format.time(at) : format.weekday(at);
	const canvas = h("div", { class: "plot", role: "img", "aria-label": wish.label });
	const figure = h("figure", { class: "chart" }, legend(wish.series), canvas, asTable(wish.label, wish.points, wish.series, when));
	const data = [wish.points.map((point) => Date.parse(point.at) / 1000), ...columns(wish.points, wish.series)];
	let plot = null;

	function draw(width) {
		if (plot && plot.width !== width)
			plot.setSize({ width, height: HEIGHT });
		else if (!plot)
			plot = new uPlot({ ...optionsOf(wish, when), width }, data, canvas);
	}
	undrawn.push({ canvas, draw });
	library.then(() => new ResizeObserver(() => canvas.clientWidth && draw(canvas.clientWidth)).observe(canvas));
	return figure;
}

const undrawn = [];

/* Those that now stand in the page, before it is painted without them; what they are drawn by may have yet to come. All are measured
 * before the first is drawn, or each would lay out the page again. */
export function drawCharts() {
	const standing = uPlot ? undrawn.map(({ canvas, draw }) => [draw, canvas.clientWidth]) : [];

	undrawn.length = 0;
	for (const [draw, width] of standing)
		if (width)
			draw(width);
}
