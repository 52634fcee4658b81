/* parser/compiled.h -- what the build compiles ahead, so that no start has to: the pattern databases of the built-in
 * anchors and rules. Knows which there are. Does not know files. For cmake/compile_matchers.c alone. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

/* Where the returned message starts; what families say; what any server says; the rules. */
enum { COMPILED_DATABASES = 4 };

/* In this order, in `arena`. ERR_SYNTAX and others: a built-in rule is wrong, and *ret_trouble says where. */
MUST_CHECK enum err compiled_make(struct arena *arena,
	struct str ret_databases[static COMPILED_DATABASES], struct str *ret_trouble);
