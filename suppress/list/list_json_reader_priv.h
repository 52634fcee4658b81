/* suppress/list/list_json_reader_priv.h -- addresses in the JSON of any service, documents of any size, or one a line.
 * Knows: RFC 8259, and by which keys services name an address, its reason and its dates. Pure and incremental. After
 * what is no JSON it goes on with the next line, as if nothing were open.
 * Bounds: LIST_JSON_DEPTH levels, LIST_JSON_TEXT_BYTES of a text. */
#pragma once
#include "suppress/list/list_sink.h"

enum { LIST_JSON_DEPTH = 12, LIST_JSON_TEXT_BYTES = 4096 };

struct list_json;
/* `sink` must live as long. */
struct list_json *list_json_new(const struct list_sink *sink);
void list_json_free(struct list_json *json);
/* `line`: the number of the line that the bytes start in. False: the sink has enough. */
bool list_json_feed(struct list_json *json, struct str bytes, uint64_t line);
/* No more comes. */
void list_json_finish(struct list_json *json);
