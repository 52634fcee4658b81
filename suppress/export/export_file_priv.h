/* suppress/export/export_file_priv.h -- a file that is there whole or not at all.
 * Knows: temporary names, sync, rename. Does not know what is in it. Touches one folder, by descriptor. */
#pragma once
#include "core/buf.h"
#include "core/err.h"
#include "suppress/export/manifest.h"

#include <glib.h>

enum { EXPORT_FILE_NAME_BYTES = 256, EXPORT_READ_BYTES = 64 << 20 };

/* Bytes go to a temporary name in the same folder. */
struct export_file {
	int dir_fd, fd; /* fd -1: none */
	char name[EXPORT_FILE_NAME_BYTES], temporary[EXPORT_FILE_NAME_BYTES + 16];
	struct buf buf;
	GChecksum *sum;
	uint64_t bytes;
};

MUST_CHECK enum err export_file_open(struct export_file *file, int dir_fd, const char *name);
/* Writes what stands in `buf` once it is worth a call. */
MUST_CHECK enum err export_file_flush_some(struct export_file *file);
/* The rest, and the sync; the name stays temporary. */
MUST_CHECK enum err export_file_sync(
	struct export_file *file, char ret_sha256[static MANIFEST_SHA256_BYTES]);
/* Puts the synced file in the place of its name. */
MUST_CHECK enum err export_file_rename(struct export_file *file);
/* Closes the synced file, which keeps its temporary name; export_folder_rename gives it the other one. */
void export_file_park(struct export_file *file);
/* Removes the temporary file if it is still there. Takes a zeroed struct whose fd is -1. */
void export_file_release(struct export_file *file);

/* Removes what a killed exporter left, and changes that were written before `before_us`. */
void export_folder_clean(int dir_fd, int64_t before_us);
/* The whole file in `arena`; empty where there is none, or none of a manifest's size. */
struct str export_folder_read(int dir_fd, const char *name, struct arena *arena);
/* Of a file that was parked. */
MUST_CHECK enum err export_folder_rename(int dir_fd, const char *name);
/* Its temporary file, if there is one. */
void export_folder_drop(int dir_fd, const char *name);
