/* store/pg/pg.h -- one connection to PostgreSQL, as the store's other files see it.
 * Knows: libpq (in pg.c alone), the binary forms of values, SQLSTATE. Does not know what a query means.
 * Ownership: a pg owns its connection; rows own what their getters return, until pg_rows_free.
 * After ERR_UNAVAILABLE the connection may be dead: pg_reopen. */
#pragma once
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"
#include "core/timestamp.h"
#include "store/form/copy.h"
#include "store/form/store_options.h"
#include "store/form/uuid.h"
#include "store/pg/pg_rows.h"
#include "store/sql/query.h"

struct pg;

/* A parameter. `type` is the letter of queries.def. */
struct pg_value {
	char type;
	bool null;
	int64_t number;
	double real;
	struct str bytes;
};

static inline struct pg_value pg_text(struct str s)
{
	return (struct pg_value){ .type = 't', .bytes = s };
}
static inline struct pg_value pg_bytes(struct str s)
{
	return (struct pg_value){ .type = 'b', .bytes = s };
}
static inline struct pg_value pg_i64(int64_t number)
{
	return (struct pg_value){ .type = 'i', .number = number };
}
static inline struct pg_value pg_f64(double real)
{
	return (struct pg_value){ .type = 'f', .real = real };
}
/* TIMESTAMP_NONE is null. */
static inline struct pg_value pg_time(int64_t at_us)
{
	return (struct pg_value){ .type = 'z', .null = at_us == TIMESTAMP_NONE, .number = at_us };
}
static inline struct pg_value pg_uuid(const struct uuid *uuid)
{
	return (struct pg_value){ .type = 'u', .bytes = { (const char *)uuid->bytes, 16 } };
}
static inline struct pg_value pg_null(char type)
{
	return (struct pg_value){ .type = type, .null = true };
}

/* Can libpq read it? Asks nobody. ERR_SYNTAX: *problem says why, without a word of the string, which may be a secret. */
MUST_CHECK enum err pg_conninfo_check(const char *conninfo, struct buf *problem);
MUST_CHECK enum err pg_open(const char *conninfo, const struct store_options *options,
	struct buf *problem, struct pg **ret_pg);
/* A second connection as that one; pg_error of that one tells why not. */
MUST_CHECK enum err pg_open_beside(struct pg *pg, struct pg **ret_pg);
void pg_close(struct pg *pg);
MUST_CHECK enum err pg_reopen(struct pg *pg);
bool pg_connected(const struct pg *pg);
struct str pg_error(const struct pg *pg);
void pg_set_error(struct pg *pg, struct str text);
/* Is a transaction around those of verbs open? pg_transaction.h sees to it; a connection that is made anew has none. */
bool pg_is_held(const struct pg *pg);
void pg_set_held(struct pg *pg, bool held);
/* Ends the connection for a reason of ours, which pg_error tells from now on. */
void pg_hang_up(struct pg *pg, const char *why);

/* Its text, as queries.def has it. */
const char *pg_sql(enum query query);
/* Runs one query with the values that its row in queries.def asks for. ret_rows may be NULL. */
MUST_CHECK enum err pg_run(struct pg *pg, enum query query, const struct pg_value *values,
	size_t n_values, struct pg_rows **ret_rows);
#define PG_RUN(pg, query, ret_rows, ...)                                                           \
	pg_run((pg), (query), (const struct pg_value[]){ __VA_ARGS__ },                            \
		sizeof((const struct pg_value[]){ __VA_ARGS__ }) / sizeof(struct pg_value),        \
		(ret_rows))
/* Many statements, without values: a migration. `sql` has a NUL behind it. */
MUST_CHECK enum err pg_script(struct pg *pg, const char *sql);
