#define _GNU_SOURCE
#include "app/lane.h"

#include "app/folder.h"
#include "app/settings.h"

enum { SEGMENT_STEP = 4096 };

const char *const lane_names[LANES] = { "smtp", "api", "import", "pipe" };

enum err lane_open(const struct config *config, struct arena *arena, const char *name,
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
	err = folder_make(settings_spool_dir(config, arena), 0700);
	if (err)
		return err;
	return spool_writer_open(settings_spool_lane(config, arena, name), &options, ret_writer);
}
