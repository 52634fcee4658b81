// links: store_form
// Check program of pack_walk: the columns that it reads are those that pack_next reads, of whatever bytes.
#include "store/form/pack_walk.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 3000, MAX_BYTES = 1 << 20, AT_ONCE = 7 };

/* Numbers that anybody may check by hand: no clock, no chance. */
static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

/* A distance, sets and columns as days have them: most below 128, some not, some of columns beyond the seventh. */
static void write_day(struct buf *out, uint64_t seed, uint64_t large_of_hundred)
{
	uint64_t last;
	struct pack_entry entry = { 0 };

	pack_start(out, &last);
	for (int i = 0; i < ENTRIES; i++) {
		bool large = next_random(&seed) % 100 < large_of_hundred;

		entry.number += 1 + next_random(&seed) % (large ? 40000 : 40);
		entry.set = (uint32_t)(next_random(&seed) & (large ? 0x7fff : 0x7f));
		for (unsigned c = 0; c < PACK_COLUMNS; c++)
			entry.column[c] =
				1 + next_random(&seed) % (large ? UINT64_C(1) << 30 : 127);
		pack_put(out, &last, &entry);
	}
}

static uint64_t value_of(const struct pack_entry *entry, enum pack_column column)
{
	return entry->set & 1u << column ? entry->column[column] : 0;
}

static void compare(struct str packed, const enum pack_column columns[PACK_FEW])
{
	struct pack_reader one, many;
	struct pack_walk walk;
	struct pack_entry entry;
	struct pack_few few[AT_ONCE];
	size_t n = AT_ONCE, at = AT_ONCE;

	pack_walk_open(&walk, columns);
	pack_open(&one, packed);
	pack_open(&many, packed);
	while (pack_next(&one, &entry)) {
		if (at == n) {
			ck_assert_uint_eq(n, AT_ONCE); /* fewer come at the end alone */
			n = pack_walk_next(&walk, &many, few, AT_ONCE);
			at = 0;
		}
		ck_assert_uint_lt(at, n);
		ck_assert_uint_eq(few[at].number, entry.number);
		ck_assert_uint_eq(few[at].set, entry.set);
		for (size_t i = 0; i < PACK_FEW; i++)
			ck_assert_uint_eq(few[at].value[i], value_of(&entry, columns[i]));
		at++;
	}
	ck_assert_uint_eq(at, n);
	ck_assert_uint_eq(pack_walk_next(&walk, &many, few, AT_ONCE), 0);
	ck_assert_int_eq(one.bad, many.bad);
	ck_assert_ptr_eq(one.rest.p, many.rest.p);
}

static void compare_all(struct str packed)
{
	for (enum pack_column c = 0; c < PACK_COLUMNS; c++)
		compare(packed, (enum pack_column[]){ c, PACK_FAILED, (c + 4) % PACK_COLUMNS });
}

START_TEST(each_column_of_each_entry_is_the_same)
{
	struct buf day = BUF_INIT(MAX_BYTES);

	for (uint64_t large = 0; large <= 100; large += 20) {
		write_day(&day, 7 + large, large);
		compare_all(buf_str(&day));
	}
	buf_release(&day);
}
END_TEST

START_TEST(a_day_that_was_cut_ends_where_it_would)
{
	struct buf day = BUF_INIT(MAX_BYTES);

	write_day(&day, 3, 30);
	for (size_t n = 0; n < 300; n++) {
		struct str whole = buf_str(&day);
		/* Of its own memory: a walk that reads behind the end is seen. */
		char *cut = malloc(n + 1);

		memcpy(cut, whole.p, n);
		compare_all((struct str){ cut, n });
		free(cut);
	}
	buf_release(&day);
}
END_TEST

START_TEST(bytes_that_are_no_day_are_bad_to_both)
{
	uint64_t seed = 11;
	char bytes[64];

	for (int i = 0; i < 20000; i++) {
		for (size_t n = 0; n < sizeof bytes; n++)
			bytes[n] = (char)(next_random(&seed) % (i % 2 ? 256 : 132));
		bytes[0] = 2; /* the version */
		compare((struct str){ bytes, sizeof bytes },
			(enum pack_column[]){ PACK_FAILED, PACK_FAILED_UNCOVERED, PACK_ATTEMPTED });
	}
}
END_TEST

/* The distance would lead beyond the last number. */
START_TEST(a_number_never_goes_back)
{
	static const char far[] =
		"\2\177\0\377\377\377\377\377\377\377\377\377\1\0\177\0\0\0\0\0\0\0\0\0";

	compare_all((struct str){ far, sizeof far - 1 });
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pack_walk");
	TCase *tcase = tcase_create("walk");

	tcase_set_timeout(tcase, 60); /* whatever else the machine does */
	tcase_add_test(tcase, each_column_of_each_entry_is_the_same);
	tcase_add_test(tcase, a_day_that_was_cut_ends_where_it_would);
	tcase_add_test(tcase, bytes_that_are_no_day_are_bad_to_both);
	tcase_add_test(tcase, a_number_never_goes_back);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
