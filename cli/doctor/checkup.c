#include "cli/doctor/checkup.h"

#include "cli/command/terminal.h"
#include "core/json_out.h"
#include "core/timestamp.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
	struct str name;
	enum checkup_weight weight;
	struct str cure;
} ailments[AILMENT_COUNT] = {
#define AILMENT(id, name, weight, cure)                                                            \
	[AILMENT_##id] = { STR_INIT(name), CHECKUP_##weight, STR_INIT(cure) },
#include "cli/doctor/ailment.def"
};
static const struct str weights[CHECKUP_WEIGHTS] = { STR_INIT("ok"), STR_INIT("warning"),
	STR_INIT("error") };

struct checkup *checkup_new(struct arena *arena, const struct config *config, int64_t now_us)
{
	struct checkup *checkup = arena_zalloc(arena, sizeof *checkup);

	checkup->arena = arena;
	checkup->config = config;
	checkup->now_us = now_us;
	return checkup;
}

static void add(struct checkup *checkup, struct checkup_row row)
{
	checkup->counts[row.weight]++;
	if (checkup->n < CHECKUP_ROWS)
		checkup->rows[checkup->n++] = row;
}

void checkup_pass(struct checkup *checkup, const char *check, struct str subject, struct str what)
{
	add(checkup,
		(struct checkup_row){ CHECKUP_PASSED, str_c(check), subject, what, STR_EMPTY });
}

void checkup_find(
	struct checkup *checkup, enum ailment ailment, struct str subject, struct str what)
{
	add(checkup, (struct checkup_row){ ailments[ailment].weight, ailments[ailment].name,
			     subject, what, ailments[ailment].cure });
}

bool checkup_has(const struct checkup *checkup, enum ailment ailment)
{
	for (size_t i = 0; i < checkup->n; i++)
		if (str_eq(checkup->rows[i].check, ailments[ailment].name))
			return true;
	return false;
}

struct str checkup_age(struct arena *arena, int64_t us)
{
	int64_t s = us / TIMESTAMP_SECOND_US;

	if (s < 120)
		return arena_printf(arena, "%" PRId64 " s", s);
	if (s < 2 * 3600)
		return arena_printf(arena, "%" PRId64 " min", s / 60);
	if (s < 2 * 86400)
		return arena_printf(arena, "%" PRId64 " h", s / 3600);
	return arena_printf(arena, "%" PRId64 " days", s / 86400);
}

static void print_row(const struct checkup_row *row)
{
	printf("%-8.*s%-17.*s", STR_ARG(weights[row->weight]), STR_ARG(row->check));
	if (row->subject.n) {
		terminal_print(row->subject);
		fputs(": ", stdout);
	}
	terminal_print(row->what);
	if (row->cure.n)
		printf("\n%25s%.*s", "", STR_ARG(row->cure));
	putchar('\n');
}

void checkup_print(const struct checkup *checkup)
{
	for (int weight = CHECKUP_WEIGHTS - 1; weight >= 0; weight--)
		for (size_t i = 0; i < checkup->n; i++)
			if ((int)checkup->rows[i].weight == weight)
				print_row(&checkup->rows[i]);
	printf("%zu ok, %zu warnings, %zu errors\n", checkup->counts[CHECKUP_PASSED],
		checkup->counts[CHECKUP_WARNING], checkup->counts[CHECKUP_ERROR]);
}

static void put(struct json_out *w, struct str key, struct str text)
{
	json_out_key(w, key);
	json_out_text(w, text);
}

static void put_row(struct json_out *w, const struct checkup_row *row)
{
	json_out_open(w, '{');
	if (row->weight != CHECKUP_PASSED)
		put(w, STR("severity"), weights[row->weight]);
	put(w, STR("check"), row->check);
	put(w, STR("subject"), row->subject);
	put(w, STR("what"), row->what);
	if (row->weight != CHECKUP_PASSED)
		put(w, STR("do"), row->cure);
	json_out_close(w, '}');
}

static void put_rows(struct json_out *w, const struct checkup *checkup, bool passed)
{
	json_out_key(w, passed ? STR("passed") : STR("findings"));
	json_out_open(w, '[');
	for (size_t i = 0; i < checkup->n; i++)
		if ((checkup->rows[i].weight == CHECKUP_PASSED) == passed)
			put_row(w, &checkup->rows[i]);
	json_out_close(w, ']');
}

void checkup_json(const struct checkup *checkup, struct buf *out)
{
	struct json_out w = { .out = out, .pretty = true };

	json_out_open(&w, '{');
	json_out_key(&w, STR("errors"));
	json_out_number(&w, checkup->counts[CHECKUP_ERROR]);
	json_out_key(&w, STR("warnings"));
	json_out_number(&w, checkup->counts[CHECKUP_WARNING]);
	put_rows(&w, checkup, false);
	put_rows(&w, checkup, true);
	json_out_close(&w, '}');
	buf_putc(out, '\n');
}
