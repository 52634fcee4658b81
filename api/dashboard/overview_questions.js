/* overview_questions.js -- what the overview asks the server, all at once.
 * Apart from the view, so that it is asked before the view has come (start.js). */
import { ask } from "./api.js";
import { interval, windowQuery } from "./state.js";
import { zone } from "./zone.js";

/* Where the server is and what the guard holds is nothing that every key may see. */
export function questions(state, signal) {
	const query = windowQuery(state), [every] = interval(state), own = { signal };
	const summary = ask("/v1/summary", { ...query, interval: every, fill: true, tz: zone() }, own);
	const moved = ask("/v1/movers", query, own), system = ask("/v1/system", {}, own).catch(() => null);
	const holds = ask("/v1/suppressions/holds", {}, own).then((page) => page.holds, () => null);
	const rest = Promise.all([summary, system, holds]);

	for (const one of [moved, rest])
		one.catch(() => {}); /* said where it is shown, if it is */
	return { moved, rest };
}
