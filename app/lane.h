/* app/lane.h -- the writing end of a spool lane, with the settings of [spool]. */
#pragma once
#include "core/arena.h"
#include "core/config.h"
#include "spool/spool.h"

/* The lanes of a node: each has one writer, and the loader reads them all. */
enum { LANES = 4 };
extern const char *const lane_names[LANES];

/* `name`: one of them. Errors of spool_writer_open. */
MUST_CHECK enum err lane_open(const struct config *config, struct arena *arena, const char *name,
	enum spool_prepare prepare, struct spool_writer **ret_writer);
