/* parser/notice/lone.h -- the recipient in a notice of a mail system that nobody knows.
 * Knows: how any notice sets a recipient apart: on a line of its own, behind a label, in a sentence that
 * says that something failed, in the subject. Does not know families. Pure.
 *
 * It is the last resort of the words, for notices that nothing but a mail system writes. The address of
 * the sender and those that a notice gives for questions are never taken, and no address where a
 * notice has several that are not set apart. */
#pragma once
#include "parser/notice/entry.h"
#include "parser/notice/notice.h"

/* Adds what it finds in source->rest, the notice without the returned message. */
void lone_read(struct entry_source *source, const struct notice *notice);
