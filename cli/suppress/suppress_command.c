#define _GNU_SOURCE
#include "cli/suppress/suppress_command.h"

#include "cli/server/command_audit.h"

#include <time.h>

int64_t suppress_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

int suppress_failed(const struct suppress *s, enum err err)
{
	return command_failed("%s: %.*s", err_text(err), STR_ARG(store_error(s->store)));
}

struct str suppress_who(struct suppress *s)
{
	return command_who(s->arena);
}
