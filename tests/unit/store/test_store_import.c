// links: suppress_policy store
// Check program of long imports: what goes onto the list at once, what is merged, and what comes in between.
#define _GNU_SOURCE
#include "store/pg/pg.h"
#include "store/store_import.h"
#include "tests/support/store_suppress_fixture.h"
#include "tests/support/suite.h"

#include <libpq-fe.h>

/* Over the rows from which on the list is read first. */
enum { LONG = 100500 };

static PGconn *sql;

static void open_list(void)
{
	open_migrated();
	sql = PQconnectdb(database);
	ck_assert_int_eq(PQstatus(sql), CONNECTION_OK);
}

static void close_list(void)
{
	PQfinish(sql);
	close_all();
}

static const char *ask(const char *question)
{
	static char answer[256];
	PGresult *result = PQexec(sql, question);

	ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK ||
			      PQresultStatus(result) == PGRES_COMMAND_OK,
		"%s: %s", question, PQerrorMessage(sql));
	snprintf(answer, sizeof answer, "%s", PQntuples(result) ? PQgetvalue(result, 0, 0) : "");
	PQclear(result);
	return answer;
}

static struct store_suppression row_of(const char *address, int64_t last_seen_us, const char *said)
{
	return (struct store_suppression){ .address = str_c(address),
		.domain = suppression_domain(str_c(address)),
		.source = STR("import:test"),
		.diagnostic = str_c(said),
		.reason = REASON_RECIPIENT_UNKNOWN,
		.class = CLASS_HARD,
		.first_seen_us = last_seen_us,
		.last_seen_us = last_seen_us,
		.expires_at_us = TIMESTAMP_NONE };
}

static void add(
	struct store_import *import, const char *address, int64_t last_seen_us, const char *said)
{
	const struct store_suppression row = row_of(address, last_seen_us, said);

	ck_assert_int_eq(store_import_add(import, &row, NOW), ERR_OK);
}

/* Of every hundredth address a second row. */
static void add_many(struct store_import *import, int from, int n)
{
	char address[64];

	for (int i = from; i < from + n; i++) {
		snprintf(address, sizeof address, "u%d@d%d.example", i * 7919 % 1000003, i % 50);
		add(import, address, NOW - DAY, "first");
		if (i % 100 == 0)
			add(import, address, NOW - DAY, "second");
	}
}

static const struct store_import_options alone = { .by = STR_INIT("cli:test") };
static const struct store_import_options beside = { .beside = true, .by = STR_INIT("cli:test") };

/* Everything but numbers, of whatever way it went there. */
#define LIST_DIGEST                                                                                \
	"SELECT md5(string_agg(md5((address, stream, domain, state, reason, class, source, "       \
	"first_seen, last_seen, changed_at, "                                                      \
	"expires_at, count, status, diagnostic, changed_by, dirty)::text), '' ORDER BY address, "  \
	"stream)) FROM suppression"

static void put_some(void)
{
	struct store_suppression one = manual("u0@d0.example", NOW - 2 * DAY);

	one.state = SUPPRESSION_ACTIVE;
	ck_assert_uint_eq(put(one), 1);
	one = manual("u7919@d1.example", NOW - 2 * DAY);
	one.state = SUPPRESSION_ALLOWED;
	ck_assert_uint_eq(put(one), 1);
	one = manual("u15838@d2.example", NOW - 2 * DAY);
	one.state = SUPPRESSION_ACTIVE;
	ck_assert_uint_eq(put(one), 1);
	ck_assert_int_eq(store_suppression_remove(store, STR("u15838@d2.example"), STR(""),
				 STR("cli:ann"), NOW - DAY / 2),
		ERR_OK);
}

static void import_in_pieces(int piece)
{
	struct store_import *import;
	uint64_t kept = 0;

	store_import_begin(store, &alone, &import);
	for (int from = 0; from < LONG; from += piece) {
		add_many(import, from, from + piece > LONG ? LONG - from : piece);
		ck_assert_int_eq(store_import_merge(import), ERR_OK);
	}
	ck_assert_int_eq(store_import_end(import, ERR_OK, &kept), ERR_OK);
	ck_assert_uint_eq(kept, LONG - 1);
}

/* What stands there, what is allowed, what a person removed, and what stands twice: of a long list as of short ones. */
START_TEST(a_long_list_and_short_ones_make_the_same_list)
{
	char short_ones[64];

	put_some();
	import_in_pieces(20100);
	snprintf(short_ones, sizeof short_ones, "%s", ask(LIST_DIGEST));
	ck_assert_str_eq(
		ask("SELECT count(*) FROM suppression WHERE changed_seq IS NULL AND NOT dirty"),
		"0");
	ask("TRUNCATE suppression");
	put_some();
	import_in_pieces(LONG);
	ck_assert_str_eq(ask(LIST_DIGEST), short_ones);
	ck_assert_str_eq(
		ask("SELECT source || state FROM suppression WHERE address = 'u0@d0.example'"),
		"manualactive");
	ck_assert_str_eq(
		ask("SELECT state FROM suppression WHERE address = 'u7919@d1.example'"), "allowed");
	ck_assert_str_eq(ask("SELECT state FROM suppression WHERE address = 'u15838@d2.example'"),
		"removed");
	ck_assert_str_eq(
		ask("SELECT diagnostic FROM suppression WHERE address = 'u791900@d0.example'"),
		"second");
}
END_TEST

/* Each number once, all of them counted, and none below what was given before. */
START_TEST(each_row_has_a_number_that_is_counted)
{
	struct store_import *import;
	uint64_t before, after, kept = 0;

	put(manual("zoe@d.example", NOW));
	ck_assert_int_eq(store_suppressions_number(store, &before), ERR_OK);
	store_import_begin(store, &beside, &import);
	add_many(import, 0, LONG);
	ck_assert_int_eq(store_import_merge(import), ERR_OK);
	add_many(import, LONG - 500, 1000);
	ck_assert_int_eq(store_import_end(import, ERR_OK, &kept), ERR_OK);
	ck_assert_uint_eq(kept, LONG);
	store_import_begin(store, &beside, &import);
	add_many(import, LONG - 500, 1000);
	ck_assert_int_eq(store_import_merge(import), ERR_OK);
	ck_assert_int_eq(store_import_end(import, ERR_OK, &kept), ERR_OK);
	ck_assert_uint_eq(kept, 1000);
	ck_assert_str_eq(
		ask("SELECT count(*) - count(DISTINCT changed_seq) FROM suppression"), "0");
	ck_assert_str_eq(ask("SELECT max(changed_seq) <= last FROM suppression, "
			     "suppression_counter GROUP BY last"),
		"t");
	ck_assert_int_eq(store_suppressions_number(store, &after), ERR_OK);
	ck_assert_uint_gt(after, before + LONG);
	ck_assert_str_eq(ask("SELECT count(*) FROM suppression WHERE dirty"), "0");
}
END_TEST

/* Somebody puts there what the import brings as well, after it looked which ones stand there. */
START_TEST(what_comes_there_meanwhile_is_merged)
{
	struct store_import *import;
	uint64_t kept = 0;

	store_import_begin(store, &alone, &import);
	add_many(import, 0, LONG);
	ck_assert_int_eq(store_import_merge(import), ERR_OK);
	ask("INSERT INTO suppression (address, stream, domain, state, reason, class, source, "
	    "first_seen, last_seen, changed_at, count, status, "
	    "diagnostic, dirty) VALUES ('meanwhile@d.example', '', 'd.example', 'active', '', '', "
	    "'manual', now(), now(), now(), 3, '', '', true)");
	add(import, "meanwhile@d.example", NOW - DAY, "imported");
	add_many(import, LONG, LONG);
	ck_assert_int_eq(store_import_merge(import), ERR_OK);
	ck_assert_int_eq(store_import_end(import, ERR_OK, &kept), ERR_OK);
	ck_assert_uint_eq(kept, 2 * LONG + 1);
	ck_assert_str_eq(ask("SELECT source || count FROM suppression WHERE address = "
			     "'meanwhile@d.example'"),
		"manual3");
	ck_assert_str_eq(ask("SELECT count(*) FROM suppression"), "201001");
	ck_assert_str_eq(
		ask("SELECT count(*) - count(DISTINCT changed_seq) FROM suppression"), "0");
}
END_TEST

static enum err count_notes(void *context, uint64_t n)
{
	uint64_t *notes = context;

	notes[0]++;
	notes[1] += n;
	return notes[1] > notes[2] ? ERR_IO : ERR_OK;
}

/* A note that cannot be made takes its rows with it, and what was merged before it stands, or nothing of one transaction. */
START_TEST(what_cannot_be_noted_is_not_put_there)
{
	for (int one = 0; one < 2; one++) {
		uint64_t notes[3] = { 0, 0, LONG }, kept = 0;
		const struct store_import_options options = { .beside = true,
			.one_transaction = one,
			.by = STR("cli:test"),
			.note = count_notes,
			.context = notes };
		struct store_import *import;
		enum err err;

		ask("TRUNCATE suppression");
		store_import_begin(store, &options, &import);
		add_many(import, 0, LONG);
		ck_assert_int_eq(store_import_merge(import), ERR_OK);
		add_many(import, LONG, 100);
		err = store_import_merge(import);
		ck_assert_int_eq(err, ERR_OK);
		ck_assert_int_eq(store_import_end(import, ERR_OK, &kept), ERR_IO);
		ck_assert_uint_eq(kept, 0);
		ck_assert_uint_eq(notes[0], one ? 1 : 2);
		ck_assert_uint_eq(notes[1], LONG + 100);
		ck_assert_str_eq(ask("SELECT count(*) FROM suppression"), one ? "0" : "100500");
	}
}
END_TEST

START_TEST(a_row_that_cannot_stand_there_is_refused_alone)
{
	static char text[LIMIT_ADDRESS_BYTES + 2];
	struct store_suppression bad = row_of("", NOW, "");
	struct store_import *import;
	uint64_t kept = 0;

	memset(text, 'x', sizeof text - 1);
	store_import_begin(store, &beside, &import);
	ck_assert_int_eq(store_import_add(import, &bad, NOW), ERR_RANGE);
	bad = row_of(text, NOW, "");
	ck_assert_int_eq(store_import_add(import, &bad, NOW), ERR_RANGE);
	bad = row_of("ann@d.example", INT64_MAX, "");
	ck_assert_int_eq(store_import_add(import, &bad, NOW), ERR_RANGE);
	add(import, "ann@d.example", NOW + DAY, "seen by nobody yet");
	ck_assert_int_eq(store_import_merge(import), ERR_OK);
	ck_assert_int_eq(store_import_end(import, ERR_OK, &kept), ERR_OK);
	ck_assert_uint_eq(kept, 1);
	ck_assert_str_eq(
		ask("SELECT extract(epoch FROM last_seen)::bigint FROM suppression"), "1795000000");
}
END_TEST

/* A list that is empty when the statement is planned may be a long one when it runs, which nobody reads for each row. */
START_TEST(no_row_makes_the_server_read_the_whole_list)
{
	char explain[8192];
	PGresult *result;

	ask("VACUUM ANALYZE suppression");
	ask("BEGIN");
	ask(pg_sql(QUERY_IMPORT_SETTINGS));
	ask(pg_sql(QUERY_IMPORT_TABLE));
	ask("INSERT INTO import_row SELECT 'u' || n || '@d.example', '', 'd.example', 'active', "
	    "'', '', '', now(), now(), now(), NULL, 0, '', '', '', "
	    "false, n, false FROM generate_series(1, 50000) n");
	ask(pg_sql(QUERY_IMPORT_ANALYZE));
	snprintf(explain, sizeof explain, "EXPLAIN %s", pg_sql(QUERY_IMPORT_MERGE));
	result = PQexec(sql, explain);
	ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(sql));
	for (int i = 0; i < PQntuples(result); i++)
		ck_assert_msg(!strstr(PQgetvalue(result, i, 0), "Seq Scan on suppression"), "%s",
			PQgetvalue(result, i, 0));
	PQclear(result);
	ask("ROLLBACK");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_import");
	TCase *tcase = tcase_create("import");
	int code;

	tcase_add_checked_fixture(tcase, open_list, close_list);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_long_list_and_short_ones_make_the_same_list);
	tcase_add_test(tcase, each_row_has_a_number_that_is_counted);
	tcase_add_test(tcase, what_comes_there_meanwhile_is_merged);
	tcase_add_test(tcase, what_cannot_be_noted_is_not_put_there);
	tcase_add_test(tcase, a_row_that_cannot_stand_there_is_refused_alone);
	tcase_add_test(tcase, no_row_makes_the_server_read_the_whole_list);
	suite_add_tcase(suite, tcase);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
