#define _GNU_SOURCE
#include "spool/lanes.h"

#include "spool/folder.h"

enum { SEGMENT_STEP = 4096 };

const char *const lanes_names[LANES] = { "smtp", "api", "import", "pipe" };

const char *lanes_dir(const struct config *config, struct arena *arena)
{
	struct str dir = config_str(config, CONFIG_SERVER_DATA_DIR);

	return arena_printf(arena, "%.*s/spool", STR_ARG(dir)).p;
}

const char *lanes_path(const struct config *config, struct arena *arena, const char *name)
{
	return arena_printf(arena, "%s/%s", lanes_dir(config, arena), name).p;
}

enum err lanes_open(const struct config *config, struct arena *arena, const char *name,
	enum spool_prepare prepare, struct spool_writer **ret_writer)
{
	struct spool_options options;
	enum err err;

	spool_options_init(&options);
	options.segment_bytes = (uint64_t)config_int(config, CONFIG_SPOOL_SEGMENT_BYTES) /
				SEGMENT_STEP * SEGMENT_STEP;
	options.quota_bytes = (uint64_t)config_int(config, CONFIG_SPOOL_QUOTA_BYTES);
	if (config_int(config, CONFIG_SPOOL_MIN_FREE_BYTES))
		options.min_free_bytes = (uint64_t)config_int(config, CONFIG_SPOOL_MIN_FREE_BYTES);
	options.retention_ms = 1000 * config_int(config, CONFIG_SPOOL_RETENTION_S);
	options.prepare = prepare;
	err = folder_make(lanes_dir(config, arena), 0700);
	if (err)
		return err;
	return spool_writer_open(lanes_path(config, arena, name), &options, ret_writer);
}
