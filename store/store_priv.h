/* store/store_priv.h -- what the files of the store share. */
#pragma once
#include "domain/provider.h"
#include "store/pg/pg.h"
#include "store/pg/pg_transaction.h"
#include "store/store.h"

struct store {
	struct pg *pg;
	/* Made on this connection: temporary tables live as long as it does. */
	bool has_batch_tables, has_volume_table, has_judge_tables;
	struct arena *arena; /* of the providers */
	const struct providers *providers;
	bool mx_lookups;
	bool knows_citus, is_citus; /* store_is_citus */
	bool acts;                  /* holds the lock of an actor, which lives as long too */
};

/* Lengths of texts that stand in an index: a row of one may not be over 2,700 bytes. */
enum {
	STORE_STREAM_BYTES = 128,
	STORE_LABEL_BYTES = 256,
	STORE_SPOOL_ID_BYTES = 64,
	STORE_NETWORK_BYTES = 64
};

/* Of the lock that whoever acts holds. */
int64_t store_actor_key(enum store_actor actor);

/* 0 in front of the first migration. */
MUST_CHECK enum err store_schema_version(struct store *store, int64_t *ret_version);

/* Creates the partitions; inside a transaction of the caller. ERR_CONFLICT: somebody else does. */
MUST_CHECK enum err store_partitions_in_transaction(
	struct store *store, int64_t now_us, size_t *ret_made);

/* The columns COUNTS_OUT of queries_report.def, from `first` on. */
struct store_counts store_get_counts(const struct pg_rows *rows, size_t row, size_t first);

/* A row of REASONS_OF. False: of an outcome that this program does not know. */
bool store_get_reason(const struct pg_rows *rows, size_t row, struct store_reason_row *ret_reason);

struct pack_state {
	int64_t now_us, stale_us,
		unpacked_us; /* of the oldest change that is not packed; of a day that never was */
	uint64_t newest;     /* number of a domain */
};
/* In the transaction that reads the days then; *ret_good: they are of now, or large and hardly late. */
MUST_CHECK enum err store_pack_state(struct store *store, const struct store_window *window,
	struct pack_state *ret_state, bool *ret_good);
/* Answers from packed days. *ret_done false: they are not good enough, and nothing was handed out. */
MUST_CHECK enum err store_ranking(struct store *store, const struct store_domains_query *query,
	store_domain_fn *fn, void *context, bool *ret_done);

/* Is Citus in the database? Asked once. */
MUST_CHECK enum err store_is_citus(struct store *store, bool *ret_is_citus);
/* The statement for this server, of two that answer alike. */
MUST_CHECK enum err store_choose(
	struct store *store, enum query plain, enum query citus, enum query *ret_query);
/* One after the other, up to the first that fails. */
MUST_CHECK enum err store_do_all(struct pg *pg, const enum query *queries, size_t n);
/* Moves every count by the rows of batch_change. */
MUST_CHECK enum err store_count_changes(struct pg *pg);

/* $1 to $6 of queries_report.def. */
#define WINDOW_VALUES(window, domain)                                                              \
	pg_time((window)->from_us), pg_time((window)->to_us), pg_text((window)->stream),           \
		pg_text(store_basis_name((window)->basis)), pg_text(domain),                       \
		pg_text((window)->proof)
/* The ten filters of queries_dimension.def, in their order. */
#define FILTER_VALUES(f)                                                                           \
	pg_text((f)->value[STORE_BY_ORG_DOMAIN]), pg_text((f)->value[STORE_BY_PROVIDER]),          \
		pg_text((f)->value[STORE_BY_REASON]), pg_text((f)->value[STORE_BY_CLASS]),         \
		pg_text((f)->value[STORE_BY_OUTCOME]), pg_text((f)->value[STORE_BY_STATUS]),       \
		pg_text((f)->value[STORE_BY_CAMPAIGN]),                                            \
		pg_text((f)->value[STORE_BY_REPORTING_MTA]),                                       \
		pg_text((f)->value[STORE_BY_REMOTE_MTA]), pg_text((f)->value[STORE_BY_SOURCE])
/* Is the window of whole days (UTC)? Then the daily tables have all of it. */
bool store_window_is_days(const struct store_window *window);
/* Of whoever changes volumes: one at a time. */
#define VOLUME_LOCK_KEY ((int64_t)0x626f756e63656404)
/* Of whoever stores events or volumes, with others; of whoever moves those of a domain, alone. Taken before all else. */
#define MX_LOCK_KEY ((int64_t)0x626f756e63656407)
/* First in a transaction that stores rows; then, with rows in batch_event or batch_volume: domains that nobody knows are asked for,
 * and rows get the providers that are known. Nothing where look-ups are off. */
MUST_CHECK enum err store_mx_stores(struct store *store);
MUST_CHECK enum err store_mx_events(struct store *store);
MUST_CHECK enum err store_mx_volumes(struct store *store);

/* One row in the order of VOLUME_COPY; `number` is its place. ERR_RANGE. */
MUST_CHECK enum err store_volume_encode(struct buf *out, const struct store_volume *row,
	size_t number, const struct providers *providers);

/* What a batch has of a log; rows of COPY without the trailer. */
struct store_log_rows {
	struct buf volumes, delivered, texts;
	size_t n_volumes, n_delivered;
	int64_t seen_at_us;
	bool has_log;
};
void store_log_rows_init(struct store_log_rows *rows);
void store_log_rows_release(struct store_log_rows *rows);
void store_log_rows_reset(struct store_log_rows *rows);
size_t store_log_rows_bytes(const struct store_log_rows *rows);
/* Within the transaction of the batch. */
MUST_CHECK enum err store_log_rows_write(
	struct store_log_rows *rows, struct store *store, struct str spool_id);
struct store_log;
MUST_CHECK enum err store_log_rows_set(struct store_log_rows *rows, const struct store_log *log);
MUST_CHECK enum err store_log_rows_add_volumes(struct store_log_rows *rows,
	const struct store_volume *volumes, size_t n, const struct providers *providers);
MUST_CHECK enum err store_log_rows_add_delivered(struct store_log_rows *rows, struct arena *scratch,
	struct str address, struct str stream, int64_t at_us);
