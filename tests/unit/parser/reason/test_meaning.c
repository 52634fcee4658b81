// links: parser
// Check program of parser/reason: folding, turns of words, frames, and how evidence is settled.
#include "parser/parse.h"
#include "parser/reason/evidence.h"
#include "parser/reason/meaning.h"
#include "parser/reason/quoted.h"
#include "tests/support/suite.h"

#include <check.h>

static struct arena *arena;
static struct lexicon *lexicon;

static void setup(void)
{
	const struct parse_source *sources;
	size_t n = parse_builtin_sources(&sources);
	struct str trouble;

	arena = arena_new();
	ck_assert_int_eq(lexicon_load(arena, sources, n, &lexicon, &trouble), ERR_OK);
}

static void teardown(void)
{
	lexicon_free(lexicon);
	arena_free(arena);
}

/* ---- folding ---- */

static const struct {
	const char *text, *folded;
} foldings[] = {
	{ "EMPF\xC3\x84NGER", "empfanger" },
	{ "Empf\\303\\244nger", "empfanger" },
	{ "Empf\xC3\x83\xC2\xA4nger", "empfanger" }, /* UTF-8 of UTF-8 */
	{ "Empf??nger", "empf\x02nger" },
	{ "really?", "really?" },
	{ "non-existent_user", "non existent user" },
	{ "now - later", "now - later" },
	{ "stra\xC3\x9F"
	  "e",
		"strasse" },
	{ "to <a@b.example> gone", "to <\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01> gone" },
	{ "\xE3\x83\xA6\xE3\x83\xBC\xE3\x82\xB6", "\xE3\x83\xA6\xE3\x83\xBC\xE3\x82\xB6" },
};

START_TEST(a_text_is_folded)
{
	struct folding folding;

	fold_text(lexicon_folds(lexicon), arena, str_c(foldings[_i].text), &folding);
	ck_assert_msg(str_eq(folding.text, str_c(foldings[_i].folded)), "%s: %.*s",
		foldings[_i].text, STR_ARG(folding.text));
	ck_assert_uint_eq(fold_source(&folding, folding.text.n), str_c(foldings[_i].text).n);
}
END_TEST

/* ---- what turns what ---- */

static const struct {
	const char *text, *frame; /* NULL: nothing fits */
} readings[] = {
	{ "550 the mailbox does not exist", "meaning.recipient.absent" },
	{ "550 the mailbox of the sender does not exist", "meaning.sender.absent" },
	{ "550 your mailbox does not exist", "meaning.sender.absent" },
	{ "550 we have no user of that kind", "meaning.recipient.absent" },
	{ "550 she no longer works here", "meaning.recipient.left_alone" },
	{ "552 the mailbox is full", "meaning.mailbox.full" },
	{ "452 the disk is full", "meaning.system.full" },
	{ "550 12 users not found", NULL },
	{ "550 utilisateur inconnu", "meaning.recipient.absent" },
	{ "550 Benutzerkonto unbekannt", "meaning.recipient.absent" },
	{ "550 \xE7\x94\xA8\xE6\x88\xB7\xE4\xB8\x8D\xE5\xAD\x98\xE5\x9C\xA8",
		"meaning.recipient.absent" },
	{ "550 hello", NULL },
	{ "", NULL },
};

static struct meaning *read_meaning(struct meaning_context context, const char *text)
{
	struct meaning *m = arena_alloc(arena, sizeof *m);

	meaning_read(lexicon, arena, &context, str_c(text), m);
	return m;
}

START_TEST(a_reply_is_read)
{
	struct meaning *m = read_meaning((struct meaning_context){ 0 }, readings[_i].text);
	struct str found = m->n ? m->candidates[0].frame->id : STR("(none)");

	if (readings[_i].frame)
		ck_assert_msg(str_eq(found, str_c(readings[_i].frame)), "%s: %.*s",
			readings[_i].text, STR_ARG(found));
	else
		ck_assert_msg(!m->n || reason_class(m->candidates[0].frame->reason) != CLASS_HARD ||
				      !m->candidates[0].thing,
			"%s: %.*s", readings[_i].text, STR_ARG(found));
}
END_TEST

START_TEST(an_address_is_the_recipients_or_the_senders)
{
	struct meaning_context context = { .recipient = STR("ann@shop.example"),
		.sender = STR("news@send.example") };
	const struct meaning *m = read_meaning(context, "550 news@send.example does not exist");

	ck_assert_uint_gt(m->n, 0);
	ck_assert_int_eq(m->candidates[0].frame->reason, REASON_SENDER_REJECTED);
	m = read_meaning(context, "550 ann@shop.example does not exist");
	ck_assert_uint_gt(m->n, 0);
	ck_assert_int_eq(m->candidates[0].frame->reason, REASON_RECIPIENT_UNKNOWN);
}
END_TEST

START_TEST(words_of_time_and_advice_are_heard)
{
	const struct meaning *now = read_meaning(
				     (struct meaning_context){ 0 }, "550 mailbox not found"),
			     *advice = read_meaning((struct meaning_context){ 0 },
				     "550 please check that the mailbox not found");

	ck_assert(read_meaning((struct meaning_context){ 0 }, "550 mailbox temporarily closed")
			  ->marks.soon);
	ck_assert(!now->marks.soon);
	ck_assert_double_lt(advice->candidates[0].strength, now->candidates[0].strength);
}
END_TEST

/* ---- evidence ---- */

static struct evidence said(enum layer layer, enum reason reason, double strength)
{
	return (struct evidence){
		.layer = layer, .reason = reason, .id = STR("x"), .strength = strength
	};
}

START_TEST(doubt_never_suppresses)
{
	struct evidence_list list = { .n = 0 };
	struct evidence guard = said(LAYER_TEXT, REASON_SENDER_REJECTED, 0.5);

	ck_assert_ptr_null(evidence_settle(&list));
	evidence_add(&list, said(LAYER_MEANING, REASON_RECIPIENT_UNKNOWN, 0.90));
	evidence_add(&list, said(LAYER_MEANING, REASON_MAILBOX_FULL, 0.84));
	ck_assert_int_eq(evidence_settle(&list)->reason, REASON_RECIPIENT_UNKNOWN);
	evidence_add(&list, said(LAYER_MEANING, REASON_CONTENT_SPAM, 0.86));
	ck_assert_int_eq(evidence_settle(&list)->reason, REASON_CONTENT_SPAM);
	list.n = 1;
	guard.guard = true;
	evidence_add(&list, guard);
	ck_assert_int_eq(evidence_settle(&list)->reason, REASON_SENDER_REJECTED);
	for (size_t i = 0; i < 2 * EVIDENCE_MOST; i++)
		evidence_add(&list, guard);
	ck_assert_uint_eq(list.n, EVIDENCE_MOST);
}
END_TEST

START_TEST(codes_say_what_they_can)
{
	struct evidence one;

	ck_assert(evidence_of_status(STR("5.1.1"), &one) && one.reason == REASON_RECIPIENT_UNKNOWN);
	ck_assert(!evidence_of_status(STR("5.0.0"), &one));
	ck_assert(
		evidence_of_status(STR("5.4.4"), &one) && one.reason == REASON_DOMAIN_NONEXISTENT);
	ck_assert(
		evidence_of_status(STR("4.4.4"), &one) && one.reason == REASON_DOMAIN_DNS_FAILURE);
	ck_assert(evidence_of_code(556, STR_EMPTY, &one) && !one.never_hard);
	ck_assert(evidence_of_code(551, STR_EMPTY, &one) && one.never_hard);
	ck_assert(
		evidence_of_code(501, STR("RCPT"), &one) && one.reason == REASON_RECIPIENT_SYNTAX);
	ck_assert(evidence_of_code(501, STR("DATA"), &one) && one.reason == REASON_PROTOCOL_ERROR);
	ck_assert(!evidence_of_code(550, STR_EMPTY, &one));
}
END_TEST

static const struct {
	const char *text, *quoted;
} quotations[] = {
	{ "host mx.shop.example[192.0.2.1] said: 550 no (in reply to RCPT TO command)", "550 no" },
	{ "5.1.0 - Unknown address error 550-'5.7.1 denied' (delivery attempts: 0)",
		"550-'5.7.1 denied'" },
	{ "550 said: 551 twice", "550 said: 551 twice" },
	{ "nothing is quoted here", "nothing is quoted here" },
	{ "said: 550", "said: 550" },
	{ "", "" },
};

START_TEST(the_quoted_reply_is_found)
{
	struct str quoted = quoted_reply(str_c(quotations[_i].text));

	ck_assert_msg(str_eq(quoted, str_c(quotations[_i].quoted)), "%s: %.*s", quotations[_i].text,
		STR_ARG(quoted));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("meaning");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_text_is_folded, 0, ARRAY_LEN(foldings));
	tcase_add_loop_test(tc, a_reply_is_read, 0, ARRAY_LEN(readings));
	tcase_add_test(tc, an_address_is_the_recipients_or_the_senders);
	tcase_add_test(tc, words_of_time_and_advice_are_heard);
	tcase_add_test(tc, doubt_never_suppresses);
	tcase_add_test(tc, codes_say_what_they_can);
	tcase_add_loop_test(tc, the_quoted_reply_is_found, 0, ARRAY_LEN(quotations));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
