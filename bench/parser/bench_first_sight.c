// links: parser
// bench_first_sight [-m] [-k] LEARN... -- SCORE...: learns what refusals are like from the golden cases and the lists LEARN, and
// says how many replies of each list SCORE get an accepted reason: first sight of a list that was not learnt from. -m prints
// those that do not; -k scores each of LEARN as well, the others learnt.
#include "cmake/whole_file.h"
#include "parser/learn.h"
#include "tests/support/reply_figures.h"

#include <string.h>

enum { LISTS_MOST = 64 };

static struct parse_rules *rules;
static bool show;

static struct parse_source read_list(struct arena *arena, const char *path)
{
	return (struct parse_source){ str_c(path), whole_file_read(arena, path), true };
}

static void must(enum err err, struct str trouble)
{
	if (err) {
		fprintf(stderr, "%.*s\n", STR_ARG(trouble));
		exit(1);
	}
}

static void weigh(struct arena *arena, const struct parse_source *lists, size_t n, size_t without)
{
	struct parse_source others[LISTS_MOST];
	struct str bytes, trouble;
	size_t n_others = 0;

	for (size_t i = 0; i < n; i++)
		if (i != without)
			others[n_others++] = lists[i];
	parse_rules_weigh(rules, STR_EMPTY);
	must(learn_likeness(arena, rules, others, n_others, &bytes, &trouble), trouble);
	parse_rules_weigh(rules, bytes);
}

static void count_row(
	const struct reply_row *row, const struct event *event, struct reply_figures *figures)
{
	struct reply_miss miss = reply_figures_add(figures, row, event);

	if (!show || (!miss.reason && !miss.wrongly_hard && !miss.missed))
		return;
	printf("%-22.*s %4s %-5s %-28.*s wants", STR_ARG(reason_name(event->reason)),
		event->class == CLASS_HARD ? "hard" : "",
		row->hard > 0   ? "dead"
		: row->hard < 0 ? "alive"
				: "",
		STR_ARG(event->rule.id));
	for (int i = 0; i < REASON_COUNT; i++)
		if (row->accepted >> i & 1)
			printf(" %.*s", STR_ARG(reason_name((enum reason)i)));
	printf(" | %.*s\n", STR_ARG(row->reply));
}

static void score(struct arena *arena, const struct parse_source *list)
{
	struct parser *parser = parser_new(rules);
	struct reply_figures f = { 0 };
	struct reply_rows rows;
	struct str trouble;

	must(reply_list_read(arena, list, &rows, &trouble), trouble);
	for (size_t i = 0; i < rows.n; i++) {
		struct event event;

		parse_reply(parser, arena, rows.items[i].reply, rows.items[i].remote_mta, &event);
		count_row(&rows.items[i], &event, &f);
	}
	parser_free(parser);
	printf("%-46.*s right %4u of %4u, %5.1f %%   wrongly hard %3u of %4u, %4.1f %%   dead "
	       "missed %3u of %4u, %4.1f %%   "
	       "unclassified %3u\n",
		STR_ARG(list->name), f.right, f.replies, 100.0 * f.right / f.replies,
		f.wrongly_hard, f.alive, f.alive ? 100.0 * f.wrongly_hard / f.alive : 0, f.missed,
		f.dead, f.dead ? 100.0 * f.missed / f.dead : 0, f.unclassified);
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct parse_source learn[LISTS_MOST], other;
	const struct parse_source *sources;
	struct str trouble;
	size_t n = 0, n_sources;
	bool each = false;
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && strcmp(argv[i], "--"); i++) {
		show |= argv[i][1] == 'm';
		each |= argv[i][1] == 'k';
	}
	for (; i < argc && strcmp(argv[i], "--") && n < LISTS_MOST; i++)
		learn[n++] = read_list(arena, argv[i]);
	n_sources = parse_builtin_sources(&sources);
	must(parse_rules_load(arena, sources, n_sources, &rules, &trouble), trouble);
	for (size_t k = 0; each && k < n; k++) {
		weigh(arena, learn, n, k);
		score(arena, &learn[k]);
	}
	weigh(arena, learn, n, n);
	for (i++; i < argc; i++) {
		other = read_list(arena, argv[i]);
		score(arena, &other);
	}
	parse_rules_free(rules);
	arena_free(arena);
	return 0;
}
