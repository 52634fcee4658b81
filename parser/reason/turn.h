/* parser/reason/turn.h -- how words turn each other: negation, owner, number, advice, questions.
 * Knows: that "not found" is absent, "your mailbox" the sender's, "12 users" not the recipient. Does not know reasons. Pure. */
#pragma once
#include "parser/reason/mark.h"

/* Whom a code or the step of the dialogue tells that a refusal is about, whatever its words leave out. */
enum said_of {
	SAID_OF_ANYBODY,
	SAID_OF_SENDER, /* RFC 3463 X.1.7, X.1.8 */
	SAID_OF_GREETING, /* refused before a recipient was named: at the connection, at EHLO or HELO */
};

/* Concepts of marks become what they are where they stand. */
void marks_turn(struct marks *marks, enum said_of said_of);
