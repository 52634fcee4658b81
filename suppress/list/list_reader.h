/* suppress/list/list_reader.h -- a list of another system, or of ours, into entries: what each line says, or why not.
 * Knows: which format it is, by its first line, if nobody said. Does not know files, or what is done with an entry.
 * Pure and incremental: whole, by the byte or cut anywhere, the same entries and flaws come in the same order.
 * Bounds: LIMIT_IMPORT_RECORD_BYTES a line or record, LIMIT_IMPORT_FIELDS of it. */
#pragma once
#include "suppress/list/list_sink.h"

struct list_reader;

/* `format` LIST_SOURCE_COUNT: told by the first line. `sink` is copied. */
struct list_reader *list_reader_new(const struct list_sink *sink, enum list_source format);
void list_reader_free(struct list_reader *reader);
/* False: the rest need not come, as the list is no list (a flaw told why) or the sink has enough. */
bool list_reader_feed(struct list_reader *reader, struct str bytes);
/* No more comes. */
void list_reader_finish(struct list_reader *reader);
/* LIST_SOURCE_COUNT while it is not known. */
enum list_source list_reader_format(const struct list_reader *reader);
/* True: nothing of the list can be trusted, as it is another kind of file. */
bool list_reader_refused(const struct list_reader *reader);
uint64_t list_reader_lines(const struct list_reader *reader);
