#define _GNU_SOURCE
#include "serve/sandbox/sandbox_calls.h"

#include "core/attr.h"
#include "serve/sandbox/sandbox_right.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>

enum call_use { CALL_ADMIN, CALL_TRACE, CALL_EXECUTE, CALL_SOCKET, CALL_LISTEN, CALL_BARE };

static const struct {
	int number;
	enum call_use use;
} calls[] = {
#define CALL_ADMIN(name)   { SCMP_SYS(name), CALL_ADMIN },
#define CALL_TRACE(name)   { SCMP_SYS(name), CALL_TRACE },
#define CALL_EXECUTE(name) { SCMP_SYS(name), CALL_EXECUTE },
#define CALL_SOCKET(name)  { SCMP_SYS(name), CALL_SOCKET },
#define CALL_LISTEN(name)  { SCMP_SYS(name), CALL_LISTEN },
#define CALL_BARE(name)    { SCMP_SYS(name), CALL_BARE },
#include "serve/sandbox/sandbox_calls.def"
};

static bool denied(enum call_use use, unsigned rights)
{
	switch (use) {
	case CALL_ADMIN:
		return true;
	case CALL_TRACE:
		return !SANDBOX_SANITIZED;
	case CALL_EXECUTE:
		return !(rights & SANDBOX_EXECUTES);
	case CALL_SOCKET:
		return !(rights & (SANDBOX_CONNECTS | SANDBOX_LISTENS | SANDBOX_EXECUTES));
	case CALL_LISTEN:
		return !(rights & (SANDBOX_LISTENS | SANDBOX_EXECUTES));
	case CALL_BARE:
		return false;
	}
	return true;
}

/* Everything but what is denied. A call that this machine's architecture lacks cannot be made anyway. */
static bool deny_some(scmp_filter_ctx filter, unsigned rights)
{
	bool ok = true;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (calls[i].number >= 0 && denied(calls[i].use, rights))
			ok &= !seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i].number, 0);
	return ok;
}

static bool allow_few(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp not_executed = SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	bool ok = true;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (calls[i].number >= 0 && calls[i].use == CALL_BARE)
			ok &= !seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i].number, 0);
	ok &= !seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &not_executed);
	ok &= !seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &not_executed);
	return ok;
}

bool sandbox_calls(unsigned rights)
{
	bool bare = rights & SANDBOX_BARE;
	scmp_filter_ctx filter = seccomp_init(bare ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_ALLOW);
	bool in_force;

	if (!filter)
		return false;
	in_force = (bare ? allow_few(filter) : deny_some(filter, rights)) && !seccomp_load(filter);
	seccomp_release(filter);
	return in_force;
}
