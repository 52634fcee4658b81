/* suppress/list/list_json.h -- a string of JSON, as lists and manifests write it. Pure. */
#pragma once
#include "core/buf.h"

/* In quotes, RFC 8259 7. The text is valid UTF-8. */
void list_json_text(struct str text, struct buf *out);
