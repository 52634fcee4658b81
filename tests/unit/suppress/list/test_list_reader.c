// links: suppress/list store
// Check program of the readers of lists: each format by its first line, what is refused and in which line, the same whatever
// the pieces are, and each format that we write read back.
#include "core/limits.h"
#include "suppress/list/format_writer.h"
#include "suppress/list/list_reader.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define AT ((int64_t)1795000000 * TIMESTAMP_SECOND_US) /* 2026-11-18T11:06:40Z */

/* "LINE ADDRESS b|c|u REASON [STATUS] [STREAM] [words] when;" and "LINE !flaw;" */
static bool dump_entry(void *context, const struct list_entry *entry)
{
	const struct store_suppression *row = &entry->row;
	struct buf *out = context;
	char room[TIMESTAMP_TEXT_BYTES];

	buf_printf(out, "%d %.*s %c", (int)entry->line, STR_ARG(row->address), "bcu"[entry->kind]);
	if (row->reason != REASON_NONE)
		buf_printf(out, " %.*s", STR_ARG(reason_name(row->reason)));
	if (row->status.n)
		buf_printf(out, " %.*s", STR_ARG(row->status));
	if (row->stream.n)
		buf_printf(out, " stream=%.*s", STR_ARG(row->stream));
	if (row->diagnostic.n)
		buf_printf(out, " [%.*s]", STR_ARG(row->diagnostic));
	if (row->first_seen_us != TIMESTAMP_NONE)
		buf_printf(out, " %.*s", STR_ARG(timestamp_format(row->first_seen_us, room)));
	buf_putc(out, ';');
	return true;
}

static void dump_flaw(void *context, uint64_t line, enum list_flaw flaw)
{
	buf_printf(context, "%d !%.*s;", (int)line, STR_ARG(list_flaw_name(flaw)));
}

static void read_pieces(
	enum list_source format, struct str text, size_t piece, size_t cut, struct buf *out)
{
	const struct list_sink sink = { dump_entry, dump_flaw, out };
	struct list_reader *reader = list_reader_new(&sink, format);
	struct str rest = str_skip(text, cut);
	bool more = !cut || list_reader_feed(reader, str_head(text, cut));

	while (more && rest.n) {
		more = list_reader_feed(reader, str_head(rest, piece));
		rest = str_skip(rest, piece);
	}
	list_reader_finish(reader);
	buf_putc(out, 0);
	list_reader_free(reader);
}

#define CANONICAL                                                                                  \
	"address,domain,reason,family,class_hard,scope,source,first_seen,last_seen,count,status,"  \
	"diagnostic,evidence_id,expires_at,state,seq\r\n"
static const struct {
	const char *text, *found;
} cases[] = {
	/* each format, as its system writes it */
	{ CANONICAL "ann@x.example,x.example,recipient.unknown,recipient,true,stream:news,bounce,"
		    "2026-11-18T11:06:40Z,"
		    "2026-11-19T11:06:40Z,3,5.1.1,550 "
		    "no,,,active,7\r\n@y.example,,,,,global,manual,,,,,,,,active,8\r\n"
		    "bob@x.example,,,,,global,import:ses-complaint,,,,,,,,removed,9\r\n",
		"2 ann@x.example b recipient.unknown 5.1.1 stream=news [550 no] "
		"2026-11-18T11:06:40Z;"
		"3 @y.example u;4 !state;" },
	{ "created,email,reason,status\n1795000000,Ann@X.example,\"550 5.1.1 no \"\"such\"\" "
	  "user\",5.1.1\n",
		"2 ann@x.example b recipient.unknown 5.1.1 [550 5.1.1 no \"such\" user] "
		"2026-11-18T11:06:40Z;" },
	{ "created,email,ip\n1795000000,ann@x.example,192.0.2.1\n",
		"2 ann@x.example c 2026-11-18T11:06:40Z;" },
	{ "created,email,reason\n1795000000,ann@x.example,Known bad domain\n",
		"2 ann@x.example b [Known bad domain] 2026-11-18T11:06:40Z;" },
	{ "created,email\n1795000000,ann@x.example", "2 ann@x.example u 2026-11-18T11:06:40Z;" },
	{ "address,code,error,created_at\r\nann@x.example,550,\"550 5.2.1 gone\nfor good\",\"Wed, "
	  "18 Nov 2026 11:06:40 UTC\"\r\n"
	  "bob@x.example,550,no,\"Wed, 18 Nov 2026 12:06:40 +0100\"\r\n",
		"2 ann@x.example b recipient.disabled 5.2.1 [550 5.2.1 gone for good] "
		"2026-11-18T11:06:40Z;"
		"4 bob@x.example b [no] 2026-11-18T11:06:40Z;" },
	{ "address,tags,created_at\nann@x.example,*,2026-11-18 11:06:40\n",
		"2 ann@x.example u 2026-11-18T11:06:40Z;" },
	{ "address,tag,created_at\nann@x.example,*,\n", "2 ann@x.example u;" },
	{ "Address, Created_At\nann@x.example,x\n", "2 ann@x.example c;" },
	{ "address,domain\nann@x.example,\n", "1 !allow_list;" },
	{ "recipient,type,description,source,created\nann@x.example,transactional,x,Bounce "
	  "Rule,2026\n",
		"2 ann@x.example b [x];" },
	{ "email,reason,detail,created_at,expires_at,last_event_at,expires_at,subaccount\n"
	  "ann@x.example,hard-bounce,550 5.1.1 no,2026-11-18 "
	  "11:06:40,,,,\nbob@x.example,soft-bounce,,,,,,\n"
	  "eve@x.example,spam,,,,,,\n",
		"2 ann@x.example b recipient.unknown 5.1.1 [550 5.1.1 no] 2026-11-18T11:06:40Z;3 "
		"!temporary;"
		"4 eve@x.example c;" },
	{ "email,name,attributes\nann@x.example,Ann,\"{\"\"a\"\":\"\"b,c\"\"}\"\n",
		"2 ann@x.example u;" },
	{ "Email Address,First Name,CLEAN_TIME\nann@x.example,Ann,2026-11-18 11:06:40\n",
		"2 ann@x.example b;" },
	{ "Email Address,First Name,UNSUB_TIME\nann@x.example,Ann,\n", "2 ann@x.example u;" },
	{ "Email Address,First Name,OPTIN_TIME\nann@x.example,Ann,\n", "1 !subscribers;" },
	{ "Email Address\nann@x.example\n", "2 ann@x.example b;" },
	{ "EMAIL\nann@x.example\n\nbob@x.example\n", "2 ann@x.example b;4 bob@x.example b;" },
	{ "ann@x.example,BOUNCE\nbob@x.example,complaint\n",
		"1 ann@x.example b;2 bob@x.example c;" },
	{ "# a@b, c\n#ann@x.example,BOUNCE\n", "2 #ann@x.example b;" },
	{ "\xef\xbb\xbf"
	  "ann@x.example\r\n# a note\n\"a b\"@x.example\n",
		"1 ann@x.example b;3 \"a b\"@x.example b;" },
	{ "ann@x.example  550 5.1.1 no\n  more text\nbob@x.example OK\nx.example REJECT\n\"a "
	  "b\"@x.example\tREJECT\nuser@ REJECT\n",
		"1 ann@x.example b;3 !passes;4 !whole_domain;5 \"a b\"@x.example b;6 "
		"!local_part;" },
	{ "ann@x.example: no\n\"\\\"a b\\\"@x.example\": no\n*@x.example: no\n\"#a@x.example\":\n",
		"1 ann@x.example b;2 \"a b\"@x.example b;3 *@x.example b;4 #a@x.example b;" },
	{ "{\"address\":\"ann@x.example\",\"domain\":\"x.example\",\"reason\":\"recipient."
	  "unknown\",\"source\":\"bounce\",\"count\":3}\n"
	  "{\"emailAddress\":\"bob@x.example\",\"reason\":\"COMPLAINT\"}\n{\"domain\":\"x."
	  "example\"}\n",
		"1 ann@x.example b recipient.unknown;2 bob@x.example c;3 !empty;" },
	{ "{\"address\":\"@x.example\",\"scope\":\"global\",\"state\":\"active\"}\n",
		"1 @x.example b;" },
	{ "{\"Suppressions\":[\n{\"EmailAddress\":\"ann@x.example\",\"SuppressionReason\":"
	  "\"SpamComplaint\",\"Origin\":\"Recipient\","
	  "\"CreatedAt\":\"2026-11-18T11:06:40Z\"},\n{\"EmailAddress\":\"\\u0062ob@x.example\"}]}",
		"2 ann@x.example c 2026-11-18T11:06:40Z;3 bob@x.example b;" },
	{ "{\"items\":[{\"address\":\"ann@x.example\",\"code\":\"550\",\"error\":\"5.1.1 "
	  "no\",\"created_at\":"
	  "\"Wed, 18 Nov 2026 11:06:40 UTC\"}],\"paging\":{\"next\":\"https://x.example/a@b\"}}",
		"1 ann@x.example b recipient.unknown 5.1.1 [5.1.1 no] 2026-11-18T11:06:40Z;" },
	{ "{\"recipient_emails\":[\"ann@x.example\",\"no\"],\"tags\":[\"eve@x.example\"]}",
		"1 ann@x.example b;1 !no_address;" },
	{ "{\n\"ann@x.example\":\"recipient.unknown\",\n\"@x.example\":\"x\"\n}\n",
		"2 ann@x.example b [recipient.unknown];3 !whole_domain;" },
	{ "[\"ann@x.example\"]", "1 ann@x.example b;" },
	/* hostile lines */
	{ "ann@x.example\n=cmd|'/c calc'!A1@x.example\n@SUM(1+1)*cmd|' /C "
	  "calc'!A0\n+1@x.example\n-1+cmd@x.example\n",
		"1 ann@x.example b;2 !formula;3 !formula;4 +1@x.example b;5 -1+cmd@x.example b;" },
	{ "ann@x.example\na\rb@x.example\nbob@x.example\n",
		"1 ann@x.example b;2 !control;3 bob@x.example b;" },
	{ "ann@x.example\nann\nann@\n@x.example\na "
	  "b@x.example\nann@x..example\nann@.example\nann@x.example, "
	  "eve@x.example\n<a@x.example>\n",
		"1 ann@x.example b;2 !no_address;3 !local_part;4 !whole_domain;5 !character;6 "
		"!character;7 !character;"
		"8 !character;9 !character;" },
	{ "ann@x.example\na\xff@x.example\n\xed\xa0\x80@x."
	  "example\nd41d8cd98f00b204e9800998ecf8427e\n",
		"1 ann@x.example b;2 !not_utf8;3 !not_utf8;4 !digest;" },
	{ "name,phone\nann,1\n", "1 !header;" },
	{ "nothing\n", "1 !header;" },
	{ "created,email\n1,ann@x.example\n1,\"bob@x.example\n1,eve@x.example\n1,zoe@x.example,x\n",
		"2 ann@x.example u 1970-01-01T00:00:01Z;3 !quote;4 eve@x.example u "
		"1970-01-01T00:00:01Z;5 !fields;" },
	{ "created,email\n1,\"a\"b\n1,\"x\ny\"z\n1,eve@x.example\n",
		"2 !quote;3 !quote;4 !fields;5 eve@x.example u 1970-01-01T00:00:01Z;" },
	{ "{\"address\":\"ann@x.example\"}\n{\"address\":bob}\n{\"address\":\"eve@x.example\"\n{"
	  "\"address\":\"a\\u0000@x.example\"}\n"
	  "{\"address\":\"zoe@x.example\"}\n{\"address\"",
		"1 ann@x.example b;2 !json;4 !json;5 zoe@x.example b;6 !json;" },
	{ "[[[[[[[[[[[[[[[[", "1 !json;" },
	{ "", "" },
	{ "\n\n# nothing\n", "" },
};

START_TEST(lists_are_read_whole_bytewise_and_split)
{
	struct str text = str_c(cases[_i].text);
	struct buf whole = BUF_INIT(1 << 16), pieces = BUF_INIT(1 << 16);

	read_pieces(LIST_SOURCE_COUNT, text, SIZE_MAX, 0, &whole);
	ck_assert_str_eq(whole.p, cases[_i].found);
	read_pieces(LIST_SOURCE_COUNT, text, 1, 0, &pieces);
	ck_assert_str_eq(pieces.p, whole.p);
	for (size_t cut = 1; cut < text.n; cut++) {
		buf_reset(&pieces);
		read_pieces(LIST_SOURCE_COUNT, text, SIZE_MAX, cut, &pieces);
		ck_assert_str_eq(pieces.p, whole.p);
	}
	buf_release(&whole);
	buf_release(&pieces);
}
END_TEST

static const struct {
	const char *text;
	size_t n;
	const char *found;
} raw[] = {
	{ "\xff\xfe"
	  "a\0@\0x\0\n\0",
		10, "1 !utf16;" },
	{ "a\0n\0n\0\n\0", 8, "1 !utf16;" },
	{ "\0a\0n\0n\0\n", 8, "1 !utf16;" },
	{ "ann@x.example\nbob@x.example\0\neve@x.example\n", 43,
		"1 ann@x.example b;2 !nul;3 eve@x.example b;" },
	{ "ann\0@x.example\neve@x.example\n", 29, "1 !nul;2 eve@x.example b;" },
};

START_TEST(octets_that_no_text_has)
{
	struct buf out = BUF_INIT(1 << 16);

	read_pieces(LIST_SOURCE_COUNT, str_from(raw[_i].text, raw[_i].n), SIZE_MAX, 0, &out);
	ck_assert_str_eq(out.p, raw[_i].found);
	buf_reset(&out);
	read_pieces(LIST_SOURCE_COUNT, str_from(raw[_i].text, raw[_i].n), 1, 0, &out);
	ck_assert_str_eq(out.p, raw[_i].found);
	buf_release(&out);
}
END_TEST

/* Ten megabytes without a line end, between two good lines, in each shape. */
static const struct {
	const char *head, *tail, *found;
	char fill;
} long_lines[] = {
	{ "ann@x.example\n", "\nbob@x.example\n",
		"1 ann@x.example b;2 !too_long;3 bob@x.example b;", 'a' },
	{ "created,email\n1,ann@x.example\n1,\"", "\n1,bob@x.example\n",
		"2 ann@x.example u 1970-01-01T00:00:01Z;3 !too_long;4 bob@x.example u "
		"1970-01-01T00:00:01Z;",
		'a' },
	{ "{\"address\":\"ann@x.example\"}\n{\"address\":\"",
		"\"}\n{\"address\":\"bob@x.example\"}\n",
		"1 ann@x.example b;2 !too_long;3 bob@x.example b;", 'a' },
	/* An open quote and ten million empty lines: its line alone is refused. */
	{ "created,email\n1,\"\n", "1,bob@x.example\n",
		"2 !quote;10485763 bob@x.example u 1970-01-01T00:00:01Z;", '\n' },
};

START_TEST(a_line_of_ten_megabytes_is_refused_alone)
{
	const size_t n = 10 << 20;
	struct buf text = BUF_INIT(n + 1024), out = BUF_INIT(1 << 16);

	buf_put(&text, str_c(long_lines[_i].head));
	memset(buf_reserve(&text, n), long_lines[_i].fill, n);
	text.n += n;
	buf_put(&text, str_c(long_lines[_i].tail));
	read_pieces(LIST_SOURCE_COUNT, buf_str(&text), SIZE_MAX, 0, &out);
	ck_assert_str_eq(out.p, long_lines[_i].found);
	buf_reset(&out);
	read_pieces(LIST_SOURCE_COUNT, buf_str(&text), 4093, 0, &out);
	ck_assert_str_eq(out.p, long_lines[_i].found);
	buf_release(&text);
	buf_release(&out);
}
END_TEST

/* The longest line that is read, and one octet more. */
START_TEST(lines_at_their_limit)
{
	struct buf text = BUF_INIT(1 << 20), out = BUF_INIT(1 << 16);

	for (size_t more = 0; more < 2; more++) {
		buf_reset(&text);
		buf_reset(&out);
		buf_put(&text, STR("created,email,reason\n1,ann@x.example,"));
		while (text.n < 21 + LIMIT_IMPORT_RECORD_BYTES + more)
			buf_putc(&text, 'x');
		read_pieces(LIST_SOURCE_COUNT, buf_str(&text), SIZE_MAX, 0, &out);
		ck_assert_int_eq(strstr(out.p, "too_long") != NULL, more == 1);
		ck_assert_int_eq(strstr(out.p, "2 ann@x.example b [xxx") != NULL, more == 0);
	}
	buf_release(&text);
	buf_release(&out);
}
END_TEST

START_TEST(a_format_that_is_said_must_fit)
{
	struct buf out = BUF_INIT(1 << 16);

	read_pieces(LIST_SOURCE_SENDGRID, STR("ann@x.example\n"), SIZE_MAX, 0, &out);
	ck_assert_str_eq(out.p, "1 !header;");
	buf_reset(&out);
	read_pieces(LIST_SOURCE_PLAIN, STR("name,phone\nann@x.example\n"), SIZE_MAX, 0, &out);
	ck_assert_str_eq(out.p, "1 !no_address;2 ann@x.example b;");
	buf_release(&out);
}
END_TEST

/* One name may stand for several lists: the first line says which. */
START_TEST(a_name_is_of_each_list_that_has_it)
{
	static const struct {
		const char *name, *list, *wanted;
	} named[] = {
		{ "plain", "ann@x.example\nbob@x.example\n",
			"1 ann@x.example b;2 bob@x.example b;" },
		{ "plain", "# ours\nann@x.example\n", "2 ann@x.example b;" },
		{ "plain", "Email\nann@x.example\n", "2 ann@x.example b;" },
		{ "plain", "address\nann@x.example\n", "2 ann@x.example b;" },
		{ "mailgun-unsubscribes", "address,tags,created_at\nann@x.example,*,\n",
			"2 ann@x.example u;" },
		{ "mailgun-unsubscribes", "ann@x.example\n", "1 !header;" },
	};
	struct buf out = BUF_INIT(1 << 16);
	enum list_source format;

	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		ck_assert(list_source_from_name(str_c(named[i].name), &format));
		buf_reset(&out);
		read_pieces(format, str_c(named[i].list), SIZE_MAX, 0, &out);
		ck_assert_str_eq(out.p, named[i].wanted);
	}
	buf_release(&out);
}
END_TEST

/* ---- what we write ---- */

static const char *const written[] = { "\"a b\"@example.com", "a#b@example.com", "ann@example.com",
	"bob+news@example.org",
	"j\xc3\xbcrgen@b\303\274cher.example",
	"zoe@[192.0.2.1]" };

static bool collect(void *context, const struct list_entry *entry)
{
	buf_printf(context, "%.*s\n", STR_ARG(entry->row.address));
	return true;
}

static void no_flaw(void *context, uint64_t line, enum list_flaw flaw)
{
	(void)context;
	ck_abort_msg("line %d: %.*s", (int)line, STR_ARG(list_flaw_name(flaw)));
}

START_TEST(each_format_is_read_back)
{
	const enum format format = (enum format)_i;
	struct format_writer *writer = format_writer_new(format);
	struct buf text = BUF_INIT(1 << 16), wanted = BUF_INIT(1 << 16), found = BUF_INIT(1 << 16);
	const struct list_sink sink = { collect, no_flaw, &found };
	struct list_reader *reader = list_reader_new(&sink, LIST_SOURCE_COUNT);

	format_writer_begin(writer, &text);
	for (size_t i = 0; i < ARRAY_LEN(written); i++) {
		struct store_suppression row = { .address = str_c(written[i]),
			.domain = suppression_domain(str_c(written[i])),
			.reason = REASON_RECIPIENT_UNKNOWN,
			.source = format == FORMAT_MAILGUN_COMPLAINTS     ? STR("complaint")
				  : format == FORMAT_MAILGUN_UNSUBSCRIBES ? STR("manual")
									  : STR("bounce"),
			.first_seen_us = AT,
			.last_seen_us = AT,
			.expires_at_us = TIMESTAMP_NONE };

		if (format_writer_row(writer, &row, &text) != FORMAT_WRITTEN)
			continue;
		buf_printf(&wanted, "%s\n", written[i]);
		if (format == FORMAT_SPARKPOST) /* once a type */
			buf_printf(&wanted, "%s\n", written[i]);
	}
	format_writer_end(writer, &text);
	ck_assert(list_reader_feed(reader, buf_str(&text)));
	list_reader_finish(reader);
	buf_putc(&wanted, 0);
	buf_putc(&found, 0);
	ck_assert_str_eq(found.p, wanted.p);
	ck_assert_uint_gt(strlen(wanted.p), 30);
	list_reader_free(reader);
	format_writer_free(writer);
	buf_release(&text);
	buf_release(&wanted);
	buf_release(&found);
}
END_TEST

START_TEST(tables_are_whole)
{
	enum list_source format;

	for (size_t i = 0; i < LIST_SOURCE_COUNT; i++) {
		const struct list_source_row *row = list_source_row((enum list_source)i);
		struct str rest = row->header, name;
		size_t columns = 0;

		while (str_next_word(&rest, ",+", &name))
			columns++;
		if (row->shape == LIST_SHAPE_RECORDS && row->header.n)
			ck_assert_msg(
				columns == row->roles.n, "%s: %zu columns", row->name.p, columns);
		if (row->shape != LIST_SHAPE_ALLOWED)
			ck_assert(list_source_from_name(row->name, &format));
	}
	for (size_t i = 0; i < LINE_FLAW_COUNT; i++)
		ck_assert(
			list_flaw_name((enum list_flaw)i).n && list_flaw_text((enum list_flaw)i).n);
	ck_assert(!list_source_from_name(STR("xls"), &format));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("list_reader");
	TCase *tcase = tcase_create("reader");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, lists_are_read_whole_bytewise_and_split, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(tcase, octets_that_no_text_has, 0, ARRAY_LEN(raw));
	tcase_add_loop_test(
		tcase, a_line_of_ten_megabytes_is_refused_alone, 0, ARRAY_LEN(long_lines));
	tcase_add_test(tcase, lines_at_their_limit);
	tcase_add_test(tcase, a_format_that_is_said_must_fit);
	tcase_add_test(tcase, a_name_is_of_each_list_that_has_it);
	tcase_add_loop_test(tcase, each_format_is_read_back, 0, FORMAT_SHA256);
	tcase_add_test(tcase, tables_are_whole);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
