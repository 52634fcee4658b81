/* cmake/no_likeness.c -- an empty table of embedded weights, for the programs that come before they are learnt. */
#include "core/embedded.h"

extern const struct embedded_file likeness_embedded[];

const struct embedded_file likeness_embedded[] = { { 0 } };
