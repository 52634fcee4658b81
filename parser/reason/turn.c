#include "parser/reason/turn.h"

#include <string.h>

/* How far apart two words of one statement stand; distances are in words. */
enum {
	NEAR_NOT = 6,   /* a negation and what it negates */
	NEAR_NO = 4,    /* "no" and its thing */
	NEAR_OWNER = 3, /* "your", "sender's" and what is theirs */
	NEAR_AFTER = 3, /* a negation that follows */
};

static bool owned_by_person(enum concept one)
{
	return one == CONCEPT_PERSON || one == CONCEPT_MAILBOX || one == CONCEPT_ACCOUNT ||
	       one == CONCEPT_ADDRESS || one == CONCEPT_DOMAIN || one == CONCEPT_NAME;
}

/* "your mailbox" is the sender's, "your server" the client. */
static void turn_yours(struct marks *m, size_t i)
{
	for (size_t k = i + 1; k < m->n; k++) {
		struct mark *mark = &m->items[k];

		if (mark->clause != m->items[i].clause ||
			marks_apart(mark, &m->items[i]) > NEAR_OWNER)
			return;
		if (!mark_is_thing(mark))
			continue;
		if (owned_by_person(mark->concept))
		mark->concept = CONCEPT_SENDER;
		else if (mark->concept == CONCEPT_HOST) mark->concept = CONCEPT_CLIENT;
		return;
	}
}

/* "the sender's mailbox", "mailbox of the sender", "sender <ann@...>", with no state between. */
static void turn_senders(struct marks *m, size_t i)
{
	struct mark *sender = &m->items[i];

	for (size_t k = i; k-- > 0 && !mark_is_state(&m->items[k]);) {
		struct mark *mark = &m->items[k];

		if (mark->clause != sender->clause || marks_apart(mark, sender) > NEAR_OWNER)
			break;
		if (owned_by_person(mark->concept))
		mark->concept = CONCEPT_SENDER;
	}
	for (size_t k = i + 1; k < m->n && !mark_is_state(&m->items[k]); k++) {
		struct mark *mark = &m->items[k];

		if (mark->sentence != sender->sentence || marks_apart(mark, sender) > NEAR_OWNER)
			break;
		if (owned_by_person(mark->concept))
		mark->concept = CONCEPT_SENDER;
	}
}

/* "your address 192.0.2.7", "sender IP": of the client. */
static void turn_clients(struct marks *m, size_t i)
{
	struct mark *before = i ? &m->items[i - 1] : NULL;

	if (before && marks_apart(before, &m->items[i]) <= 2 &&
		before->clause == m->items[i].clause &&
		(before->concept == CONCEPT_ADDRESS || before->concept == CONCEPT_SENDER))
	before->concept = CONCEPT_CLIENT;
}

/* "from <ann@...>" */
static void turn_from(struct marks *m, size_t i)
{
	struct mark *next = &m->items[i + 1];

	if (i + 1 < m->n && marks_apart(next, &m->items[i]) <= 1 &&
		next->concept == CONCEPT_ADDRESS)
	next->concept = CONCEPT_SENDER;
}

/* "12 users" are not the recipient. */
static void turn_count(struct marks *m, size_t i)
{
	struct mark *next = &m->items[i + 1];

	if (i + 1 < m->n && marks_apart(next, &m->items[i]) <= 1 &&
		(next->concept == CONCEPT_PERSON || next->concept == CONCEPT_RECIPIENT ||
			next->concept == CONCEPT_ADDRESS || next->concept == CONCEPT_MAILBOX))
	next->concept = CONCEPT_SEVERAL;
}

/* "the recipient's domain", "mailbox server", "user lookup": what is spoken of is the second. */
static void turn_compounds(struct marks *m)
{
	for (size_t i = 0; i + 1 < m->n; i++) {
		struct mark *mark = &m->items[i], *next = mark + 1;
		bool first = owned_by_person(mark->concept) || mark->concept == CONCEPT_RECIPIENT;

		if (mark->concept == CONCEPT_DOMAIN || mark->concept == CONCEPT_NAME || !first ||
			next->unit - mark->unit != 1 || next->clause != mark->clause)
			continue;
		if (next->concept == CONCEPT_DOMAIN || next->concept == CONCEPT_HOST ||
			next->concept == CONCEPT_DNS || next->concept == CONCEPT_BACKEND ||
			next->concept == CONCEPT_OWN_LIST || next->concept == CONCEPT_FILTER ||
			next->concept == CONCEPT_POLICY || next->concept == CONCEPT_STORAGE)
		mark->concept = CONCEPT_NOISE;
	}
}

static bool negates(enum concept one)
{
	return one == CONCEPT_NOT || one == CONCEPT_NO || one == CONCEPT_NO_LONGER;
}

static struct mark *negation_of(struct marks *m, size_t i, unsigned near)
{
	const struct mark *good = &m->items[i];

	for (size_t k = i; k-- > 0;) {
		struct mark *mark = &m->items[k];

		if (mark->clause != good->clause || marks_apart(mark, good) > near)
			break;
		if (negates(mark->concept) && !mark->negated)
			return mark;
	}
	for (size_t k = i + 1; k < m->n; k++) {
		struct mark *mark = &m->items[k];

		if (mark->clause != good->clause || marks_apart(mark, good) > NEAR_AFTER)
			break;
		if ((mark->concept == CONCEPT_NOT_AFTER || mark->concept == CONCEPT_NO_AFTER) &&
			!mark->negated)
			return mark;
	}
	return NULL;
}

/* What was, and is no longer. */
static enum concept ended(enum concept good)
{
	switch (good) {
	case CONCEPT_VALID:
	case CONCEPT_ACTIVE:
	case CONCEPT_ACCEPT:
	case CONCEPT_AVAILABLE:
	case CONCEPT_SERVED:
	case CONCEPT_TAKES_MAIL:
		return CONCEPT_DISABLED;
	default:
		return concept_negated(good);
	}
}

static void turn_good(struct marks *m, size_t i)
{
	struct mark *good = &m->items[i], *negation = negation_of(m, i, NEAR_NOT);

	if (!negation)
		return;
	if (negation->concept == CONCEPT_NO_LONGER)
	good->concept = ended(good->concept);
	else if (negation->concept != CONCEPT_NOT && good->concept == CONCEPT_WORKS) good->concept =
		CONCEPT_ABSENT; /* "nobody of that name works here" did not leave */
	else good->concept = concept_negated(good->concept);
	if (negation->from < good->from)
		good->from = negation->from;
	else
		good->to = negation->to;
	negation->negated = true; /* it has done its work */
}

/* "not full": a state that is denied. */
static void turn_denied(struct marks *m, size_t i)
{
	struct mark *state = &m->items[i];

	if (i && m->items[i - 1].concept == CONCEPT_NOT && !m->items[i - 1].negated &&
		m->items[i - 1].clause == state->clause &&
		marks_apart(&m->items[i - 1], state) <= 1)
	state->concept = CONCEPT_NOISE;
}

/* "no mailbox": the thing is absent. */
static void turn_no(struct marks *m, size_t i)
{
	struct mark *no = &m->items[i];
	bool after = no->concept == CONCEPT_NO_AFTER;

	for (size_t step_n = 1; step_n <= 4; step_n++) {
		size_t k = after ? i - step_n : i + step_n;
		const struct mark *mark;

		if ((after && i < step_n) || (!after && k >= m->n))
			return;
		mark = &m->items[k];
		if (mark->clause != no->clause || marks_apart(mark, no) > NEAR_NO)
			return;
		if (mark_is_state(mark))
			return;
		if (mark_is_thing(mark)) {
			no->concept = CONCEPT_ABSENT;
			return;
		}
	}
}

/* Where the sentence that a mark ends in is over, for all marks up to there. */
struct sentence_end {
	size_t from, at;
	bool known;
};

static bool is_question(const struct marks *m, const struct mark *mark, struct sentence_end *end)
{
	struct str text = m->folding.text;
	size_t i = mark->to;

	if (!end->known || i < end->from || i > end->at) {
		while (i < text.n && !ends_sentence(text, i))
			i++;
		*end = (struct sentence_end){ mark->to, i, true };
	}
	return end->at < text.n && text.p[end->at] == '?';
}

static void turn_advice(struct marks *m, size_t i)
{
	for (size_t k = i + 1; k < m->n && m->items[k].sentence == m->items[i].sentence; k++)
		m->items[k].advice = true;
}

static void each(struct marks *m, enum concept concept, void (*turn)(struct marks *m, size_t i))
{
	for (size_t i = 0; i < m->n; i++)
		if (m->items[i].concept == concept)
			turn(m, i);
}

static void turn_all_to_sender(struct marks *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (owned_by_person(m->items[i].concept))
	m->items[i].concept = CONCEPT_SENDER;
}

/* "12 users", not "550 user": a number in front of people who are therefore not the recipient. */
static void turn_numbered(struct marks *m)
{
	struct str text = m->folding.text;

	for (size_t i = 0; i < m->n; i++) {
		struct mark *mark = &m->items[i];
		size_t at = mark->from, digits = 0;

		if (!owned_by_person(mark->concept) && mark->concept != CONCEPT_RECIPIENT)
			continue;
		at -= at > 0 && text.p[at - 1] == ' ';
		while (digits < at && ascii_digit(text.p[at - 1 - digits]))
			digits++;
		if (digits && digits < 5 && at > digits + 3 &&
			strchr(" (", text.p[at - digits - 1]) &&
			!(digits == 3 && strchr("45", text.p[at - 3])))
		mark->concept = CONCEPT_SEVERAL;
	}
}

static void turn_all_to_greeting(struct marks *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->items[i].concept == CONCEPT_DOMAIN || m->items[i].concept == CONCEPT_HOST ||
			m->items[i].concept == CONCEPT_NAME)
	m->items[i].concept = CONCEPT_HELO;
}

void marks_turn(struct marks *m, enum said_of said_of)
{
	struct sentence_end end = { 0 };

	turn_numbered(m);
	turn_compounds(m);
	if (said_of == SAID_OF_SENDER)
		turn_all_to_sender(m);
	if (said_of == SAID_OF_GREETING)
		turn_all_to_greeting(m);
	each(m, CONCEPT_FROM, turn_from);
	each(m, CONCEPT_SEVERAL, turn_count);
	for (size_t i = 0; i < m->n; i++) {
		enum concept_role role = concept_role(m->items[i].concept);

		if (role == AS_GOOD)
			turn_good(m, i);
		else if (role == AS_STATE)
			turn_denied(m, i);
		m->soon |= m->items[i].concept == CONCEPT_SOON;
	}
	each(m, CONCEPT_CLIENT, turn_clients);
	each(m, CONCEPT_YOUR, turn_yours);
	each(m, CONCEPT_SENDER, turn_senders);
	for (size_t i = 0; i < m->n; i++) {
		enum concept concept = m->items[i].concept;

		if ((concept == CONCEPT_NO || concept == CONCEPT_NO_AFTER) && !m->items[i].negated)
			turn_no(m, i);
		if (is_question(m, &m->items[i], &end))
			m->items[i].advice = true;
	}
	each(m, CONCEPT_ADVICE, turn_advice);
}
