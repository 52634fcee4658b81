#include "store/pg/pg.h"

#include "store/pg/pg_priv.h"
#include "store/pg/pg_rows_priv.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PG_READ_ONLY "25006"

enum { PG_MAX_VALUES = 24, PG_BINARY = 1, PG_LOCK_TIMEOUT_MS = 60000 };

/* What the server has of a query that is kept. */
enum plan {
	PLAN_NONE,
	PLAN_READY,
	PLAN_REFUSED, /* it would not, or something between us and it: the text is sent each time */
};

struct pg {
	PGconn *conn;
	char *conninfo, *application_name;
	unsigned statement_timeout_ms, connect_timeout_s, idle_timeout_ms;
	bool held; /* pg_transaction.h */
	bool read_only; /* the server said so: it counts as lost, since another one may take writes by now */
	enum plan plans[QUERY_COUNT]; /* of this connection */
	struct buf error;
};

static const struct {
	const char *types, *sql;
	bool kept;
} pg_queries[QUERY_COUNT] = {
#define QUERY(id, types, sql)      [QUERY_##id] = { types, sql, false },
#define KEPT_QUERY(id, types, sql) [QUERY_##id] = { types, sql, true },
#include "store/sql/queries.def"
};

/* pg_type.oid of each letter of queries.def; these numbers are fixed for ever. */
static const struct {
	char type;
	Oid oid;
} pg_types[] = {
	{ 't', 25 },
	{ 'i', 20 },
	{ 'z', 1184 },
	{ 'u', 2950 },
	{ 'f', 701 },
	{ 'b', 17 },
};

/* The first row whose prefix fits (PostgreSQL documentation, appendix A). */
static const struct {
	struct str prefix;
	enum err err;
} pg_states[] = {
	{ STR_INIT("08"), ERR_UNAVAILABLE },         /* connection */
	{ STR_INIT("53"), ERR_UNAVAILABLE },         /* no room: disk, memory, connections */
	{ STR_INIT("57014"), ERR_TIMEOUT },          /* the statement timeout */
	{ STR_INIT("57P"), ERR_UNAVAILABLE },        /* shut down, starting up */
	{ STR_INIT(PG_READ_ONLY), ERR_UNAVAILABLE }, /* a standby, or a fence */
	{ STR_INIT("25P"), ERR_UNAVAILABLE },        /* idle in a transaction for too long */
	{ STR_INIT("55P03"), ERR_CONFLICT },         /* lock not had in time */
	{ STR_INIT("40"), ERR_CONFLICT },            /* deadlock, serialization */
	{ STR_INIT("58"), ERR_IO },
	{ STR_INIT("XX00"), ERR_CORRUPT }, /* data or index damaged */
	{ STR_INIT("28"), ERR_DENIED },
	{ STR_INIT("42501"), ERR_DENIED },
	{ STR_INIT("42P01"), ERR_UNSUPPORTED }, /* no such table: not migrated */
	{ STR_INIT("42703"), ERR_UNSUPPORTED }, /* no such column: likewise */
	{ STR_INIT("42883"), ERR_UNSUPPORTED }, /* no such function: likewise */
	/* Of the rows: without them, or with others, the same statement goes well. */
	{ STR_INIT("23505"), ERR_EXISTS },
	{ STR_INIT("23503"), ERR_DATABASE }, /* of a table that the program fills */
	{ STR_INIT("21"), ERR_RANGE },       /* two rows of a batch where one may be */
	{ STR_INIT("22"), ERR_RANGE },       /* a value that is none */
	{ STR_INIT("23"), ERR_RANGE },       /* a constraint */
	{ STR_INIT("44"), ERR_RANGE },       /* the condition of a view */
	{ STR_INIT("54000"), ERR_RANGE },    /* a row too long for an index or a page */
	{ STR_INIT("P0001"), ERR_RANGE },    /* a trigger of the operator's that says no */
	/* Of the server, whatever the rows: 0A000 is what Citus or a foreign table cannot do, 42 a schema that is another. */
	{ STR_INIT(""), ERR_DATABASE },
};

static enum err err_of_state(struct str state)
{
	size_t i = 0;

	while (!str_starts(state, pg_states[i].prefix))
		i++;
	return pg_states[i].err;
}

static Oid oid_of(char type)
{
	size_t i = 0;

	while (pg_types[i].type != type)
		i++;
	return pg_types[i].oid;
}

/* ---- connection ---- */

static void ignore_notice(void *context, const char *message)
{
	(void)context;
	(void)message;
}

static char *copy_c(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

static void set_error(struct pg *pg, const char *state, const char *text)
{
	struct str line = str_trim(str_c(text));

	buf_reset(&pg->error);
	buf_put(&pg->error, str_head(line, 400));
	if (state)
		buf_printf(&pg->error, " (SQLSTATE %.5s)", state);
}

enum err pg_lost(struct pg *pg)
{
	set_error(pg, NULL, pg->conn ? PQerrorMessage(pg->conn) : "no memory for a connection");
	return ERR_UNAVAILABLE;
}

static enum err set_session(struct pg *pg)
{
	char timeout[16], lock_timeout[16], idle_timeout[16];

	snprintf(timeout, sizeof timeout, "%u", pg->statement_timeout_ms);
	snprintf(lock_timeout, sizeof lock_timeout, "%d", PG_LOCK_TIMEOUT_MS);
	snprintf(idle_timeout, sizeof idle_timeout, "%u", pg->idle_timeout_ms);
	return PG_RUN(pg, QUERY_SESSION, NULL, pg_text(str_c(timeout)),
		pg_text(str_c(lock_timeout)), pg_text(str_c(idle_timeout)));
}

/* libpq quotes what it does not like. */
static void put_without_quotes(struct buf *out, struct str text)
{
	bool quoted = false;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"') {
			quoted = !quoted;
			buf_put(out, quoted ? STR("\"...") : STR("\""));
		} else if (!quoted) {
			buf_putc(out, text.p[i]);
		}
	}
}

enum err pg_conninfo_check(const char *conninfo, struct buf *problem)
{
	char *why = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &why);
	bool good = options != NULL;

	if (!good)
		put_without_quotes(problem, str_trim(str_c(why ? why : "no memory")));
	PQconninfoFree(options);
	PQfreemem(why);
	return good ? ERR_OK : ERR_SYNTAX;
}

enum err pg_reopen(struct pg *pg)
{
	char seconds[16];
	/* A host that vanished without a word is noticed within some ten seconds, not after hours; one that is busy answers for TCP. Of several
	 * hosts the one that takes writes is meant. What stands before dbname can be overridden by the
	 * operator's own words. */
	const char *keys[] = { "keepalives_idle", "keepalives_interval", "keepalives_count",
		"tcp_user_timeout", "target_session_attrs", "dbname", "fallback_application_name",
		"connect_timeout", "client_encoding", NULL };
	const char *values[] = { "5", "2", "3", "10000", "read-write", pg->conninfo,
		pg->application_name, seconds, "UTF8", NULL };

	snprintf(seconds, sizeof seconds, "%u", pg->connect_timeout_s);
	PQfinish(pg->conn);
	pg->read_only = pg->held = false;
	memset(pg->plans, 0, sizeof pg->plans);
	pg->conn = PQconnectdbParams(keys, values, 1);
	if (PQstatus(pg->conn) != CONNECTION_OK)
		return pg_lost(pg);
	PQsetNoticeProcessor(pg->conn, ignore_notice, NULL);
	return set_session(pg);
}

enum err pg_open(const char *conninfo, const struct store_options *options, struct buf *problem,
	struct pg **ret_pg)
{
	struct pg *pg = calloc(1, sizeof *pg);
	enum err err;

	if (!pg)
		abort();
	pg->conninfo = copy_c(conninfo);
	pg->application_name =
		copy_c(options->application_name ? options->application_name : "bounced");
	pg->statement_timeout_ms = options->statement_timeout_ms;
	pg->idle_timeout_ms = options->idle_timeout_ms;
	pg->connect_timeout_s = options->connect_timeout_s ? options->connect_timeout_s : 5;
	buf_init(&pg->error, 1024);
	err = pg_reopen(pg);
	if (err) {
		if (problem)
			buf_put(problem, pg_error(pg));
		pg_close(pg);
		return err;
	}
	*ret_pg = pg;
	return ERR_OK;
}

enum err pg_open_beside(struct pg *pg, struct pg **ret_pg)
{
	const struct store_options options = { .application_name = pg->application_name,
		.statement_timeout_ms = pg->statement_timeout_ms,
		.connect_timeout_s = pg->connect_timeout_s,
		.idle_timeout_ms = pg->idle_timeout_ms };

	buf_reset(&pg->error);
	return pg_open(pg->conninfo, &options, &pg->error, ret_pg);
}

void pg_close(struct pg *pg)
{
	if (!pg)
		return;
	PQfinish(pg->conn);
	free(pg->conninfo);
	free(pg->application_name);
	buf_release(&pg->error);
	free(pg);
}

void pg_hang_up(struct pg *pg, const char *why)
{
	PQfinish(pg->conn);
	pg->conn = NULL;
	set_error(pg, NULL, why);
}

bool pg_connected(const struct pg *pg)
{
	return PQstatus(pg->conn) == CONNECTION_OK && !pg->read_only;
}

PGconn *pg_connection(struct pg *pg)
{
	return pg->conn;
}

const char *pg_sql(enum query query)
{
	return pg_queries[query].sql;
}

struct str pg_error(const struct pg *pg)
{
	return buf_str(&pg->error);
}

void pg_set_error(struct pg *pg, struct str text)
{
	buf_reset(&pg->error);
	buf_put(&pg->error, text);
}

bool pg_is_held(const struct pg *pg)
{
	return pg->held;
}

void pg_set_held(struct pg *pg, bool held)
{
	pg->held = held;
}

/* ---- queries ---- */

enum err pg_take(struct pg *pg, PGresult *take_result, ExecStatusType wanted, PGresult **ret_result)
{
	PGresult *result = take_result;
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	enum err err;

	if (result && PQresultStatus(result) == wanted) {
		*ret_result = result;
		return ERR_OK;
	}
	if (!state) {
		err = pg_lost(pg);
	} else {
		err = err_of_state(str_c(state));
		pg->read_only = pg->read_only || str_eq(str_c(state), STR(PG_READ_ONLY));
		set_error(pg, state, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	}
	PQclear(result);
	return err;
}

struct pg_room {
	char bytes[8];
};

/* The binary form of a value: its bytes, or eight in network order in `room`. */
static struct str value_bytes(const struct pg_value *value, struct pg_room *room)
{
	uint64_t bits = (uint64_t)value->number;

	if (value->null)
		return STR_EMPTY;
	if (value->type == 't' || value->type == 'b' || value->type == 'u')
		return str_from(value->bytes.p ? value->bytes.p : "", value->bytes.n);
	if (value->type == 'z')
		bits = (uint64_t)(value->number - PG_EPOCH_US);
	if (value->type == 'f')
		memcpy(&bits, &value->real, sizeof bits);
	bits = pg_swap(bits);
	memcpy(room->bytes, &bits, sizeof bits);
	return str_from(room->bytes, sizeof bits);
}

/* Values in the form that libpq takes. */
struct pg_sent {
	struct pg_room rooms[PG_MAX_VALUES];
	Oid types[PG_MAX_VALUES];
	const char *pointers[PG_MAX_VALUES];
	int lengths[PG_MAX_VALUES], formats[PG_MAX_VALUES], n;
};

static void put_values(
	struct pg_sent *sent, const char *types, const struct pg_value *values, int n)
{
	sent->n = n;
	for (int i = 0; i < n; i++) {
		struct str bytes = value_bytes(&values[i], &sent->rooms[i]);

		assert(values[i].type == types[i]);
		sent->types[i] = oid_of(values[i].type);
		sent->pointers[i] = values[i].null ? NULL : bytes.p;
		sent->lengths[i] = (int)bytes.n;
		sent->formats[i] = PG_BINARY;
	}
}

static bool in_no_transaction(const struct pg *pg)
{
	return PQtransactionStatus(pg->conn) == PQTRANS_IDLE;
}

/* Is there a plan of it now? One that is refused within a transaction would end that, so none is made there. */
static bool keep_plan(struct pg *pg, enum query query, const char *name, const struct pg_sent *sent)
{
	PGresult *result;

	if (pg->plans[query] != PLAN_NONE || !pg_queries[query].kept || !in_no_transaction(pg))
		return pg->plans[query] == PLAN_READY;
	result = PQprepare(pg->conn, name, pg_queries[query].sql, sent->n, sent->types);
	pg->plans[query] = PQresultStatus(result) == PGRES_COMMAND_OK ? PLAN_READY : PLAN_REFUSED;
	PQclear(result);
	return pg->plans[query] == PLAN_READY;
}

/* A plan that the server lost or that does not fit any more (a pooler in between, a table that was changed) is none. True: the text can be
 * sent at once. */
static bool lost_plan(struct pg *pg, enum query query, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (!state || (strcmp(state, "26000") != 0 && strcmp(state, "0A000") != 0))
		return false;
	pg->plans[query] = PLAN_REFUSED;
	return in_no_transaction(pg); /* else it failed with it, and the next time goes well */
}

static PGresult *exec_query(struct pg *pg, enum query query, const struct pg_value *values, int n)
{
	struct pg_sent sent;
	PGresult *result;
	char name[16];

	put_values(&sent, pg_queries[query].types, values, n);
	snprintf(name, sizeof name, "q%d", (int)query);
	if (keep_plan(pg, query, name, &sent)) {
		result = PQexecPrepared(
			pg->conn, name, n, sent.pointers, sent.lengths, sent.formats, PG_BINARY);
		if (!lost_plan(pg, query, result))
			return result;
		PQclear(result);
	}
	return PQexecParams(pg->conn, pg_queries[query].sql, n, sent.types, sent.pointers,
		sent.lengths, sent.formats, PG_BINARY);
}

enum err pg_run(struct pg *pg, enum query query, const struct pg_value *values, size_t n_values,
	struct pg_rows **ret_rows)
{
	PGresult *result = NULL;
	ExecStatusType wanted;
	enum err err;

	assert(n_values <= PG_MAX_VALUES && n_values == strlen(pg_queries[query].types));
	buf_reset(&pg->error);
	result = exec_query(pg, query, values, (int)n_values);
	wanted = PQresultStatus(result) == PGRES_COMMAND_OK ? PGRES_COMMAND_OK : PGRES_TUPLES_OK;
	err = pg_take(pg, result, wanted, &result);
	if (err)
		return err;
	if (ret_rows)
		*ret_rows = pg_rows_new(result);
	else
		PQclear(result);
	return ERR_OK;
}

enum err pg_script(struct pg *pg, const char *sql)
{
	PGresult *result = PQexec(pg->conn, sql);
	ExecStatusType wanted =
		PQresultStatus(result) == PGRES_TUPLES_OK ? PGRES_TUPLES_OK : PGRES_COMMAND_OK;
	enum err err = pg_take(pg, result, wanted, &result);

	if (!err)
		PQclear(result);
	return err;
}
