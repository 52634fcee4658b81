#include "ingest/text/smtp_dot.h"

enum dot_state {
	DOT_START,  /* behind CR LF */
	DOT_TEXT,   /* in a line */
	DOT_CR,     /* in a line, behind CR */
	DOT_DOT,    /* behind a dot that starts the line; the dot is dropped */
	DOT_DOT_CR, /* behind such a dot and CR; the CR is held back */
	DOT_STATE_COUNT,
	DOT_END = DOT_STATE_COUNT
};
enum dot_input { INPUT_OTHER, INPUT_CR, INPUT_LF, INPUT_DOT, DOT_INPUT_COUNT };
enum dot_output { PUT, DROP, PUT_HELD /* the CR held back, then the byte */ };

struct dot_cell {
	unsigned char next, output;
};

static const struct dot_cell dot_table[DOT_STATE_COUNT][DOT_INPUT_COUNT] = {
	/*                OTHER                    CR                      LF
	 *                DOT */
	[DOT_START] = { { DOT_TEXT, PUT }, { DOT_CR, PUT }, { DOT_TEXT, PUT }, { DOT_DOT, DROP } },
	[DOT_TEXT] = { { DOT_TEXT, PUT }, { DOT_CR, PUT }, { DOT_TEXT, PUT }, { DOT_TEXT, PUT } },
	[DOT_CR] = { { DOT_TEXT, PUT }, { DOT_CR, PUT }, { DOT_START, PUT }, { DOT_TEXT, PUT } },
	[DOT_DOT] = { { DOT_TEXT, PUT }, { DOT_DOT_CR, DROP }, { DOT_TEXT, PUT },
		{ DOT_TEXT, PUT } },
	[DOT_DOT_CR] = { { DOT_TEXT, PUT_HELD }, { DOT_CR, PUT_HELD }, { DOT_END, DROP },
		{ DOT_TEXT, PUT_HELD } },
};

static enum dot_input dot_input(char c)
{
	switch (c) {
	case '\r':
		return INPUT_CR;
	case '\n':
		return INPUT_LF;
	case '.':
		return INPUT_DOT;
	default:
		return INPUT_OTHER;
	}
}

static void put(struct smtp_dot *dot, struct str bytes, struct buf *out)
{
	dot->bytes += bytes.n;
	if (out)
		buf_put(out, bytes);
}

void smtp_dot_reset(struct smtp_dot *dot)
{
	*dot = (struct smtp_dot){ .state = DOT_START };
}

/* In a line only CR matters: the rest of it goes in one piece. Bytes up to and with the CR. */
static size_t text_run(struct str rest)
{
	size_t at = str_chr(rest, '\r');

	return at == STR_NPOS ? rest.n : at;
}

enum step smtp_dot_take(struct smtp_dot *dot, struct str *rest, struct buf *out)
{
	struct str todo = *rest;
	size_t run = 0; /* bytes at the start of todo that are to be put */

	while (run < todo.n) {
		const struct dot_cell *cell;
		struct str byte;

		if (dot->state == DOT_TEXT)
			run += text_run(str_skip(todo, run));
		if (run == todo.n)
			break;
		byte = str_slice(todo, run, run + 1);
		cell = &dot_table[dot->state][dot_input(*byte.p)];
		dot->state = cell->next;
		if (cell->output == PUT) {
			run++;
			continue;
		}
		put(dot, str_head(todo, run), out);
		if (cell->output == PUT_HELD)
			put(dot, STR("\r"), out);
		todo = str_skip(todo, cell->output == PUT_HELD ? run : run + 1);
		run = cell->output == PUT_HELD;
		if (dot->state == DOT_END) {
			*rest = todo;
			return STEP_DONE;
		}
	}
	put(dot, todo, out);
	*rest = str_skip(*rest, rest->n);
	return STEP_MORE;
}
