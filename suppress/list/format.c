#include "suppress/list/format.h"

#include "suppress/list/format_csv.h"
#include "suppress/list/format_ndjson.h"

static void no_head(struct buf *out)
{
	(void)out;
}

static const struct {
	struct str name;
	void (*head)(struct buf *out);
	void (*row)(const struct store_suppression *row, struct buf *out);
} formats[FORMAT_COUNT] = {
	[FORMAT_CSV] = { STR_INIT("csv"), format_csv_head, format_csv_row },
	[FORMAT_NDJSON] = { STR_INIT("ndjson"), no_head, format_ndjson_row },
};

struct str format_name(enum format format)
{
	return formats[format].name;
}

bool format_from_name(struct str name, enum format *ret_format)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (!str_eq(name, formats[i].name))
			continue;
		*ret_format = (enum format)i;
		return true;
	}
	return false;
}

void format_head(enum format format, struct buf *out)
{
	formats[format].head(out);
}

void format_row(enum format format, const struct store_suppression *row, struct buf *out)
{
	formats[format].row(row, out);
}
