/* store/pg/pg_rows_priv.h -- the rows of an answer, between who asks (pg.c) and who reads them (pg_rows.c). */
#pragma once
#include "store/pg/pg_rows.h"

#include <arpa/inet.h>
#include <libpq-fe.h>

/* Takes the result. */
struct pg_rows *pg_rows_new(PGresult *take_result);
/* One row, of fields that stay the caller's; one without a pointer is null. */
struct pg_rows *pg_rows_of_fields(const struct str *fields);

/* Eight bytes between the order of this machine and that of the network. */
static inline uint64_t pg_swap(uint64_t value)
{
	return ((uint64_t)htonl((uint32_t)value) << 32) | htonl((uint32_t)(value >> 32));
}
