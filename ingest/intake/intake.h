/* ingest/intake/intake.h -- mail that comes by a command, into a spool lane: import, pipe, fetch.
 * Knows: the lane, whose return path a recipient is (smtp.return_path_domains), the envelope that the
 * trace fields of a stored mail tell. Does not know where the mail came from.
 * Bounds: a message over LIMIT_MESSAGE_BYTES or over what a record holds is cut, and says so. */
#pragma once
#include "core/arena.h"
#include "core/config.h"
#include "core/envelope.h"

struct intake;

/* Takes the lane; waits up to wait_ms while another process has it, which is ERR_CONFLICT then. Other
 * errors are those of spool_writer_open. */
MUST_CHECK enum err intake_open(
	const struct config *config, const char *lane, int wait_ms, struct intake **ret_intake);
void intake_close(struct intake *intake);

/* Is it one of our return paths? Its stream then. */
bool intake_is_ours(const struct intake *intake, struct str address, struct str *ret_stream);

/* On the log lines and in the rows of what comes in: this id, "-" and the number of the message. */
const char *intake_id(const struct intake *intake);

struct intake_mail {
	enum envelope_source source;
	struct str reverse_path;
	struct str *recipients;
	size_t n_recipients;
	struct str stream; /* empty: that of the first recipient that is ours, else "default" */
	struct str bytes;
	int64_t delivered_at_us; /* to where it was taken from; 0: not known, or just now */
};
/* Fills in what is not said from the mail's trace fields: the reverse path from the first Return-Path,
 * the recipient from the first field that names one of our return paths, else from the first field.
 * `room` is where the recipient goes. */
void intake_read_trace(const struct intake *intake, struct intake_mail *mail, struct str *room);
/* ERR_OK: on stable storage. ERR_NO_SPACE, ERR_UNAVAILABLE: may pass. *ret_cut: not the whole of it. */
MUST_CHECK enum err intake_store(
	struct intake *intake, const struct intake_mail *mail, bool *ret_cut);
/* As intake_store, but does not wait: a completion with this cookie will come. For one caller at a time, who uses no
 * intake_store meanwhile. */
MUST_CHECK enum err intake_submit(
	struct intake *intake, const struct intake_mail *mail, uint64_t cookie, bool *ret_cut);
struct intake_completion {
	uint64_t cookie;
	enum err err; /* ERR_OK: on stable storage; ERR_NO_SPACE, ERR_UNAVAILABLE: may pass */
};
/* Waits until one is there, at least; a signal ends the wait with 0. */
size_t intake_reap(struct intake *intake, struct intake_completion *room, size_t n);
