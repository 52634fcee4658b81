/* store/store.h -- the database, seen as verbs on reports and events.
 * Knows: what is kept, and the two keys that make every repeat count once. Does not know: libpq (no
 * type of it stands here), SQL (queries.def), JSON, the clock (moments come in), the log.
 * Not pure. One `struct store` is one connection, for one thread; it owns what it hands to callbacks,
 * which lives until the callback returns. Text that goes in must be valid UTF-8 without NUL; raw
 * bytes (envelope paths, messages) may be anything. All moments are microseconds, UTC.
 * Bounds: the options' statement timeout; STORE_BATCH_BYTES; LIMIT_PAGE_ROWS and LIMIT_VOLUME_ROWS. */
#pragma once
#include "core/arena.h"
#include "core/buf.h"
#include "core/envelope.h"
#include "core/err.h"
#include "core/report.h"
#include "core/str.h"
#include "core/suppression.h"
#include "store/form/dimension.h"
#include "store/form/id.h"
#include "store/form/moment.h"
#include "store/form/store_options.h"
#include "store/form/uuid.h"

/* Errors of every verb, unless it says more:
 * ERR_UNAVAILABLE: the connection is gone or the server has no room: store_reopen, then try again.
 * ERR_TIMEOUT: the statement timeout. ERR_CONFLICT: a deadlock or a lost race; try again.
 * ERR_UNSUPPORTED: a table is missing: the schema is older than the program (store_migrate).
 * ERR_DENIED, ERR_DATABASE and others: the server refused; store_error says why. */

/* ---- connection ---- */

struct store;

/* `conninfo` as libpq takes it; copied. A store that could not connect is not handed out.
 * ERR_SYNTAX: the providers are none.
 * ERR_NEWER: the schema is one of a newer program: nothing of it is read or written.
 * ERR_UNAVAILABLE: no connection; the reason is appended to `problem` where that is not NULL. */
MUST_CHECK enum err store_open(const char *conninfo, const struct store_options *options,
	struct buf *problem, struct store **ret_store);
/* Is it one that libpq can read? Asks nobody. ERR_SYNTAX: `problem` says why, and holds nothing of the string. */
MUST_CHECK enum err store_conninfo_check(const char *conninfo, struct buf *problem);
/* Takes NULL. */
void store_close(struct store *store);
/* Drops the connection and makes another with the same options. An open batch keeps its rows. */
MUST_CHECK enum err store_reopen(struct store *store);
/* False once the connection is known to be lost, or the server to take no writes (a standby). Asks nobody. */
bool store_connected(const struct store *store);
/* What the server said to the last failure: for the log, never for a peer. Empty: nothing. Valid
 * until the next verb. */
struct str store_error(const struct store *store);
/* ERR_OK: the server answers and its schema is this program's. ERR_NOT_FOUND: it is older (migrate).
 * ERR_NEWER: made by a newer program. */
MUST_CHECK enum err store_ready(struct store *store);
/* Work of which one in the whole database may be busy with it at a time. */
enum store_actor {
	STORE_ACTOR_SCHEDULER,
	STORE_ACTOR_HOOK,
	STORE_ACTOR_RESOLVER,
	STORE_ACTOR_COUNT
};
/* Makes this connection the one that acts, until it ends; the server ends it where it asks nothing for 20 s (the scheduler's) or
 * 90 s (of those that wait for other hosts). False: another one does. */
MUST_CHECK enum err store_act(struct store *store, enum store_actor actor, bool *ret_acting);

/* ---- schema ---- */

struct store_migration {
	unsigned applied; /* files applied by this call */
	unsigned version; /* of the schema now */
};

/* Applies what is missing of migrations/, each file in a transaction, fills the table of reasons and
 * makes partitions around now_us. Many may call at once: one works, the others wait up to wait_ms.
 * ERR_TIMEOUT: somebody else held the lock for longer. ERR_NEWER: the database is newer than this
 * program. ERR_CORRUPT: a file that was applied has another content now. */
MUST_CHECK enum err store_migrate(struct store *store, int64_t now_us, unsigned wait_ms,
	struct store_migration *ret_migration);
/* Weekly partitions from the week before now_us to four weeks after; to be called daily. Rows outside
 * of every week lie in a default partition and move when their week is made. */
MUST_CHECK enum err store_make_partitions(struct store *store, int64_t now_us, size_t *ret_made);
/* Forgets digests of messages that were seen before `before_us`. */
MUST_CHECK enum err store_purge_seen(struct store *store, int64_t before_us, size_t *ret_purged);
/* Forgets which of several reports counted, where the last came before `before_us`. */
MUST_CHECK enum err store_purge_failures(
	struct store *store, int64_t before_us, size_t *ret_purged);
#define STORE_FAILURE_US (30 * TIMESTAMP_DAY_US) /* how long reports of one delivery meet */
#define STORE_SEEN_US    (10 * TIMESTAMP_DAY_US) /* how long a second delivery is known */

/* What is kept for a time of its own: raw mail; that which no rule knows, where it is kept for longer; events and their
 * messages, which are personal data; and rollups with the volumes. */
enum store_kept {
	STORE_KEPT_RAW,
	STORE_KEPT_RAW_UNCLASSIFIED,
	STORE_KEPT_EVENTS,
	STORE_KEPT_ROLLUPS,
	STORE_KEPT_COUNT
};
/* Drops what is older than before_us: raw mail and events by whole weeks, rollups by whole days (UTC).
 * What no rule knows is kept when raw mail is dropped, until it is dropped itself.
 * Loaders wait for a moment, five seconds at most. ERR_CONFLICT: a long query is in the way; try again. */
MUST_CHECK enum err store_drop(struct store *store, enum store_kept kept, int64_t before_us);

struct str store_kept_name(enum store_kept kept); /* "raw" */
struct store_retention {
	int64_t run_us; /* when the clock was last believed, and so what is old looked for; TIMESTAMP_NONE: never */
	int64_t before_us
		[STORE_KEPT_COUNT]; /* older rows were dropped; TIMESTAMP_NONE: none ever */
	uint64_t rows[STORE_KEPT_COUNT]; /* so many; of large weeks about so many */
};
MUST_CHECK enum err store_retention(struct store *store, struct store_retention *ret_retention);

/* By which moment may be deleted what is old? (form/clock_guard.h) */
struct store_clock {
	bool believed;              /* else nothing may be deleted until store_clock_believe */
	int64_t moment_us;          /* to go by, where it is believed */
	int64_t last_us, newest_us; /* when the clock was believed before; the newest message */
	int64_t database_us;        /* what the database's machine says */
};
/* Changes nothing. */
MUST_CHECK enum err store_clock_look(
	struct store *store, int64_t now_us, struct store_clock *ret_clock);
/* The same, and a clock that is believed is remembered. */
MUST_CHECK enum err store_clock(struct store *store, int64_t now_us, struct store_clock *ret_clock);
/* A person has looked: from now on the clock is right. */
MUST_CHECK enum err store_clock_believe(struct store *store, int64_t now_us);

/* ---- loading ---- */

#define STORE_DIGEST_BYTES 32u
/* Rows of one batch, encoded; one message of LIMIT_MESSAGE_BYTES always fits an empty batch. */
#define STORE_BATCH_BYTES (160u << 20)
/* The stream of mail and volumes that name none. */
#define STORE_DEFAULT_STREAM "default"

/* What an event may do to a rate. */
struct store_standing {
	enum proof proof;
	bool rated;  /* counts in its stream's rate; else beside it */
	bool counts; /* false: kept, and counted nowhere */
	struct str
		token_recipient; /* of PROOF_UNBOUND: whom the token was made for; empty: not known */
};

struct store_message {
	uint64_t sequence;    /* of its spool record */
	int64_t stored_at_us; /* when that was committed; 0: not known */
	const struct envelope *envelope;
	const struct report *report;
	size_t size;                        /* of the message in bytes */
	uint8_t digest[STORE_DIGEST_BYTES]; /* of envelope and bytes: finds a second delivery */
	struct str raw;                     /* the message; empty: do not keep it */
	struct str campaign;                /* empty: not known */
	struct str
		network; /* that it came from, as strikes of one hand have it; empty: not by SMTP */
	const struct store_weight *weights; /* one for each event of `report`; NULL: none weighs */
	const struct store_standing *standings; /* likewise; NULL: no proof, rated, counted */
};

/* What an event means for the suppression list. */
struct store_weight {
	enum decision decision; /* DECISION_NONE: it is no evidence */
	bool of_stream;         /* the entry reaches the event's stream alone; else every one */
	bool serves; /* told with the reply of a host that serves the recipient's domain */
};
struct store_judge; /* store_judge.h */

struct store_batch_result {
	size_t messages;          /* stored */
	size_t events;            /* stored */
	size_t second_deliveries; /* known from another record, not stored, counted in spool_position */
	size_t replays;           /* the same record again: nothing to do */
};

struct store_batch;

/* A batch gathers rows in memory; the database sees them in store_batch_commit alone. Many batches may
 * exist; one belongs to one spool. `store` must outlive it. spool_id: 1 to 64 bytes, printable ASCII. */
struct store_batch *store_batch_new(struct store *store, struct str spool_id);
/* Who judges entries by all that is known of them; borrowed. Until it is called nothing is kept against an address. */
void store_batch_set_judge(struct store_batch *batch, const struct store_judge *judge);
/* The recipient asked not to be mailed any more by this stream: an entry of the source `unsubscribe`, in the transaction of the
 * batch. Twice is once; one that a person took away later stays away. An address that no list may hold is passed over. */
void store_batch_add_unsubscribed(
	struct store_batch *batch, struct str address, struct str stream, int64_t at_us);
/* Puts each new event aside for who is told of it (store_hook.h). */
void store_batch_set_hook(struct store_batch *batch, bool told);
/* Takes NULL. */
void store_batch_free(struct store_batch *batch);
/* Copies all that it needs; the batch is unchanged on failure. ERR_LIMIT: it is full: commit first.
 * ERR_RANGE: received_at outside of the years 1 to 9999, or a sequence over INT64_MAX. */
MUST_CHECK enum err store_batch_add(struct store_batch *batch, const struct store_message *message);
size_t store_batch_count(const struct store_batch *batch);
size_t store_batch_bytes(const struct store_batch *batch);
/* Forgets the rows. */
void store_batch_reset(struct store_batch *batch);
/* One transaction: the rows, the rollups and suppressions by the rows that were new, and the position from
 * `from_sequence` to `to_sequence` (of the next record to load). Rows are kept until
 * store_batch_reset, so the same commit may be tried again; with no rows it moves the position alone.
 * ERR_CONFLICT: nothing was done; the position is another one by now, or two loaders met: read it.
 * ERR_UNAVAILABLE: it may or may not have happened: store_reopen, then read the position.
 * ERR_RANGE: nothing was done; a row is refused and will be again. Or from_sequence > to_sequence, or over INT64_MAX.
 * ERR_DATABASE, ERR_UNSUPPORTED, ERR_DENIED: nothing was done; the server cannot do it, whatever the rows. */
MUST_CHECK enum err store_batch_commit(struct store_batch *batch, uint64_t from_sequence,
	uint64_t to_sequence, struct store_batch_result *ret_result);

/* The next record to load of a spool; 0 for one that the database does not know. */
MUST_CHECK enum err store_position(
	struct store *store, struct str spool_id, uint64_t *ret_sequence);

struct store_place {
	uint64_t sequence;    /* as store_position has it */
	int64_t record_at_us; /* stored_at_us of the message in front of it; 0: not known */
};
MUST_CHECK enum err store_place(
	struct store *store, struct str spool_id, struct store_place *ret_place);
/* The spool was set back to an older copy: its records from `to_sequence` on are to be loaded again. What is
 * there by the same ids counts nothing. ERR_CONFLICT: the position is not from_sequence. */
MUST_CHECK enum err store_set_back(
	struct store *store, struct str spool_id, uint64_t from_sequence, uint64_t to_sequence);

/* ---- volumes ---- */

#define STORE_VOLUME_MAX                                                                           \
	((uint64_t)1 << 53) /* what every reader of JSON tells from its neighbours */

/* How many recipients of a domain were attempted in an hour or a quarter of one, and how that went. All up
 * to `source` is the key: the same key again replaces, another source or campaign adds. */
struct store_volume {
	int64_t at_us; /* its start: a whole hour, or quarter of an hour */
	struct str stream, campaign, domain, source; /* domain lower-case */
	uint64_t attempted;              /* this and the next at most STORE_VOLUME_MAX */
	bool quarter;                    /* of 15 minutes; else of an hour */
	bool has_accepted, has_deferred; /* told */
	uint64_t accepted, deferred;
};

/* One transaction. Of two rows with one key in the same call the later holds.
 * ERR_LIMIT: over LIMIT_VOLUME_ROWS. ERR_RANGE: no whole hour or quarter, or a number too large. */
MUST_CHECK enum err store_volume_put(
	struct store *store, const struct store_volume *rows, size_t n);

/* Empty text: any. */
struct store_volumes_query {
	int64_t from_us, to_us; /* of their starts: from <= t < to */
	struct str stream, domain, campaign, source;
	const struct store_volume
		*after; /* the last row of the page before; NULL: from the first */
	size_t limit;   /* 1 to LIMIT_PAGE_ROWS */
};
typedef bool store_volume_fn(void *context, const struct store_volume *row);
/* By domain, start, stream, campaign, source. */
MUST_CHECK enum err store_volumes(struct store *store, const struct store_volumes_query *query,
	store_volume_fn *fn, void *context);
/* Deletes all that the query means, whatever its page. */
MUST_CHECK enum err store_volumes_delete(
	struct store *store, const struct store_volumes_query *query, uint64_t *ret_n);

/* ---- reports: read rollups and volumes, never events ---- */

/* from <= t < to; both whole hours. stream empty: all. */
struct store_window {
	int64_t from_us, to_us;
	struct str stream;
	enum store_basis basis;
	struct str proof; /* of a proof by name, or "all"; empty: what rates are made of */
	const struct store_filters *filters; /* NULL: none; its domain is that of the verb, too */
};

struct store_counts {
	bool has_volume, has_accepted;
	uint64_t attempted, accepted; /* 0 without a volume: ask has_volume, has_accepted */
	uint64_t failed, hard, soft, block;
	uint64_t delayed, delivered, relayed, expanded, complaints;
	/* Of failed and its parts: those of days for which their stream has a volume; in a series of hours or
	 * quarters: those of steps. */
	uint64_t failed_covered, hard_covered, soft_covered, block_covered;
	uint64_t unproven; /* failures that no rate is made of */
	bool cut;          /* the end of a step cuts a volume: it is not in `attempted` */
};

enum store_sort {
	STORE_SORT_FAILED,
	STORE_SORT_FAILURE_RATE,
	STORE_SORT_ATTEMPTED,
	STORE_SORT_HARD,
	STORE_SORT_SOFT,
	STORE_SORT_BLOCK,
	STORE_SORT_DELAYED,
	STORE_SORT_COMPLAINTS,
	STORE_SORT_DOMAIN,
	STORE_SORT_COUNT
};
/* "failed", "failure_rate", ... All sort from the largest down, "domain" from a to z. */
struct str store_sort_name(enum store_sort sort);

/* Where a page ended: the sort key of its last row. */
struct store_domain_place {
	double value; /* as it is sorted by: the largest first, whatever the order */
	struct str domain;
};

struct store_domain_row {
	struct str domain; /* or another word, as the query is `by` */
	struct store_counts counts;
	struct store_domain_place place;
	uint64_t number; /* of a ranking from packed days; else 0 */
};

struct store_names; /* ranking.h */

struct store_domains_query {
	struct store_window window;
	enum store_dimension by; /* what a row is of */
	enum store_sort sort;
	uint64_t min_attempted;                 /* 0: domains without a volume too */
	const struct store_domain_place *after; /* NULL: from the start */
	size_t limit;                           /* 1 to LIMIT_PAGE_ROWS */
	bool reversed; /* the smallest first, those without a value last; "domain": from z to a */
	struct store_names *names; /* NULL: packed days are not read, however long that takes */
	int64_t *
		as_of_us; /* set to the moment that the rows are of, unless that is now; NULL: not asked */
};

/* The moment from which on counts of STORE_FROM_DAYS are whole; TIMESTAMP_NONE: all are. */
MUST_CHECK enum err store_dimensions_since(struct store *store, int64_t *ret_since_us);
/* Counted from events, the window may begin so long before now. */
#define STORE_EVENTS_US (32 * TIMESTAMP_DAY_US)

/* False ends the rows early, without an error. */
typedef bool store_domain_fn(void *context, const struct store_domain_row *row);
MUST_CHECK enum err store_domains(struct store *store, const struct store_domains_query *query,
	store_domain_fn *fn, void *context);

/* One domain. A domain that was never seen has counts of 0. */
MUST_CHECK enum err store_domain_counts(struct store *store, const struct store_window *window,
	struct str domain, struct store_counts *ret_counts);

struct store_reason_row {
	enum outcome outcome;
	struct str reason, class; /* names; empty: none */
	uint64_t count;
};
typedef bool store_reason_fn(void *context, const struct store_reason_row *row);
/* The most frequent first. */
MUST_CHECK enum err store_domain_reasons(struct store *store, const struct store_window *window,
	struct str domain, store_reason_fn *fn, void *context);

/* Diagnostics that differ only in numbers and addresses are one template ("550 <*> user unknown"). */
struct store_diagnostic_row {
	struct str template, reason, class;
	uint64_t count;
	struct uuid example; /* an event with it; all zeros: none is kept */
};
typedef bool store_diagnostic_fn(void *context, const struct store_diagnostic_row *row);
/* The most frequent first, of failures and delays by event time, in whole days (UTC) that the window
 * touches. */
MUST_CHECK enum err store_domain_diagnostics(struct store *store, const struct store_window *window,
	struct str domain, size_t limit, store_diagnostic_fn *fn, void *context);

enum store_step { STORE_STEP_HOUR, STORE_STEP_DAY };
struct store_series_row {
	int64_t at_us; /* start of the step */
	struct store_counts counts;
};
typedef bool store_series_fn(void *context, const struct store_series_row *row);

/* ---- events ---- */

/* What the store adds to an event. */
struct store_event {
	struct uuid id, message_id;
	int64_t received_at_us, sent_at_us; /* sent_at: of store_sent_at */
	int64_t happened_at_us;             /* of store_happened_at */
	struct str source, campaign;
	struct store_standing standing;
	struct str stream;
	enum kind kind;
	struct event event;
};

/* The message of an event. */
struct store_event_message {
	struct str format, peer, session_id;
	struct str reverse_path,
		forward_path; /* cleaned to UTF-8; forward paths joined by a space */
	uint64_t size;
	uint32_t flaws;
	enum token_verdict token;
	struct original original;
	bool has_raw;
};

/* Empty text, TIMESTAMP_NONE, and -1 where an enum could stand: any. */
struct store_events_query {
	int64_t from_us, to_us; /* received_at: from <= t < to */
	struct str domain;      /* lower-case */
	struct str recipient;   /* without regard to ASCII case */
	struct str stream;
	struct str reason; /* a name */
	int outcome, class, kind;
	struct store_filters more; /* beside those above, which it has not */
	struct str original_id;    /* Message-ID of the mail that failed */
	const struct uuid *after;  /* the last id of the page before; NULL: from the first */
	bool oldest_first;         /* else the newest */
	size_t limit;              /* 1 to LIMIT_PAGE_ROWS */
};
void store_events_query_init(struct store_events_query *query);

typedef bool store_event_fn(void *context, const struct store_event *event);
/* In their order (by id, whose front is received_at in milliseconds). */
MUST_CHECK enum err store_events(struct store *store, const struct store_events_query *query,
	store_event_fn *fn, void *context);
/* Texts are copied to `arena`. ERR_NOT_FOUND: no such event. */
MUST_CHECK enum err store_event(struct store *store, struct arena *arena, const struct uuid *id,
	struct store_event *ret_event, struct store_event_message *ret_message);

/* ---- rollups against events ---- */

/* Makes the rollups of [from, to), widened to whole days, again from the events. Loaders wait meanwhile.
 * ERR_RANGE: events of the window were dropped (store_drop): what is counted of them would be lost. */
MUST_CHECK enum err store_rollup_rebuild(struct store *store, int64_t from_us, int64_t to_us);
/* Rows of the rollups of [from, to), widened to whole days, that the events do not bear out, and rows
 * that are missing. ERR_RANGE as above. */
MUST_CHECK enum err store_rollup_check(
	struct store *store, int64_t from_us, int64_t to_us, uint64_t *ret_differences);

/* ---- forgetting a person ---- */

/* What the law may ask of an operator. Rows stay, without what tells whose they are, so that counts and their check
 * against the events hold. The suppression list, which exists so that the person is not mailed again, keeps its entry, or, if
 * asked, a digest of it. Not the spool, whose files go when their retention is over. */
struct store_erased {
	size_t events;   /* emptied of addresses and diagnostic */
	size_t messages; /* emptied of paths and of what the original said */
	size_t raw;      /* deleted */
	size_t entries;  /* of the suppression list, under a digest now */
};
struct store_erase {
	struct str address;
	struct str entry,
		digest; /* as the list has it, and what is to stand there instead; empty: it stays */
	int64_t now_us;
};

/* One transaction. The address without regard to ASCII case, as recipient, final or original recipient
 * of an event, or as reverse-path of a message. */
MUST_CHECK enum err store_erase(
	struct store *store, const struct store_erase *erase, struct store_erased *ret_erased);
