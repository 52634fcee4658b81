/* cmake/bundle_page.c -- runs within the build: makes of the page's modules a few scripts, of its style sheets one sheet, puts into its
 * HTML what it begins with, and names the rest there by what is in it, so that a browser asks for it once.
 * usage: bundle_page FOLDER NAME=[MODULE] FILE... NAME=[MODULE] FILE... = FILE...: each NAME is made of the files behind it, and runs MODULE
 * of them (modules behind a `--` are those that it does not begin with); those behind the bare `=` are copied, and in HTML and policies
 * @NAME@ is replaced: by what is in NAME, and by its digest.
 * Knows the forms of import and export that the modules are written with, each on a line of its own; any other ends the build.
 * A file below vendor/ is a script: what it declares by its first `var` is what it exports. */
#include "cmake/whole_file.h"
#include "core/buf.h"
#include "core/embedded.h"

#include <glib.h>
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

/* Out of "./state.js" the module's name: state. */
static struct str module_of(const char *path, struct str quoted)
{
	if (!str_starts(quoted, STR("\"./")) || !str_ends(quoted, STR(".js\"")))
		give_up(path, quoted);
	return str_slice(quoted, str_rchr(quoted, '/') + 1, quoted.n - strlen(".js\""));
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
	buf_printf(out, " = module(\"%.*s\");\n", STR_ARG(module_of(path, from)));
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
		buf_printf(out, "soon(\"%.*s\")", STR_ARG(module_of(path, str_head(behind, end))));
		line = str_skip(behind, end + 1);
	}
	buf_put(out, line);
	buf_putc(out, '\n');
}

/* In parentheses a function is compiled with the script, instead of being looked over first and compiled when it is called. */
static void put_module(struct buf *out, const char *path, bool at_once)
{
	struct str rest = whole_file_read(arena, path), line;
	struct buf exports;

	buf_init(&exports, MOST_BYTES);
	if (strstr(path, "/vendor/")) {
		struct str name = str_skip(rest, str_find(rest, STR("var ")) + strlen("var "));

		buf_put(&exports, str_head(name, str_cspan(name, " =")));
	}
	buf_printf(out, "\nbodies.%.*s = %s() => {\n",
		STR_ARG(str_head(name_of(path), name_of(path).n - strlen(".js"))),
		at_once ? "(" : "");
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
	buf_printf(out, "return { %.*s };\n}%s;\n", STR_ARG(buf_str(&exports)), at_once ? ")" : "");
	buf_release(&exports);
}

/* ---- all of it ---- */

static const char head[] =
	"/* Made of modules of api/dashboard; each runs when it is first asked for. */\n"
	"\"use strict\";\n";
/* Of the script that comes first. */
static const char loader[] =
	"const bodies = {}, made = {};\n"
	"const module = (name) => made[name] || (made[name] = bodies[name]());\n"
	"const soon = (name) => Promise.resolve().then(() => module(name));\n";

static struct str written(struct str name)
{
	return whole_file_read(arena, arena_printf(arena, "%s/%.*s", folder, STR_ARG(name)).p);
}

static bool begins_output(const char *argument)
{
	return str_chr(str_c(argument), '=') != STR_NPOS;
}

/* One output, of the files up to the next. */
static char **put_output(struct str name, struct str module, char **files, bool is_first)
{
	bool is_script = str_ends(name, STR(".js")), at_once = true;
	struct buf out;

	buf_init(&out, MOST_BYTES);
	if (is_script)
		buf_put(&out, str_c(head));
	if (is_first)
		buf_put(&out, str_c(loader));
	for (; *files && !begins_output(*files); files++)
		if (str_eq(str_c(*files), STR("--")))
			at_once = false;
		else if (is_script)
			put_module(&out, *files, at_once);
		else
			buf_put(&out, whole_file_read(arena, *files));
	if (module.n)
		buf_printf(&out, "\nmodule(\"%.*s\");\n", STR_ARG(module));
	write_file(name, buf_str(&out));
	buf_release(&out);
	return files;
}

/* CSP 3, 2.3.1: 'sha256-' and the digest in base64. */
static void put_digest(struct buf *out, struct str bytes)
{
	guint8 digest[32];
	gsize n = sizeof digest;
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	char *text;

	g_checksum_update(sum, (const guchar *)bytes.p, (gssize)bytes.n);
	g_checksum_get_digest(sum, digest, &n);
	text = g_base64_encode(digest, n);
	buf_printf(out, "'sha256-%s'", text);
	g_free(text);
	g_checksum_free(sum);
}

/* @start.js@ */
static struct str with_marks(const char *path, struct str rest)
{
	bool is_policy = str_ends(str_c(path), STR(".policy"));
	struct buf out;
	struct str all;
	size_t at;

	buf_init(&out, MOST_BYTES);
	while ((at = str_chr(rest, '@')) != STR_NPOS) {
		struct str name = str_skip(rest, at + 1), bytes;

		name = str_head(name, str_chr(name, '@'));
		bytes = written(name);
		if (str_find(bytes, STR("</")) != STR_NPOS)
			give_up(path, STR("what is put into HTML must not end an element"));
		buf_put(&out, str_head(rest, at));
		if (is_policy)
			put_digest(&out, bytes);
		else
			buf_put(&out, bytes);
		rest = str_skip(rest, at + name.n + 2);
	}
	buf_put(&out, rest);
	all = arena_dup(arena, buf_str(&out));
	buf_release(&out);
	return all;
}

/* "/dashboard/page.js" becomes "/dashboard/page-0123456789abcdef.js". */
static struct str with_digests(const char *path, struct str rest)
{
	const struct str mark = STR("\"/dashboard/");
	struct buf out;
	struct str all;
	size_t at;

	buf_init(&out, MOST_BYTES);
	while ((at = str_find(rest, mark)) != STR_NPOS) {
		struct str name = str_skip(rest, at + mark.n), stem, suffix;

		name = str_head(name, str_chr(name, '"'));
		if (!str_cut(name, '.', &stem, &suffix))
			give_up(path, name);
		buf_put(&out, str_head(rest, at + mark.n));
		buf_printf(&out, "%.*s-%016" PRIx64 ".%.*s", STR_ARG(stem),
			embedded_digest(written(name)), STR_ARG(suffix));
		rest = str_skip(rest, at + mark.n + name.n);
	}
	buf_put(&out, rest);
	all = arena_dup(arena, buf_str(&out));
	buf_release(&out);
	return all;
}

/* HTML comes last: it names the others by what is in them. */
static void copy(char **files, bool is_html)
{
	for (; *files; files++) {
		struct str name = name_of(*files), bytes = whole_file_read(arena, *files);

		if (str_ends(name, STR(".html")) != is_html)
			continue;
		if (is_html)
			bytes = with_digests(*files, bytes);
		if (is_html || str_ends(name, STR(".policy")))
			bytes = with_marks(*files, bytes);
		write_file(name, bytes);
	}
}

int main(int argc, char **argv)
{
	char **files = argv + 2;

	if (argc < 3)
		return 2;
	arena = arena_new();
	folder = argv[1];
	while (*files && !str_eq(str_c(*files), STR("="))) {
		struct str name, module;

		if (!str_cut(str_c(*files), '=', &name, &module))
			return 2;
		files = put_output(name, module, files + 1, files == argv + 2);
	}
	if (*files) {
		copy(files + 1, false);
		copy(files + 1, true);
	}
	arena_free(arena);
	return 0;
}
