#include "store/suppression_row_priv.h"

/* SUPPRESSION_COLUMNS of queries.def. A word that this program does not know (a newer one wrote it) is the
 * careful one: not to be mailed, for no reason that is known. */
struct store_suppression suppression_row_read(const struct pg_rows *rows, size_t i)
{
	struct store_suppression row = { .address = pg_get_text(rows, i, 0) };

	row.stream = pg_get_text(rows, i, 1);
	row.domain = pg_get_text(rows, i, 2);
	if (!suppression_state_from_name(pg_get_text(rows, i, 3), &row.state))
		row.state = SUPPRESSION_ACTIVE;
	if (!reason_from_name(pg_get_text(rows, i, 4), &row.reason))
		row.reason = REASON_NONE;
	if (!reason_class_from_name(pg_get_text(rows, i, 5), &row.class))
		row.class = CLASS_NONE;
	row.source = pg_get_text(rows, i, 6);
	row.first_seen_us = pg_get_time(rows, i, 7);
	row.last_seen_us = pg_get_time(rows, i, 8);
	row.expires_at_us = pg_get_time(rows, i, 9);
	row.count = (uint64_t)pg_get_i64(rows, i, 10);
	row.status = pg_get_text(rows, i, 11);
	row.diagnostic = pg_get_text(rows, i, 12);
	row.has_evidence = !pg_is_null(rows, i, 13);
	row.evidence = pg_get_uuid(rows, i, 13);
	row.seq = (uint64_t)pg_get_i64(rows, i, 14);
	row.changed_by = pg_get_text(rows, i, 15);
	row.changed_at_us = pg_get_time(rows, i, 16);
	return row;
}
