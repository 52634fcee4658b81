#include "ingest/intake/import_window.h"

#include <assert.h>
#include <stdlib.h>

struct slot {
	struct arena *arena; /* of `item`; emptied with it */
	struct import_item item;
	struct str recipient;
	bool busy, held, cut; /* held: not handed over yet */
};

struct import_window {
	struct intake *intake;
	struct import_window_calls calls;
	struct slot slots[IMPORT_WINDOW];
	size_t n, bytes;
	enum err err; /* the first */
	unsigned attempts;
};

struct import_window *import_window_new(
	struct intake *intake, const struct import_window_calls *calls)
{
	struct import_window *window = calloc(1, sizeof *window);

	if (!window)
		abort();
	window->intake = intake;
	window->calls = *calls;
	return window;
}

void import_window_free(struct import_window *window)
{
	if (!window)
		return;
	assert(!window->n);
	for (size_t i = 0; i < IMPORT_WINDOW; i++)
		arena_free(window->slots[i].arena);
	free(window);
}

static struct slot *free_slot(struct import_window *window)
{
	size_t i = 0;

	while (window->slots[i].busy)
		i++;
	if (!window->slots[i].arena)
		window->slots[i].arena = arena_new();
	return &window->slots[i];
}

static void fill_slot(
	struct import_window *window, struct slot *slot, const struct import_item *item)
{
	struct intake_mail *mail = &slot->item.mail;

	assert(item->mail.n_recipients <= 1);
	slot->item = *item;
	slot->item.file = arena_dup(slot->arena, item->file);
	mail->bytes = arena_dup(slot->arena, item->mail.bytes);
	mail->reverse_path = arena_dup(slot->arena, item->mail.reverse_path);
	if (mail->n_recipients)
		slot->recipient = arena_dup(slot->arena, item->mail.recipients[0]);
	mail->recipients = &slot->recipient;
	slot->busy = true;
	window->n++;
	window->bytes += item->mail.bytes.n;
}

static void empty_slot(struct import_window *window, struct slot *slot)
{
	window->n--;
	window->bytes -= slot->item.mail.bytes.n;
	slot->busy = false;
	arena_reset(slot->arena);
}

static bool may_pass(enum err err)
{
	return err == ERR_NO_SPACE || err == ERR_UNAVAILABLE;
}

/* A message that the spool does not take at all leaves the window; its error is kept. */
static void submit(struct import_window *window, struct slot *slot)
{
	enum err err = ERR_OK;

	while (!err) {
		err = intake_submit(window->intake, &slot->item.mail,
			(uint64_t)(slot - window->slots), &slot->cut);
		if (!err)
			return;
		if (may_pass(err))
			err = window->calls.wait(
				window->calls.context, &slot->item, err, window->attempts++);
	}
	if (!window->err)
		window->err = err;
	empty_slot(window, slot);
}

/* Behind an error nothing more is handed over. */
static void submit_held(struct import_window *window)
{
	for (size_t i = 0; i < IMPORT_WINDOW; i++) {
		struct slot *slot = &window->slots[i];

		if (!slot->busy || !slot->held)
			continue;
		slot->held = false;
		if (window->err)
			empty_slot(window, slot);
		else
			submit(window, slot);
	}
}

static void settle(struct import_window *window, struct slot *slot, enum err err)
{
	if (!err) {
		window->attempts = 0;
		slot->item.cut = slot->item.cut || slot->cut;
		window->calls.settled(window->calls.context, &slot->item);
		empty_slot(window, slot);
		return;
	}
	/* An import that failed waits for nothing more, only for the word about what is on its way. */
	if (may_pass(err) && !window->err)
		err = window->calls.wait(
			window->calls.context, &slot->item, err, window->attempts++);
	if (!err) {
		submit(window, slot);
		return;
	}
	if (!window->err)
		window->err = err;
	empty_slot(window, slot);
}

static void settle_some(struct import_window *window)
{
	struct intake_completion done[IMPORT_WINDOW];
	size_t n = intake_reap(window->intake, done, IMPORT_WINDOW);

	for (size_t i = 0; i < n; i++)
		settle(window, &window->slots[done[i].cookie], done[i].err);
}

static bool has_room(const struct import_window *window, size_t bytes)
{
	if (!window->n)
		return true;
	return window->n < IMPORT_WINDOW && window->bytes < IMPORT_WINDOW_BYTES &&
	       bytes <= IMPORT_WINDOW_BYTES - window->bytes;
}

enum err import_window_add(struct import_window *window, const struct import_item *item)
{
	struct slot *slot;

	while (!window->err && !has_room(window, item->mail.bytes.n)) {
		submit_held(window);
		if (window->n)
			settle_some(window);
	}
	if (window->err)
		return window->err;
	slot = free_slot(window);
	fill_slot(window, slot, item);
	slot->held = window->calls.together;
	if (!slot->held)
		submit(window, slot);
	return window->err;
}

enum err import_window_finish(struct import_window *window)
{
	submit_held(window);
	while (window->n)
		settle_some(window);
	return window->err;
}
