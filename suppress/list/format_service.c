/* suppress/list/format_service.c -- rows as the import of sending services reads them. */
#include "core/sink.h"
#include "suppress/list/format_rows_priv.h"
#include "suppress/list/list_json.h"

#include <stdio.h>
#include <time.h>

enum { SERVICE_TEXT_BYTES = 250, SERVICE_TIME_BYTES = 48 };

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char days[] = "SunMonTueWedThuFriSat";

/* RFC 5322 3.3, in UTC. */
static struct str date_text(int64_t at_us, char room[static SERVICE_TIME_BYTES])
{
	time_t at = (time_t)(timestamp_floor(at_us, TIMESTAMP_SECOND_US) / TIMESTAMP_SECOND_US);
	struct tm tm;
	int n;

	if (!gmtime_r(&at, &tm))
		return STR_EMPTY;
	n = snprintf(room, SERVICE_TIME_BYTES, "%.3s, %02d %.3s %04d %02d:%02d:%02d +0000",
		days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900,
		tm.tm_hour, tm.tm_min, tm.tm_sec);
	return str_from(room, (size_t)n);
}

static struct str reason_text(const struct store_suppression *row)
{
	struct str reason = reason_name(row->reason);

	return reason.n ? reason : row->source;
}

static void put_date(const struct store_suppression *row, struct buf *out)
{
	char room[SERVICE_TIME_BYTES];

	buf_putc(out, ',');
	sink_put_csv_field(out, date_text(row->first_seen_us, room));
	buf_put(out, STR("\r\n"));
}

/* Amazon SES, import job: address and one of two words. */
void format_ses_row(const struct format_entry *entry, struct buf *out)
{
	sink_put_csv_field(out, entry->key);
	buf_put(out, list_kind_of(entry->row) == LIST_COMPLAINT ? STR(",COMPLAINT\r\n")
								: STR(",BOUNCE\r\n"));
}

/* SendGrid, POST /v3/asm/suppressions/global: its bounces cannot be posted. */
void format_sendgrid_head(struct buf *out)
{
	buf_put(out, STR("{\"recipient_emails\":[\n"));
}

void format_text_row(const struct format_entry *entry, struct buf *out)
{
	list_json_text(entry->key, out);
}

/* Mailgun, POST /v3/{domain}/bounces/import and its like. */
void format_mailgun_bounces_head(struct buf *out)
{
	buf_put(out, STR("address,code,error,created_at\r\n"));
}

/* The code is the reply's, where the words that are kept begin with one. */
static struct str code_of(const struct store_suppression *row)
{
	struct str code = str_head(row->diagnostic, str_span(row->diagnostic, "0123456789"));

	return code.n == 3 && (code.p[0] == '4' || code.p[0] == '5') ? code : STR("550");
}

void format_mailgun_bounces_row(const struct format_entry *entry, struct buf *out)
{
	const struct store_suppression *row = entry->row;

	sink_put_csv_field(out, entry->key);
	buf_putc(out, ',');
	buf_put(out, code_of(row));
	buf_putc(out, ',');
	sink_put_csv_field(out, row->diagnostic.n ? row->diagnostic : reason_text(row));
	put_date(row, out);
}

void format_mailgun_complaints_head(struct buf *out)
{
	buf_put(out, STR("address,created_at\r\n"));
}

void format_mailgun_complaints_row(const struct format_entry *entry, struct buf *out)
{
	sink_put_csv_field(out, entry->key);
	put_date(entry->row, out);
}

/* Tag * is every mail. */
void format_mailgun_unsubscribes_head(struct buf *out)
{
	buf_put(out, STR("address,tag,created_at\r\n"));
}

void format_mailgun_unsubscribes_row(const struct format_entry *entry, struct buf *out)
{
	sink_put_csv_field(out, entry->key);
	buf_put(out, STR(",*"));
	put_date(entry->row, out);
}

/* SparkPost, PUT /api/v1/suppression-list: an entry for each type. */
void format_sparkpost_head(struct buf *out)
{
	buf_put(out, STR("{\"recipients\":[\n"));
}

static void put_sparkpost(const struct format_entry *entry, struct str type, struct buf *out)
{
	buf_put(out, STR("{\"recipient\":"));
	list_json_text(entry->key, out);
	buf_put(out, STR(",\"type\":"));
	list_json_text(type, out);
	buf_put(out, STR(",\"description\":"));
	list_json_text(reason_text(entry->row), out);
	buf_putc(out, '}');
}

void format_sparkpost_row(const struct format_entry *entry, struct buf *out)
{
	put_sparkpost(entry, STR("transactional"), out);
	buf_put(out, STR(",\n"));
	put_sparkpost(entry, STR("non_transactional"), out);
}

/* Postmark, POST /message-streams/{id}/suppressions. */
void format_postmark_head(struct buf *out)
{
	buf_put(out, STR("{\"Suppressions\":[\n"));
}

void format_postmark_row(const struct format_entry *entry, struct buf *out)
{
	buf_put(out, STR("{\"EmailAddress\":"));
	list_json_text(entry->key, out);
	buf_putc(out, '}');
}

void format_mailchimp_head(struct buf *out)
{
	buf_put(out, STR("Email Address\r\n"));
}

void format_mailchimp_row(const struct format_entry *entry, struct buf *out)
{
	sink_put_csv_field(out, entry->key);
	buf_put(out, STR("\r\n"));
}

/* listmonk, import of subscribers in mode "blocklist"; attributes are JSON within CSV. */
void format_listmonk_head(struct buf *out)
{
	buf_put(out, STR("email,name,attributes\r\n"));
}

void format_listmonk_row(const struct format_entry *entry, struct buf *out)
{
	struct buf json = BUF_INIT(8 * SERVICE_TEXT_BYTES);
	struct str local = str_head(entry->key, str_rchr(entry->key, '@'));

	sink_put_csv_field(out, entry->key);
	buf_putc(out, ',');
	sink_put_csv_field(out, local);
	buf_putc(out, ',');
	buf_put(&json, STR("{\"suppressed\":"));
	list_json_text(str_head(reason_text(entry->row), SERVICE_TEXT_BYTES), &json);
	buf_putc(&json, '}');
	sink_put_csv_field(out, buf_str(&json));
	buf_put(out, STR("\r\n"));
	buf_release(&json);
}
