/* serve/sandbox/sandbox_right.h -- what a role may keep: a column of role.def, and the words of a sandbox's two halves. */
#pragma once

enum sandbox_right {
	SANDBOX_OFF = 0, /* everything stays */
	SANDBOX_ON =
		1u
		<< 0, /* files read-only or not at all, no new program, nothing of an administrator */
	SANDBOX_SPOOL = 1u << 1,    /* may read and write below the spool's folder */
	SANDBOX_CONNECTS = 1u << 2, /* may open sockets and connect them */
	SANDBOX_LISTENS = 1u << 3,  /* may bind sockets and take connections on them */
	SANDBOX_EXPORTS = 1u << 4,  /* may read and write below the export folder */
	SANDBOX_SYSTEM =
		1u << 5, /* may read all files: libpq's certificates, the resolver's settings */
	SANDBOX_EXECUTES =
		1u
		<< 7, /* may run programs, which keep the sandbox, and use all files but those of the data folder */
	SANDBOX_BARE = 1u << 6, /* no file, no socket: only the calls that computing needs */
};

/* A build with AddressSanitizer looks for leaks at its end, by tracing itself and reading /proc. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif
