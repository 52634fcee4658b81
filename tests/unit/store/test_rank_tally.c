// links: store_rank
// Check program of columns and of what is added up from them: the same rows as by each entry of each day, in every order.
#include "store/rank/tally.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KNOWN = 4300, PARTS = 300, LIMIT = 9, MAX_BYTES = 1 << 20 };

static uint64_t seed;

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* Most are small; in every third day two octets are usual; some are longer than any array has. */
static uint64_t draw(unsigned part)
{
	if (!pick(500))
		return UINT64_C(1) << (8 + pick(40));
	if (!pick(50))
		return 250 + pick(12);
	return part % 3 ? pick(6) : 200 + pick(200);
}

struct day {
	struct rank_part part;
	struct buf packed;
};

static void write_day(struct day *day, unsigned i)
{
	struct pack_entry entry = { .number = 0 };
	uint64_t last;

	day->packed = (struct buf)BUF_INIT(MAX_BYTES);
	day->part = (struct rank_part){ .volume = i % 2, .chosen = i % 10 != 4, .rated = i % 4 };
	pack_start(&day->packed, &last);
	while ((entry.number += 1 + pick(i % 7 ? 3 : 400)) < KNOWN) {
		entry.set = 0;
		for (unsigned c = 0; c < PACK_COLUMNS; c++) {
			entry.column[c] = draw(i);
			if (c == PACK_ATTEMPTED ? day->part.volume : !day->part.volume && pick(3))
				entry.set |= 1u << c;
		}
		if (entry.set & 1u << PACK_FAILED_UNCOVERED &&
			(!(entry.set & 1u << PACK_FAILED) || pick(4)))
			entry.set &= ~(1u << PACK_FAILED_UNCOVERED);
		if (entry.set & 1u << PACK_FAILED_UNCOVERED)
			entry.column[PACK_FAILED_UNCOVERED] = entry.column[PACK_FAILED];
		if (entry.set)
			pack_put(&day->packed, &last, &entry);
	}
	ck_assert_int_eq(buf_check(&day->packed), ERR_OK);
	day->part.packed = buf_str(&day->packed);
}

static struct day days[PARTS];
static char texts[KNOWN][8];
static struct str names[KNOWN];

static void setup(void)
{
	seed = 7;
	for (unsigned i = 0; i < PARTS; i++)
		write_day(&days[i], i);
	for (unsigned i = 0; i < KNOWN; i++) {
		snprintf(texts[i], sizeof texts[i], "d%05u", i * 577u % KNOWN);
		names[i] = str_c(texts[i]);
	}
}

static void teardown(void)
{
	for (unsigned i = 0; i < PARTS; i++)
		buf_release(&days[i].packed);
}

static int foremost_first(const void *a, const void *b)
{
	const struct rank_place *x = a, *y = b;

	if (x->value < y->value || x->value > y->value)
		return x->value < y->value ? 1 : -1;
	return x->z_to_a ? str_cmp(y->name, x->name) : str_cmp(x->name, y->name);
}

/* From each entry. */
static size_t pick_slowly(unsigned n_days, const struct rank_order *order, enum pack_column sorted,
	struct rank_place *all)
{
	static struct rank ranks[KNOWN];
	struct pack_reader reader;
	struct pack_entry entry;
	size_t n = 0;

	memset(ranks, 0, sizeof ranks);
	for (unsigned i = 0; i < n_days; i++)
		for (pack_open(&reader, days[i].part.packed); pack_next(&reader, &entry);)
			rank_add_entry(&ranks[entry.number], &entry, &days[i].part, sorted);
	for (unsigned i = 1; i < KNOWN; i++) {
		all[n] = rank_place_of(order, &ranks[i], names[i], i);
		n += rank_is_wanted(order, &ranks[i], &all[n]);
	}
	qsort(all, n, sizeof *all, foremost_first);
	return n;
}

static size_t pick_by_columns(unsigned n_days, const struct rank_order *order,
	enum pack_column sorted, struct rank_place *places)
{
	static struct tally_item items[PARTS * COLUMNS_AT_ONCE];
	struct column *columns[COLUMNS_AT_ONCE];
	struct tally_want wants[COLUMNS_AT_ONCE];
	unsigned wanted[COLUMNS_AT_ONCE];
	size_t n = 0, n_places;

	for (unsigned i = 0; i < n_days; i++) {
		size_t n_wants = tally_wants(order, sorted, &days[i].part, wants);

		for (size_t k = 0; k < n_wants; k++)
			wanted[k] = wants[k].column;
		ck_assert(column_make(days[i].part.packed, KNOWN, wanted, n_wants, columns));
		for (size_t k = 0; k < n_wants; k++)
			items[n++] = (struct tally_item){ wants[k].to, columns[k] };
	}
	n_places = tally_pick(items, n, KNOWN, order, names, places);
	while (n)
		column_free((struct column *)(uintptr_t)items[--n].column);
	return n_places;
}

/* Page after page. */
static void compare(unsigned n_days, struct rank_order order, enum pack_column sorted)
{
	static struct rank_place should[KNOWN], places[LIMIT];
	struct rank_place after;

	order.limit = LIMIT;
	for (unsigned page = 0; page < 4; page++) {
		size_t n_should = pick_slowly(n_days, &order, sorted, should),
		       n = pick_by_columns(n_days, &order, sorted, places);

		ck_assert_uint_eq(n, n_should < LIMIT ? n_should : LIMIT);
		for (size_t i = 0; i < n; i++)
			ck_assert_msg(places[i].number == should[i].number,
				"%u days, by %d, page %u: %zu is %s and should be %s", n_days,
				(int)order.by, page, i, texts[places[i].number],
				texts[should[i].number]);
		if (!n)
			return;
		after = places[n - 1];
		order.after = &after;
		/* Far behind, too. */
		if (page == 2)
			after = should[n_should / 2];
	}
}

START_TEST(columns_say_what_the_entries_say)
{
	static const unsigned lengths[] = { 0, 1, 2, 9, PARTS };
	static const enum pack_column sorts[] = { PACK_FAILED, PACK_BLOCK, PACK_COMPLAINTS };
	static const enum rank_by by[] = { RANK_BY_SUM, RANK_BY_NAME, RANK_BY_ATTEMPTED,
		RANK_BY_RATE };

	for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++)
		for (unsigned k = 0; k < 16; k++)
			compare(lengths[i],
				(struct rank_order){ .by = by[k / 4],
					.reversed = k & 1,
					.min_attempted = k & 2 ? 300 : 0 },
				sorts[(i + k / 2) % 3]);
}
END_TEST

START_TEST(what_is_no_packed_day_makes_no_column)
{
	const unsigned wanted[] = { COLUMN_ENTRIES, PACK_FAILED };
	const struct str day = days[2].part.packed;
	struct column *columns[COLUMNS_AT_ONCE];
	struct buf twice = BUF_INIT(100);
	struct pack_entry entry = { .number = 5, .set = 1, .column = { 3 } };
	uint64_t last;

	ck_assert(!column_make(STR_EMPTY, KNOWN, wanted, 2, columns));
	ck_assert(!column_make(str_head(day, day.n - 1), KNOWN, wanted, 2, columns));
	ck_assert(!column_make(day, 100, wanted, 2, columns));
	pack_start(&twice, &last);
	pack_put(&twice, &last, &entry);
	pack_put(&twice, &last, &entry);
	ck_assert(!column_make(buf_str(&twice), KNOWN, wanted, 2, columns));
	buf_release(&twice);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rank_tally");
	TCase *tests = tcase_create("tally");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, columns_say_what_the_entries_say);
	tcase_add_test(tests, what_is_no_packed_day_makes_no_column);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
