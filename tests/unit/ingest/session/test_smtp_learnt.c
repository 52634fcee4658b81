// What this server answers comes back to others as a bounce, and is judged by a server like this one: every refusal of
// smtp_replies.def stands in parser/rules/replies/ours.tsv, which likeness is learnt from. A new sentence is a line there.
#include "core/arena.h"
#include "core/buf.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>

#define LIST TEST_SOURCE_DIR "/parser/rules/replies/ours.tsv"

enum { LIST_BYTES = 64 << 10 };

static const struct refusal {
	unsigned code;
	struct str status, text;
} replies[] = {
#define SMTP_REPLY(id, code, status, effect, text) { code, STR_INIT(status), STR_INIT(text) },
#include "ingest/session/smtp_replies.def"
};

static char list_room[LIST_BYTES];
static struct str list;

static void setup(void)
{
	FILE *file = fopen(LIST, "rb");

	ck_assert_ptr_nonnull(file);
	list = str_from(list_room, fread(list_room, 1, sizeof list_room, file));
	fclose(file);
	ck_assert_uint_gt(list.n, 0);
	ck_assert_uint_lt(list.n, sizeof list_room);
}

/* What stands for `%` is some word of the peer's. */
static bool is_said(struct str line, struct str head, struct str tail)
{
	return line.n >= head.n + tail.n && str_starts(line, head) && str_ends(line, tail);
}

static bool is_listed(struct str head, struct str tail, bool whole)
{
	struct str rest = list, line, reply, other;

	while (str_next_line(&rest, &line)) {
		if (!str_cut(line, '\t', &reply, &other))
			continue;
		if (whole ? str_eq(reply, head) : is_said(reply, head, tail))
			return true;
	}
	return false;
}

static void check_reply(struct arena *arena, const struct refusal *reply)
{
	struct str head, tail = STR_EMPTY,
			 said = arena_printf(arena, "%u %.*s %.*s", reply->code,
				 STR_ARG(reply->status), STR_ARG(reply->text));
	bool whole = !str_cut(said, '%', &head, &tail);

	ck_assert_msg(is_listed(whole ? said : head, tail, whole), LIST " has no line of: %.*s",
		STR_ARG(said));
}

START_TEST(every_refusal_is_learnt_from)
{
	struct arena *arena = arena_new();
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		if (replies[i].code < 400)
			continue;
		check_reply(arena, &replies[i]);
		n++;
	}
	ck_assert_uint_gt(n, 40);
	arena_free(arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp_learnt");
	TCase *tc = tcase_create("replies");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, every_refusal_is_learnt_from);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
