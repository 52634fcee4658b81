#include "cli/suppress/backtest_table.h"

#include "core/json_out.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- what an address is ---- */

enum standing { STANDS_NOT, STANDS_STRIKES, STANDS_EXPIRED, STANDS_HELD, STANDS_SUPPRESSED };

struct judged {
	enum standing standing;
	enum reason reason;
	bool by_hand;
};

static enum standing standing_of(const struct store_verdict *verdict, int64_t now_us)
{
	switch (verdict->state) {
	case SUPPRESSION_ACTIVE:
		return verdict->expires_at_us != TIMESTAMP_NONE && verdict->expires_at_us <= now_us
			       ? STANDS_EXPIRED
			       : STANDS_SUPPRESSED;
	case SUPPRESSION_HELD:
		return STANDS_HELD;
	case SUPPRESSION_STRIKES:
		return STANDS_STRIKES;
	default:
		return STANDS_NOT;
	}
}

/* The heaviest of an address' entries; what a person or an import put there is none of events. */
static struct judged judged_by(
	const struct backtest_table *table, const struct backtest_address *address, size_t side)
{
	struct judged judged = { .standing = STANDS_NOT };

	for (size_t i = 0; i < address->of[side].n; i++) {
		const struct store_verdict *verdict = &address->of[side].entries[i].verdict;
		enum standing standing = standing_of(verdict, table->now_us);

		judged.by_hand |= verdict->keeps_cause;
		if (verdict->keeps_cause || standing <= judged.standing)
			continue;
		judged.standing = standing;
		judged.reason = verdict->reason;
	}
	return judged;
}

/* ---- rows ---- */

static struct backtest_row *row_of(
	struct backtest_table *table, enum reason reason, struct str provider)
{
	struct backtest_row *rows = table->rows[reason];
	size_t n = table->n_rows[reason], i = 0;

	while (i < n && !str_eq(rows[i].provider, provider))
		i++;
	if (i < n)
		return &rows[i];
	if (n == BACKTEST_PROVIDERS)
		return &rows[n - 1];
	rows[n].provider =
		n == BACKTEST_PROVIDERS - 1 ? STR("(others)") : arena_dup(table->arena, provider);
	table->n_rows[reason]++;
	return &rows[n];
}

static void count(struct backtest_row *row, enum standing standing)
{
	row->suppressed += standing == STANDS_SUPPRESSED;
	row->held += standing == STANDS_HELD;
	row->strikes += standing == STANDS_STRIKES;
	row->expired += standing == STANDS_EXPIRED;
}

void backtest_table_add(struct backtest_table *table, const struct backtest_address *address)
{
	struct judged tried = judged_by(table, address, table->tried);
	struct judged now = judged_by(table, address, 0);
	bool is_now = now.standing == STANDS_SUPPRESSED;
	bool is_then = tried.standing == STANDS_SUPPRESSED;
	struct backtest_row *const of_tried[] = { row_of(table, tried.reason, address->provider),
		&table->total };

	table->addresses++;
	table->by_hand += now.by_hand;
	for (size_t i = 0; i < 2; i++) {
		count(of_tried[i], tried.standing);
		of_tried[i]->more += is_then && !is_now;
	}
	if (is_now) {
		struct backtest_row *const of_now[] = {
			row_of(table, now.reason, address->provider), &table->total
		};

		for (size_t i = 0; i < 2; i++) {
			of_now[i]->in_force++;
			of_now[i]->fewer += !is_then;
		}
	}
}

/* ---- in their order ---- */

struct line {
	enum reason reason;
	const struct backtest_row *row;
};

static bool is_empty(const struct backtest_row *row)
{
	return !(row->suppressed | row->held | row->strikes | row->expired | row->in_force);
}

/* The most suppressed first, then by names. */
static int compare_lines(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	uint64_t n = x->row->suppressed + x->row->fewer, m = y->row->suppressed + y->row->fewer;
	int order = str_cmp(reason_name(x->reason), reason_name(y->reason));

	if (n != m)
		return n < m ? 1 : -1;
	return order ? order : str_cmp(x->row->provider, y->row->provider);
}

static struct line *sorted(const struct backtest_table *table, size_t *ret_n)
{
	struct line *lines = arena_calloc(
		table->arena, (size_t)REASON_COUNT * BACKTEST_PROVIDERS, sizeof *lines);
	size_t n = 0;

	for (size_t reason = 0; reason < REASON_COUNT; reason++)
		for (size_t i = 0; i < table->n_rows[reason]; i++)
			if (!is_empty(&table->rows[reason][i]))
				lines[n++] = (struct line){ (enum reason)reason,
					&table->rows[reason][i] };
	qsort(lines, n, sizeof *lines, compare_lines);
	*ret_n = n;
	return lines;
}

/* ---- as lines ---- */

static void print_line(struct str reason, struct str provider, const struct backtest_row *row,
	bool compared, struct buf *out)
{
	buf_printf(out, "%-24.*s  %-14.*s  %10" PRIu64 "  %8" PRIu64 "  %8" PRIu64 "  %8" PRIu64,
		STR_ARG(reason), STR_ARG(provider), row->suppressed, row->held, row->strikes,
		row->expired);
	if (compared)
		buf_printf(out, "  %10" PRIu64 "  %8" PRIu64 "  %8" PRIu64, row->in_force,
			row->more, row->fewer);
	buf_putc(out, '\n');
}

static struct str reason_shown(enum reason reason)
{
	return reason == REASON_NONE ? STR("complaint") : reason_name(reason);
}

void backtest_table_print(const struct backtest_table *table, bool compared, struct buf *out)
{
	size_t n;
	const struct line *lines = sorted(table, &n);

	buf_printf(out, "%-24s  %-14s  %10s  %8s  %8s  %8s", "reason", "provider", "suppressed",
		"held", "strikes", "expired");
	if (compared)
		buf_printf(out, "  %10s  %8s  %8s", "in force", "more", "fewer");
	buf_putc(out, '\n');
	for (size_t i = 0; i < n; i++)
		print_line(reason_shown(lines[i].reason),
			lines[i].row->provider.n ? lines[i].row->provider : STR("-"), lines[i].row,
			compared, out);
	print_line(STR("all"), STR("-"), &table->total, compared, out);
}

/* ---- as JSON ---- */

static void put_number(struct json_out *w, const char *key, uint64_t number)
{
	json_out_key(w, str_c(key));
	json_out_number(w, number);
}

static void put_text(struct json_out *w, const char *key, struct str text)
{
	json_out_key(w, str_c(key));
	json_out_text(w, text);
}

static void put_counts(struct json_out *w, const struct backtest_row *row, bool compared)
{
	put_number(w, "suppressed", row->suppressed);
	put_number(w, "held", row->held);
	put_number(w, "strikes", row->strikes);
	put_number(w, "expired", row->expired);
	if (!compared)
		return;
	put_number(w, "in_force", row->in_force);
	put_number(w, "more", row->more);
	put_number(w, "fewer", row->fewer);
}

void backtest_table_json(
	const struct backtest_table *table, const struct backtest_said *said, struct buf *out)
{
	char since[TIMESTAMP_TEXT_BYTES];
	struct json_out w = { .out = out, .pretty = true };
	bool compared = said->in_force.n != 0;
	size_t n;
	const struct line *lines = sorted(table, &n);

	json_out_open(&w, '{');
	put_text(&w, "since", timestamp_format(said->since_us, since));
	put_text(&w, "policy", said->policy);
	put_text(&w, "in_force", said->in_force);
	put_number(&w, "events", said->events);
	put_number(&w, "addresses", table->addresses);
	put_number(&w, "by_hand", table->by_hand);
	json_out_key(&w, STR("rows"));
	json_out_open(&w, '[');
	for (size_t i = 0; i < n; i++) {
		json_out_open(&w, '{');
		put_text(&w, "reason", reason_shown(lines[i].reason));
		put_text(&w, "provider", lines[i].row->provider);
		put_counts(&w, lines[i].row, compared);
		json_out_close(&w, '}');
	}
	json_out_close(&w, ']');
	json_out_key(&w, STR("total"));
	json_out_open(&w, '{');
	put_counts(&w, &table->total, compared);
	json_out_close(&w, '}');
	json_out_close(&w, '}');
	buf_putc(out, '\n');
}
