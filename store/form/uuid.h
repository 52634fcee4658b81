/* store/form/uuid.h -- the ids of rows, and their text. Pure. */
#pragma once
#include "core/str.h"

#include <stdint.h>

struct uuid {
	uint8_t bytes[16];
};

enum { UUID_TEXT_BYTES = 37 };
/* RFC 9562 4: 8-4-4-4-12 hexadecimal digits, written in lower case, read in either. */
struct str uuid_format(const struct uuid *uuid, char room[static UUID_TEXT_BYTES]);
bool uuid_parse(struct str text, struct uuid *ret_uuid);
/* All zeros: the id of nothing. */
bool uuid_is_none(const struct uuid *uuid);
/* The id behind it; the last of all is behind itself. */
struct uuid uuid_next(const struct uuid *uuid);
