#include "api/http_server_framing_priv.h"
#include "core/str.h"

static enum MHD_Result count_field(void *context, enum MHD_ValueKind kind, const char *key,
	size_t key_bytes, const char *value, size_t value_bytes)
{
	struct framing *framing = context;
	struct str name = str_from(key, key_bytes), text = str_from(value, value_bytes);

	(void)kind;
	if (str_chr(name, '\0') != STR_NPOS || str_chr(text, '\0') != STR_NPOS)
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

void framing_read(struct MHD_Connection *connection, struct framing *ret_framing)
{
	*ret_framing = (struct framing){ 0 };
	(void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, count_field, ret_framing);
}

bool framing_is_clear(const struct framing *framing)
{
	return !framing->malformed && framing->content_lengths <= 1 &&
	       framing->transfer_encodings <= 1 && framing->hosts <= 1 &&
	       !(framing->content_lengths && framing->transfer_encodings);
}
