/* parser/reason/quoted.h -- the reply of the server that refused, within the words that another one wrote around it.
 * Knows: how mail systems introduce what they quote. Does not know what a reply means. Pure; borrows from the text. */
#pragma once
#include "core/str.h"

/* "550 no such user" of "host mx.shop.example[192.0.2.1] said: 550 no such user (in reply to RCPT TO command)". The whole
 * text where nothing is quoted. */
struct str quoted_reply(struct str text);
