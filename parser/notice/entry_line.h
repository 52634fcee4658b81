/* parser/notice/entry_line.h -- one line of a notice as the entry of a list of recipients.
 * Knows: bullets, numbers, brackets and labels in front of an address, and what may stand behind one.
 * Does not know what the lines around it say. Pure; borrows from the line, or `arena` where one is given. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

struct entry {
	struct str address, rest; /* rest: of the line behind the address */
	size_t indent;
	bool angled, placeholder; /* placeholder: a recipient that is not named */
};

/* False for a line that is no entry: a sentence, or without an address. */
bool entry_line_read(struct str line, struct entry *ret_entry);
/* A word alone on an indented line: a local part, the domain being that of `from`. */
bool entry_line_local(
	struct str line, struct str from, struct arena *arena, struct entry *ret_entry);
/* What stands in front of an address without being part of it. */
struct str entry_skip_labels(struct str s);
/* Behind "user@host": a closing bracket, and the address once more as <mailto:...> or in (). */
struct str entry_skip_echo(struct str rest);
/* "to=" in front of an address, as logs have it; other words with that sign are part of one. */
size_t entry_key_bytes(struct str s);
/* What the other side said in a line of a quoted session: behind its arrow ("<<<", "<--", "S:"); empty without one. */
struct str entry_line_said(struct str line);
/* The last refusal ("<-- 550 no") of a session that these lines quote; empty where they quote none. */
struct str entry_line_refusal(struct str lines);
/* One "550 <user@host>... words" line: the address, and the words behind it. */
bool entry_line_reply(struct str line, struct str *ret_address, struct str *ret_words);
