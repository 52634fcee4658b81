/* core/utf8.h -- any bytes -> valid UTF-8 without NUL, which is all that PostgreSQL and JSON take.
 * Knows: RFC 3629. Pure. Results live as long as `arena` (or, where nothing had to be mended, `s`). */
#pragma once
#include "core/arena.h"
#include "core/str.h"

/* Valid UTF-8 (RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF) and no NUL. */
bool utf8_valid(struct str s);
/* No byte but 1 to 127. */
bool utf8_is_ascii(struct str s);
/* Length in bytes of the valid sequence at the start of s; 0 where there is none. */
size_t utf8_sequence(struct str s);
/* Each byte that is part of no valid sequence, and each NUL, becomes U+FFFD. Returns s itself where
 * it was valid. At most three times as long as s. */
struct str utf8_clean(struct arena *arena, struct str s);
/* The longest head of s of at most max_bytes that does not cut a sequence in two. */
struct str utf8_head(struct str s, size_t max_bytes);
/* The sequence of a code point; 0 bytes for what is none, and for NUL. */
size_t utf8_put(unsigned long code_point, char room[static 4]);
/* ISO-8859-1 to UTF-8, every byte having a meaning: for text whose charset is unknown. */
struct str utf8_from_latin1(struct arena *arena, struct str s);
