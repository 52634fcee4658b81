/* grant.js -- what the key in use may do, so that nothing is offered that would be refused. */
import { ask, key } from "./api.js";

let known = null, of = null;

export const grant = {
	/* Before anything is offered that changes something. */
	async learn(signal) {
		if (known && of === key.get())
			return;
		const answer = await ask("/v1/key", {}, { signal });

		known = answer;
		of = key.get();
	},
	mayWrite: () => known?.scope === "write" || known?.scope === "admin",
	mayAdmin: () => known?.scope === "admin",
	/* Those that the key is bound to; empty: all. */
	streams: () => known?.streams ?? [],
};
