/* dom.js -- elements out of words.
 * What comes from outside is only ever set as text: nothing in here, and nothing that uses it, takes markup. */

/* h("td", { class: "count", title: "..." }, "12", node, ...): a property whose value is null, undefined or false is left out;
 * `on` has listeners; `data` has data-* attributes. */
export function h(name, properties, ...children) {
	const node = document.createElement(name);

	for (const key in properties) {
		const value = properties[key];

		if (value === null || value === undefined || value === false)
			continue;
		if (key === "on")
			Object.entries(value).forEach((listener) => node.addEventListener(...listener));
		else if (key === "data")
			Object.assign(node.dataset, value);
		else if (key === "value")
			node.value = value;
		else
			node.setAttribute(key, value === true ? "" : value);
	}
	return append(node, children);
}

/* Text, numbers and nodes, in lists of lists; null and false are nothing. */
export function append(node, children) {
	for (const child of children)
		if (Array.isArray(child))
			append(node, child);
		else if (child !== null && child !== undefined && child !== false)
			node.append(child);
	return node;
}

export function fill(node, ...children) {
	node.replaceChildren();
	return append(node, children);
}

export const link = (href, ...children) => h("a", { href }, children);

/* A text of any length, in a row: cut where there is no room, whole for who points at it. */
export const cut = (text) => h("span", { class: "cut", title: text }, text);
/* A name like "recipient.unknown", which may break behind its dot. */
export const word = (text) => h("span", { class: "word" }, text.split(/(?<=[._])/).flatMap((part, i) => i ? [h("wbr"), part] : [part]));

/* "label above, control below", of which the label is the control's name. */
export const field = (label, control) => h("label", { class: "field" }, h("span", null, label), control);

/* options: "value" or [value, text]. */
export function select(value, options, onchange, properties) {
	const node = h("select", { ...properties, on: { change: () => onchange(node.value) } }, options.map((option) => {
		const [one, text] = [option].flat();

		return h("option", { value: one, selected: one === value }, text ?? one);
	}));

	return node;
}

export const button = (text, onclick, properties) => h("button", { type: "button", ...properties, on: { click: onclick } }, text);

/* For whoever measures how long it takes: it stands; and it has been painted. */
export function stands() {
	performance.mark("shown");
	requestAnimationFrame(() => setTimeout(() => performance.mark("painted")));
}

/* "term: what it is" lists; rows without a value are left out. */
export function facts(rows) {
	return h("dl", { class: "facts" }, rows.filter(([, value]) => value !== null && value !== undefined && value !== "")
		.map(([term, value]) => h("div", null, h("dt", null, term), h("dd", null, value))));
}

/* A card with a heading; `aside` stands at its right. */
export function card(title, aside, ...children) {
	return h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", null, title), aside), children);
}
