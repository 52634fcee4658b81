#define _GNU_SOURCE
#include "cli/command/import_progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DRAW_EVERY_MS = 100, BAR_COLUMNS = 20, NAME_COLUMNS = 20 };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void import_progress_init(struct import_progress *progress)
{
	*progress = (struct import_progress){ .terminal = isatty(STDERR_FILENO) == 1,
		.started_ms = now_ms() };
}

/* The end of a name says more than its start. */
static void put_name(char *room, struct str name)
{
	if (name.n > NAME_COLUMNS)
		name = str_skip(name, name.n - NAME_COLUMNS);
	for (size_t i = 0; i < name.n; i++)
		room[i] = name.p[i] >= ' ' && name.p[i] <= '~' ? name.p[i] : '?';
	room[name.n] = '\0';
}

struct str import_progress_line(uint64_t done, uint64_t total, struct str name, struct str text,
	char room[static IMPORT_PROGRESS_LINE_BYTES])
{
	char bar[BAR_COLUMNS + 1], shown[NAME_COLUMNS + 1];
	unsigned percent = !total ? 0 : done >= total ? 100 : (unsigned)(100.0 * done / total);
	unsigned full = percent * BAR_COLUMNS / 100;

	memset(bar, '#', full);
	memset(bar + full, ' ', BAR_COLUMNS - full);
	bar[BAR_COLUMNS] = '\0';
	put_name(shown, name);
	text = str_head(text, IMPORT_PROGRESS_LINE_BYTES);
	if (total)
		snprintf(room, IMPORT_PROGRESS_LINE_BYTES, "[%s] %3u %%  %s  %.*s", bar, percent,
			shown, STR_ARG(text));
	else
		snprintf(room, IMPORT_PROGRESS_LINE_BYTES, "%s  %.*s", shown, STR_ARG(text));
	return str_c(room);
}

void import_progress_show(struct import_progress *progress, uint64_t done, uint64_t total,
	struct str name, struct str text)
{
	char room[IMPORT_PROGRESS_LINE_BYTES];
	struct str line;

	if (!progress->terminal ||
		(progress->drawn && now_ms() - progress->drawn_ms < DRAW_EVERY_MS))
		return;
	line = import_progress_line(done, total, name, text, room);
	fprintf(stderr, "\r%.*s\033[K", STR_ARG(line));
	progress->drawn = true;
	progress->drawn_ms = now_ms();
}

void import_progress_clear(struct import_progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
}

double import_progress_seconds(const struct import_progress *progress)
{
	return (double)(now_ms() - progress->started_ms) / 1000;
}
