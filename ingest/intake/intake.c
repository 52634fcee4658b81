#define _GNU_SOURCE
#include "ingest/intake/intake.h"

#include "core/limits.h"
#include "core/log.h"
#include "core/timestamp.h"
#include "ingest/intake/trace_fields.h"
#include "ingest/text/smtp_recipient.h"
#include "spool/lanes.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_PAUSE_MS = 20, INTAKE_REAP = 64, MESSAGE_ID_BYTES = 32 };

struct intake {
	struct arena *arena;
	struct spool_writer *writer;
	struct smtp_domain *domains;
	size_t n_domains;
	char id[LOG_ID_BYTES + 1];
	char message_id[MESSAGE_ID_BYTES];
	uint64_t n_messages;
};

static void read_domains(struct intake *intake, const struct config *config)
{
	struct str item;
	size_t n = 0;

	while (config_item(config, CONFIG_SMTP_RETURN_PATH_DOMAINS, n, &item))
		n++;
	intake->domains = arena_calloc(intake->arena, n, sizeof *intake->domains);
	for (size_t i = 0; i < n; i++) {
		struct smtp_domain *domain = &intake->domains[intake->n_domains];

		config_item(config, CONFIG_SMTP_RETURN_PATH_DOMAINS, i, &item);
		if (!smtp_domain_parse(item, domain))
			intake->n_domains++;
	}
}

/* The pauses differ from process to process, so that those who wait do not come in step. */
static void wait_for_lock(unsigned round)
{
	usleep((useconds_t)(LOCK_PAUSE_MS + ((unsigned)getpid() + round * 7) % LOCK_PAUSE_MS) *
		1000);
}

static int64_t now_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

enum err intake_open(
	const struct config *config, const char *lane, int wait_ms, struct intake **ret_intake)
{
	int64_t until_us = now_us(CLOCK_MONOTONIC) + (int64_t)wait_ms * 1000;
	struct arena *arena = arena_new();
	struct intake *intake = arena_zalloc(arena, sizeof *intake);
	enum err err;

	intake->arena = arena;
	log_id_make(intake->id);
	for (unsigned round = 0;; round++) {
		err = lanes_open(config, arena, lane, SPOOL_PREPARE_ON_NEED, &intake->writer);
		if (err != ERR_CONFLICT || now_us(CLOCK_MONOTONIC) >= until_us)
			break;
		wait_for_lock(round);
	}
	if (err) {
		arena_free(arena);
		return err;
	}
	read_domains(intake, config);
	*ret_intake = intake;
	return ERR_OK;
}

void intake_close(struct intake *intake)
{
	if (!intake)
		return;
	spool_writer_close(intake->writer);
	arena_free(intake->arena);
}

const char *intake_id(const struct intake *intake)
{
	return intake->id;
}

bool intake_is_ours(const struct intake *intake, struct str address, struct str *ret_stream)
{
	size_t at = str_rchr(address, '@');
	const struct smtp_domain *found;
	struct smtp_path path = { .mailbox = address };

	path.local = str_head(address, at);
	path.domain = at == STR_NPOS ? STR_EMPTY : str_skip(address, at + 1);
	found = smtp_recipient_find(intake->domains, intake->n_domains, &path);
	if (found)
		*ret_stream = found->stream;
	return found != NULL;
}

void intake_read_trace(const struct intake *intake, struct intake_mail *mail, struct str *room)
{
	bool sender = mail->reverse_path.n, recipient = mail->n_recipients, ours = recipient;
	struct trace_reader reader;
	struct trace_field field;
	struct str stream;

	trace_start(&reader, mail->bytes);
	while ((!sender || !ours) && trace_next(&reader, &field)) {
		if (field.kind == TRACE_SENDER) {
			if (!sender)
				mail->reverse_path = field.address;
			sender = true;
		} else if (!ours) {
			ours = intake_is_ours(intake, field.address, &stream);
			if (ours || !recipient)
				*room = field.address;
			recipient = true;
		}
	}
	if (recipient && !mail->n_recipients) {
		mail->recipients = room;
		mail->n_recipients = 1;
	}
}

static struct str choose_stream(const struct intake *intake, const struct intake_mail *mail)
{
	struct str stream;

	if (mail->stream.n)
		return mail->stream;
	for (size_t i = 0; i < mail->n_recipients; i++)
		if (intake_is_ours(intake, mail->recipients[i], &stream))
			return stream;
	return STR("default");
}

/* What of a message fits into a record beside its envelope. */
static uint64_t room_for_message(const struct intake *intake, const struct envelope *envelope)
{
	struct buf encoded = BUF_INIT(LIMIT_FRAME_BYTES);
	uint64_t room = spool_writer_max_bytes(intake->writer);

	envelope_encode(envelope, &encoded);
	room = encoded.n < room ? room - encoded.n : 0;
	buf_release(&encoded);
	return room < LIMIT_MESSAGE_BYTES ? room : LIMIT_MESSAGE_BYTES;
}

/* Borrows from the intake; the next one takes that over. */
static struct envelope make_envelope(struct intake *intake, const struct intake_mail *mail)
{
	snprintf(intake->message_id, sizeof intake->message_id, "%s-%" PRIu64, intake->id,
		++intake->n_messages);
	return (struct envelope){ .source = mail->source,
		.received_at_us = now_us(CLOCK_REALTIME),
		.delivered_at_us = mail->delivered_at_us,
		.session_id = str_c(intake->message_id),
		.reverse_path = mail->reverse_path,
		.stream = choose_stream(intake, mail),
		.forward_paths = mail->recipients,
		.n_forward_paths = mail->n_recipients };
}

enum err intake_store(struct intake *intake, const struct intake_mail *mail, bool *ret_cut)
{
	struct envelope envelope = make_envelope(intake, mail);
	uint64_t room = room_for_message(intake, &envelope), sequence;
	enum err err = spool_append(
		intake->writer, &envelope, str_head(mail->bytes, (size_t)room), &sequence);

	if (!err)
		*ret_cut = mail->bytes.n > room;
	return err;
}

enum err intake_submit(
	struct intake *intake, const struct intake_mail *mail, uint64_t cookie, bool *ret_cut)
{
	struct envelope envelope = make_envelope(intake, mail);
	uint64_t room = room_for_message(intake, &envelope);
	enum err err = spool_submit(
		intake->writer, &envelope, str_head(mail->bytes, (size_t)room), cookie);

	if (!err)
		*ret_cut = mail->bytes.n > room;
	return err;
}

size_t intake_reap(struct intake *intake, struct intake_completion *room, size_t n)
{
	struct spool_completion done[INTAKE_REAP];
	struct pollfd fd = { spool_writer_fd(intake->writer), POLLIN, 0 };

	if (poll(&fd, 1, -1) <= 0)
		return 0;
	n = spool_writer_reap(intake->writer, done, n < INTAKE_REAP ? n : INTAKE_REAP);
	for (size_t i = 0; i < n; i++)
		room[i] = (struct intake_completion){ done[i].cookie, done[i].err };
	return n;
}
