// links: parser
// Check program of parser/reason's likeness: what is looked at in a refusal, how weights are learnt and asked, how evidence is settled
// by them, and lists of replies.
#include "core/limits.h"
#include "parser/parse.h"
#include "parser/reason/evidence.h"
#include "parser/reason/likeness_learn.h"
#include "parser/reply_list.h"
#include "tests/support/parser_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

static struct arena *arena;
static struct parse_rules *rules;
static struct parser *parser;
static struct features features;

static void setup(void)
{
	arena = arena_new();
	rules = fixture_rules();
	parser = parser_new(rules);
	parser_ask_features(parser, &features);
}

static void teardown(void)
{
	parser_free(parser);
	parse_rules_free(rules);
	arena_free(arena);
}

static const struct features *look_at(const char *reply)
{
	struct event event;

	parse_reply(parser, arena, str_c(reply), STR_EMPTY, &event);
	return &features;
}

static enum reason reason_of(const char *reply, struct event *ret_event)
{
	parse_reply(parser, arena, str_c(reply), STR_EMPTY, ret_event);
	return ret_event->reason;
}

/* ---- features ---- */

static size_t words_of(const char *reply)
{
	return look_at(reply)->groups[FEATURE_WORDS].n;
}

START_TEST(features_do_not_depend_on_names_and_numbers)
{
	struct features before;

	before = *look_at("550 5.1.1 <ann@shop.example> has 12 boxes");
	look_at("550 5.1.1 <bob@other.example> has 4711 boxes");
	ck_assert_uint_eq(features.groups[FEATURE_WORDS].n, before.groups[FEATURE_WORDS].n);
	ck_assert_mem_eq(features.groups[FEATURE_WORDS].rows, before.groups[FEATURE_WORDS].rows,
		before.groups[FEATURE_WORDS].n * sizeof *before.groups[FEATURE_WORDS].rows);
}
END_TEST

START_TEST(a_word_said_twice_is_one_feature)
{
	ck_assert_uint_eq(words_of("zork zork zork zork"), words_of("zork zork"));
	ck_assert_uint_gt(words_of("zork zork"), words_of("zork"));
}
END_TEST

START_TEST(scripts_without_spaces_have_parts)
{
	ck_assert_uint_gt(
		words_of("\xE5\xAE\x9B\xE5\x85\x88\xE3\x81\x8C\xE7\x84\xA1\xE3\x81\x84"), 8);
}
END_TEST

START_TEST(a_text_without_end_has_bounded_features)
{
	char *text = arena_alloc(arena, LIMIT_DIAGNOSTIC_BYTES + 1);

	for (size_t i = 0; i < LIMIT_DIAGNOSTIC_BYTES; i++)
		text[i] = i % 5 == 4 ? ' ' : (char)('a' + (i * i / 7 + i) % 26);
	text[LIMIT_DIAGNOSTIC_BYTES] = '\0';
	look_at(text);
	ck_assert_uint_le(features.groups[FEATURE_WORDS].n, FEATURES_MOST);
	ck_assert_uint_gt(features.groups[FEATURE_WORDS].n, FEATURES_MOST / 2);
	ck_assert_uint_le(features.n_spans, FEATURE_SPANS);
}
END_TEST

/* ---- learning ---- */

static struct likeness_example example(
	const char *reply, enum reason reason, enum example_hard hard)
{
	return likeness_example_of(arena, look_at(reply), (uint64_t)1 << reason, hard);
}

static struct str learn_four(void)
{
	struct likeness_example examples[4];

	examples[0] = example("550 zork flimmer", REASON_CONTENT_SPAM, EXAMPLE_NOT_HARD);
	examples[1] = example("550 zork quonk", REASON_CONTENT_SPAM, EXAMPLE_NOT_HARD);
	examples[2] = example("550 plim flimmer", REASON_RECIPIENT_UNKNOWN, EXAMPLE_HARD);
	examples[3] = example("550 plim quonk", REASON_RECIPIENT_UNKNOWN, EXAMPLE_HARD);
	return likeness_learn(arena, examples, 4);
}

START_TEST(what_was_learnt_is_told_apart)
{
	struct likeness *likeness = likeness_new(learn_four());
	struct likeness_scores scores;
	struct feature_span spans[LIKENESS_WORDS];

	ck_assert_ptr_nonnull(likeness);
	likeness_score(likeness, look_at("550 zork trumm"), &scores);
	ck_assert_int_eq(scores.first, REASON_CONTENT_SPAM);
	ck_assert(scores.hard < 0);
	ck_assert_uint_ge(
		likeness_words(likeness, &features, scores.first, REASON_RECIPIENT_UNKNOWN, spans),
		1);
	ck_assert_uint_eq(spans[0].from, 4);
	ck_assert_uint_eq(spans[0].to, 8);
	likeness_score(likeness, look_at("550 plim trumm"), &scores);
	ck_assert_int_eq(scores.first, REASON_RECIPIENT_UNKNOWN);
	ck_assert(scores.hard > 0);
	likeness_free(likeness);
}
END_TEST

START_TEST(the_same_examples_give_the_same_bytes)
{
	struct str one = learn_four(), two = learn_four();

	ck_assert_uint_eq(one.n, two.n);
	ck_assert_mem_eq(one.p, two.p, one.n);
}
END_TEST

START_TEST(other_bytes_are_no_weights)
{
	struct str bytes = learn_four();
	char *copy = arena_alloc(arena, bytes.n);

	ck_assert_ptr_null(likeness_new(STR_EMPTY));
	ck_assert_ptr_null(likeness_new(str_head(bytes, bytes.n - 1)));
	memcpy(copy, bytes.p, bytes.n);
	copy[0] ^= 1;
	ck_assert_ptr_null(likeness_new(str_from(copy, bytes.n)));
}
END_TEST

/* ---- settling ---- */

static struct evidence said(enum layer layer, enum reason reason, double strength)
{
	return (struct evidence){
		.layer = layer, .reason = reason, .strength = strength, .confidence = strength
	};
}

START_TEST(likeness_says_which_evidence_is_believed)
{
	struct evidence_list list = { .n = 0 };
	struct evidence_likeness likeness = { REASON_CONTENT_SPAM, 0.5, 0.6, -2, false };

	evidence_add(&list, said(LAYER_MEANING, REASON_RECIPIENT_UNKNOWN, 0.90));
	evidence_add(&list, said(LAYER_MEANING, REASON_CONTENT_SPAM, 0.60));
	ck_assert_int_eq(
		evidence_settle_by_likeness(&list, &likeness)->reason, REASON_CONTENT_SPAM);
	likeness.lead = 0.1; /* in two minds: the words are heard */
	ck_assert_int_eq(
		evidence_settle_by_likeness(&list, &likeness)->reason, REASON_RECIPIENT_UNKNOWN);
	likeness.lead = 0.6;
	evidence_add(&list, said(LAYER_PROVIDER, REASON_MAILBOX_FULL, 1));
	ck_assert_int_eq(
		evidence_settle_by_likeness(&list, &likeness)->reason, REASON_MAILBOX_FULL);
	likeness.lead =
		1.3; /* a part of a provider's sentence may stand in words that say another thing */
	ck_assert_int_eq(
		evidence_settle_by_likeness(&list, &likeness)->reason, REASON_CONTENT_SPAM);
	list.n = 2;
	list.items[0].own = true; /* of an operator's file */
	ck_assert_int_eq(
		evidence_settle_by_likeness(&list, &likeness)->reason, REASON_RECIPIENT_UNKNOWN);
}
END_TEST

START_TEST(no_reason_outvotes_codes_and_not_words)
{
	struct evidence_list list = { .n = 0 };
	struct evidence_likeness likeness = { REASON_UNKNOWN_UNCLASSIFIED, 0.5, 0.9, -2, false };

	evidence_add(&list, said(LAYER_CODE, REASON_POLICY_REFUSED, 0.35));
	ck_assert_ptr_null(evidence_settle_by_likeness(&list, &likeness));
	evidence_add(&list, said(LAYER_MEANING, REASON_POLICY_REFUSED, 0.6));
	ck_assert_int_eq(evidence_settle_by_likeness(&list, &likeness)->layer, LAYER_MEANING);
}
END_TEST

START_TEST(doubt_does_not_stop)
{
	struct evidence words = said(LAYER_MEANING, REASON_RECIPIENT_UNKNOWN, 0.9);
	struct evidence_likeness likeness = { REASON_RECIPIENT_UNKNOWN, 0.2, 0.4, 0, false };

	ck_assert(!evidence_stops(&words, &likeness));
	likeness.hard = 0.5;
	ck_assert(evidence_stops(&words, &likeness));
	words.never_hard = true;
	likeness.hard = 3; /* however much it looks like one: what is in doubt stays soft */
	ck_assert(!evidence_stops(&words, &likeness));
	words.own = true;
	words.never_hard = false;
	likeness.hard = -3;
	ck_assert(evidence_stops(&words, &likeness));
	ck_assert(!evidence_stops(
		&(struct evidence){ .layer = LAYER_TEXT, .strength = 0.97 }, &likeness));
}
END_TEST

START_TEST(words_that_nobody_can_read_do_not_contradict_a_code)
{
	const struct evidence code = said(LAYER_STATUS, REASON_RECIPIENT_UNKNOWN, 0.7);
	const struct evidence words = said(LAYER_MEANING, REASON_RECIPIENT_UNKNOWN, 0.9);
	struct evidence_likeness likeness = { REASON_RECIPIENT_UNKNOWN, -0.4, 0.1, -0.4, true };

	ck_assert(evidence_stops(&code, &likeness));
	ck_assert(!evidence_stops(&words, &likeness));
	likeness.hard = -0.6; /* it looks like something else altogether */
	ck_assert(!evidence_stops(&code, &likeness));
	likeness.hard = -0.4;
	likeness.unread = false;
	ck_assert(!evidence_stops(&code, &likeness));
}
END_TEST

/* ---- within the whole ---- */

START_TEST(words_that_no_rule_knows_are_judged_by_likeness)
{
	struct event event;

	ck_assert_int_eq(reason_of("550 the box holds all the letters it can hold", &event),
		REASON_MAILBOX_FULL);
	ck_assert_int_eq(event.rule.layer, LAYER_LIKENESS);
	ck_assert(str_eq(event.rule.id, STR("likeness.mailbox.full")));
	ck_assert_uint_lt(event.rule.span_from, event.rule.span_to);
	ck_assert_uint_le(event.rule.span_to, event.diagnostic.n);
	parse_rules_weigh(rules, STR_EMPTY);
	ck_assert_int_eq(reason_of("550 the box holds all the letters it can hold", &event),
		REASON_UNKNOWN_UNCLASSIFIED);
}
END_TEST

START_TEST(what_no_code_shows_to_be_a_refusal_is_none)
{
	struct event event;

	ck_assert_int_eq(
		reason_of("Subject: offers of the week", &event), REASON_UNKNOWN_UNCLASSIFIED);
}
END_TEST

/* ---- lists ---- */

static enum err read_list(const char *text, struct reply_rows *ret_rows)
{
	const struct parse_source source = { STR("x.tsv"), str_c(text), true };
	struct str trouble = STR_EMPTY;
	enum err err = reply_list_read(arena, &source, ret_rows, &trouble);

	if (err)
		ck_assert(str_starts(trouble, STR("x.tsv:2: ")));
	return err;
}

START_TEST(a_list_is_read)
{
	struct reply_rows rows;

	ck_assert_int_eq(read_list("reply\tremote_mta\taccepted\thard\tgroup\n550 "
				   "x\tmx.example\tmailbox.full,system.full\teither\tg\n",
				 &rows),
		ERR_OK);
	ck_assert_uint_eq(rows.n, 1);
	ck_assert(str_eq(rows.items[0].remote_mta, STR("mx.example")));
	ck_assert_uint_eq(rows.items[0].accepted,
		(uint64_t)1 << REASON_MAILBOX_FULL | (uint64_t)1 << REASON_SYSTEM_FULL);
	ck_assert_int_eq(rows.items[0].hard, 0);
}
END_TEST

START_TEST(a_line_that_is_no_row_is_named)
{
	struct reply_rows rows;

	ck_assert_int_eq(read_list("h\n550 x\t\tmailbox.fool\ttrue\tg\n", &rows), ERR_SYNTAX);
	ck_assert_int_eq(read_list("h\n550 x\t\tmailbox.full\tperhaps\tg\n", &rows), ERR_SYNTAX);
	ck_assert_int_eq(read_list("h\n550 x\t\tmailbox.full\n", &rows), ERR_SYNTAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("likeness");
	TCase *tc = tcase_create("likeness");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, features_do_not_depend_on_names_and_numbers);
	tcase_add_test(tc, a_word_said_twice_is_one_feature);
	tcase_add_test(tc, scripts_without_spaces_have_parts);
	tcase_add_test(tc, a_text_without_end_has_bounded_features);
	tcase_add_test(tc, what_was_learnt_is_told_apart);
	tcase_add_test(tc, the_same_examples_give_the_same_bytes);
	tcase_add_test(tc, other_bytes_are_no_weights);
	tcase_add_test(tc, likeness_says_which_evidence_is_believed);
	tcase_add_test(tc, no_reason_outvotes_codes_and_not_words);
	tcase_add_test(tc, doubt_does_not_stop);
	tcase_add_test(tc, words_that_nobody_can_read_do_not_contradict_a_code);
	tcase_add_test(tc, words_that_no_rule_knows_are_judged_by_likeness);
	tcase_add_test(tc, what_no_code_shows_to_be_a_refusal_is_none);
	tcase_add_test(tc, a_list_is_read);
	tcase_add_test(tc, a_line_that_is_no_row_is_named);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
