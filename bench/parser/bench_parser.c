// links: parser
// Benchmark: the whole of parse (MIME, fields, correlation, classification, JSON) beside GMime alone.
/* usage: bench_parser ROUNDS FOLDER...: every file below the folders is one mail, read into memory first.
 * Both ways go over the same bytes in one process, in turns, so that neither has the colder cache, and the
 * best round of each counts: the others had company. Their memory is that of a process for each. Instructions are counted where the kernel lets us; elsewhere
 *     valgrind --tool=callgrind --toggle-collect=run_parse bench_parser 1 FOLDER   (and run_gmime)
 * counts those of two passes over the mails, the first of which is the warm-up. */
#define _GNU_SOURCE
#include "core/limits.h"
#include "core/report_json.h"
#include "parser/parse.h"
#include "tests/support/parser_fixture.h"

#include <ftw.h>
#include <gmime/gmime.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

static __attribute__((noinline)) size_t run_gmime(void)
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

static __attribute__((noinline)) size_t run_parse(
	struct parser *parser, struct arena *arena, struct buf *out)
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

/* ---- measuring ---- */

enum way { GMIME, PARSE, WAYS };
static const char *const way_names[WAYS] = { "GMime alone: parse, walk, get_text",
	"parse, classification and JSON" };

struct bench {
	struct parser *parser;
	struct arena *arena;
	struct buf out;
	int counter; /* of instructions; -1: the kernel has none for us */
};
struct cost {
	double cpu_s; /* of the best round */
	uint64_t instructions;
	size_t bytes_out;
	long peak_kb;
};

static size_t run(struct bench *bench, enum way way)
{
	return way == GMIME ? run_gmime() : run_parse(bench->parser, bench->arena, &bench->out);
}

static int open_counter(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_HARDWARE,
		.size = sizeof attr,
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1 };

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static uint64_t read_counter(int counter)
{
	uint64_t value = 0;

	if (counter >= 0 && read(counter, &value, sizeof value) != sizeof value)
		return 0;
	return value;
}

static void measure(struct bench *bench, enum way way, struct cost *cost)
{
	uint64_t before = read_counter(bench->counter);
	double start = cpu_s(), took;

	if (bench->counter >= 0)
		ioctl(bench->counter, PERF_EVENT_IOC_ENABLE, 0);
	cost->bytes_out = run(bench, way);
	if (bench->counter >= 0)
		ioctl(bench->counter, PERF_EVENT_IOC_DISABLE, 0);
	took = cpu_s() - start;
	if (!cost->cpu_s || took < cost->cpu_s)
		cost->cpu_s = took;
	cost->instructions = read_counter(bench->counter) - before;
}

static void start_parser(struct bench *bench)
{
	struct parse_rules *rules = fixture_rules();

	arena_reset(bench->arena);
	bench->parser = parser_new(rules);
}

/* The peak memory of a process that goes this way once; the mails themselves are part of it. */
static long peak_of(struct bench *bench, enum way way)
{
	struct rusage usage = { 0 };
	pid_t child = fork();
	int status = 1;

	if (!child) {
		g_mime_init();
		if (way == PARSE)
			start_parser(bench);
		run(bench, way);
		_exit(0);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child || status)
		abort();
	return usage.ru_maxrss;
}

static void print_row(const char *what, const struct cost *cost)
{
	double mails_done = (double)n_mails;

	printf("%-36s %9.0f %9.1f ", what, mails_done / cost->cpu_s,
		cost->cpu_s / mails_done * 1e6);
	if (cost->instructions)
		printf("%13.0f ", (double)cost->instructions / mails_done);
	else
		printf("%13s ", "-");
	printf("%9.1f %10zu\n", (double)cost->peak_kb / 1024, cost->bytes_out);
}

int main(int argc, char **argv)
{
	struct bench bench = { .arena = arena_new(), .out = BUF_INIT(LIMIT_FRAME_BYTES) };
	struct cost costs[WAYS] = { 0 };
	uint64_t rounds;
	double load_s;

	if (argc < 3 || !str_to_u64(str_c(argv[1]), 100000, &rounds) || !rounds) {
		fputs("usage: bench_parser ROUNDS FOLDER...\n", stderr);
		return 2;
	}
	for (int i = 2; i < argc; i++)
		if (nftw(argv[i], read_mail, 32, FTW_PHYS))
			perror(argv[i]);
	if (!n_mails)
		return 1;
	for (int way = 0; way < WAYS; way++)
		costs[way].peak_kb = peak_of(&bench, (enum way)way);
	g_mime_init();
	load_s = cpu_s();
	start_parser(&bench);
	load_s = cpu_s() - load_s;
	bench.counter = open_counter();
	for (int way = 0; way < WAYS; way++)
		run(&bench, (enum way)way);
	for (uint64_t round = 0; round < rounds; round++)
		for (int way = 0; way < WAYS; way++)
			measure(&bench, (enum way)way, &costs[way]);
	printf("%zu mails, %zu bytes, best of %llu rounds; rules loaded in %.3f s\n", n_mails,
		n_bytes, (unsigned long long)rounds, load_s);
	printf("%-36s %9s %9s %13s %9s %10s\n", "", "mails/s", "us/mail", "instr./mail", "peak MiB",
		"bytes out");
	for (int way = 0; way < WAYS; way++)
		print_row(way_names[way], &costs[way]);
	printf("parse takes %.2f times GMime's CPU time\n",
		costs[PARSE].cpu_s / costs[GMIME].cpu_s);
	return 0;
}
