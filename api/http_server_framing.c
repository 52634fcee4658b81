#include "api/http_server_framing_priv.h"
#include "core/str.h"

/* RFC 9110 5.1 and 5.5: a name is a token, a value holds no control but the tab. */
static bool field_is_clean(struct str name, struct str value)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < name.n; i++)
		if (!ascii_alpha(name.p[i]) && !ascii_digit(name.p[i]) &&
			str_chr(STR(others), name.p[i]) == STR_NPOS)
			return false;
	for (size_t i = 0; i < value.n; i++)
		if (((unsigned char)value.p[i] < ' ' && value.p[i] != '\t') || value.p[i] == 0x7F)
			return false;
	return name.n > 0;
}

static enum MHD_Result count_field(void *context, enum MHD_ValueKind kind, const char *key,
	size_t key_bytes, const char *value, size_t value_bytes)
{
	struct framing *framing = context;
	struct str name = str_from(key, key_bytes), text = str_from(value, value_bytes);

	(void)kind;
	lines_field(&framing->lines, key, key_bytes, value, value_bytes);
	if (!field_is_clean(name, text))
		framing->malformed = true;
	framing->hosts += str_ieq(name, STR("Host"));
	framing->transfer_encodings += str_ieq(name, STR("Transfer-Encoding"));
	framing->expects |= str_ieq(name, STR("Expect"));
	if (!str_ieq(name, STR("Content-Length")))
		return MHD_YES;
	framing->content_lengths++;
	if (!str_to_u64(text, UINT64_MAX, &framing->content_length))
		framing->malformed = true;
	return MHD_YES;
}

static size_t header_bytes(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	return info ? info->header_size : 0;
}

void framing_read(struct MHD_Connection *connection, const struct request_line *line,
	struct framing *ret_framing)
{
	*ret_framing = (struct framing){ .header_bytes = header_bytes(connection) };
	lines_begin(
		&ret_framing->lines, line->method, line->target, line->target_bytes, line->version);
	(void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, count_field, ret_framing);
	if (!lines_end(&ret_framing->lines, ret_framing->header_bytes))
		ret_framing->malformed = true;
}

bool framing_is_clear(const struct framing *framing)
{
	return !framing->malformed && framing->content_lengths <= 1 &&
	       framing->transfer_encodings <= 1 && framing->hosts <= 1 &&
	       !(framing->content_lengths && framing->transfer_encodings);
}
