/* tests/support/reply_figures.h -- what a list of replies gets: how many are right, how many that are alive would be stopped, how many
 * dead ones are missed. One way of counting for the lists that are golden and for those that are scored at first sight. */
#pragma once
#include "parser/reply_list.h"

struct reply_figures {
	unsigned replies, right, alive, wrongly_hard, dead, missed, unclassified;
};

/* What of a verdict is not as it should be. */
struct reply_miss {
	bool reason, wrongly_hard, missed;
};

static inline struct reply_miss reply_figures_add(
	struct reply_figures *figures, const struct reply_row *row, const struct event *event)
{
	bool hard = event->class == CLASS_HARD;
	struct reply_miss miss = { .reason = !(row->accepted >> event->reason & 1),
		.wrongly_hard = hard && row->hard < 0,
		.missed = !hard && row->hard > 0 };

	figures->replies++;
	figures->right += !miss.reason;
	figures->alive += row->hard < 0;
	figures->wrongly_hard += miss.wrongly_hard;
	figures->dead += row->hard > 0;
	figures->missed += miss.missed;
	figures->unclassified += miss.reason && event->reason == REASON_UNKNOWN_UNCLASSIFIED;
	return miss;
}
