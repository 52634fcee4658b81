// links: cli
// Check program of ingest/fetch/fetch: the IMAP and POP3 conversations, whole and byte by byte; URLs; the bar's line.
#include "cli/command/import_progress.h"
#include "core/limits.h"
#include "ingest/fetch/fetch_login.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

enum { PIECE_ALL = 0 };

/* A peer that says a text in pieces, whatever it hears. */
struct script {
	struct str rest;
	size_t piece;
	struct buf heard, stored;
	struct fetch *fetch;
	enum err store_err;
	bool cut;
	size_t kept, settled;
};

static enum err hear(void *context, struct str bytes)
{
	struct script *script = context;

	buf_put(&script->heard, bytes);
	return ERR_OK;
}

static enum err speak(void *context, char *room, size_t n, size_t *ret_n)
{
	struct script *script = context;
	struct str part = str_head(script->rest, script->piece ? script->piece : n);

	part = str_head(part, n);
	if (part.n)
		memcpy(room, part.p, part.n);
	script->rest = str_skip(script->rest, part.n);
	*ret_n = part.n;
	return part.n ? ERR_OK : ERR_CLOSED;
}

static enum err keep(void *context, struct str message, size_t item)
{
	struct script *script = context;

	ck_assert_uint_lt(item, FETCH_WINDOW);
	ck_assert_uint_eq(item, script->kept++);

	if (script->store_err)
		return script->store_err;
	buf_put(&script->stored, message);
	buf_putc(&script->stored, '|');
	return ERR_OK;
}

static enum err settle(void *context)
{
	struct script *script = context;

	for (size_t i = 0; i < script->kept && !script->store_err; i++) {
		script->fetch->window[i].stored = true;
		script->fetch->window[i].cut |= script->cut;
	}
	script->settled += script->kept > 0;
	script->kept = 0;
	return ERR_OK;
}

static bool never(void *context)
{
	(void)context;
	return false;
}

#define IMAP_OPEN "* CAPABILITY IMAP4rev1 UIDPLUS\r\nb1 OK\r\n* 2 EXISTS\r\nb2 OK [READ-WRITE]\r\n"
#define POP3_LIST "+OK\r\n1 4\r\n2 5\r\n.\r\n"

static const struct {
	const char *what;
	bool imap;
	enum fetch_after after;
	bool cut;
	enum err store_err;
	const char *says;
	enum err err;
	const char *stored, *heard_last; /* "": not looked at */
	uint64_t marked, unmarked, gone;
} talks[] = {
	{ "two are stored and marked", true, FETCH_MARK_SEEN, false, ERR_OK,
		IMAP_OPEN "* SEARCH 4\r\n* SEARCH 9\r\nb3 OK\r\n"
			  "* 1 FETCH (UID 4 BODY[]<0> {7}\r\nb4 OK\r\n)\r\nb4 OK\r\n"
			  "* 2 FETCH (body[] {2}\r\nab UID 9)\r\nb5 OK\r\n"
			  "* 1 FETCH (FLAGS (\\Seen))\r\nb6 OK\r\nb7 OK\r\n* BYE\r\n",
		ERR_OK, "b4 OK\r\n|ab|", "b7 UID STORE 9 +FLAGS.SILENT (\\Seen)\r\nb8 LOGOUT\r\n",
		2, 0, 0 },
	{ "deleted alone", true, FETCH_DELETE, false, ERR_OK,
		IMAP_OPEN "* SEARCH 4\r\nb3 OK\r\n* 1 FETCH (UID 4 BODY[] {1}\r\nx)\r\nb4 OK\r\nb5 "
			  "OK\r\nb6 OK\r\n",
		ERR_OK, "x|", "(\\Deleted)\r\nb6 UID EXPUNGE 4\r\nb7 LOGOUT\r\n", 1, 0, 0 },
	{ "a cut one is not deleted", true, FETCH_DELETE, true, ERR_OK,
		IMAP_OPEN "* SEARCH 4\r\nb3 OK\r\n* 1 FETCH (UID 4 BODY[] {1}\r\nx)\r\nb4 OK\r\n",
		ERR_OK, "x|", "b5 LOGOUT\r\n", 0, 0, 0 },
	{ "not stored, not marked", true, FETCH_DELETE, false, ERR_NO_SPACE,
		IMAP_OPEN "* SEARCH 4\r\nb3 OK\r\n* 1 FETCH (UID 4 BODY[] {1}\r\nx)\r\nb4 OK\r\n",
		ERR_NO_SPACE, "", "b5 LOGOUT\r\n", 0, 0, 0 },
	{ "another one's number", true, FETCH_DELETE, false, ERR_OK,
		IMAP_OPEN "* SEARCH 4\r\nb3 OK\r\n* 1 FETCH (UID 44 BODY[] {1}\r\nx)\r\nb4 OK\r\n",
		ERR_OK, "", "b5 LOGOUT\r\n", 0, 0, 1 },
	{ "the mark is refused", true, FETCH_MARK_SEEN, false, ERR_OK,
		IMAP_OPEN
		"* SEARCH 4\r\nb3 OK\r\n* 1 FETCH (UID 4 BODY[] {1}\r\nx)\r\nb4 OK\r\nb5 NO\r\n",
		ERR_OK, "x|", "b6 LOGOUT\r\n", 0, 1, 0 },
	{ "it ends in a literal", true, FETCH_DELETE, false, ERR_OK,
		IMAP_OPEN "* SEARCH 4\r\nb3 OK\r\n* 1 FETCH (UID 4 BODY[] {9}\r\nx)\r\n",
		ERR_CLOSED, "", "", 0, 0, 0 },
	{ "a literal over the limit", true, FETCH_DELETE, false, ERR_OK,
		IMAP_OPEN "* SEARCH 4\r\nb3 OK\r\n* 1 FETCH (UID 4 BODY[] {67108865}\r\nx)\r\n",
		ERR_LIMIT, "", "", 0, 0, 0 },
	{ "no IMAP", true, FETCH_LEAVE, false, ERR_OK, "+OK\r\n", ERR_SYNTAX, "", "", 0, 0, 0 },
	{ "nothing there", true, FETCH_LEAVE, false, ERR_OK, IMAP_OPEN "* SEARCH\r\nb3 OK\r\n",
		ERR_OK, "",
		"b2 EXAMINE \"INBOX\"\r\nb3 UID SEARCH UNDELETED UNSEEN\r\nb4 LOGOUT\r\n", 0, 0,
		0 },
	{ "two and QUIT", false, FETCH_DELETE, false, ERR_OK,
		POP3_LIST "+OK\r\na\r\n..b\r\n.\r\n+OK\r\nc\r\n.\r\n+OK\r\n+OK\r\n+OK\r\n", ERR_OK,
		"a\r\n.b\r\n|c\r\n|", "RETR 2\r\nDELE 1\r\nDELE 2\r\nQUIT\r\n", 2, 0, 0 },
	{ "one is locked", false, FETCH_LEAVE, false, ERR_OK,
		POP3_LIST "-ERR\r\n+OK\r\nc\r\n.\r\n+OK\r\n", ERR_OK, "c\r\n|",
		"RETR 2\r\nQUIT\r\n", 0, 0, 1 },
	{ "it ends in a message", false, FETCH_DELETE, false, ERR_OK,
		POP3_LIST "+OK\r\na\r\n.\r\n+OK\r\nc\r\n", ERR_CLOSED, "a\r\n|", "RETR 2\r\n", 0, 1,
		0 },
	{ "one mark is refused, the other not", false, FETCH_DELETE, false, ERR_OK,
		POP3_LIST "+OK\r\na\r\n.\r\n+OK\r\nc\r\n.\r\n-ERR\r\n+OK\r\n+OK\r\n", ERR_OK,
		"a\r\n|c\r\n|", "DELE 2\r\nQUIT\r\n", 1, 1, 0 },
	{ "not stored, not deleted", false, FETCH_DELETE, false, ERR_NO_SPACE,
		POP3_LIST "+OK\r\na\r\n.\r\n+OK\r\n", ERR_NO_SPACE, "", "RETR 1\r\nQUIT\r\n", 0, 0,
		0 },
};

static void talk(size_t i, size_t piece)
{
	struct script script = { .rest = str_c(talks[i].says),
		.piece = piece,
		.heard = BUF_INIT(4096),
		.stored = BUF_INIT(4096),
		.store_err = talks[i].store_err,
		.cut = talks[i].cut };
	struct fetch_wire wire = { .send = hear, .receive = speak, .context = &script };
	struct fetch fetch = { .wire = &wire,
		.after = talks[i].after,
		.folder = STR_INIT("INBOX"),
		.limit = 10,
		.store = keep,
		.settle = settle,
		.stopped = never,
		.context = &script,
		.said = BUF_INIT(100) };
	struct str stored;

	script.fetch = &fetch;
	fetch_wire_init(&wire);
	ck_assert_msg((talks[i].imap ? fetch_imap(&fetch) : fetch_pop3(&fetch)) == talks[i].err,
		"%s", talks[i].what);
	stored = script.stored.n ? buf_str(&script.stored) : STR_EMPTY;
	ck_assert_msg(str_eq(stored, str_c(talks[i].stored)), "%s: \"%.*s\"", talks[i].what,
		STR_ARG(stored));
	ck_assert_msg(str_ends(buf_str(&script.heard), str_c(talks[i].heard_last)), "%s: \"%.*s\"",
		talks[i].what, STR_ARG(buf_str(&script.heard)));
	ck_assert_msg(fetch.marked == talks[i].marked && fetch.unmarked == talks[i].unmarked &&
			      fetch.gone == talks[i].gone,
		"%s: the counts", talks[i].what);
	fetch_wire_release(&wire);
	buf_release(&script.heard);
	buf_release(&script.stored);
	buf_release(&fetch.said);
}

START_TEST(conversations)
{
	talk((size_t)_i, PIECE_ALL);
	for (size_t piece = 1; piece < 8; piece++)
		talk((size_t)_i, piece);
}
END_TEST

/* Many share a sync: the first mark comes when the window is full, behind its end. */
START_TEST(a_full_window_is_settled_and_marked)
{
	struct script script = { .heard = BUF_INIT(4096), .stored = BUF_INIT(4096) };
	struct fetch_wire wire = { .send = hear, .receive = speak, .context = &script };
	struct fetch fetch = { .wire = &wire,
		.after = FETCH_DELETE,
		.limit = FETCH_WINDOW + 1,
		.store = keep,
		.settle = settle,
		.stopped = never,
		.context = &script,
		.said = BUF_INIT(100) };
	struct buf says = BUF_INIT(16384);
	char full[64];

	buf_printf(&says, "+OK\r\n");
	for (unsigned i = 1; i <= FETCH_WINDOW + 1; i++)
		buf_printf(&says, "%u 1\r\n", i);
	buf_printf(&says, ".\r\n");
	for (unsigned i = 0; i < FETCH_WINDOW + 1; i++) {
		buf_put(&says, STR("+OK\r\nx\r\n.\r\n"));
		for (unsigned j = 0; i + 1 == FETCH_WINDOW && j < FETCH_WINDOW; j++)
			buf_put(&says, STR("+OK\r\n"));
	}
	buf_printf(&says, "+OK\r\n+OK\r\n");
	script.rest = buf_str(&says);
	script.fetch = &fetch;
	fetch_wire_init(&wire);
	ck_assert_int_eq(fetch_pop3(&fetch), ERR_OK);
	ck_assert_uint_eq(fetch.stored, FETCH_WINDOW + 1);
	ck_assert_uint_eq(fetch.marked, FETCH_WINDOW + 1);
	ck_assert_uint_eq(script.settled, 2);
	snprintf(full, sizeof full, "RETR %d\r\nDELE 1\r\nDELE 2\r\n", FETCH_WINDOW);
	ck_assert_uint_ne(str_find(buf_str(&script.heard), str_c(full)), STR_NPOS);
	snprintf(full, sizeof full, "DELE %d\r\nRETR %d\r\nDELE %d\r\nQUIT\r\n", FETCH_WINDOW,
		FETCH_WINDOW + 1, FETCH_WINDOW + 1);
	ck_assert(str_ends(buf_str(&script.heard), str_c(full)));
	fetch_wire_release(&wire);
	buf_release(&says);
	buf_release(&script.heard);
	buf_release(&script.stored);
	buf_release(&fetch.said);
}
END_TEST

START_TEST(a_line_has_a_limit)
{
	static char text[LIMIT_FETCH_LINE_BYTES + 2];
	struct script script = { .rest = { text, sizeof text }, .heard = BUF_INIT(1) };
	struct fetch_wire wire = { .send = hear, .receive = speak, .context = &script };
	struct str line;

	memset(text, 'x', sizeof text);
	fetch_wire_init(&wire);
	ck_assert_int_eq(fetch_wire_line(&wire, &line), ERR_LIMIT);
	fetch_wire_release(&wire);
}
END_TEST

static const struct {
	const char *url, *login;
	bool starttls;
	const char *bare, *user; /* NULL: refused */
} urls[] = {
	{ "imaps://ann%40b.example@mail.example/", "", false, "imaps://mail.example:993/",
		"ann@b.example" },
	{ "pop3s://mail.example:1995", "ann", false, "pop3s://mail.example:1995/", "ann" },
	{ "imap://ann@127.0.0.1/", "", false, "imap://127.0.0.1:143/", "ann" },
	{ "imap://ann@[::1]/", "", false, "imap://[::1]:143/", "ann" },
	{ "imap://ann@mail.example/", "", true, "imap://mail.example:143/", "ann" },
	{ "imap://ann@127.0.0.1.example/", "", false, NULL, NULL },
	{ "imap://ann@mail.example/", "", false, NULL, NULL },
	{ "imaps://ann:pw@mail.example/", "", false, NULL, NULL },
	{ "imaps://mail.example/", "", false, NULL, NULL },
	{ "imaps://ann@mail.example/x", "", false, NULL, NULL },
	{ "imaps://ann@mail.example/?ALL", "", false, NULL, NULL },
	{ "file:///etc/passwd", "ann", false, NULL, NULL },
	{ "", "ann", false, NULL, NULL },
};

START_TEST(urls_are_read)
{
	struct arena *arena = arena_new();
	struct fetch_url url;
	struct str trouble = STR_EMPTY;
	enum err err = fetch_url_parse(
		arena, urls[_i].url, urls[_i].login, urls[_i].starttls, &url, &trouble);

	ck_assert_int_eq(err, urls[_i].bare ? ERR_OK : ERR_SYNTAX);
	if (err) {
		ck_assert(trouble.n);
	} else {
		ck_assert_str_eq(url.bare, urls[_i].bare);
		ck_assert_str_eq(url.user, urls[_i].user);
	}
	arena_free(arena);
}
END_TEST

START_TEST(the_bar_fits_a_line)
{
	static const char name[] = "/a/very/long/path/of/a/mailbox\033[2J/three.mbox";
	char room[IMPORT_PROGRESS_LINE_BYTES], long_text[200];

	memset(long_text, 'x', sizeof long_text);
	ck_assert(str_eq(import_progress_line(1, 2, STR("a.mbox"), STR("7 messages"), room),
		STR("[##########          ]  50 %  a.mbox  7 messages")));
	ck_assert(str_eq(import_progress_line(0, 0, STR("-"), STR("7 messages"), room),
		STR("-  7 messages")));
	ck_assert(str_starts(import_progress_line(9, 2, str_c(name), str_c("text"), room),
		STR("[####################] 100 %  ilbox?[2J/three.mbox  text")));
	import_progress_line(1, 0, str_c(name), str_from(long_text, sizeof long_text), room);
	ck_assert_uint_lt(strlen(room), sizeof room);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fetch");
	TCase *tcase = tcase_create("fetch");

	tcase_add_loop_test(tcase, conversations, 0, ARRAY_LEN(talks));
	tcase_add_test(tcase, a_full_window_is_settled_and_marked);
	tcase_add_test(tcase, a_line_has_a_limit);
	tcase_add_loop_test(tcase, urls_are_read, 0, ARRAY_LEN(urls));
	tcase_add_test(tcase, the_bar_fits_a_line);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
