#include "store/pg/pg_copy_out.h"

#include "store/pg/pg_priv.h"
#include "store/pg/pg_rows_priv.h"

#include <stdlib.h>
#include <string.h>

enum { COPY_MAX_FIELDS = 32, COPY_HEADER_BYTES = 19, COPY_CANCEL_BYTES = 256 };

static const char copy_signature[] = "PGCOPY\n\377\r\n"; /* and its NUL */

struct pg_copy_out {
	struct pg *pg;
	struct pg_rows *row;
	struct str fields[COPY_MAX_FIELDS];
	char *message; /* libpq's */
	struct str left;
	bool begun, over; /* over: the server said so, or failed */
};

enum err pg_copy_out_begin(struct pg *pg, enum query query, struct pg_copy_out **ret_copy)
{
	struct pg_copy_out *copy;
	PGresult *result;
	enum err err;

	pg_set_error(pg, STR_EMPTY);
	result = PQexec(pg_connection(pg), pg_sql(query));
	err = pg_take(pg, result, PGRES_COPY_OUT, &result);
	if (err)
		return err;
	PQclear(result);
	copy = calloc(1, sizeof *copy);
	if (!copy)
		abort();
	copy->pg = pg;
	copy->row = pg_rows_of_fields(copy->fields);
	*ret_copy = copy;
	return ERR_OK;
}

/* ---- what the server sends ---- */

/* The server is done: well, or with an error. */
static enum err take_end(struct pg_copy_out *copy)
{
	PGresult *result = PQgetResult(pg_connection(copy->pg)), *extra;
	enum err err;

	copy->over = true;
	err = pg_take(copy->pg, result, PGRES_COMMAND_OK, &result);
	if (!err)
		PQclear(result);
	while ((extra = PQgetResult(pg_connection(copy->pg))))
		PQclear(extra);
	return err;
}

/* The next message; none, and `over`: the end. */
static enum err take_message(struct pg_copy_out *copy)
{
	int n;

	PQfreemem(copy->message);
	copy->message = NULL;
	n = PQgetCopyData(pg_connection(copy->pg), &copy->message, 0);
	if (n > 0) {
		copy->left = str_from(copy->message, (size_t)n);
		return ERR_OK;
	}
	if (n == -1)
		return take_end(copy);
	copy->over = true;
	return pg_lost(copy->pg);
}

/* ---- the form ---- */

static bool take_number(struct str *left, unsigned n_bytes, uint32_t *ret_number)
{
	uint32_t number = 0;

	if (left->n < n_bytes)
		return false;
	for (unsigned i = 0; i < n_bytes; i++)
		number = number << 8 | (unsigned char)left->p[i];
	*left = str_skip(*left, n_bytes);
	*ret_number = number;
	return true;
}

static bool take_header(struct str *left)
{
	uint32_t flags, more;

	if (left->n < COPY_HEADER_BYTES ||
		memcmp(left->p, copy_signature, sizeof copy_signature) != 0)
		return false;
	*left = str_skip(*left, sizeof copy_signature);
	if (!take_number(left, 4, &flags) || !take_number(left, 4, &more) || more > left->n)
		return false;
	*left = str_skip(*left, more);
	return true;
}

/* A field without a pointer is null. */
static bool take_fields(struct pg_copy_out *copy, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t n_bytes;

		if (!take_number(&copy->left, 4, &n_bytes))
			return false;
		copy->fields[i] = STR_EMPTY;
		copy->fields[i].p = NULL;
		if (n_bytes == UINT32_MAX)
			continue;
		if (n_bytes > copy->left.n)
			return false;
		copy->fields[i] = str_head(copy->left, n_bytes);
		copy->left = str_skip(copy->left, n_bytes);
	}
	return true;
}

/* The server sends whole rows in a message, the header in front of the first, and a row of -1 fields behind the last. */
enum err pg_copy_out_next(struct pg_copy_out *copy, const struct pg_rows **ret_row)
{
	const uint32_t trailer = UINT16_MAX;
	uint32_t n;
	enum err err;

	for (;;) {
		while (!copy->left.n && !copy->over) {
			err = take_message(copy);
			if (err)
				return err;
		}
		*ret_row = NULL;
		if (copy->over)
			return ERR_OK;
		if (!copy->begun && !take_header(&copy->left))
			return ERR_CORRUPT;
		copy->begun = true;
		if (!copy->left.n)
			continue;
		if (!take_number(&copy->left, 2, &n))
			return ERR_CORRUPT;
		if (n == trailer)
			continue;
		if (n > COPY_MAX_FIELDS || !take_fields(copy, n))
			return ERR_CORRUPT;
		*ret_row = copy->row;
		return ERR_OK;
	}
}

/* ---- the end ---- */

static void give_up(struct pg_copy_out *copy)
{
	char why[COPY_CANCEL_BYTES];
	PGcancel *cancel = PQgetCancel(pg_connection(copy->pg));

	if (cancel)
		PQcancel(cancel, why, sizeof why); /* else the rest is read to its end */
	PQfreeCancel(cancel);
	while (!copy->over)
		ERR_IGNORE(take_message(copy), "what comes is not wanted any more");
}

void pg_copy_out_end(struct pg_copy_out *take_copy)
{
	if (!take_copy)
		return;
	if (!take_copy->over)
		give_up(take_copy);
	PQfreemem(take_copy->message);
	pg_rows_free(take_copy->row);
	free(take_copy);
}
