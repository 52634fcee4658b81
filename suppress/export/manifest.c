#include "suppress/export/manifest.h"

#include "suppress/list/list_json.h"

#include <inttypes.h>

static const struct str listing_names[LISTING_COUNT] = {
	[LISTING_FULL] = STR_INIT("full"),
	[LISTING_CHANGES] = STR_INIT("incremental"),
};

static void put_file(const struct manifest_file *file, struct buf *out)
{
	buf_put(out, STR("    {\"file\": "));
	list_json_text(str_c(file->name), out);
	buf_printf(out, ", \"format\": \"%.*s\", \"kind\": \"%.*s\",\n",
		STR_ARG(format_name(file->format)), STR_ARG(listing_names[file->listing]));
	buf_printf(out,
		"     \"from_seq\": %" PRIu64 ", \"to_seq\": %" PRIu64 ", \"rows\": %" PRIu64
		", \"bytes\": %" PRIu64 ",\n     \"sha256\": \"%s\"}",
		file->from_seq, file->to_seq, file->rows, file->bytes, file->sha256);
}

void manifest_write(const struct manifest *manifest, struct buf *out)
{
	char room[TIMESTAMP_TEXT_BYTES];

	buf_printf(out, "{\"to_seq\": %" PRIu64 ",\n \"from_seq\": %" PRIu64 ",\n",
		manifest->to_seq, manifest->from_seq);
	buf_printf(out, " \"rows\": %" PRIu64 ",\n \"generated_at\": ", manifest->rows);
	list_json_text(timestamp_format(manifest->generated_at_us, room), out);
	buf_put(out, STR(",\n \"policy_version\": "));
	list_json_text(manifest->policy_version, out);
	buf_put(out, STR(",\n \"files\": [\n"));
	for (size_t i = 0; i < manifest->n_files; i++) {
		put_file(&manifest->files[i], out);
		buf_put(out, i + 1 < manifest->n_files ? STR(",\n") : STR("\n"));
	}
	buf_put(out, STR(" ]}\n"));
}

/* Our own text alone is asked for: it starts with the number, and is whole. */
bool manifest_read_seq(struct str text, uint64_t *ret_to_seq)
{
	const struct str head = STR("{\"to_seq\": ");

	if (!str_starts(text, head) || !str_ends(text, STR(" ]}\n")))
		return false;
	text = str_skip(text, head.n);
	return str_to_u64(str_head(text, str_cspan(text, ",")), INT64_MAX, ret_to_seq);
}
