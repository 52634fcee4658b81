/* suppress/list/list_record_priv.h -- one record of CSV (RFC 4180) as fields.
 * Knows: quotes and commas. Does not know columns. Pure. Fields without quotes borrow from the text; the others from
 * `room`, which list_record_unquote fills. */
#pragma once
#include "core/arena.h"
#include "core/limits.h"
#include "core/str.h"

enum list_record_state {
	LIST_RECORD_WHOLE,
	LIST_RECORD_OPEN, /* the text ends within quotes */
	LIST_RECORD_BAD,  /* text behind a closing quote, or too many fields */
};
struct list_record {
	struct str raw
		[LIMIT_IMPORT_FIELDS]; /* what stands between the commas, within the quotes if it has some */
	bool quoted[LIMIT_IMPORT_FIELDS];
	size_t n;
};

enum list_record_state list_record_split(struct str text, struct list_record *ret_record);
/* The field with its doubled quotes as they came; what needs them single asks list_record_text. */
struct str list_record_field(const struct list_record *record, size_t i);
struct str list_record_text(const struct list_record *record, size_t i, struct arena *arena);
