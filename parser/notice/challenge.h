/* parser/notice/challenge.h -- mails that ask an unknown sender to prove himself before his mail is handed over.
 * Knows: the words of such systems, and what any of them must say: that the sender is to be approved, that his
 * mail will then arrive, and how. Does not know bounces: what waits for its sender has not failed. Pure. */
#pragma once
#include "parser/notice/notice.h"

bool challenge_is(const struct notice *notice);
