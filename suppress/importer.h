/* suppress/importer.h -- a list of another system onto ours: read, refused by line, put there.
 * Knows: the reader and the store's import. Does not know files or requests. Not pure. Memory does not grow with the list.
 * What is put there is so under the source `import:NAME`, with -complaint or -unsubscribe behind it; a complaint never
 * ends. An address that stands twice is put there once. */
#pragma once
#include "store/store_import.h"
#include "suppress/list/list_reader.h"

struct import_options {
	enum list_source format; /* LIST_SOURCE_COUNT: told by the first line */
	struct str name;         /* of the source; empty: the format's */
	struct str by;           /* who imports, as in store_suppression.changed_by */
	struct str stream;       /* of entries that name none; empty: every one */
	bool bound;              /* entries of another stream are refused */
	bool all_or_nothing;     /* one refused line, and nothing is put there */
	bool dry_run;            /* nothing in any case */
	bool beside;             /* as in store_import_options */
	uint64_t rows_at_once;   /* of one statement; 0: as many as memory holds */
	int64_t now_us;
	/* Called once in each transaction that puts something there, with how many entries: what it notes of that is kept with them,
	 * or is not. It may use the store, and with `beside` is called by another thread. NULL: nobody notes. */
	enum err (*note)(void *context, enum list_source format, uint64_t n);
	/* Called for each refused line; NULL: nobody wants to know. */
	void (*flaw)(void *context, uint64_t line, enum list_flaw flaw);
	void *context;
};

struct import_result {
	uint64_t lines, entries, refused;
	uint64_t
		kept; /* on the list now, those that were there before among them; doubles of the list once */
	enum list_source format;
	bool imported; /* false: nothing was put there, as it was tried only, or not all could be */
};

struct importer;

void importer_new(
	struct store *store, const struct import_options *options, struct importer **ret_importer);
/* Errors are the store's; after one, or *ret_more false, the rest need not come. */
MUST_CHECK enum err importer_feed(struct importer *importer, struct str bytes, bool *ret_more);
/* The end of the list, or of trying (`err`, which is returned): what was not committed is gone then. Frees the importer. */
MUST_CHECK enum err importer_end(
	struct importer *take_importer, enum err err, struct import_result *ret_result);
/* So far. */
struct import_result importer_progress(const struct importer *importer);
