/* api/request/router_fields.h -- what each field of the schemas means, and all of them as a page.
 * Knows: fields.def, the shape of api/openapi/schemas.json. Pure. */
#pragma once
#include "core/buf.h"

#include <jansson.h>

/* Puts the meaning of each property into it, as "description", where it has none. `schemas` is an object of them by name. */
void fields_describe(json_t *schemas);
/* A part for each schema: its fields, with type and meaning. */
void fields_docs(json_t *schemas, struct buf *out);
/* A link to its part of the page. */
void fields_link(const char *schema, struct buf *out);
/* Appends "SCHEMA.FIELD" of each property that has no meaning, and of each row that no property has, a line each. */
void fields_missing(json_t *schemas, struct buf *out);
