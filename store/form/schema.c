#include "store/form/schema.h"

#include "core/str.h"

int64_t schema_version(const struct embedded_file *file)
{
	uint64_t version;

	return str_to_u64(str_head(str_c(file->name), 4), 9999, &version) ? (int64_t)version : 0;
}

int64_t schema_newest(void)
{
	int64_t version = 0;

	for (const struct embedded_file *file = migrations_embedded; file->name; file++)
		version = schema_version(file);
	return version;
}
