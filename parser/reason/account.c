#include "parser/reason/account.h"

#include "core/reason.h"

static void put_span(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		buf_putc(out, text.p[i] == FOLD_NAMED  ? '~'
			      : text.p[i] == FOLD_LOST ? '?'
						       : text.p[i]);
}

static void put_mark(struct buf *out, const struct meaning *m, const struct mark *mark)
{
	buf_printf(out, " %.*s\"", STR_ARG(concept_name(mark->concept)));
	put_span(out, str_slice(m->marks.folding.text, mark->from, mark->to));
	buf_put(out, mark->advice ? STR("\"(advice)") : STR("\""));
}

static void put_name(struct buf *out, const struct mark *mark)
{
	buf_put(out, mark ? concept_name(mark->concept) : STR("-"));
}

static void put_candidate(struct buf *out, const struct meaning_candidate *one)
{
	buf_printf(out, "    frame %.*s %.2f: thing ", STR_ARG(one->frame->id), one->strength);
	put_name(out, one->thing);
	buf_put(out, STR(", state "));
	put_name(out, one->state);
	buf_putc(out, '\n');
}

void account_of_meaning(struct buf *out, struct str text, const struct meaning *m)
{
	if (!out)
		return;
	buf_printf(out, "  words: %.*s\n", STR_ARG(text));
	for (size_t i = 0; i < m->marks.n; i++) {
		bool first = !i || m->marks.items[i].clause != m->marks.items[i - 1].clause;

		if (first)
			buf_printf(out, "%s    clause %u:", i ? "\n" : "",
				m->marks.items[i].clause + 1u);
		put_mark(out, m, &m->marks.items[i]);
	}
	if (m->marks.n)
		buf_putc(out, '\n');
	if (m->marks.soon)
		buf_put(out, STR("    for now: nothing here is for good\n"));
	for (size_t i = 0; i < m->n; i++)
		put_candidate(out, &m->candidates[i]);
}

void account_of_likeness(struct buf *out, const struct meaning *m,
	const struct likeness_scores *scores, const struct feature_span *spans, size_t n)
{
	if (!out)
		return;
	buf_printf(out, "    is like %.*s (%.2f), next %.*s (%.2f); to stop mail for: %.2f; words:",
		STR_ARG(reason_name(scores->first)), scores->of[scores->first],
		STR_ARG(reason_name(scores->second)), scores->of[scores->second], scores->hard);
	for (size_t i = 0; i < n; i++) {
		buf_put(out, STR(" \""));
		put_span(out, str_slice(m->marks.folding.text, spans[i].from, spans[i].to));
		buf_putc(out, '"');
	}
	buf_putc(out, '\n');
}

void account_of_evidence(
	struct buf *out, const struct evidence_list *list, const struct evidence *best)
{
	if (!out)
		return;
	for (size_t i = 0; i < list->n; i++) {
		const struct evidence *one = &list->items[i];

		buf_printf(out, "  %s %.2f %.*s says %.*s%s\n",
			one == best ? "decides" : "outvoted", one->strength, STR_ARG(one->id),
			STR_ARG(reason_name(one->reason)),
			one->guard ? " (guards against a hard reason)" : "");
	}
	if (!list->n)
		buf_put(out, STR("  nothing is known of these words\n"));
}
