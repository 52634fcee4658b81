// links: store_form
// Check program of pack_head: what it says of a day holds for each entry of the day, and each is found.
#include "store/form/pack_head.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 1000, MAX_BYTES = 1 << 20 };

static const enum pack_column ordered[] = { PACK_FAILED, PACK_HARD, PACK_SOFT, PACK_BLOCK,
	PACK_DELAYED, PACK_ATTEMPTED, PACK_COMPLAINTS };

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

/* Few large counts, many small ones, many equal ones; some columns that hardly any entry has. */
static void write_day(struct buf *out, uint64_t seed)
{
	struct pack_entry entry = { 0 };
	uint64_t last;

	pack_start(out, &last);
	for (int i = 0; i < ENTRIES; i++) {
		entry.number += 1 + next_random(&seed) % 300;
		entry.set = (uint32_t)(next_random(&seed) & 0x7fff);
		if (i % 100)
			entry.set &= ~(1u << PACK_COMPLAINTS);
		for (unsigned c = 0; c < PACK_COLUMNS; c++)
			entry.column[c] = 20000 / (1 + next_random(&seed) % 20000);
		pack_put(out, &last, &entry);
	}
}

static bool same_entry(const struct pack_entry *a, const struct pack_entry *b)
{
	if (a->number != b->number || a->set != b->set)
		return false;
	for (unsigned c = 0; c < PACK_COLUMNS; c++)
		if (a->set & 1u << c && a->column[c] != b->column[c])
			return false;
	return true;
}

static void check_is_beyond(const struct pack_head *head, const struct pack_entry *entry)
{
	for (size_t i = 0; i < sizeof ordered / sizeof *ordered; i++)
		if (entry->set & 1u << ordered[i])
			ck_assert_uint_le(entry->column[ordered[i]], head->beyond[ordered[i]]);
}

/* The entry itself, or none, for each number from the one before on. */
static void check_is_found(const struct pack_head *head, struct str day, uint64_t number,
	const struct pack_entry *should)
{
	struct pack_place place = pack_head_find(head, number);
	struct pack_reader reader;
	struct pack_entry entry;
	bool found = false;

	ck_assert_uint_lt(place.at, day.n);
	ck_assert_uint_le(number, place.next);
	day = str_skip(day, place.at);
	reader = pack_head_read(
		&place, place.end == UINT64_MAX ? day : str_head(day, place.end - place.at));
	while (!found && pack_next(&reader, &entry))
		found = entry.number == number;
	ck_assert(!reader.bad);
	ck_assert_int_eq(found, should != NULL);
	ck_assert(!should || same_entry(&entry, should));
}

static void compare(struct str day, struct str bytes, size_t largest)
{
	struct pack_head head;
	struct pack_reader reader;
	struct pack_entry in_head, entry;
	uint64_t before = 0;
	size_t n = 0;
	bool more;

	ck_assert(pack_head_open(&head, bytes));
	more = pack_next(&head.entries, &in_head);
	for (pack_open(&reader, day); pack_next(&reader, &entry); before = entry.number) {
		if (more && in_head.number == entry.number) {
			ck_assert(same_entry(&in_head, &entry));
			more = pack_next(&head.entries, &in_head);
			n++;
		} else {
			check_is_beyond(&head, &entry);
		}
		check_is_found(&head, day, entry.number, &entry);
		if (entry.number - before > 1)
			check_is_found(&head, day, entry.number - 1, NULL);
	}
	ck_assert(!more && !head.entries.bad);
	ck_assert(n || largest == 1); /* only what is more than the largest but one */
	ck_assert_uint_le(n, largest * sizeof ordered / sizeof *ordered);
	check_is_found(&head, day, before + 1, NULL);
}

START_TEST(what_is_not_in_the_head_has_no_more_than_it_says)
{
	static const size_t largest[] = { 1, 2, 29, 30, 31, 200, ENTRIES - 1 };
	struct buf day = BUF_INIT(MAX_BYTES), head = BUF_INIT(MAX_BYTES);

	for (uint64_t seed = 1; seed < 3; seed++)
		for (size_t i = 0; i < sizeof largest / sizeof *largest; i++) {
			write_day(&day, seed);
			ck_assert(pack_head_make(buf_str(&day), largest[i], &head));
			compare(buf_str(&day), buf_str(&head), largest[i]);
		}
	buf_release(&day);
	buf_release(&head);
}
END_TEST

START_TEST(a_small_day_is_its_own_head)
{
	struct buf day = BUF_INIT(MAX_BYTES), out = BUF_INIT(MAX_BYTES);
	struct pack_head head;
	struct pack_entry entry;
	uint64_t last;
	size_t n = 0;

	write_day(&day, 1);
	ck_assert(pack_head_make(buf_str(&day), ENTRIES, &out));
	ck_assert_uint_eq(out.n, 0);
	ck_assert(!pack_head_open(&head, buf_str(&out)));
	pack_head_whole(&head, buf_str(&day));
	while (pack_next(&head.entries, &entry))
		n++;
	ck_assert(head.whole && n == ENTRIES && !head.beyond[PACK_FAILED]);
	pack_start(&day, &last);
	ck_assert(pack_head_make(buf_str(&day), 1, &out));
	ck_assert_uint_eq(out.n, 0);
	buf_release(&day);
	buf_release(&out);
}
END_TEST

/* Of its own memory: what reads behind the end is seen. */
START_TEST(what_was_cut_is_no_head_or_has_fewer_entries)
{
	struct buf day = BUF_INIT(MAX_BYTES), out = BUF_INIT(MAX_BYTES);
	struct pack_head head;
	struct pack_entry entry;

	write_day(&day, 1);
	ck_assert(pack_head_make(buf_str(&day), 20, &out));
	for (size_t n = 0; n < out.n; n++) {
		char *cut = malloc(n + 1);

		memcpy(cut, out.p, n);
		if (pack_head_open(&head, str_from(cut, n)))
			while (pack_next(&head.entries, &entry))
				continue;
		free(cut);
	}
	ck_assert(!pack_head_make(str_head(buf_str(&day), day.n - 1), 20, &out));
	buf_release(&day);
	buf_release(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pack_head");
	TCase *tcase = tcase_create("head");

	tcase_set_timeout(tcase, 60); /* whatever else the machine does */
	tcase_add_test(tcase, what_is_not_in_the_head_has_no_more_than_it_says);
	tcase_add_test(tcase, a_small_day_is_its_own_head);
	tcase_add_test(tcase, what_was_cut_is_no_head_or_has_fewer_entries);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
