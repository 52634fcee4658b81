/* parser/match/staged.h -- patterns that were compiled ahead, to be searched for in two stages.
 * Knows: Vectorscan's databases as bytes. What a pattern costs, it costs at each byte of each text, whether it is there or not, and most
 * are not: so it waits for its words (words.h). These are looked for all at once (wordset.h), and only what has its words in a text is
 * searched for, alone, or all together where many are. Does not know texts. */
#pragma once
#include "core/arena.h"
#include "core/str.h"
#include "parser/match/databases.h"
#include "parser/match/words.h"
#include "parser/match/wordset.h"

enum stage {
	STAGE_FIRST, /* patterns that have no words to wait for */
	STAGE_HIGH,  /* patterns that need a byte above 127, or that match otherwise beside one */
	STAGE_LATER, /* those that wait, together */
	STAGES
};

struct staged {
	size_t n;                              /* patterns */
	const hs_database_t *database[STAGES]; /* NULL: nothing to search for */
	struct wordset words;
	bool squeezed;     /* words are those of squeezed text */
	struct str bytes;  /* all, as the build wrote them; numbers are little-endian, 32 bits */
	struct str widths; /* least, most: of each pattern */
	struct str
		firsts; /* where in `waiters` those of each word begin, and where the last ones end */
	struct str waiters; /* a struct staged_waiter each */
	struct str places; /* from, size: where in `bytes` each pattern is alone; size 0: nowhere */
};

/* For the build, in `arena`: databases as they lie in memory, each at a multiple of STAGED_ALIGN. Of an error `ret_error` says what is wrong;
 * hs_free_compile_error. */
enum { STAGED_ALIGN = 64 };
MUST_CHECK hs_error_t staged_make(struct arena *arena, const struct str *patterns, size_t n,
	enum matcher_space space, struct str *ret_bytes, hs_compile_error_t **ret_error);
/* Those of the program that are made of the last of the patterns; how many these are, 0 without. They are searched where they lie, and a
 * page that nobody needs is not read. A library of another version refuses them. */
size_t staged_find(const struct patterns *patterns, struct staged *ret_staged);

/* Of the i-th that waits for a word. */
struct staged_waiter {
	size_t pattern;
	unsigned set; /* of words.h */
	bool only;    /* it waits for no other set */
	bool exact;   /* the word is a match */
	bool ascii;   /* in texts of ASCII; others are searched for it as STAGE_HIGH */
};
struct width staged_width(const struct staged *staged, size_t pattern);
/* Who waits for a word: [*ret_from, *ret_to). */
void staged_waiters(const struct staged *staged, size_t word, size_t *ret_from, size_t *ret_to);
struct staged_waiter staged_waiter(const struct staged *staged, size_t waiter);
/* NULL: it is nowhere alone. */
const hs_database_t *staged_alone(const struct staged *staged, size_t pattern);
