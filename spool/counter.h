/* spool/counter.h -- numbers that one role counts and another shows. Knows their names. Pure. */
#pragma once
#include "core/str.h"

enum counter {
#define COUNTER(id, name, type, help) COUNTER_##id,
#include "spool/counter.def"
	COUNTER_COUNT
};
struct counter_row {
	const char *name, *type, *help;
};

const struct counter_row *counter_row(enum counter counter);
