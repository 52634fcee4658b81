/* cmake/no_matchers.c -- an empty table of embedded matchers, for programs that compile all patterns. */
#include "core/embedded.h"

extern const struct embedded_file matchers_embedded[];

const struct embedded_file matchers_embedded[] = { { 0 } };
