#include "ingest/log/log_mails.h"

#include "core/limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1 << 16, SPARE_MAILS = 64, SAVED_VERSION = 1 };

struct log_mail {
	struct log_mail *in_bucket, *older, *younger;
	uint32_t hash;
	bool sender_known;
	struct str id;
	struct str text[LOG_MAIL_TEXTS];
	size_t room[LOG_MAIL_TEXTS]; /* of each text's memory */
	char *memory[LOG_MAIL_TEXTS];
	struct log_waiting *waiting, **waiting_end;
	size_t n_waiting, bytes;
	char id_bytes[LIMIT_LOG_ID_BYTES];
};

struct log_mails {
	struct log_mail *bucket[BUCKETS];
	struct log_mail *oldest, *youngest, *spare;
	size_t n, n_spare, bytes;
	uint64_t forgotten;
};

static void *allocate(size_t n)
{
	void *p = malloc(n);

	if (!p)
		abort();
	return p;
}

struct log_mails *log_mails_new(void)
{
	struct log_mails *mails = calloc(1, sizeof *mails);

	if (!mails)
		abort();
	return mails;
}

/* FNV-1a; ids are short and of the mail system's own making. */
static uint32_t hash_of(struct str id)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < id.n; i++)
		hash = (hash ^ (unsigned char)id.p[i]) * 16777619u;
	return hash ^ hash >> 15;
}

static void free_mail(struct log_mail *mail)
{
	for (int i = 0; i < LOG_MAIL_TEXTS; i++)
		free(mail->memory[i]);
	free(mail);
}

void log_mails_free(struct log_mails *mails)
{
	if (!mails)
		return;
	while (mails->oldest)
		log_mails_drop(mails, mails->oldest);
	while (mails->spare) {
		struct log_mail *mail = mails->spare;

		mails->spare = mail->in_bucket;
		free_mail(mail);
	}
	free(mails);
}

size_t log_mails_count(const struct log_mails *mails)
{
	return mails->n;
}

uint64_t log_mails_forgotten(const struct log_mails *mails)
{
	return mails->forgotten;
}

static void unlink_age(struct log_mails *mails, struct log_mail *mail)
{
	*(mail->older ? &mail->older->younger : &mails->oldest) = mail->younger;
	*(mail->younger ? &mail->younger->older : &mails->youngest) = mail->older;
}

static void link_youngest(struct log_mails *mails, struct log_mail *mail)
{
	mail->older = mails->youngest;
	mail->younger = NULL;
	*(mails->youngest ? &mails->youngest->younger : &mails->oldest) = mail;
	mails->youngest = mail;
}

static void remember_bytes(struct log_mails *mails, struct log_mail *mail, size_t more, size_t less)
{
	mail->bytes += more - less;
	mails->bytes += more - less;
}

static void drop_waiting(struct log_mails *mails, struct log_mail *mail, struct log_waiting **at)
{
	struct log_waiting *gone = *at;
	size_t bytes = sizeof *gone;

	for (int i = 0; i < LOG_WAITING_TEXTS; i++)
		bytes += gone->text[i].n;
	remember_bytes(mails, mail, 0, bytes);
	*at = gone->next;
	if (!*at)
		mail->waiting_end = at;
	mail->n_waiting--;
	free(gone);
}

void log_mails_drop(struct log_mails *mails, struct log_mail *mail)
{
	struct log_mail **at = &mails->bucket[mail->hash % BUCKETS];

	while (*at != mail)
		at = &(*at)->in_bucket;
	*at = mail->in_bucket;
	unlink_age(mails, mail);
	while (mail->waiting)
		drop_waiting(mails, mail, &mail->waiting);
	mails->bytes -= mail->bytes;
	mails->n--;
	if (mails->n_spare == SPARE_MAILS) {
		free_mail(mail);
		return;
	}
	mail->in_bucket = mails->spare;
	mails->spare = mail;
	mails->n_spare++;
}

static struct log_mail *find(struct log_mails *mails, struct str id, uint32_t hash)
{
	struct log_mail *mail = mails->bucket[hash % BUCKETS];

	while (mail && (mail->hash != hash || !str_eq(mail->id, id)))
		mail = mail->in_bucket;
	return mail;
}

struct log_mail *log_mails_find(struct log_mails *mails, struct str id)
{
	id = str_head(id, LIMIT_LOG_ID_BYTES);
	return find(mails, id, hash_of(id));
}

/* An empty mail, with the memory of one that is over where there is one. */
static struct log_mail *empty_mail(struct log_mails *mails)
{
	struct log_mail *mail = mails->spare;

	if (!mail) {
		mail = calloc(1, sizeof *mail);
		if (!mail)
			abort();
	} else {
		mails->spare = mail->in_bucket;
		mails->n_spare--;
	}
	mail->sender_known = false;
	mail->waiting = NULL;
	mail->waiting_end = &mail->waiting;
	mail->n_waiting = 0;
	mail->bytes = 0;
	for (int i = 0; i < LOG_MAIL_TEXTS; i++)
		mail->text[i] = STR_EMPTY;
	return mail;
}

/* Never `keep`, which is being spoken of. */
static void forget_over_bounds(struct log_mails *mails, const struct log_mail *keep)
{
	while ((mails->n > LIMIT_LOG_MAILS || mails->bytes > LIMIT_LOG_MAILS_BYTES) &&
		mails->oldest != keep) {
		mails->forgotten += mails->oldest->waiting != NULL;
		log_mails_drop(mails, mails->oldest);
	}
}

struct log_mail *log_mails_take(struct log_mails *mails, struct str id)
{
	struct log_mail *mail;
	uint32_t hash;

	id = str_head(id, LIMIT_LOG_ID_BYTES);
	hash = hash_of(id);
	mail = find(mails, id, hash);
	if (mail) {
		if (mail->younger) {
			unlink_age(mails, mail);
			link_youngest(mails, mail);
		}
		return mail;
	}
	mail = empty_mail(mails);
	mail->hash = hash;
	memcpy(mail->id_bytes, id.p, id.n);
	mail->id = str_from(mail->id_bytes, id.n);
	mail->in_bucket = mails->bucket[hash % BUCKETS];
	mails->bucket[hash % BUCKETS] = mail;
	link_youngest(mails, mail);
	mails->n++;
	remember_bytes(mails, mail, sizeof *mail, 0);
	forget_over_bounds(mails, mail);
	return mail;
}

void log_mail_set(
	struct log_mails *mails, struct log_mail *mail, enum log_mail_text which, struct str text)
{
	text = str_head(
		text, which == LOG_MAIL_SENDER ? LIMIT_ADDRESS_BYTES : LIMIT_FIELD_TEXT_BYTES);
	if (which == LOG_MAIL_SENDER)
		mail->sender_known = true;
	remember_bytes(mails, mail, text.n, mail->text[which].n);
	if (text.n > mail->room[which]) {
		free(mail->memory[which]);
		mail->room[which] = text.n < 64 ? 64 : text.n;
		mail->memory[which] = allocate(mail->room[which]);
	}
	if (text.n)
		memmove(mail->memory[which], text.p, text.n);
	mail->text[which] = str_from(mail->memory[which], text.n);
	forget_over_bounds(mails, mail);
}

struct str log_mail_get(const struct log_mail *mail, enum log_mail_text which)
{
	return mail->text[which];
}

bool log_mail_knows_sender(const struct log_mail *mail)
{
	return mail->sender_known;
}

static struct log_waiting **find_waiting(
	struct log_mail *mail, struct str recipient, struct str final)
{
	struct log_waiting **at = &mail->waiting;

	while (*at && !(str_eq((*at)->text[LOG_WAITING_FINAL], final) &&
			      str_eq((*at)->text[LOG_WAITING_RECIPIENT], recipient)))
		at = &(*at)->next;
	return at;
}

static struct log_waiting *make_waiting(
	const struct str text[static LOG_WAITING_TEXTS], size_t *ret_bytes)
{
	struct log_waiting *waiting;
	struct str cut[LOG_WAITING_TEXTS];
	size_t bytes = 0, at = 0;

	for (int i = 0; i < LOG_WAITING_TEXTS; i++) {
		cut[i] = str_head(text[i], LIMIT_FIELD_TEXT_BYTES);
		bytes += cut[i].n;
	}
	waiting = allocate(sizeof *waiting + bytes);
	for (int i = 0; i < LOG_WAITING_TEXTS; at += cut[i++].n) {
		if (cut[i].n)
			memcpy(waiting->bytes + at, cut[i].p, cut[i].n);
		waiting->text[i] = str_from(waiting->bytes + at, cut[i].n);
	}
	*ret_bytes = sizeof *waiting + bytes;
	return waiting;
}

void log_mail_wait(struct log_mails *mails, struct log_mail *mail,
	const struct str text[static LOG_WAITING_TEXTS], bool deferred, bool *ret_again)
{
	struct log_waiting **at =
		find_waiting(mail, text[LOG_WAITING_RECIPIENT], text[LOG_WAITING_FINAL]);
	struct log_waiting *waiting;
	size_t bytes;

	*ret_again = *at && (*at)->deferred;
	if (!*at && mail->n_waiting == LIMIT_LOG_WAITING)
		return;
	waiting = make_waiting(text, &bytes);
	waiting->deferred = deferred;
	if (*at)
		drop_waiting(mails, mail, at);
	waiting->next = NULL;
	*mail->waiting_end = waiting;
	mail->waiting_end = &waiting->next;
	mail->n_waiting++;
	remember_bytes(mails, mail, bytes, 0);
	forget_over_bounds(mails, mail);
}

void log_mail_settle(
	struct log_mails *mails, struct log_mail *mail, struct str recipient, struct str final)
{
	struct log_waiting **at = find_waiting(mail, recipient, final);

	if (*at)
		drop_waiting(mails, mail, at);
}

const struct log_waiting *log_mail_waiting(const struct log_mail *mail)
{
	return mail->waiting;
}

/* ---- as bytes ---- */

static void save_mail(const struct log_mail *mail, struct buf *out)
{
	buf_put_str32(out, mail->id);
	buf_put_u8(out, mail->sender_known);
	for (int i = 0; i < LOG_MAIL_TEXTS; i++)
		buf_put_str32(out, mail->text[i]);
	buf_put_u32(out, (uint32_t)mail->n_waiting);
	for (const struct log_waiting *waiting = mail->waiting; waiting; waiting = waiting->next) {
		buf_put_u8(out, waiting->deferred);
		for (int i = 0; i < LOG_WAITING_TEXTS; i++)
			buf_put_str32(out, waiting->text[i]);
	}
}

static size_t saved_bytes(const struct log_mail *mail)
{
	size_t bytes = 4 + 1 + 4 * LOG_MAIL_TEXTS + 4 + mail->id.n;

	for (int i = 0; i < LOG_MAIL_TEXTS; i++)
		bytes += mail->text[i].n;
	for (const struct log_waiting *waiting = mail->waiting; waiting; waiting = waiting->next) {
		bytes += 1 + 4 * LOG_WAITING_TEXTS;
		for (int i = 0; i < LOG_WAITING_TEXTS; i++)
			bytes += waiting->text[i].n;
	}
	return bytes;
}

void log_mails_save(const struct log_mails *mails, size_t max_bytes, struct buf *out)
{
	const struct log_mail *first = NULL, *mail;
	size_t bytes = 1;

	for (mail = mails->youngest; mail; mail = mail->older) {
		bytes += saved_bytes(mail);
		if (bytes > max_bytes)
			break;
		first = mail;
	}
	buf_put_u8(out, SAVED_VERSION);
	for (mail = first; mail; mail = mail->younger)
		save_mail(mail, out);
}

static bool load_waiting(struct log_mails *mails, struct log_mail *mail, struct str *rest)
{
	struct str text[LOG_WAITING_TEXTS];
	uint8_t deferred;
	bool again;

	if (!str_take_u8(rest, &deferred) || deferred > 1)
		return false;
	for (int i = 0; i < LOG_WAITING_TEXTS; i++)
		if (!str_take_str32(rest, &text[i]))
			return false;
	log_mail_wait(mails, mail, text, deferred, &again);
	return true;
}

static bool load_mail(struct log_mails *mails, struct str *rest)
{
	struct str id, text[LOG_MAIL_TEXTS];
	struct log_mail *mail;
	uint8_t known;
	uint32_t n;

	if (!str_take_str32(rest, &id) || !str_take_u8(rest, &known) || known > 1)
		return false;
	for (int i = 0; i < LOG_MAIL_TEXTS; i++)
		if (!str_take_str32(rest, &text[i]))
			return false;
	mail = log_mails_take(mails, id);
	for (int i = 0; i < LOG_MAIL_TEXTS; i++)
		if (text[i].n || (i == LOG_MAIL_SENDER && known))
			log_mail_set(mails, mail, (enum log_mail_text)i, text[i]);
	if (!str_take_u32(rest, &n))
		return false;
	while (n--)
		if (!load_waiting(mails, mail, rest))
			return false;
	return true;
}

enum err log_mails_load(struct log_mails *mails, struct str bytes)
{
	uint8_t version;
	bool good = str_take_u8(&bytes, &version) && version == SAVED_VERSION;

	while (mails->oldest)
		log_mails_drop(mails, mails->oldest);
	while (good && bytes.n)
		good = load_mail(mails, &bytes);
	while (!good && mails->oldest)
		log_mails_drop(mails, mails->oldest);
	return good ? ERR_OK : ERR_SYNTAX;
}
