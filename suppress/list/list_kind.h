/* suppress/list/list_kind.h -- what put an address on a list: services keep a list for each.
 * Knows: the words of a source. Pure. */
#pragma once
#include "store/store_suppress.h"

enum list_kind { LIST_BOUNCE, LIST_COMPLAINT, LIST_UNSUBSCRIBE, LIST_KIND_COUNT };

/* By the source: what a person put there is as if it had been asked for. */
enum list_kind list_kind_of(const struct store_suppression *row);
/* What stands behind the name of a format in the source of an imported entry: "", "-complaint", "-unsubscribe". */
struct str list_kind_ending(enum list_kind kind);
