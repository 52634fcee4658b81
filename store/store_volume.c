#include "core/limits.h"
#include "core/utf8.h"
#include "store/copy_priv.h"
#include "store/store_priv.h"

enum { VOLUME_FIELDS = 7, VOLUME_ROW_BYTES = 1024 };

static bool is_text(struct str s, size_t max_bytes)
{
	return s.n <= max_bytes && utf8_valid(s);
}

static enum err check_row(const struct store_volume *row)
{
	bool good = row->attempted <= INT64_MAX &&
		    timestamp_floor(row->hour_us, TIMESTAMP_HOUR_US) == row->hour_us &&
		    row->hour_us >= timestamp_days(1, 1, 1) * TIMESTAMP_DAY_US &&
		    row->hour_us < timestamp_days(10000, 1, 1) * TIMESTAMP_DAY_US &&
		    is_text(row->stream, STORE_STREAM_BYTES) &&
		    is_text(row->campaign, STORE_LABEL_BYTES) &&
		    is_text(row->source, STORE_LABEL_BYTES) &&
		    is_text(row->domain, LIMIT_DOMAIN_BYTES);

	return good ? ERR_OK : ERR_RANGE;
}

/* In the order of VOLUME_COPY. */
static void put_row(struct buf *out, const struct store_volume *row, size_t number)
{
	copy_row(out, VOLUME_FIELDS);
	copy_i64(out, (int64_t)number);
	copy_text(out, row->domain);
	copy_time(out, row->hour_us);
	copy_text(out, row->stream.n ? row->stream : STR(STORE_DEFAULT_STREAM));
	copy_text(out, row->campaign);
	copy_text(out, row->source);
	copy_i64(out, (int64_t)row->attempted);
}

static enum err encode_rows(const struct store_volume *rows, size_t n, struct buf *out)
{
	enum err err = ERR_OK;

	copy_header(out);
	for (size_t i = 0; i < n && !err; i++) {
		err = check_row(&rows[i]);
		put_row(out, &rows[i], i);
	}
	copy_trailer(out);
	return err ? err : buf_check(out);
}

static enum err write_rows(struct store *store, struct str bytes)
{
	enum err err = ERR_OK;

	if (!store->has_volume_table)
		err = pg_do(store->pg, QUERY_VOLUME_TABLE, NULL);
	if (err)
		return err;
	store->has_volume_table = true;
	err = pg_do(store->pg, QUERY_BEGIN, NULL);
	if (err)
		return err;
	err = pg_copy(store->pg, QUERY_VOLUME_COPY, bytes);
	if (!err)
		err = pg_do(store->pg, QUERY_VOLUME_PUT, NULL);
	return pg_end(store->pg, err);
}

enum err store_volume_put(struct store *store, const struct store_volume *rows, size_t n)
{
	struct buf out = BUF_INIT((size_t)LIMIT_VOLUME_ROWS * VOLUME_ROW_BYTES);
	enum err err;

	if (n > LIMIT_VOLUME_ROWS)
		return ERR_LIMIT;
	err = encode_rows(rows, n, &out);
	if (!err)
		err = write_rows(store, buf_str(&out));
	buf_release(&out);
	return err;
}
