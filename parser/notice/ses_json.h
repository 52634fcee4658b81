/* parser/notice/ses_json.h -- notifications of Amazon SES that arrive as mail through SNS: a JSON object as
 * the text. Knows: the keys of a bounce, complaint and delivery notification. Is no JSON parser: it
 * looks for keys and reads the strings behind them, which is all that a text cut by a mailer allows.
 * Pure. */
#pragma once
#include "parser/notice/events.h"

/* True where the text is such a notification; its events are added. */
bool ses_json_events(struct arena *arena, struct str text, struct event_list *list);
