/* suppress/list/format.h -- the formats in which a list leaves the house: the table and its words.
 * Knows: format.def. Does not know files, or which rows are asked for: format_writer writes, list_reader reads. Pure. */
#pragma once
#include "core/buf.h"
#include "store/store_suppress.h"
#include "suppress/list/format_entry.h"

enum format {
#define FORMAT(id, ...) FORMAT_##id,
#include "suppress/list/format.def"
	FORMAT_COUNT
};

enum format_flag {
	FORMAT_CANONICAL = 1u << 0, /* each row as it stands, with its scope and state */
	FORMAT_QUOTED = 1u << 1,    /* holds local parts that need quotes (RFC 5321 4.1.2) */
	FORMAT_UTF8 = 1u << 2,      /* holds addresses that are not ASCII (RFC 6531) */
	FORMAT_A_DOMAIN =
		1u << 3, /* a domain that is not ASCII is written as A-labels (RFC 5890) */
	FORMAT_FOLDS_UNICODE = 1u << 4, /* keys that differ in the case of any letter are one */
	/* Holds causes of one kind alone, as the service has a list for each. */
	FORMAT_BOUNCES = 1u << 5,
	FORMAT_COMPLAINTS = 1u << 6,
	FORMAT_UNSUBSCRIBES = 1u << 7,
	FORMAT_DIGESTS = 1u << 8, /* holds entries of which the digest alone is known */
};
/* ASCII with A-labels. */
#define FORMAT_A_LABELS FORMAT_A_DOMAIN

/* Why a row is not in a list, or that it is. Names stand in manifests. */
enum format_fate {
	FORMAT_WRITTEN,
	FORMAT_TWICE, /* the reader takes it for a key that stands there already; nothing is lost */
	FORMAT_NO_QUOTES,    /* a local part that needs quotes */
	FORMAT_NO_UTF8,      /* not ASCII */
	FORMAT_NO_CHARACTER, /* an octet that its reader would misunderstand */
	FORMAT_NO_DOMAINS,   /* a whole domain */
	FORMAT_NO_DIGEST,    /* of an address that was erased: its digest alone is known */
	FORMAT_OTHER_LIST,   /* of a kind that the service keeps elsewhere */
	FORMAT_TOO_MANY_ODD, /* too many keys whose doubles cannot be told by their neighbours */
	FORMAT_FATE_COUNT
};
/* "quoted_local_part" and so on. */
struct str format_fate_name(enum format_fate fate);
/* A sentence for a person. */
struct str format_fate_text(enum format_fate fate);

struct format_row {
	struct str name, ending, type;
	unsigned flags;
	const char *never, *never_first, *domains;
	uint64_t rows, bytes; /* most of one file; 0: no limit */
	struct str between;
	void (*head)(struct buf *out);
	void (*row)(const struct format_entry *entry, struct buf *out);
	struct str foot;
};
const struct format_row *format_row_of(enum format format);
struct str format_name(enum format format);
bool format_from_name(struct str name, enum format *ret_format);
