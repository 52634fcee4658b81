/* verdict.js -- a text of a server with the words that decided. */
import { h } from "./dom.js";

/* The span is in bytes of UTF-8. */
export function marked(text, span) {
	const bytes = new TextEncoder().encode(text), decoder = new TextDecoder();

	if (!span || span[0] >= span[1] || span[1] > bytes.length)
		return text;
	const part = (from, end) => decoder.decode(bytes.subarray(from, end));

	return [part(0, span[0]), h("mark", null, part(span[0], span[1])), part(span[1], bytes.length)];
}
