/* theme.js -- light, dark, or as the system has it: what was picked, kept by the browser. */
const KEPT = "bounced.theme";
const root = document.documentElement;

export const theme = {
	/* Before anything is drawn, so that nothing is drawn twice. */
	restore() {
		const kept = localStorage.getItem(KEPT);

		if (kept === "light" || kept === "dark")
			root.dataset.theme = kept;
	},
	get: () => root.dataset.theme ?? "",
	set(name) {
		if (name) {
			root.dataset.theme = name;
			localStorage.setItem(KEPT, name);
		} else {
			delete root.dataset.theme;
			localStorage.removeItem(KEPT);
		}
	},
};
