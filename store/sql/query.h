/* store/sql/query.h -- every query by its name: a row of queries.def. Knows no values, and no connection. */
#pragma once

enum query {
#define QUERY(id, types, sql)      QUERY_##id,
#define KEPT_QUERY(id, types, sql) QUERY_##id,
#include "store/sql/queries.def"
	QUERY_COUNT
};
