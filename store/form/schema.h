/* store/form/schema.h -- the schema that this program knows: the files of migrations/, in their order. Pure. */
#pragma once
#include "core/embedded.h"

#include <stdint.h>

/* Ends with a row without a name. */
extern const struct embedded_file migrations_embedded[];
/* "0001_events.sql" is version 1. */
int64_t schema_version(const struct embedded_file *file);
/* Of the last one. */
int64_t schema_newest(void);
