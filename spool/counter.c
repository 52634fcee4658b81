#include "spool/counter.h"

static const struct counter_row rows[COUNTER_COUNT] = {
#define COUNTER(id, name, type, help) [COUNTER_##id] = { name, type, help },
#include "spool/counter.def"
};

const struct counter_row *counter_row(enum counter counter)
{
	return &rows[counter];
}
