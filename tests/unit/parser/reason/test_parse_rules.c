// links: parser
// Check program of parser/: the rules files and what they decide: grammar, order, conditions, the rules
// that are built in, and the verdicts that other systems are known to get wrong.
#include "core/buf.h"
#include "core/limits.h"
#include "core/report.h"
#include "core/status_code.h"
#include "parser/notice/format.h"
#include "parser/parse.h"
#include "parser/reason/classify.h"
#include "parser/reason/rules.h"
#include "parser/text/diagnostic.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ck_str(a, b)                                                                               \
	do {                                                                                       \
		struct str a_ = (a), b_ = (b);                                                     \
		ck_assert_msg(                                                                     \
			str_eq(a_, b_), "\"%.*s\" is not \"%.*s\"", STR_ARG(a_), STR_ARG(b_));     \
	} while (0)

static struct arena *arena;
static struct parse_rules *builtin;
static struct parser *parser;

static void setup(void)
{
	arena = arena_new();
	parser = parser_new(builtin);
}

static void teardown(void)
{
	parser_free(parser);
	arena_free(arena);
}

/* ---- grammar ---- */

static const struct {
	const char *text;
	enum err err;
	const char *trouble; /* a part of it */
} grammar_cases[] = {
	{ "", ERR_OK, "" },
	{ "# only a comment\n\n", ERR_OK, "" },
	{ "rule text.a = recipient.unknown 0.9\n 1 no such user\n", ERR_OK, "" },
	{ "rule text.a = recipient.unknown\n 1 no such user\n", ERR_OK, "" },
	{ "rule text.a = mailbox.gone\n", ERR_SYNTAX,
		"a.rules:1: unknown reason \"mailbox.gone\"" },
	{ "rule mine.a = mailbox.full\n", ERR_SYNTAX, "a.rules:1: a rule's name" },
	{ "rule text.a mailbox.full\n", ERR_SYNTAX, "missing \"=\"" },
	{ "rule text.a = mailbox.full 1.5\n", ERR_SYNTAX, "no confidence" },
	{ "rule text.a = mailbox.full 0.9 x\n", ERR_SYNTAX, "unexpected \"x\"" },
	{ "1 full\n", ERR_SYNTAX, "a pattern before the first rule" },
	{ "when mta x\n", ERR_SYNTAX, "a condition before the first rule" },
	{ "rule text.a = mailbox.full\nwhen moon full\n", ERR_SYNTAX,
		"unknown condition \"moon\"" },
	{ "rule text.a = mailbox.full\nwhen mta\n", ERR_SYNTAX, "a condition without a word" },
	{ "rule text.a = mailbox.full\nwhen mta a\nwhen mta b\n", ERR_EXISTS, "a condition twice" },
	{ "rule text.a = mailbox.full\n full\n", ERR_SYNTAX, "a pattern starts with its number" },
	{ "rule text.a = mailbox.full\n 0 full\n", ERR_SYNTAX, "a pattern starts with its number" },
	{ "rule text.a = mailbox.full\n 1\n", ERR_SYNTAX, "no pattern behind" },
	{ "rule text.a = mailbox.full\n 1 *\n", ERR_SYNTAX, "a rule without a condition" },
	{ "rule text.a = mailbox.full\nwhen code 552\n 1 *\n", ERR_OK, "" },
	{ "rule text.a = mailbox.full\n 1 x\n\n 1 y\n", ERR_EXISTS,
		"a.rules:4: a rule twice: \"text.a.1\"" },
	{ "rule text.a = mailbox.full\n 1 ok\n 2 (open\n", ERR_SYNTAX,
		"a.rules:3: the pattern is wrong" },
};

START_TEST(a_wrong_line_is_named)
{
	const struct parse_source source = { .name = STR("a.rules"),
		.text = str_c(grammar_cases[_i].text) };
	struct str trouble = STR_EMPTY;
	struct rules *rules = NULL;
	enum err err = rules_load(arena, &source, 1, &rules, &trouble);

	ck_assert_int_eq(err, grammar_cases[_i].err);
	ck_assert_msg(str_find(trouble, str_c(grammar_cases[_i].trouble)) != STR_NPOS, "\"%.*s\"",
		STR_ARG(trouble));
	rules_free(rules);
}
END_TEST

START_TEST(a_file_over_the_limit_is_refused)
{
	char *bytes = calloc(1, LIMIT_RULES_BYTES + 1);
	struct parse_source source = { .name = STR("big.rules"),
		.text = str_from(bytes, LIMIT_RULES_BYTES) };
	struct str trouble;
	struct rules *rules = NULL;

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, '\n', LIMIT_RULES_BYTES + 1);
	ck_assert_int_eq(rules_load(arena, &source, 1, &rules, &trouble), ERR_OK);
	rules_free(rules);
	source.text.n++;
	ck_assert_int_eq(rules_load(arena, &source, 1, &rules, &trouble), ERR_LIMIT);
	free(bytes);
}
END_TEST

/* ---- order, layers, conditions ---- */

static struct event judge(const char *rules_text, const char *reply, const char *mta)
{
	const struct parse_source source = { .name = STR("own.rules"), .text = str_c(rules_text) };
	struct classifier classifier;
	const struct matcher *matcher;
	struct diagnostic words;
	struct rules *rules = NULL;
	struct str trouble;
	struct event event;

	ck_assert_int_eq(rules_load(arena, &source, 1, &rules, &trouble), ERR_OK);
	matcher = rules_matcher(rules);
	classifier = (struct classifier){
		.rules = rules, .scratch = matcher_scratch_new(&matcher, 1), .work = arena
	};
	event_init(&event);
	event.outcome = OUTCOME_FAILED;
	event.diagnostic = str_c(reply);
	event.remote_mta = str_c(mta);
	diagnostic_read(event.diagnostic, &words);
	event.status = words.status;
	event.reply_code = words.reply_code;
	classify_event(&classifier, arena, &(struct classify_context){ 0 }, &event);
	event.rule.id = arena_dup(arena, event.rule.id);
	matcher_scratch_free(classifier.scratch);
	rules_free(rules);
	return event;
}

static const char ordered[] =
	"rule text.first = mailbox.full 0.9\n 1 full\n 2 quota\n"
	"rule text.second = recipient.unknown 0.9\n 1 full or unknown\n"
	"rule provider.x = system.full 0.9\n when mta *.example.com\n 1 full\n";

START_TEST(the_first_rule_wins_and_provider_rules_come_first)
{
	ck_str(judge(ordered, "550 full or unknown", "").rule.id, STR("text.first.1"));
	ck_str(judge(ordered, "550 quota", "").rule.id, STR("text.first.2"));
	ck_str(judge(ordered, "550 full", "mx.example.com").rule.id, STR("provider.x.1"));
	ck_str(judge(ordered, "550 full", "mx.example.org").rule.id, STR("text.first.1"));
	ck_str(judge(ordered, "550 hello", "").rule.id, STR("none"));
}
END_TEST

START_TEST(conditions_are_all_asked)
{
	static const char text[] =
		"rule text.a = mailbox.full\n when status 5.2.* 4.2.2\n when code 55*\n"
		" 1 full\nrule text.b = system.full\n when code 452\n 1 *\n";

	ck_str(judge(text, "552 5.2.2 full", "").rule.id, STR("text.a.1"));
	ck_str(judge(text, "550 4.2.2 full", "").rule.id, STR("text.a.1"));
	ck_assert_int_eq(judge(text, "550 5.1.1 full", "").rule.layer, LAYER_STATUS);
	ck_str(judge(text, "452 try later", "").rule.id, STR("text.b.1"));
	ck_assert_uint_eq(judge(text, "452 try later", "").rule.span_to, 0);
}
END_TEST

/* Every star may take any run: to try all of their shares would last longer than anybody waits. */
START_TEST(many_stars_in_a_condition_cost_no_more_than_few)
{
	static const char stars[] =
		"rule text.a = mailbox.full\n when mta "
		"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b *.c *d*\n 1 full\n";
	static const char mta[] =
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

	ck_str(judge(stars, "552 full", mta).rule.id, STR("code.552"));
	ck_str(judge(stars, "552 full", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab").rule.id, STR("text.a.1"));
	ck_str(judge(stars, "552 full", "x.y.C").rule.id, STR("text.a.1"));
	ck_str(judge(stars, "552 full", "xdy").rule.id, STR("text.a.1"));
	ck_str(judge(stars, "552 full", "c").rule.id, STR("code.552"));
}
END_TEST

START_TEST(the_span_is_what_matched)
{
	struct event event = judge("rule text.a = mailbox.full\n 1 mailbox .*full\n",
		"552 5.2.2 M\xC3\xBCller's mailbox is full now", "");

	ck_str(str_slice(event.diagnostic, event.rule.span_from, event.rule.span_to),
		STR("mailbox is full"));
}
END_TEST

START_TEST(an_earlier_source_wins)
{
	const struct parse_source *builtins;
	size_t n = parse_builtin_sources(&builtins);
	struct parse_source sources[64] = { { .name = STR("own.rules"),
		.text = STR("rule text.own = recipient.moved\n 1 user unknown\n") } };
	CLEANUP(parse_rules_freep) struct parse_rules *rules = NULL;
	struct str trouble;
	struct parser *own;
	struct event event;

	ck_assert_uint_lt(n, ARRAY_LEN(sources));
	memcpy(sources + 1, builtins, n * sizeof *sources);
	ck_assert_int_eq(parse_rules_load(arena, sources, n + 1, &rules, &trouble), ERR_OK);
	own = parser_new(rules);
	parse_reply(own, arena, STR("550 5.0.0 user unknown"), STR_EMPTY, &event);
	ck_str(event.rule.id, STR("text.own.1"));
	parser_free(own);
}
END_TEST

/* ---- the rules that are built in ---- */

/* Of two rules with the same pattern the later can only be reached if it asks for more. */
static bool shadows(const struct rule *first, const struct rule *second)
{
	if (first->layer != second->layer || !first->pattern.n ||
		!str_eq(first->pattern, second->pattern))
		return false;
	for (size_t i = 0; i < RULE_CONDITION_COUNT; i++)
		if (first->scope->words[i].n)
			return false;
	return true;
}

START_TEST(no_builtin_rule_is_shadowed)
{
	const struct parse_source *sources;
	size_t n = parse_builtin_sources(&sources);
	struct str trouble;
	struct rules *rules;

	ck_assert_uint_ge(n, 2);
	ck_assert_int_eq(rules_load(arena, sources, n, &rules, &trouble), ERR_OK);
	ck_assert_uint_gt(rules_count(rules), 500);
	for (size_t i = 0; i < rules_count(rules); i++)
		for (size_t k = i + 1; k < rules_count(rules); k++)
			ck_assert_msg(!shadows(rules_at(rules, i), rules_at(rules, k)),
				"%.*s hides %.*s", STR_ARG(rules_at(rules, i)->id),
				STR_ARG(rules_at(rules, k)->id));
	rules_free(rules);
}
END_TEST

START_TEST(the_anchors_compile)
{
	struct formats *formats = formats_new();

	for (int set = 0; set < FORMAT_SETS; set++)
		ck_assert_ptr_nonnull(formats_matcher(formats, (enum format_set)set));
	formats_free(formats);
}
END_TEST

/* reply, host, reason, class */
static const struct {
	const char *reply, *mta;
	enum reason reason;
	enum reason_class class;
} verdicts[] = {
	{ "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found", "", REASON_RECIPIENT_UNKNOWN,
		CLASS_HARD },
	{ "556 5.1.10 Domain does not accept mail (nullMX)", "", REASON_DOMAIN_NO_MAIL,
		CLASS_HARD },
	{ "550 5.4.1 Recipient address rejected: Access denied.", "x.mail.protection.outlook.com",
		REASON_RECIPIENT_UNKNOWN, CLASS_HARD },
	{ "450 4.2.1 The user you are trying to contact is receiving mail too quickly", "",
		REASON_RATE_LIMITED, CLASS_BLOCK },
	{ "550 5.2.1 The email account that you tried to reach is disabled", "",
		REASON_RECIPIENT_DISABLED, CLASS_HARD },
	{ "552 5.2.2 over quota and inactive", "", REASON_RECIPIENT_DISABLED, CLASS_HARD },
	{ "552 5.2.2 Mailbox over quota", "", REASON_MAILBOX_FULL, CLASS_SOFT },
	{ "552 5.3.4 Message too big for system", "", REASON_MESSAGE_TOO_LARGE, CLASS_BLOCK },
	{ "550 5.7.1 Relaying denied", "", REASON_RELAY_DENIED, CLASS_SOFT },
	{ "550 5.7.1 Message rejected as spam by Content Filtering.", "", REASON_CONTENT_SPAM,
		CLASS_BLOCK },
	{ "550 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
		"", REASON_REPUTATION_IP, CLASS_BLOCK },
	{ "550 5.7.25 The IP address sending this message does not have a PTR record", "",
		REASON_AUTH_NO_PTR, CLASS_BLOCK },
	{ "550 5.7.509 sending domain does not pass DMARC verification", "", REASON_AUTH_FAILED,
		CLASS_BLOCK },
	{ "450 4.7.1 Greylisted, please try again", "", REASON_RATE_GREYLISTED, CLASS_BLOCK },
	{ "530 5.7.0 Must issue a STARTTLS command first", "", REASON_TLS_REQUIRED, CLASS_BLOCK },
	{ "553 5.1.8 Domain of sender address a@b.example does not exist", "",
		REASON_SENDER_REJECTED, CLASS_BLOCK },
	{ "554 5.4.6 Too many hops", "", REASON_NETWORK_ROUTING_LOOP, CLASS_SOFT },
	{ "450 4.1.1 User unknown in virtual alias table", "", REASON_RECIPIENT_UNKNOWN,
		CLASS_SOFT },
	{ "550 5.1.6 mailbox has moved, no forwarding address", "", REASON_RECIPIENT_MOVED,
		CLASS_HARD },
	{ "550 5.7.17 Mailbox owner has changed", "", REASON_RECIPIENT_OWNER_CHANGED, CLASS_HARD },
	{ "550 Unbekannter Empf\xC3\xA4nger", "", REASON_RECIPIENT_UNKNOWN, CLASS_HARD },
	{ "552 Das Postfach ist voll", "", REASON_MAILBOX_FULL, CLASS_SOFT },
	{ "550 Destinataire inconnu: adresse inconnu ici", "", REASON_RECIPIENT_UNKNOWN,
		CLASS_HARD },
	{ "550 El usuario no existe", "", REASON_RECIPIENT_UNKNOWN, CLASS_HARD },
	{ "550 Usu\xC3\xA1rio n\xC3\xA3o existe: usu\xC3\xA1rio inexistente desconhecido", "",
		REASON_RECIPIENT_UNKNOWN, CLASS_HARD },
	{ "552 Casella di posta piena", "", REASON_MAILBOX_FULL, CLASS_SOFT },
	{ "550 De gebruiker is onbekend", "", REASON_RECIPIENT_UNKNOWN, CLASS_HARD },
	{ "550 Nie ma takiego u\xC5\xBCytkownika", "", REASON_RECIPIENT_UNKNOWN, CLASS_HARD },
	{ "550 "
	  "\xD0\x9F\xD0\xBE\xD0\xBB\xD1\x8C\xD0\xB7\xD0\xBE\xD0\xB2\xD0\xB0\xD1\x82\xD0\xB5\xD0\xBB"
	  "\xD1\x8C "
	  "\xD0\xBD\xD0\xB5 \xD0\xBD\xD0\xB0\xD0\xB9\xD0\xB4\xD0\xB5\xD0\xBD",
		"", REASON_RECIPIENT_UNKNOWN, CLASS_HARD },
	{ "550 \xE7\x94\xA8\xE6\x88\xB7\xE4\xB8\x8D\xE5\xAD\x98\xE5\x9C\xA8", "",
		REASON_RECIPIENT_UNKNOWN, CLASS_HARD },
	{ "550 5.1.1", "", REASON_RECIPIENT_UNKNOWN, CLASS_HARD },
	{ "550 5.4.4", "", REASON_DOMAIN_NONEXISTENT, CLASS_HARD },
	{ "450 4.4.4", "", REASON_DOMAIN_DNS_FAILURE, CLASS_SOFT },
	{ "550 5.7.30", "", REASON_TLS_REQUIRED, CLASS_BLOCK },
	{ "550 no", "", REASON_UNKNOWN_UNCLASSIFIED, CLASS_SOFT },
	{ "", "", REASON_UNKNOWN_UNCLASSIFIED, CLASS_SOFT },
};

START_TEST(replies_get_their_verdict)
{
	struct event event;

	parse_reply(parser, arena, str_c(verdicts[_i].reply), str_c(verdicts[_i].mta), &event);
	ck_assert_msg(event.reason == verdicts[_i].reason, "%s: %.*s by %.*s", verdicts[_i].reply,
		STR_ARG(reason_name(event.reason)), STR_ARG(event.rule.id));
	ck_assert_int_eq(event.class, verdicts[_i].class);
	ck_assert_uint_le(event.rule.span_from, event.rule.span_to);
	ck_assert_uint_le(event.rule.span_to, event.diagnostic.n);
	ck_assert(event.confidence >= 0 && event.confidence <= 1);
}
END_TEST

/* Each code of the registry gets a verdict without a word of text. */
START_TEST(the_registry_is_asked)
{
	for (size_t i = 0; i < status_code_count(); i++) {
		struct status_code code;
		struct str meaning;
		enum reason reason;
		struct event event;

		status_code_row(i, &code, &meaning, &reason);
		parse_reply(parser, arena,
			arena_printf(arena, "550 5.%u.%u", code.subject, code.detail), STR_EMPTY,
			&event);
		if (reason != REASON_NONE && reason != REASON_UNKNOWN_UNCLASSIFIED && code.detail)
			ck_assert_int_ne(event.reason, REASON_UNKNOWN_UNCLASSIFIED);
	}
}
END_TEST

/* ---- limits of a message ---- */

static struct report parse_groups(size_t n)
{
	struct buf mail = BUF_INIT(4u << 20);
	struct report report;

	buf_put(&mail, STR("From: MAILER-DAEMON@example.net\nContent-Type: multipart/report; "
			   "report-type=delivery-status; boundary=b\n\n--b\n"
			   "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"));
	for (size_t i = 0; i < n; i++)
		buf_printf(&mail,
			"Final-Recipient: rfc822; u%zu@example.com\nAction: failed\n"
			"Status: 5.1.1\n\n",
			i);
	buf_put(&mail, STR("--b--\n"));
	parse_message(parser, arena, NULL, buf_str(&mail), &report);
	buf_release(&mail);
	return report;
}

START_TEST(events_end_at_their_limit)
{
	struct report report = parse_groups(LIMIT_EVENTS);

	ck_assert_uint_eq(report.n_events, LIMIT_EVENTS);
	ck_assert(!(report.flaws & FLAW_BIT(FLAW_EVENT_LIMIT)));
	report = parse_groups(LIMIT_EVENTS + 1);
	ck_assert_uint_eq(report.n_events, LIMIT_EVENTS);
	ck_assert(report.flaws & FLAW_BIT(FLAW_EVENT_LIMIT));
}
END_TEST

START_TEST(a_diagnosis_ends_at_its_limit)
{
	struct buf reply = BUF_INIT(1u << 20);
	struct event event;

	buf_put(&reply, STR("550 "));
	for (size_t i = 0; i < LIMIT_DIAGNOSTIC_BYTES; i++)
		buf_put(&reply, STR("\xC3\xA4"));
	parse_reply(parser, arena, buf_str(&reply), STR_EMPTY, &event);
	ck_assert_uint_le(event.diagnostic.n, LIMIT_DIAGNOSTIC_BYTES);
	buf_release(&reply);
}
END_TEST

START_TEST(the_envelope_gives_token_and_id)
{
	struct str path = STR("B1.AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQ@example.org");
	struct envelope envelope = { .source = SOURCE_SMTP,
		.forward_paths = &path,
		.n_forward_paths = 1,
		.envelope_id = STR("send-42") };
	struct report report;

	parse_message(parser, arena, &envelope,
		STR("From: MAILER-DAEMON@x\nSubject: failure notice\n\n"), &report);
	ck_assert_int_eq(report.token.verdict, TOKEN_UNKNOWN);
	ck_str(report.token.text, STR("b1.aaaqeayeaudaocajbifqydiob4ibceqtcq"));
	ck_str(report.original.envelope_id, STR("send-42"));
	/* What the report says of our mail goes before what its own sender said. */
	parse_message(parser, arena, &envelope,
		STR("From: MAILER-DAEMON@x\nMIME-Version: 1.0\nContent-Type: multipart/report; "
		    "report-type=delivery-status; boundary=b\n\n--b\nContent-Type: "
		    "message/delivery-status\n\nReporting-MTA: dns; "
		    "x.example\nOriginal-Envelope-Id: "
		    "ours-7\n\nFinal-Recipient: rfc822; a@example.com\nAction: failed\nStatus: "
		    "5.1.1\n\n--b--\n"),
		&report);
	ck_str(report.original.envelope_id, STR("ours-7"));
	path = STR("b1.aaaqeayeaudaocajbifqydiob4ibceqtc1@example.org"); /* 1 is no base32 */
	parse_message(parser, arena, &envelope, STR("Subject: x\n\n"), &report);
	ck_assert_int_eq(report.token.verdict, TOKEN_NONE);
}
END_TEST

static bool load_builtin(void)
{
	CLEANUP(arena_freep) struct arena *own = arena_new();
	const struct parse_source *sources;
	size_t n = parse_builtin_sources(&sources);
	struct str trouble = STR_EMPTY;

	if (!parse_rules_load(own, sources, n, &builtin, &trouble))
		return true;
	fprintf(stderr, "%.*s\n", STR_ARG(trouble));
	return false;
}

int main(void)
{
	Suite *suite = suite_create("parse_rules");
	TCase *tcase = tcase_create("rules");
	SRunner *runner = srunner_create(suite);
	int failed;

	if (!load_builtin())
		return EXIT_FAILURE;
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, a_wrong_line_is_named, 0, ARRAY_LEN(grammar_cases));
	tcase_add_test(tcase, a_file_over_the_limit_is_refused);
	tcase_add_test(tcase, the_first_rule_wins_and_provider_rules_come_first);
	tcase_add_test(tcase, conditions_are_all_asked);
	tcase_add_test(tcase, many_stars_in_a_condition_cost_no_more_than_few);
	tcase_add_test(tcase, the_span_is_what_matched);
	tcase_add_test(tcase, an_earlier_source_wins);
	tcase_add_test(tcase, no_builtin_rule_is_shadowed);
	tcase_add_test(tcase, the_anchors_compile);
	tcase_add_loop_test(tcase, replies_get_their_verdict, 0, ARRAY_LEN(verdicts));
	tcase_add_test(tcase, the_registry_is_asked);
	tcase_add_test(tcase, events_end_at_their_limit);
	tcase_add_test(tcase, a_diagnosis_ends_at_its_limit);
	tcase_add_test(tcase, the_envelope_gives_token_and_id);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	parse_rules_free(builtin);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
