/* core/embedded.h -- files that are part of the program (cmake/rooms.cmake makes the tables). */
#pragma once
#include <stddef.h>

/* Sorted by name; the last row has no name. `bytes` has a NUL behind it that does not count. */
struct embedded_file {
	const char *name; /* without its folder */
	const char *bytes;
	size_t n;
};
