#include "api/http_server_lines_priv.h"

#include <microhttpd.h>
#include <string.h>

/* What became of a CR LF. */
static bool is_line_end(const char *p)
{
	return !p[0] && !p[1];
}

/* Every read of memory is of what lies within the header: lines->next is only ever put behind what was found there. */
static void take_line_end(struct header_lines *lines, const char *end)
{
	if (is_line_end(end))
		lines->next = end + 2;
	else
		lines->broken = true;
}

/* Nothing but blanks between the two, and a NUL that the library put in front of them. */
static bool follows(const char *cut, const char *next)
{
	if (next <= cut || *cut)
		return false;
	for (cut++; cut < next && (*cut == ' ' || *cut == '\t'); cut++)
		;
	return cut == next;
}

void lines_begin(struct header_lines *lines, const char *method, const char *target,
	size_t target_bytes, const char *version)
{
	*lines = (struct header_lines){ .start = method,
		.told = !strcmp(MHD_get_version(), "0.9.75") };
	if (!lines->told)
		return;
	/* Each is what a NUL ends, and one that was sent would end it early. */
	if (target && follows(method + strlen(method), target) &&
		version == target + target_bytes + 1)
		take_line_end(lines, version + strlen(version));
	else
		lines->broken = true;
}

void lines_field(struct header_lines *lines, const char *name, size_t name_bytes, const char *value,
	size_t value_bytes)
{
	if (!lines->told || lines->broken)
		return;
	if (name == lines->next && follows(name + name_bytes, value))
		take_line_end(lines, value + value_bytes);
	else
		lines->broken = true;
}

bool lines_end(struct header_lines *lines, size_t header_bytes)
{
	const char *end = lines->start + header_bytes;

	if (!lines->told)
		return true;
	return !lines->broken && lines->next + 2 == end && is_line_end(lines->next);
}
