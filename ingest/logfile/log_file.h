/* ingest/logfile/log_file.h -- the bytes of a log file: plain, gzip (zlib) or zstd (libzstd), told by its first bytes.
 * Knows: files and compression. Does not know lines, formats, positions in a database.
 * Not pure: reads files, changes none. A file that grows is read on where it ended before, a compressed one too; one
 * that is made shorter is another one (log_file_replaced).
 *
 * gzip: RFC 1952, members one after another. zstd: RFC 8878, frames one after another, windows up to 128 MiB. */
#pragma once
#include "core/err.h"
#include "core/str.h"

#include <stddef.h>
#include <stdint.h>

struct log_file;

/* Which file it is, whatever its name. */
struct log_file_id {
	uint64_t device, inode;
};

/* "-": standard input. ERR_NOT_FOUND, ERR_DENIED, ERR_IO; ERR_RANGE: neither a file nor a pipe. */
MUST_CHECK enum err log_file_open(const char *path, struct log_file **ret_file);
void log_file_close(struct log_file *file);
/* Up to n bytes of the text. *ret_n 0: the end, for now. ERR_SYNTAX: the compressed bytes are damaged here; what was
 * before has been read. */
MUST_CHECK enum err log_file_read(struct log_file *file, char *room, size_t n, size_t *ret_n);
/* How far it is read, of how much: bytes of the file itself; the total 0 where it is not known. */
void log_file_progress(const struct log_file *file, uint64_t *ret_done, uint64_t *ret_total);
struct log_file_id log_file_identity(const struct log_file *file);
/* When it was written last; now for a pipe. */
int64_t log_file_changed_us(const struct log_file *file);
/* It was made shorter than it was read (copytruncate): the rest is another log. */
bool log_file_replaced(const struct log_file *file);
/* May it still grow: a plain file, or a compressed one whose last frame is not complete. */
bool log_file_cut(const struct log_file *file);
