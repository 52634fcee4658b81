/* core/embedded.h -- files that are part of the program (cmake/rooms.cmake makes the tables). */
#pragma once
#include "core/str.h"

#include <stddef.h>
#include <stdint.h>

/* Sorted by name; the last row has no name. `bytes` has a NUL behind it that does not count. */
struct embedded_file {
	const char *name; /* without its folder */
	const char *bytes;
	size_t n;
};

/* Of what is in a file: names it for whoever keeps it (FNV-1a, 64 bits: against confusion, not against forgery). */
static inline uint64_t embedded_digest(struct str bytes)
{
	uint64_t digest = 0xcbf29ce484222325u;

	for (size_t i = 0; i < bytes.n; i++)
		digest = (digest ^ (unsigned char)bytes.p[i]) * 0x100000001b3u;
	return digest;
}
