#include "cli/doctor/doctor_database.h"

#include "cli/server/command_config.h"
#include "core/timestamp.h"
#include "store/overview.h"
#include "store/store_export.h"

#include <inttypes.h>

enum { PROBLEM_BYTES = 4096, APART_SECONDS = 30, LATE_MINUTES = 15 };

/* What the database refuses to tell is told as one that is away: its words say which. */
static bool told(struct checkup *checkup, struct store *store, enum err err)
{
	if (err)
		checkup_find(checkup, AILMENT_DATABASE_AWAY, STR("database"),
			arena_printf(checkup->arena, "%s %.*s", err_text(err),
				STR_ARG(store_error(store))));
	return !err;
}

/* ---- schema and clock ---- */

static bool check_schema(struct checkup *checkup, struct store *store)
{
	enum err err = store_ready(store);

	if (!err)
		checkup_pass(checkup, "schema", STR("database"), STR("is this program's"));
	else if (err == ERR_NOT_FOUND)
		checkup_find(checkup, AILMENT_SCHEMA_OLDER, STR("database"),
			STR("its schema is of an older program"));
	else
		return told(checkup, store, err);
	return !err;
}

static struct str moment(struct arena *arena, int64_t at_us)
{
	char room[TIMESTAMP_TEXT_BYTES];

	return arena_dup(
		arena, timestamp_format(timestamp_floor(at_us, TIMESTAMP_SECOND_US), room));
}

static void check_clock(struct checkup *checkup, struct store *store)
{
	struct arena *arena = checkup->arena;
	const int64_t most_us = APART_SECONDS * TIMESTAMP_SECOND_US;
	struct store_clock clock;
	int64_t apart_us;

	if (!told(checkup, store, store_clock_look(store, checkup->now_us, &clock)))
		return;
	apart_us = clock.database_us - checkup->now_us;
	if (apart_us > most_us || -apart_us > most_us)
		checkup_find(checkup, AILMENT_CLOCK_APART, STR("clock"),
			arena_printf(arena, "here it is %.*s, for the database %.*s",
				STR_ARG(moment(arena, checkup->now_us)),
				STR_ARG(moment(arena, clock.database_us))));
	else
		checkup_pass(checkup, "clock", STR("clock"), STR("is the database's"));
	if (clock.newest_us != TIMESTAMP_NONE && clock.newest_us - checkup->now_us > most_us)
		checkup_find(checkup, AILMENT_CLOCK_BEHIND, STR("clock"),
			arena_printf(arena, "here it is %.*s, and the newest mail came %.*s",
				STR_ARG(moment(arena, checkup->now_us)),
				STR_ARG(moment(arena, clock.newest_us))));
	if (!clock.believed)
		checkup_find(checkup, AILMENT_RETENTION_WAITS, STR("retention"),
			STR("the clock jumped, and nothing is deleted until somebody has looked"));
}

/* ---- volumes ---- */

struct sources {
	struct checkup *checkup;
	size_t n;
};

static bool check_source(void *context, const struct store_source_row *row)
{
	struct sources *sources = context;
	struct arena *arena = sources->checkup->arena;
	struct str name = arena_printf(arena, "%.*s%s%.*s", STR_ARG(row->stream),
		row->source.n ? " of " : "", STR_ARG(row->source));
	struct str what = arena_printf(
		arena, "the last volume ends %.*s", STR_ARG(moment(arena, row->last_us)));

	sources->n++;
	if (store_source_silent(row, sources->checkup->now_us))
		checkup_find(sources->checkup, AILMENT_VOLUMES_STOPPED, name, what);
	else
		checkup_pass(sources->checkup, "volumes", name, what);
	return true;
}

static void check_volumes(struct checkup *checkup, struct store *store)
{
	struct sources sources = { checkup, 0 };
	int64_t since_us = checkup->now_us - STORE_SOURCES_US;

	if (told(checkup, store, store_volume_sources(store, since_us, check_source, &sources)) &&
		!sources.n)
		checkup_find(checkup, AILMENT_VOLUMES_NONE, STR("volumes"),
			STR("nobody said in 30 days how much was sent"));
}

/* ---- exports ---- */

static bool check_export(void *context, const struct store_export *job)
{
	struct checkup *checkup = context;
	struct arena *arena = checkup->arena;
	struct str name = arena_dup(arena, job->name);
	struct str last = job->completed_us == TIMESTAMP_NONE ? STR("never")
							      : moment(arena, job->completed_us);

	if (job->failures)
		checkup_find(checkup, AILMENT_EXPORT_FAILED, name,
			arena_printf(arena, "failed %" PRIu64 " times, last written %.*s: %.*s",
				job->failures, STR_ARG(last), STR_ARG(job->error)));
	else if (job->next_us != TIMESTAMP_NONE &&
		 checkup->now_us - job->next_us > LATE_MINUTES * TIMESTAMP_MINUTE_US)
		checkup_find(checkup, AILMENT_EXPORT_LATE, name,
			arena_printf(arena, "was to be written %.*s, last written %.*s",
				STR_ARG(moment(arena, job->next_us)), STR_ARG(last)));
	else
		checkup_pass(checkup, "export", name,
			arena_printf(arena, "last written %.*s", STR_ARG(last)));
	return true;
}

void doctor_database(struct checkup *checkup)
{
	struct buf problem = BUF_INIT(PROBLEM_BYTES);
	struct store *store = NULL;
	enum err err = command_store_open(
		checkup->config, checkup->arena, "bounced doctor", &problem, &store);

	if (err)
		checkup_find(checkup,
			err == ERR_NEWER ? AILMENT_SCHEMA_NEWER : AILMENT_DATABASE_AWAY,
			STR("database"),
			arena_dup(checkup->arena,
				problem.n ? str_trim(buf_str(&problem)) : str_c(err_text(err))));
	buf_release(&problem);
	if (err)
		return;
	if (check_schema(checkup, store)) {
		check_clock(checkup, store);
		check_volumes(checkup, store);
		ERR_IGNORE(store_exports(store, check_export, checkup),
			"a connection that ends now was good for all before");
	}
	store_close(store);
}
