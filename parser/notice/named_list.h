/* parser/notice/named_list.h -- the recipients of a notice whose sentences nobody knows but whose header names
 * one of them: sites rewrite Exim's words, and keep its list.
 * Pure; adds events to a list. */
#pragma once
#include "parser/notice/entry.h"

/* Reads the list that starts where `address` stands alone on a line of source->rest, if it does. */
void named_list_read(struct entry_source *source, struct str address);
