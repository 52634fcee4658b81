// links: parser
// Benchmark: the whole of parse (MIME, fields, correlation, classification, JSON) beside GMime alone.
/* usage: bench_parser ROUNDS FOLDER...: every file below the folders is one mail, read into memory first.
 * Both ways go over the same bytes in one process, in turns, so that neither has the colder cache. */
#define _GNU_SOURCE
#include "core/limits.h"
#include "core/report_json.h"
#include "parser/parse.h"

#include <ftw.h>
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { MAX_MAILS = 20000 };
static struct str mails[MAX_MAILS];
static size_t n_mails, n_bytes;

static double cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int read_mail(const char *path, const struct stat *st, int type, struct FTW *ftw UNUSED)
{
	FILE *file;
	char *bytes;

	if (type != FTW_F || n_mails == MAX_MAILS || (size_t)st->st_size > LIMIT_MESSAGE_BYTES ||
		str_ends(str_c(path), STR(".json")))
		return 0;
	file = fopen(path, "rb");
	bytes = malloc((size_t)st->st_size + 1);
	if (!file || !bytes) {
		perror(path);
		exit(1);
	}
	mails[n_mails] = str_from(bytes, fread(bytes, 1, (size_t)st->st_size, file));
	n_bytes += mails[n_mails++].n;
	fclose(file);
	return 0;
}

/* ---- GMime alone: parse, walk, the text of each text part ---- */

static void get_text(GMimeObject *parent UNUSED, GMimeObject *part, gpointer context)
{
	size_t *bytes = context;
	char *text;

	if (!GMIME_IS_TEXT_PART(part))
		return;
	text = g_mime_text_part_get_text(GMIME_TEXT_PART(part));
	*bytes += text ? strlen(text) : 0;
	g_free(text);
}

static size_t run_gmime(void)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n_mails; i++) {
		GMimeStream *stream = g_mime_stream_mem_new_with_buffer(mails[i].p, mails[i].n);
		GMimeParser *parser = g_mime_parser_new_with_stream(stream);
		GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

		if (message) {
			g_mime_message_foreach(message, get_text, &bytes);
			g_object_unref(message);
		}
		g_object_unref(parser);
		g_object_unref(stream);
	}
	return bytes;
}

/* ---- ours, to the line of JSON ---- */

static size_t run_parse(struct parser *parser, struct arena *arena, struct buf *out)
{
	const struct report_json_options options = { REPORT_JSON_LINE, REPORT_JSON_OUR_NAMES };
	size_t bytes = 0;

	for (size_t i = 0; i < n_mails; i++) {
		struct report report;

		parse_message(parser, arena, NULL, mails[i], &report);
		if (report_json_write(&report, STR("mail"), options, out))
			abort();
		bytes += out->n;
		buf_reset(out);
		arena_reset(arena);
	}
	return bytes;
}

static struct parse_rules *load_rules(struct arena *arena)
{
	const struct parse_source *sources;
	size_t n = parse_builtin_sources(&sources);
	struct parse_rules *rules;
	struct str trouble;

	if (parse_rules_load(arena, sources, n, &rules, &trouble)) {
		fprintf(stderr, "bench_parser: %.*s\n", STR_ARG(trouble));
		exit(1);
	}
	return rules;
}

static void print_row(const char *what, double seconds, uint64_t mails_done, size_t bytes)
{
	printf("%-34s %9.0f mails/s %8.1f us/mail   (%zu bytes out)\n", what,
		(double)mails_done / seconds, seconds / (double)mails_done * 1e6, bytes);
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct buf out = BUF_INIT(LIMIT_FRAME_BYTES);
	double gmime_s = 0, parse_s = 0, load_s;
	size_t gmime_bytes = 0, parse_bytes = 0;
	struct parse_rules *rules;
	struct parser *parser;
	struct rusage usage;
	uint64_t rounds;

	if (argc < 3 || !str_to_u64(str_c(argv[1]), 100000, &rounds) || !rounds) {
		fputs("usage: bench_parser ROUNDS FOLDER...\n", stderr);
		return 2;
	}
	for (int i = 2; i < argc; i++)
		if (nftw(argv[i], read_mail, 32, FTW_PHYS))
			perror(argv[i]);
	if (!n_mails)
		return 1;
	g_mime_init();
	load_s = cpu_s();
	rules = load_rules(arena);
	load_s = cpu_s() - load_s;
	arena_reset(arena);
	parser = parser_new(rules);
	run_gmime();
	run_parse(parser, arena, &out);
	for (uint64_t round = 0; round < rounds; round++) {
		double start = cpu_s();

		gmime_bytes = run_gmime();
		gmime_s += cpu_s() - start;
		start = cpu_s();
		parse_bytes = run_parse(parser, arena, &out);
		parse_s += cpu_s() - start;
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("%zu mails, %zu bytes, %llu rounds, CPU time\n", n_mails, n_bytes,
		(unsigned long long)rounds);
	print_row("GMime alone: parse, walk, get_text", gmime_s, rounds * n_mails, gmime_bytes);
	print_row("parse, classification and JSON", parse_s, rounds * n_mails, parse_bytes);
	printf("parse takes %.2f times GMime's time; rules compiled in %.2f s; peak %ld MiB\n",
		parse_s / gmime_s, load_s, usage.ru_maxrss / 1024);
	buf_release(&out);
	parser_free(parser);
	parse_rules_free(rules);
	arena_free(arena);
	g_mime_shutdown();
	return 0;
}
