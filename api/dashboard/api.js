/* api.js -- asking the server that this page came from, and nobody else.
 * Knows: the key, which this tab alone remembers, and what an answer that is none means. */

const KEY = "bounced.key";

export const key = {
	get: () => sessionStorage.getItem(KEY) ?? "",
	set: (text) => text ? sessionStorage.setItem(KEY, text) : sessionStorage.removeItem(KEY),
};

/* kind: "offline", "no_key", "bad_key", "scope", "asked" (what was asked for cannot be), "missing",
 * "busy" (too often), "server". */
export class Trouble extends Error {
	constructor(kind, title, detail, status) {
		super(title + (detail ? ": " + detail : ""));
		Object.assign(this, { kind, title, detail, status });
	}
}

function kindOf(status) {
	if (status === 401)
		return key.get() ? "bad_key" : "no_key";
	if (status === 403)
		return "scope";
	if (status === 404)
		return "missing";
	if (status === 429)
		return "busy";
	return status >= 500 ? "server" : "asked";
}

async function troubleOf(reply) {
	const problem = await reply.json().catch(() => ({}));

	return new Trouble(kindOf(reply.status), problem.title ?? "Status " + reply.status, problem.detail ?? "", reply.status);
}

async function send(path, query, { method = "GET", body, type, accept, signal } = {}) {
	const headers = {};
	const words = new URLSearchParams(query ?? {}).toString().replaceAll("+", "%20");

	if (key.get())
		headers.Authorization = "Bearer " + key.get();
	if (type)
		headers["Content-Type"] = type;
	if (accept)
		headers.Accept = accept;
	let reply;
	try {
		reply = await fetch(path + (words ? "?" + words : ""), { method, headers, body, signal });
	} catch (error) {
		if (error.name === "AbortError")
			throw error;
		throw new Trouble("offline", "The server does not answer", "");
	}
	if (!reply.ok)
		throw await troubleOf(reply);
	return reply;
}

export async function ask(path, query, options) {
	return (await send(path, query, options)).json();
}

export function tell(method, path, query, body, options) {
	return ask(path, query, { ...options, method, body: JSON.stringify(body ?? {}), type: "application/json" });
}

/* Bytes, as text that shows each of them: a mail is of no one charset. */
export async function askText(path, options) {
	const bytes = new Uint8Array(await (await send(path, {}, { accept: "*/*", ...options })).arrayBuffer());

	try {
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch {
		return new TextDecoder("windows-1252").decode(bytes);
	}
}

export const segment = encodeURIComponent;
