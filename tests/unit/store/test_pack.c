// links: store_form
// Check program of pack: what is packed goes both ways.
#include "core/attr.h"
#include "store/form/pack.h"
#include "tests/support/suite.h"

#include <check.h>

static const struct pack_entry entries[] = {
	{ .number = 1, .set = 1u << PACK_FAILED, .column = { [PACK_FAILED] = 1 } },
	{ .number = 2, .set = 0, .column = { 0 } },
	{ .number = 1u << 31,
		.set = 1u << PACK_HARD | 1u << PACK_ACCEPTED,
		.column = { [PACK_HARD] = 127, [PACK_ACCEPTED] = 128 } },
	{ .number = UINT64_MAX,
		.set = 1u << PACK_ATTEMPTED,
		.column = { [PACK_ATTEMPTED] = UINT64_MAX } },
};

START_TEST(what_is_packed_comes_back_whole_and_cut_never)
{
	struct buf out = BUF_INIT(1000);
	struct pack_reader reader;
	struct pack_entry entry;
	uint64_t last;
	size_t n = 0;

	pack_start(&out, &last);
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		pack_put(&out, &last, &entries[i]);
	pack_open(&reader, buf_str(&out));
	for (; pack_next(&reader, &entry); n++) {
		ck_assert_uint_eq(entry.number, entries[n].number);
		ck_assert_uint_eq(entry.set, entries[n].set);
		for (unsigned c = 0; c < PACK_COLUMNS; c++)
			if (entry.set & 1u << c)
				ck_assert_uint_eq(entry.column[c], entries[n].column[c]);
	}
	ck_assert(n == ARRAY_LEN(entries) && !reader.bad);
	for (size_t cut = 0; cut < out.n; cut++) {
		size_t seen = 0;

		pack_open(&reader, str_head(buf_str(&out), cut));
		while (pack_next(&reader, &entry))
			seen++;
		ck_assert(seen < ARRAY_LEN(entries));
	}
	out.p[0]++;
	pack_open(&reader, buf_str(&out));
	ck_assert(!pack_next(&reader, &entry) && reader.bad);
	buf_release(&out);
}
END_TEST

/* As if the streams of a day had been counted together. */
START_TEST(merged_parts_are_the_sum_of_them)
{
	static const struct pack_entry parts[3][2] = {
		{ { 2, 1u << PACK_FAILED, { [PACK_FAILED] = 5 } },
			{ 9, 1u << PACK_HARD, { [PACK_HARD] = 1 } } },
		{ { 2, 1u << PACK_FAILED | 1u << PACK_BLOCK,
			  { [PACK_FAILED] = 300, [PACK_BLOCK] = 4 } },
			{ 3, 1u << PACK_SOFT, { [PACK_SOFT] = 7 } } },
		{ { 1, 1u << PACK_SOFT, { [PACK_SOFT] = 2 } },
			{ 9, 1u << PACK_HARD, { [PACK_HARD] = 2 } } },
	};
	static const struct {
		uint64_t number, failed, hard, soft, block;
	} sums[] = { { 1, 0, 0, 2, 0 }, { 2, 305, 0, 0, 4 }, { 3, 0, 0, 7, 0 }, { 9, 0, 3, 0, 0 } };
	struct buf packed[3] = { BUF_INIT(100), BUF_INIT(100), BUF_INIT(100) }, out = BUF_INIT(100);
	struct pack_reader readers[3], reader;
	struct pack_entry entry;
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		uint64_t last;

		pack_start(&packed[i], &last);
		pack_put(&packed[i], &last, &parts[i][0]);
		pack_put(&packed[i], &last, &parts[i][1]);
		pack_open(&readers[i], buf_str(&packed[i]));
	}
	ck_assert(pack_merge(readers, 3, &out));
	pack_open(&reader, buf_str(&out));
	for (; pack_next(&reader, &entry); n++) {
		const uint64_t should[] = { sums[n].failed, sums[n].hard, sums[n].soft,
			sums[n].block };

		ck_assert_uint_eq(entry.number, sums[n].number);
		for (unsigned c = 0; c < ARRAY_LEN(should); c++)
			ck_assert_uint_eq(entry.set & 1u << c ? entry.column[c] : 0, should[c]);
	}
	ck_assert_uint_eq(n, ARRAY_LEN(sums));
	pack_open(&readers[0], buf_str(&packed[0]));
	pack_open(&readers[1], str_head(buf_str(&packed[1]), packed[1].n - 1));
	ck_assert(!pack_merge(readers, 2, &out));
	for (size_t i = 0; i < 3; i++)
		buf_release(&packed[i]);
	buf_release(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pack");
	TCase *tcase = tcase_create("pack");

	tcase_set_timeout(tcase, 60); /* whatever else the machine does */
	tcase_add_test(tcase, what_is_packed_comes_back_whole_and_cut_never);
	tcase_add_test(tcase, merged_parts_are_the_sum_of_them);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
