/* core/attr.h -- the compiler's help, under our names. */
#pragma once

#define MUST_CHECK        __attribute__((warn_unused_result))
#define CLEANUP(fn)       __attribute__((cleanup(fn)))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define UNUSED            __attribute__((unused))
#define NORETURN          __attribute__((noreturn))
#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))

/* A failure that is ignored on purpose says why. */
#define ERR_IGNORE(call, why)                                                                      \
	do {                                                                                       \
		enum err err_ignored_ UNUSED = (call);                                             \
		(void)sizeof(why);                                                                 \
	} while (0)
