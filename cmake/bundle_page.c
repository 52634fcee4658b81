/* cmake/bundle_page.c -- runs within the build: makes of the page's modules one script, of its style sheets one sheet, and
 * names both in its HTML by what is in them, so that a browser asks for them once.
 * usage: bundle_page FOLDER FILE...; what is no module, no style sheet and no HTML is copied.
 * Knows the forms of import and export that the modules are written with, each on a line of its own; any other ends the build.
 * A file below vendor/ is a script: what it declares by its first `var` is what it exports. */
#include "cmake/whole_file.h"
#include "core/buf.h"
#include "core/embedded.h"

#include <inttypes.h>
#include <string.h>

enum { MOST_BYTES = 16 << 20 };

static struct arena *arena;
static const char *folder;

_Noreturn static void give_up(const char *path, struct str what)
{
	fprintf(stderr, "%s: %.*s\n", path, STR_ARG(what));
	exit(1);
}

static struct str name_of(const char *path)
{
	struct str whole = str_c(path);

	return str_skip(whole, str_rchr(whole, '/') + 1);
}

static void write_file(struct str name, struct str bytes)
{
	whole_file_write(arena_printf(arena, "%s/%.*s", folder, STR_ARG(name)).p, bytes);
}

/* ---- one module ---- */

/* Out of "./state.js" the name of the function that has the module. */
static struct str function_of(const char *path, struct str quoted)
{
	struct str name = quoted;

	if (!str_starts(name, STR("\"./")) || !str_ends(name, STR(".js\"")))
		give_up(path, quoted);
	name = str_slice(name, str_rchr(name, '/') + 1, name.n - strlen(".js\""));
	return arena_printf(arena, "%.*s_js", STR_ARG(name));
}

/* import { a, b as c } from "./x.js";  import * as x from "./x.js"; */
static void put_import(struct buf *out, const char *path, struct str line)
{
	struct str what, from, word, before;
	size_t end = str_find(line, STR(" from "));

	if (end == STR_NPOS || !str_ends(line, STR(";")))
		give_up(path, line);
	what = str_slice(line, strlen("import "), end);
	from = str_slice(line, end + strlen(" from "), line.n - 1);
	buf_put(out, STR("const "));
	if (str_starts(what, STR("* as ")))
		what = str_skip(what, strlen("* as "));
	else if (!str_starts(what, STR("{ ")) || !str_ends(what, STR(" }")))
		give_up(path, line);
	before = STR_EMPTY;
	while (str_next_word(&what, " ", &word)) {
		buf_put(out, before);
		buf_put(out, str_eq(word, STR("as")) ? STR(":") : word);
		before = STR(" ");
	}
	buf_printf(out, " = %.*s();\n", STR_ARG(function_of(path, from)));
}

/* export const x = ...;  export function x(...) {  export async function ...;  export class X ... */
static void put_export(struct buf *out, struct buf *exports, const char *path, struct str line)
{
	static const struct str kinds[] = { STR_INIT("const "), STR_INIT("function "),
		STR_INIT("async function "), STR_INIT("class ") };
	struct str rest = str_skip(line, strlen("export ")), name = STR_EMPTY;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_starts(rest, kinds[i]))
			name = str_skip(rest, kinds[i].n);
	name = str_head(name, str_cspan(name, " (={"));
	if (!name.n)
		give_up(path, line);
	buf_printf(exports, "%s%.*s", exports->n ? ", " : "", STR_ARG(name));
	buf_put(out, rest);
	buf_putc(out, '\n');
}

/* import("./x.js") is a promise of the module. */
static void put_line(struct buf *out, const char *path, struct str line)
{
	const struct str call = STR("import(");
	size_t at, end;

	while ((at = str_find(line, call)) != STR_NPOS) {
		struct str behind = str_skip(line, at + call.n);

		end = str_chr(behind, ')');
		buf_put(out, str_head(line, at));
		buf_printf(out, "soon(%.*s)", STR_ARG(function_of(path, str_head(behind, end))));
		line = str_skip(behind, end + 1);
	}
	buf_put(out, line);
	buf_putc(out, '\n');
}

static void put_module(struct buf *out, const char *path)
{
	struct str rest = whole_file_read(arena, path), line;
	struct buf exports;

	buf_init(&exports, MOST_BYTES);
	if (strstr(path, "/vendor/")) {
		struct str name = str_skip(rest, str_find(rest, STR("var ")) + strlen("var "));

		buf_put(&exports, str_head(name, str_cspan(name, " =")));
	}
	buf_printf(out, "\nconst %.*s = once(() => {\n",
		STR_ARG(function_of(
			path, arena_printf(arena, "\"./%.*s\"", STR_ARG(name_of(path))))));
	while (str_next_line(&rest, &line)) {
		if (strstr(path, "/vendor/"))
			put_line(out, path, line);
		else if (str_starts(line, STR("import ")))
			put_import(out, path, line);
		else if (str_starts(line, STR("export ")))
			put_export(out, &exports, path, line);
		else
			put_line(out, path, line);
	}
	buf_printf(out, "return { %.*s };\n});\n", STR_ARG(buf_str(&exports)));
	buf_release(&exports);
}

/* ---- all of it ---- */

static const char head[] =
	"/* page.js -- the modules of api/dashboard, one after the other; each runs when it is "
	"first asked for. */\n"
	"\"use strict\";\n(() => {\n"
	"const once = (make) => { let made = null; return () => made || (made = make()); };\n"
	"const soon = (module) => Promise.resolve().then(module);\n";
static const char tail[] = "\nmain_js();\n})();\n";

static void put_files(struct buf *out, char **files, const char *suffix)
{
	for (; *files; files++) {
		if (!str_ends(str_c(*files), str_c(suffix)))
			continue;
		if (*suffix == '.' && suffix[1] == 'j')
			put_module(out, *files);
		else
			buf_put(out, whole_file_read(arena, *files));
	}
}

/* "/dashboard/page.js" becomes "/dashboard/page-0123456789abcdef.js". */
static void write_html(const char *path)
{
	const struct str mark = STR("\"/dashboard/");
	struct str rest = whole_file_read(arena, path);
	struct buf out;
	size_t at;

	buf_init(&out, MOST_BYTES);
	while ((at = str_find(rest, mark)) != STR_NPOS) {
		struct str name = str_skip(rest, at + mark.n), stem, suffix, bytes;

		name = str_head(name, str_chr(name, '"'));
		if (!str_cut(name, '.', &stem, &suffix))
			give_up(path, name);
		bytes = whole_file_read(
			arena, arena_printf(arena, "%s/%.*s", folder, STR_ARG(name)).p);
		buf_put(&out, str_head(rest, at + mark.n));
		buf_printf(&out, "%.*s-%016" PRIx64 ".%.*s", STR_ARG(stem), embedded_digest(bytes),
			STR_ARG(suffix));
		rest = str_skip(rest, at + mark.n + name.n);
	}
	buf_put(&out, rest);
	write_file(name_of(path), buf_str(&out));
	buf_release(&out);
}

int main(int argc, char **argv)
{
	struct buf script, sheet;

	if (argc < 3)
		return 2;
	arena = arena_new();
	folder = argv[1];
	buf_init(&script, MOST_BYTES);
	buf_init(&sheet, MOST_BYTES);
	buf_put(&script, str_c(head));
	put_files(&script, argv + 2, ".js");
	buf_put(&script, str_c(tail));
	put_files(&sheet, argv + 2, ".css");
	write_file(STR("page.js"), buf_str(&script));
	write_file(STR("page.css"), buf_str(&sheet));
	for (char **file = argv + 2; *file; file++) {
		struct str name = str_c(*file);

		if (!str_ends(name, STR(".js")) && !str_ends(name, STR(".css")) &&
			!str_ends(name, STR(".html")))
			write_file(name_of(*file), whole_file_read(arena, *file));
	}
	for (char **file = argv + 2; *file; file++)
		if (str_ends(str_c(*file), STR(".html")))
			write_html(*file);
	buf_release(&script);
	buf_release(&sheet);
	arena_free(arena);
	return 0;
}
