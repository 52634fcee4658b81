// links: parser/text
// Check program of parser/text/sieve, and of the searches of core/str that it stands in front of.
#include "parser/text/sieve.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 20000, TEXT_BYTES = 60, WORD_BYTES = 20 };

static uint32_t state;

static uint32_t next_random(uint32_t below)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % below;
}

/* Of few letters, large and small, so that words are often found; with bytes that share bits with them. */
static struct str random_text(char *room, size_t most)
{
	static const char letters[] = "abABcC @`\xE1\x01";
	size_t n = next_random((uint32_t)most + 1);

	for (size_t i = 0; i < n; i++)
		room[i] = letters[next_random(sizeof letters - 1)];
	return str_from(room, n);
}

static size_t find_slowly(struct str s, struct str needle, bool exact)
{
	for (size_t i = 0; i + needle.n <= s.n; i++) {
		struct str part = str_slice(s, i, i + needle.n);

		if (exact ? str_eq(part, needle) : str_ieq(part, needle))
			return i;
	}
	return STR_NPOS;
}

START_TEST(a_word_that_occurs_passes)
{
	char text_room[TEXT_BYTES], word_room[WORD_BYTES];
	size_t found = 0, stopped = 0;

	state = 1;
	for (size_t i = 0; i < ROUNDS; i++) {
		struct str text = random_text(text_room, TEXT_BYTES);
		struct str word = random_text(word_room, i % 2 ? 3 : WORD_BYTES);
		struct sieve sieve = sieve_of(text);
		bool occurs = find_slowly(text, word, false) != STR_NPOS;

		found += occurs;
		stopped += !sieve_passes(&sieve, word);
		ck_assert(!occurs || sieve_passes(&sieve, word));
	}
	ck_assert_uint_gt(found, ROUNDS / 20);
	ck_assert_uint_gt(stopped, ROUNDS / 20);
}
END_TEST

START_TEST(a_word_without_its_letters_is_stopped)
{
	struct sieve sieve = sieve_of(STR("550 5.1.1 User Unknown"));

	ck_assert(sieve_passes(&sieve, STR("user unknown")));
	ck_assert(sieve_passes(&sieve, STR("")));
	ck_assert(sieve_passes(&sieve, STR("z"))); /* no pair, nothing to say */
	ck_assert(!sieve_passes(&sieve, STR("RCPT TO")));
	ck_assert(!sieve_passes(&sieve, STR("mailbox")));
}
END_TEST

START_TEST(needles_of_every_length_are_found_where_they_stand)
{
	char text_room[TEXT_BYTES], word_room[WORD_BYTES];

	state = 2;
	for (size_t i = 0; i < ROUNDS; i++) {
		struct str text = random_text(text_room, TEXT_BYTES);
		size_t at = next_random(TEXT_BYTES);
		struct str word = i % 2 ? random_text(word_room, 3)
					: str_slice(text, at, at + next_random(WORD_BYTES));

		ck_assert_uint_eq(str_find(text, word), find_slowly(text, word, true));
		ck_assert_uint_eq(str_ifind(text, word), find_slowly(text, word, false));
	}
}
END_TEST

static size_t span_slowly(struct str s, const char *set, bool inside)
{
	size_t n = 0;

	while (n < s.n && (s.p[n] && strchr(set, s.p[n])) == inside)
		n++;
	return n;
}

START_TEST(spans_end_at_the_first_other_byte)
{
	static const char *const sets[] = { "", "a", "ab", " @", "abABcC @`\xE1\x01" };
	char room[TEXT_BYTES];

	state = 3;
	for (size_t i = 0; i < ROUNDS; i++) {
		struct str text = random_text(room, TEXT_BYTES);
		const char *set = sets[i % ARRAY_LEN(sets)];

		if (text.n && i % 7 == 0)
			room[text.n / 2] = '\0'; /* is in no set */
		ck_assert_uint_eq(str_span(text, set), span_slowly(text, set, true));
		ck_assert_uint_eq(str_cspan(text, set), span_slowly(text, set, false));
	}
}
END_TEST

START_TEST(any_of_the_words_is_found)
{
	static const struct str words[] = { STR_INIT("mailbox full"), STR_INIT("Erreur") };

	ck_assert(sieve_any(STR("une erreur"), words, ARRAY_LEN(words)));
	ck_assert(sieve_any(STR("MAILBOX FULL"), words, ARRAY_LEN(words)));
	/* All of the pairs, but not the word. */
	ck_assert(!sieve_any(STR("mailbox ful ll er rr re eu ur"), words, ARRAY_LEN(words)));
	ck_assert(!sieve_any(STR_EMPTY, words, ARRAY_LEN(words)));
	ck_assert(!sieve_any(STR("une erreur"), words, 0));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sieve");
	TCase *tcase = tcase_create("sieve");

	tcase_add_test(tcase, a_word_that_occurs_passes);
	tcase_add_test(tcase, a_word_without_its_letters_is_stopped);
	tcase_add_test(tcase, needles_of_every_length_are_found_where_they_stand);
	tcase_add_test(tcase, any_of_the_words_is_found);
	tcase_add_test(tcase, spans_end_at_the_first_other_byte);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
