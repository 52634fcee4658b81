#include "store/form/copy.h"
#include "store/pg/pg_rows_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What a query answered, or one row of fields. */
struct pg_rows {
	PGresult *result;
	const struct str *fields;
};

struct pg_rows *pg_rows_new(PGresult *take_result)
{
	struct pg_rows *rows = calloc(1, sizeof *rows);

	if (!rows)
		abort();
	rows->result = take_result;
	return rows;
}

struct pg_rows *pg_rows_of_fields(const struct str *fields)
{
	struct pg_rows *rows = pg_rows_new(NULL);

	rows->fields = fields;
	return rows;
}

size_t pg_rows_count(const struct pg_rows *rows)
{
	return rows->fields ? 1 : (size_t)PQntuples(rows->result);
}

size_t pg_rows_touched(const struct pg_rows *rows)
{
	uint64_t touched;

	return str_to_u64(str_c(PQcmdTuples(rows->result)), SIZE_MAX, &touched) ? touched : 0;
}

void pg_rows_free(struct pg_rows *rows)
{
	if (!rows)
		return;
	PQclear(rows->result);
	free(rows);
}

void pg_rows_freep(struct pg_rows **rows)
{
	pg_rows_free(*rows);
}

bool pg_is_null(const struct pg_rows *rows, size_t row, size_t column)
{
	if (rows->fields)
		return !rows->fields[column].p;
	return PQgetisnull(rows->result, (int)row, (int)column);
}

struct str pg_get_text(const struct pg_rows *rows, size_t row, size_t column)
{
	if (rows->fields)
		return rows->fields[column].p ? rows->fields[column] : STR_EMPTY;
	return str_from(PQgetvalue(rows->result, (int)row, (int)column),
		(size_t)PQgetlength(rows->result, (int)row, (int)column));
}

static uint64_t get_be(const struct pg_rows *rows, size_t row, size_t column)
{
	struct str bytes = pg_get_text(rows, row, column);
	uint64_t bits;

	assert(bytes.n == sizeof bits);
	memcpy(&bits, bytes.p, sizeof bits);
	return pg_swap(bits);
}

int64_t pg_get_i64(const struct pg_rows *rows, size_t row, size_t column)
{
	return pg_is_null(rows, row, column) ? 0 : (int64_t)get_be(rows, row, column);
}

double pg_get_f64(const struct pg_rows *rows, size_t row, size_t column)
{
	uint64_t bits = pg_is_null(rows, row, column) ? 0 : get_be(rows, row, column);
	double real;

	memcpy(&real, &bits, sizeof real);
	return real;
}

int64_t pg_get_time(const struct pg_rows *rows, size_t row, size_t column)
{
	if (pg_is_null(rows, row, column))
		return TIMESTAMP_NONE;
	return (int64_t)get_be(rows, row, column) + PG_EPOCH_US;
}

bool pg_get_bool(const struct pg_rows *rows, size_t row, size_t column)
{
	struct str bytes = pg_get_text(rows, row, column);

	return bytes.n == 1 && bytes.p[0];
}

struct uuid pg_get_uuid(const struct pg_rows *rows, size_t row, size_t column)
{
	struct str bytes = pg_get_text(rows, row, column);
	struct uuid uuid = { 0 };

	if (bytes.n == sizeof uuid.bytes)
		memcpy(uuid.bytes, bytes.p, sizeof uuid.bytes);
	return uuid;
}
