#include "suppress/hook/hook_body.h"

#include "suppress/list/list_json.h"

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>

#define FIRST_PAUSE_US (5 * TIMESTAMP_SECOND_US)
#define KEEP_TRYING_US (3 * TIMESTAMP_DAY_US)

static void put_text(const char *key, struct str text, struct buf *out)
{
	buf_printf(out, "\"%s\":", key);
	if (text.n)
		list_json_text(text, out);
	else
		buf_put(out, STR("null"));
	buf_putc(out, ',');
}

static void put_time(const char *key, int64_t at_us, struct buf *out)
{
	char room[TIMESTAMP_TEXT_BYTES];

	put_text(key, at_us == TIMESTAMP_NONE ? STR_EMPTY : timestamp_format(at_us, room), out);
}

static void put_id(const char *key, const struct uuid *id, struct buf *out)
{
	char room[UUID_TEXT_BYTES];

	put_text(key, uuid_format(id, room), out);
}

void hook_body_open(struct str type, int64_t now_us, struct buf *out)
{
	buf_putc(out, '{');
	put_text("type", type, out);
	put_time("timestamp", now_us, out);
	buf_printf(out, "\"data\":{\"%.*s\":[", STR_ARG(type));
}

static void separate(struct buf *out)
{
	if (out->n && out->p[out->n - 1] == '}')
		buf_putc(out, ',');
}

void hook_body_event(const struct store_hook_event *event, struct buf *out)
{
	separate(out);
	buf_putc(out, '{');
	put_id("id", &event->id, out);
	put_id("message_id", &event->message_id, out);
	put_time("received_at", event->received_us, out);
	put_text("stream", event->stream, out);
	put_text("campaign", event->campaign, out);
	put_text("kind", event->kind, out);
	put_text("recipient", event->recipient, out);
	put_text("domain", event->domain, out);
	put_text("outcome", event->outcome, out);
	put_text("status", event->status, out);
	put_text("reason", event->reason, out);
	put_text("class", event->class, out);
	put_text("diagnostic", event->diagnostic, out);
	put_text("proof", event->proof, out);
	if (event->reply_code)
		buf_printf(out, "\"reply_code\":%" PRId64 "}", event->reply_code);
	else
		buf_put(out, STR("\"reply_code\":null}"));
}

void hook_body_suppression(const struct store_suppression *row, struct buf *out)
{
	separate(out);
	buf_putc(out, '{');
	put_text("address", row->address, out);
	put_text("stream", row->stream, out);
	put_text("domain", row->domain, out);
	put_text("state", suppression_state_name(row->state), out);
	put_text("reason", reason_name(row->reason), out);
	put_text("class", reason_class_name(row->class), out);
	put_text("source", row->source, out);
	put_time("first_seen_at", row->first_seen_us, out);
	put_time("last_seen_at", row->last_seen_us, out);
	put_time("expires_at", row->expires_at_us, out);
	buf_printf(out, "\"seq\":%" PRIu64 "}", row->seq);
}

void hook_body_close(struct buf *out)
{
	buf_put(out, STR("]}}"));
}

/* listmonk's own types; its blocklist is by the count of each. */
bool hook_body_listmonk(const struct store_hook_event *event, struct buf *out)
{
	bool complaint = str_eq(event->outcome, STR("complaint"));
	bool failed = str_eq(event->outcome, STR("failed")) &&
		      (str_eq(event->class, STR("hard")) || str_eq(event->class, STR("soft")));

	if (!event->recipient.n || (!complaint && !failed))
		return false;
	buf_putc(out, '{');
	put_text("email", event->recipient, out);
	put_text("source", STR("bounced"), out);
	buf_put(out, STR("\"type\":"));
	list_json_text(complaint ? STR("complaint") : event->class, out);
	buf_putc(out, '}');
	return true;
}

void hook_sign(const struct hook_target *target, struct str id, int64_t at_s, struct str body,
	char ret_signature[static HOOK_SIGNATURE_BYTES])
{
	GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, target->secret, target->secret_n);
	guint8 digest[32];
	gsize n = sizeof digest;
	char head[128], *text;
	int head_n = snprintf(head, sizeof head, "%.*s.%" PRId64 ".", STR_ARG(id), at_s);

	g_hmac_update(hmac, (const guchar *)head, head_n);
	g_hmac_update(hmac, (const guchar *)body.p, (gssize)body.n);
	g_hmac_get_digest(hmac, digest, &n);
	g_hmac_unref(hmac);
	text = g_base64_encode(digest, n);
	snprintf(ret_signature, HOOK_SIGNATURE_BYTES, "v1,%s", text);
	g_free(text);
}

int64_t hook_next_attempt(int64_t created_us, uint64_t attempts, int64_t now_us)
{
	int64_t pause_us = attempts < 10 ? FIRST_PAUSE_US << attempts : TIMESTAMP_HOUR_US;

	if (pause_us > TIMESTAMP_HOUR_US)
		pause_us = TIMESTAMP_HOUR_US;
	return now_us + pause_us > created_us + KEEP_TRYING_US ? TIMESTAMP_NONE : now_us + pause_us;
}
