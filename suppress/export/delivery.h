/* suppress/export/delivery.h -- the files of a run that a job's command is to be given, one after the other.
 * Knows: which they are, by the manifest that stands in the job's folder; and what scheduler and executor say of one to each
 * other. Does not know processes or the database. Reading the manifest touches the job's folder; the rest is pure. */
#pragma once
#include "store/store_export.h"
#include "suppress/export/export_job.h"

enum { DELIVERY_PACKET_BYTES = 8192, DELIVERY_STATUS_BYTES = 64 };

/* What the manifest says; `ret_delivery` borrows from `job` and `arena`. ERR_NOT_FOUND: there is none, or nothing changed. */
MUST_CHECK enum err delivery_read(
	const struct export_job *job, struct arena *arena, struct store_delivery *ret_delivery);

/* One run of a command. */
struct delivery_step {
	uint64_t id; /* of the asking scheduler: an answer repeats it */
	struct str job, change, file;
	uint64_t from_seq, to_seq;
};
/* How often the command runs for a delivery. */
uint64_t delivery_steps(const struct export_job *job, const struct store_delivery *delivery);
/* The step at `index`, from 0. False: the delivery has no such file. */
bool delivery_step(const struct export_job *job, const struct store_delivery *delivery,
	uint64_t index, struct delivery_step *ret_step);
/* What is executed, in `arena`; NULL: a file that cannot be one of this job's. */
char **delivery_argv(
	const struct export_job *job, const struct delivery_step *step, struct arena *arena);

/* A packet each; an answer's status is "" where the command ended well. Texts borrow from the packet. */
MUST_CHECK enum err delivery_put_step(const struct delivery_step *step, struct buf *out);
bool delivery_get_step(struct str packet, struct delivery_step *ret_step);
MUST_CHECK enum err delivery_put_answer(uint64_t id, struct str status, struct buf *out);
bool delivery_get_answer(struct str packet, uint64_t *ret_id, struct str *ret_status);
