/* serve/sandbox_priv.h -- the two halves of a sandbox. Each: true if it is in force. */
#pragma once
#include "serve/sandbox.h"

/* Files, by Landlock (sandbox.c). */
bool sandbox_files(const struct sandbox *sandbox);
/* System calls, by seccomp (sandbox_calls.c). */
bool sandbox_calls(unsigned rights);

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
