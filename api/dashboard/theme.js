/* theme.js -- runs before anything is drawn, so that nothing is drawn twice. No module: those come later. */
"use strict";
(function () {
	const kept = localStorage.getItem("bounced.theme");

	if (kept === "light" || kept === "dark")
		document.documentElement.dataset.theme = kept;
})();
