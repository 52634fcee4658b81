// links: parser
// Benchmark: time and memory of mails that are made to hurt, each in a process of its own.
/* usage: bench_hostile. Prints for each its size, the CPU time of parse and JSON, and the peak memory of
 * the process without the size of the mail. Slow is no failure; a crash is. */
#include "core/limits.h"
#include "core/report_json.h"
#include "parser/parse.h"
#include "tests/support/hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void measure(const struct parse_rules *rules, const struct hostile *hostile)
{
	const struct report_json_options options = { REPORT_JSON_LINE, REPORT_JSON_OUR_NAMES };
	struct buf mail = BUF_INIT((size_t)256 << 20), out = BUF_INIT(LIMIT_FRAME_BYTES);
	struct arena *arena = arena_new();
	struct parser *parser = parser_new(rules);
	struct report report;
	struct rusage usage;
	double start;

	hostile->make(&mail, hostile->n);
	start = cpu_s();
	parse_message(parser, arena, NULL, buf_str(&mail), &report);
	if (buf_check(&mail) || report_json_write(&report, STR_EMPTY, options, &out))
		abort();
	start = cpu_s() - start;
	getrusage(RUSAGE_SELF, &usage);
	printf("%-40s %8.1f MB %8.3f s %8.1f MB %5zu events\n", hostile->name, (double)mail.n / 1e6,
		start, (double)usage.ru_maxrss / 1e3 - (double)mail.n / 1e6, report.n_events);
	buf_release(&mail);
	buf_release(&out);
	parser_free(parser);
	arena_free(arena);
}

int main(void)
{
	struct arena *arena = arena_new();
	const struct parse_source *sources;
	size_t n = parse_builtin_sources(&sources);
	struct parse_rules *rules;
	struct str trouble;
	int failed = 0;

	if (parse_rules_load(arena, sources, n, &rules, &trouble)) {
		fprintf(stderr, "bench_hostile: %.*s\n", STR_ARG(trouble));
		return 1;
	}
	printf("%-40s %11s %10s %11s\n", "", "size", "CPU", "peak memory");
	for (size_t i = 0; i < ARRAY_LEN(hostile_mails); i++) {
		int status = 1;
		pid_t child;

		fflush(stdout);
		child = fork();
		if (!child) {
			measure(rules, &hostile_mails[i]);
			fflush(stdout);
			_exit(0);
		}
		if (child < 0 || waitpid(child, &status, 0) != child || status) {
			printf("%-40s died with status %d\n", hostile_mails[i].name, status);
			failed = 1;
		}
	}
	parse_rules_free(rules);
	arena_free(arena);
	return failed;
}
