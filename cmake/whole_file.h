/* cmake/whole_file.h -- whole files, for programs of the build and for measuring: what goes wrong is said, and ends the program.
 * Knows: files. Does not know what is in them. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

#include <stdio.h>
#include <stdlib.h>

static inline struct str whole_file_read(struct arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	char *bytes = NULL;
	long n = -1;

	if (file && !fseek(file, 0, SEEK_END))
		n = ftell(file);
	if (n >= 0 && !fseek(file, 0, SEEK_SET)) {
		bytes = arena_alloc(arena, (size_t)n);
		if (fread(bytes, 1, (size_t)n, file) != (size_t)n)
			bytes = NULL;
	}
	if (!bytes) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	fclose(file);
	return str_from(bytes, (size_t)n);
}

static inline void whole_file_write(const char *path, struct str bytes)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(bytes.p, 1, bytes.n, file) != bytes.n || fclose(file)) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}
