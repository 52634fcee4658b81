// links: parser
// Check program of parser/match/wordset: words in texts, against a search for one word after the other.
#include "parser/match/wordset.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

static struct wordset set_of(const struct str *words, size_t n)
{
	struct str made = wordset_make(arena, words, n, STR("the user is unknown here"));
	struct wordset set;

	ck_assert(wordset_read(made, &set));
	return set;
}

enum { MATCHES = 4096 };
struct matches {
	uint64_t at[MATCHES]; /* word << 32 | to */
	size_t n, most;
};

static bool note(void *context, size_t word, size_t to)
{
	struct matches *m = context;

	m->at[m->n++] = (uint64_t)word << 32 | to;
	return m->n < m->most;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* One after the other, letter by letter. */
static void search(const struct str *words, size_t n, struct str text, struct matches *ret)
{
	for (size_t i = 0; i < n; i++)
		for (size_t at = 0; at + words[i].n <= text.n; at++)
			if (str_ieq(str_slice(text, at, at + words[i].n), words[i]))
				note(ret, i, at + words[i].n);
}

static void ck_same(const struct str *words, size_t n, struct str text)
{
	static struct matches naive, found;
	const struct wordset set = set_of(words, n);

	naive = (struct matches){ .most = MATCHES };
	found = naive;
	search(words, n, text, &naive);
	ck_assert(wordset_scan(&set, text, note, &found));
	qsort(naive.at, naive.n, sizeof *naive.at, by_value);
	qsort(found.at, found.n, sizeof *found.at, by_value);
	ck_assert_uint_eq(found.n, naive.n);
	ck_assert_mem_eq(found.at, naive.at, naive.n * sizeof *naive.at);
}

START_TEST(words_are_found_wherever_they_stand)
{
	static const struct str words[] = { STR_INIT("user unknown"), STR_INIT("unknown"),
		STR_INIT("here"),
		STR_INIT("H\xC3\xA9"
			 "e"),
		STR_INIT("[@`{") };
	static const char *const texts[] = { "", "h", "her", "here", "HERE", "user Unknown here",
		"userunknownuser unknow", "unknownunknown",
		"h\xC3\xA9"
		"e h\xC3\x89"
		"e",
		"[@`{ {`@[ [@`[", "xhere", "herex" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		ck_same(words, ARRAY_LEN(words), str_c(texts[i]));
}
END_TEST

START_TEST(words_of_three_bytes_are_found_too)
{
	static const struct str words[] = { STR_INIT("spf"), STR_INIT("spf1"), STR_INIT("a-b") };
	static const char *const texts[] = { "spf", "sp", "no SPF", "spf1 spf", "a-b", "xa-bx",
		"A-B", "sspf", "spf " };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		ck_same(words, ARRAY_LEN(words), str_c(texts[i]));
}
END_TEST

/* Few letters, so that words overlap and share their bytes. */
START_TEST(what_is_found_is_what_is_there)
{
	srandom(1);
	for (int round = 0; round < 300; round++) {
		struct str words[40];
		size_t n = 1 + (size_t)random() % ARRAY_LEN(words), n_text = (size_t)random() % 200;
		char *text = arena_alloc(arena, n_text + 1);

		for (size_t i = 0; i < n; i++) {
			size_t bytes = WORDSET_LEAST + (size_t)random() % 6 + (size_t)(round % 2);
			char *word = arena_alloc(arena, bytes);

			for (size_t k = 0; k < bytes; k++)
				word[k] = "ab c"[random() % 4];
			words[i] = str_from(word, bytes);
		}
		for (size_t k = 0; k < n_text; k++)
			text[k] = "abAB c"[random() % 6];
		ck_same(words, n, str_from(text, n_text));
	}
}
END_TEST

START_TEST(the_caller_may_stop)
{
	static const struct str words[] = { STR_INIT("here") };
	const struct wordset set = set_of(words, 1);
	struct matches found = { .most = 2 };

	ck_assert(!wordset_scan(&set, STR("here here here"), note, &found));
	ck_assert_uint_eq(found.n, 2);
}
END_TEST

START_TEST(other_bytes_are_refused)
{
	static const struct str words[] = { STR_INIT("here"), STR_INIT("there") };
	struct str made = wordset_make(arena, words, 2, STR_EMPTY);
	struct wordset set;

	ck_assert(wordset_read(made, &set));
	for (size_t n = 0; n < made.n; n += n < 64 ? 1 : 101)
		ck_assert(!wordset_read(str_head(made, n), &set));
	ck_assert(!wordset_read(arena_join(arena, made, STR("x")), &set));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wordset");
	TCase *tcase = tcase_create("wordset");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, words_are_found_wherever_they_stand);
	tcase_add_test(tcase, words_of_three_bytes_are_found_too);
	tcase_add_test(tcase, what_is_found_is_what_is_there);
	tcase_add_test(tcase, the_caller_may_stop);
	tcase_add_test(tcase, other_bytes_are_refused);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
