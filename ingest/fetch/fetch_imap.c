#include "core/limits.h"
#include "ingest/fetch/fetch.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { IMAP_COMMAND_BYTES = 2048, IMAP_TEXT_BYTES = 4096 };

struct imap {
	struct fetch *fetch;
	unsigned tag;
	bool uidplus, read_only;
	struct buf uids;    /* u32 each, of SEARCH */
	struct buf message; /* of the FETCH at hand */
	struct buf text;    /* that FETCH response without its literals */
	bool has_message;
};

/* "... {123}" at the end of a line: so many bytes follow, RFC 3501 4.3. */
static bool literal_at_end(struct str line, uint64_t *ret_bytes)
{
	size_t brace = str_rchr(line, '{');

	return brace != STR_NPOS && line.p[line.n - 1] == '}' &&
	       str_to_u64(str_slice(line, brace + 1, line.n - 1), UINT32_MAX, ret_bytes);
}

/* Is the literal behind this text the message? "BODY[] {" or "BODY[]<0> {". */
static bool announces_message(struct str text)
{
	text = str_trim(str_head(text, str_rchr(text, '{')));
	return str_iends(text, STR("BODY[]")) || str_iends(text, STR("BODY[]<0>"));
}

static void take_numbers(struct imap *imap, struct str rest)
{
	struct fetch *fetch = imap->fetch;
	struct str word;
	uint64_t uid;

	while (str_next_word(&rest, " ", &word)) {
		if (!str_to_u64(word, UINT32_MAX, &uid) || !uid)
			continue;
		fetch->found++;
		if (imap->uids.n / sizeof(uint32_t) < fetch->limit)
			buf_put_u32(&imap->uids, (uint32_t)uid);
	}
}

/* The rest of an untagged response that has literals; the first of a FETCH that is announced as the message is
 * kept, others are dropped. */
static enum err take_literals(struct imap *imap, bool is_fetch, struct str line)
{
	struct fetch_wire *wire = imap->fetch->wire;
	uint64_t bytes;

	if (is_fetch)
		buf_put(&imap->text, line);
	while (literal_at_end(line, &bytes)) {
		bool wanted = is_fetch && !imap->has_message && announces_message(line);
		enum err err;

		if (bytes > LIMIT_MESSAGE_BYTES)
			return ERR_LIMIT;
		err = fetch_wire_bytes(wire, bytes, wanted ? &imap->message : NULL);
		if (!err)
			err = fetch_wire_line(wire, &line);
		if (err)
			return err;
		imap->has_message = imap->has_message || wanted;
		if (is_fetch)
			buf_put(&imap->text, line);
	}
	return ERR_OK;
}

static enum err take_untagged(struct imap *imap, struct str line)
{
	struct str rest = line, name, second;
	bool is_fetch;

	if (!str_next_word(&rest, " ", &name))
		return ERR_OK;
	if (str_ieq(name, STR("BYE")))
		return ERR_CLOSED;
	if (str_ieq(name, STR("SEARCH")))
		take_numbers(imap, rest);
	if (str_ieq(name, STR("CAPABILITY")))
		imap->uidplus = str_ifind(rest, STR(" UIDPLUS")) != STR_NPOS;
	is_fetch = str_next_word(&rest, " ", &second) && str_ieq(second, STR("FETCH"));
	return take_literals(imap, is_fetch, line);
}

/* Ends with the response to our tag. ERR_DENIED: NO or BAD. */
static enum err read_replies(struct imap *imap, struct str tag)
{
	struct fetch *fetch = imap->fetch;

	for (;;) {
		struct str line, word;
		enum err err = fetch_wire_line(fetch->wire, &line);

		if (err)
			return err;
		if (str_starts(line, STR("* "))) {
			err = take_untagged(imap, str_skip(line, 2));
			if (err)
				return err;
			continue;
		}
		if (!str_next_word(&line, " ", &word) || !str_eq(word, tag) ||
			!str_next_word(&line, " ", &word))
			return ERR_SYNTAX;
		imap->read_only = str_ifind(line, STR("[READ-ONLY]")) != STR_NPOS;
		if (str_ieq(word, STR("OK")))
			return ERR_OK;
		buf_reset(&fetch->said);
		buf_put(&fetch->said, str_head(line, fetch->said.max));
		return ERR_DENIED;
	}
}

PRINTF_LIKE(2, 3)
static enum err command(struct imap *imap, const char *format, ...)
{
	char line[IMAP_COMMAND_BYTES], tag[16];
	va_list args;
	int n, tag_n = snprintf(tag, sizeof tag, "b%u", ++imap->tag);
	enum err err;

	n = snprintf(line, sizeof line, "%s ", tag);
	va_start(args, format);
	n += vsnprintf(line + n, sizeof line - (size_t)n, format, args);
	va_end(args);
	if ((size_t)n > sizeof line - 3)
		return ERR_LIMIT;
	line[n++] = '\r';
	line[n++] = '\n';
	err = imap->fetch->wire->send(imap->fetch->wire->context, str_from(line, (size_t)n));
	return err ? err : read_replies(imap, str_from(tag, (size_t)tag_n));
}

/* A quoted string, RFC 3501 4.3; what it cannot hold was refused before. */
static struct str quoted(struct str text, char room[static IMAP_COMMAND_BYTES / 2])
{
	size_t n = 0;

	for (size_t i = 0; i < text.n && n < IMAP_COMMAND_BYTES / 2 - 2; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			room[n++] = '\\';
		room[n++] = text.p[i];
	}
	return str_from(room, n);
}

static enum err open_folder(struct imap *imap)
{
	struct fetch *fetch = imap->fetch;
	char room[IMAP_COMMAND_BYTES / 2];
	struct str folder = quoted(fetch->folder, room);
	enum err err = command(imap, "CAPABILITY");

	/* EXAMINE cannot change anything, whatever else goes wrong. */
	if (!err)
		err = command(imap, "%s \"%.*s\"",
			fetch->after == FETCH_LEAVE ? "EXAMINE" : "SELECT", STR_ARG(folder));
	if (!err && fetch->after != FETCH_LEAVE && imap->read_only) {
		buf_reset(&fetch->said);
		buf_put(&fetch->said, STR("the folder can only be read"));
		err = ERR_DENIED;
	}
	return err;
}

/* Does the FETCH response speak of this message? A server that answers about another one must not make us
 * delete what was not stored. */
static bool speaks_of(struct str text, uint32_t uid)
{
	char wanted[24];
	struct str found = STR_EMPTY;
	size_t at;

	snprintf(wanted, sizeof wanted, "UID %" PRIu32, uid);
	at = str_ifind(text, str_c(wanted));
	if (at != STR_NPOS)
		found = str_skip(text, at + str_c(wanted).n);
	return at != STR_NPOS && (!found.n || !ascii_digit(*found.p));
}

static enum err mark(void *conversation, uint32_t uid)
{
	struct imap *imap = conversation;
	const struct fetch *fetch = imap->fetch;
	enum err err = command(imap, "UID STORE %" PRIu32 " +FLAGS.SILENT (%s)", uid,
		fetch->after == FETCH_DELETE ? "\\Deleted" : "\\Seen");

	/* Without UIDPLUS an EXPUNGE would take other programs' messages too: it is left to the server. */
	if (!err && fetch->after == FETCH_DELETE && imap->uidplus)
		err = command(imap, "UID EXPUNGE %" PRIu32, uid);
	return err;
}

static enum err take_message(struct imap *imap, uint32_t uid)
{
	struct fetch *fetch = imap->fetch;
	enum err err;

	buf_reset(&imap->message);
	buf_reset(&imap->text);
	imap->has_message = false;
	err = command(
		imap, "UID FETCH %" PRIu32 " (UID BODY.PEEK[]<0.%u>)", uid, LIMIT_MESSAGE_BYTES);
	if (err && err != ERR_DENIED)
		return err;
	if (err || !imap->has_message || !speaks_of(buf_str(&imap->text), uid)) {
		fetch->gone++; /* another program took it away, or the server has no such message */
		return ERR_OK;
	}
	return fetch_take(fetch, uid, buf_str(&imap->message),
		imap->message.n == LIMIT_MESSAGE_BYTES, mark, imap);
}

static enum err take_messages(struct imap *imap)
{
	struct fetch *fetch = imap->fetch;
	enum err err = open_folder(imap);
	struct str rest;
	uint32_t uid;

	if (!err)
		err = command(imap, "UID SEARCH UNDELETED%s", fetch->all ? "" : " UNSEEN");
	rest = imap->uids.n ? buf_str(&imap->uids) : STR_EMPTY;
	while (!err && !fetch->stopped(fetch->context) && str_take_u32(&rest, &uid))
		err = take_message(imap, uid);
	return fetch_settle(fetch, err, mark, imap);
}

enum err fetch_imap(struct fetch *fetch)
{
	struct imap imap = { .fetch = fetch };
	enum err err;

	buf_init(&imap.uids, LIMIT_FETCH_MESSAGES * sizeof(uint32_t));
	buf_init(&imap.message, LIMIT_MESSAGE_BYTES);
	buf_init(&imap.text, IMAP_TEXT_BYTES);
	err = take_messages(&imap);
	/* BYE is part of a proper end and reads as ERR_CLOSED. */
	if (err != ERR_CLOSED && err != ERR_TIMEOUT)
		ERR_IGNORE(command(&imap, "LOGOUT"), "everything is done by now");
	buf_release(&imap.uids);
	buf_release(&imap.message);
	buf_release(&imap.text);
	return err;
}
