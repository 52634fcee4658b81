/* spool/lanes.h -- the lanes of a node: their names, folders, and the writing end of one.
 * Knows: the settings of [spool] and the data folder. Does not know what is in a record. */
#pragma once
#include "core/arena.h"
#include "core/config.h"
#include "spool/spool.h"

/* The lanes of a node: each has one writer, and the loader reads them all. */
enum { LANES = 4 };
extern const char *const lanes_names[LANES];

/* Folder of all lanes, and that of one of them: NUL-terminated paths in `arena`. */
const char *lanes_dir(const struct config *config, struct arena *arena);
const char *lanes_path(const struct config *config, struct arena *arena, const char *name);

/* `name`: one of them. Errors of spool_writer_open. */
MUST_CHECK enum err lanes_open(const struct config *config, struct arena *arena, const char *name,
	enum spool_prepare prepare, struct spool_writer **ret_writer);
