/* zone.js -- the zone that moments are told in: of the address, of the last visit, of the browser.
 * Apart from format.js, as the first questions want it before anything is written. */
import { read } from "./state.js";

const ZONE = "bounced.zone";
let own = null, chosen = { address: null, zone: "" };

/* The first thing that a browser is asked of Intl takes it 40 ms, Temporal knows the zone without. */
const named = () => globalThis.Temporal?.Now?.timeZoneId() ?? Intl.DateTimeFormat().resolvedOptions().timeZone;

export const browserZone = () => own ??= named() || "UTC";

function known(zone) {
	try {
		return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
	} catch {
		return false;
	}
}

export function zone() {
	if (chosen.address !== location.hash) {
		const wanted = [read().query.zone, localStorage.getItem(ZONE)].find((name) => name && known(name));

		chosen = { address: location.hash, zone: wanted ?? browserZone() };
	}
	return chosen.zone;
}

export function rememberZone(name) {
	localStorage.setItem(ZONE, name);
	chosen.address = null;
}

export function zones() {
	const all = Intl.supportedValuesOf ? Intl.supportedValuesOf("timeZone") : [];

	return [...new Set(["UTC", browserZone(), zone(), ...all])];
}
