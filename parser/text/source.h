/* parser/text/source.h -- a file of rules or of their cases, as bytes.
 * Knows: its name for messages. Does not know files, or what a rule is. */
#pragma once
#include "core/str.h"

/* `name` stands in messages. Whoever loads it copies the texts. */
struct parse_source {
	struct str name, text;
	bool builtin; /* of the program; others are an operator's, and certain */
};
