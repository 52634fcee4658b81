#define _GNU_SOURCE
#include "cli/server/command_audit.h"

#include "store/store_access.h"

#include <pwd.h>
#include <time.h>
#include <unistd.h>

struct str command_who(struct arena *arena)
{
	const struct passwd *user = getpwuid(getuid());

	return user ? arena_printf(arena, "cli:%.100s", user->pw_name)
		    : arena_printf(arena, "cli:%u", (unsigned)getuid());
}

enum err command_audit(
	struct store *store, const char *action, struct str subject, struct str address, uint64_t n)
{
	return command_audit_note(store, action, subject, address, n, STR_EMPTY);
}

enum err command_audit_note(struct store *store, const char *action, struct str subject,
	struct str address, uint64_t n, struct str note)
{
	struct arena *arena = arena_new();
	const struct store_audit audit = { .at_us = (int64_t)time(NULL) * TIMESTAMP_SECOND_US,
		.who = command_who(arena),
		.action = str_c(action),
		.subject = subject,
		.address = address,
		.n = n,
		.note = note };
	enum err err = store_audit_add(store, &audit);

	arena_free(arena);
	return err;
}
