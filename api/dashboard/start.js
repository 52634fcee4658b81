/* start.js -- what stands in the page's HTML itself and runs before anything else of it has come: the colours, and the questions of the
 * view that most visits begin with. */
import { questions } from "./overview_questions.js";
import { read } from "./state.js";
import { theme } from "./theme.js";

const state = read(), leaving = new AbortController();
let early = state.parts.length === 1 && state.parts[0] === "overview" ? { address: location.hash, ...questions(state, leaving.signal) } : null;

theme.restore();

/* The promises of the questions that were asked before, once, if they are those of the address; null: they are to be asked. */
export function asked(state, signal) {
	const answers = early?.address === location.hash ? early : null;

	early = null;
	if (answers)
		signal.addEventListener("abort", () => leaving.abort());
	else
		leaving.abort();
	return answers;
}
