/* cli/cmd_demo.c -- `bounced demo`: sample bounces through the real SMTP port, and the volumes that
 * make rates of them. For a newcomer's first minute; addresses are those that RFC 2606 reserves. */
#define _GNU_SOURCE
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/demo_month.h"
#include "core/arena.h"
#include "core/attr.h"
#include "core/config.h"
#include "core/embedded.h"
#include "core/timestamp.h"
#include "ingest/smtp/smtp_settings.h"
#include "ingest/text/smtp_recipient.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern const struct embedded_file demo_embedded[];

enum { DEMO_MAIL_BYTES = 65536, DEMO_TIMEOUT_S = 30, DEMO_DAYS = 29, DEMO_DAY_ROWS = 256 };

/* What the demo's newsletter met: so many mails of a template about recipients of a domain. */
static const struct {
	const char *template, *domain;
	unsigned count;
} demo_mails[] = {
	{ "unknown.eml", "example.com", 12 }, { "full.eml", "example.com", 5 },
	{ "unknown.eml", "example.net", 3 }, { "blocked.eml", "example.net", 25 },
	{ "delayed.eml", "example.net", 4 }, { "qmail.eml", "example.org", 9 },
	{ "complaint.eml", "example.org", 2 },
	{ "unknown.eml", "shop.example", 1 }, /* without a volume: a count and no rate */
};
static const struct {
	const char *domain;
	unsigned attempted;
} demo_volumes[] = {
	{ "example.com", 4000 },
	{ "example.net", 1500 },
	{ "example.org", 600 },
};

/* What stands in a template for {{NAME}}. */
struct demo_mail {
	const char *recipient, *domain, *return_path, *action, *status, *said;
	char date[64], id[64];
};

struct demo {
	CURL *curl;
	char smtp_url[300], http_url[300], error[CURL_ERROR_SIZE];
	const char *scheme;      /* of the API */
	const char *certificate; /* that it shows; empty: it does no TLS */
	int64_t now_us, today;   /* today: days since 1970 */
	int64_t days;            /* before today */
	struct str streams[DEMO_STREAM_COUNT];
	unsigned sent, volumes;
	struct buf mail;
};

static const char *const return_paths[DEMO_STREAM_COUNT] = {
	[DEMO_NEWS] = "bounce@news.sender.example",
	[DEMO_SHOP] = "bounce@shop.sender.example",
};

/* ---- a mail out of a template ---- */

static void put_field(struct buf *out, const struct demo_mail *mail, struct str name)
{
	const struct {
		struct str name;
		const char *text;
	} fields[] = { { STR("recipient"), mail->recipient }, { STR("domain"), mail->domain },
		{ STR("return_path"), mail->return_path }, { STR("date"), mail->date },
		{ STR("id"), mail->id }, { STR("action"), mail->action },
		{ STR("status"), mail->status }, { STR("said"), mail->said } };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (str_eq(name, fields[i].name))
			buf_put(out, str_c(fields[i].text));
}

/* Puts the fields in and turns LF into CRLF. */
static void fill_template(struct buf *out, const struct demo_mail *mail, struct str text)
{
	while (text.n) {
		size_t plain = str_cspan(text, "{\n"), end;

		buf_put(out, str_head(text, plain));
		text = str_skip(text, plain);
		if (str_starts(text, STR("{{")) && (end = str_find(text, STR("}}"))) != STR_NPOS) {
			put_field(out, mail, str_slice(text, 2, end));
			text = str_skip(text, end + 2);
			continue;
		}
		buf_put(out, text.n && text.p[0] == '\n' ? STR("\r\n") : str_head(text, 1));
		text = str_skip(text, 1);
	}
}

static struct str find_template(const char *name)
{
	for (const struct embedded_file *file = demo_embedded; file->name; file++)
		if (!strcmp(file->name, name))
			return str_from(file->bytes, file->n);
	return STR_EMPTY;
}

/* ---- sending ---- */

static size_t give_bytes(char *room, size_t size, size_t n, void *context)
{
	struct str *rest = context;
	size_t give = size * n < rest->n ? size * n : rest->n;

	if (give)
		memcpy(room, rest->p, give);
	*rest = str_skip(*rest, give);
	return give;
}

static size_t ignore_bytes(char *bytes UNUSED, size_t size, size_t n, void *context UNUSED)
{
	return size * n;
}

static void set_common(struct demo *demo, const char *url)
{
	curl_easy_reset(demo->curl); /* keeps the connection */
	curl_easy_setopt(demo->curl, CURLOPT_URL, url);
	curl_easy_setopt(demo->curl, CURLOPT_ERRORBUFFER, demo->error);
	curl_easy_setopt(demo->curl, CURLOPT_TIMEOUT, (long)DEMO_TIMEOUT_S);
	curl_easy_setopt(demo->curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(demo->curl, CURLOPT_WRITEFUNCTION, ignore_bytes);
}

static bool send_bytes(struct demo *demo, const char *return_path, struct str mail)
{
	struct curl_slist *recipients = curl_slist_append(NULL, return_path);
	CURLcode code;

	set_common(demo, demo->smtp_url);
	curl_easy_setopt(demo->curl, CURLOPT_MAIL_FROM, "");
	curl_easy_setopt(demo->curl, CURLOPT_MAIL_RCPT, recipients);
	curl_easy_setopt(demo->curl, CURLOPT_READFUNCTION, give_bytes);
	curl_easy_setopt(demo->curl, CURLOPT_READDATA, &mail);
	curl_easy_setopt(demo->curl, CURLOPT_UPLOAD, 1L);
	code = curl_easy_perform(demo->curl);
	curl_slist_free_all(recipients);
	if (code)
		command_failed("%s: %s", demo->smtp_url,
			*demo->error ? demo->error : curl_easy_strerror(code));
	return !code;
}

/* The id follows from day and number alone: what is sent again is known by its bytes, and counts once. */
static bool send_mail(struct demo *demo, struct demo_mail *mail, const char *template,
	int64_t at_us, unsigned number)
{
	const time_t at = (time_t)(at_us / TIMESTAMP_SECOND_US);
	struct tm utc;

	gmtime_r(&at, &utc);
	strftime(mail->date, sizeof mail->date, "%a, %d %b %Y %H:%M:%S +0000", &utc);
	snprintf(mail->id, sizeof mail->id, "%" PRId64 ".%u", at_us / TIMESTAMP_DAY_US, number);
	buf_reset(&demo->mail);
	fill_template(&demo->mail, mail, find_template(template));
	if (!demo->mail.n || buf_check(&demo->mail) ||
		!send_bytes(demo, mail->return_path, buf_str(&demo->mail)))
		return false;
	demo->sent++;
	return true;
}

/* The day of the sample is today, whenever today. */
static bool send_sample(struct demo *demo)
{
	unsigned number = 0;
	bool ok = true;

	for (size_t i = 0; i < ARRAY_LEN(demo_mails) && ok; i++) {
		for (unsigned j = 0; j < demo_mails[i].count && ok; j++) {
			char recipient[96];
			struct demo_mail mail = { .recipient = recipient,
				.domain = demo_mails[i].domain,
				.return_path = return_paths[DEMO_NEWS] };

			snprintf(recipient, sizeof recipient, "reader%u@%s", ++number, mail.domain);
			ok = send_mail(demo, &mail, demo_mails[i].template,
				demo->today * TIMESTAMP_DAY_US, number);
		}
	}
	return ok;
}

static bool send_day(struct demo *demo, int64_t day)
{
	struct demo_bounce bounces[DEMO_DAY_ROWS];
	size_t n = demo_month_bounces(day, ARRAY_LEN(bounces), bounces);
	bool ok = true;

	for (size_t i = 0; i < n && ok; i++) {
		const struct demo_bounce *bounce = &bounces[i];
		struct demo_mail mail = { .recipient = bounce->recipient,
			.domain = bounce->domain,
			.return_path = return_paths[bounce->stream],
			.action = bounce->action,
			.status = bounce->status,
			.said = bounce->said };

		if (bounce->at_us < demo->now_us)
			ok = send_mail(demo, &mail, "said.eml", bounce->at_us, 1000 + (unsigned)i);
	}
	return ok;
}

static bool send_mails(struct demo *demo)
{
	for (int64_t before = demo->days; before; before--)
		if (!send_day(demo, demo->today - before))
			return false;
	return (!demo->days || send_day(demo, demo->today)) && send_sample(demo);
}

/* Of one source and at fixed hours, so that a second run says the same of the same hours. */
static void add_volume(struct demo *demo, json_t *rows, const struct demo_volume *volume)
{
	char hour[TIMESTAMP_TEXT_BYTES];
	struct str at = timestamp_format(volume->at_us, hour);
	struct str stream = demo->streams[volume->stream];

	if (volume->at_us >= demo->now_us)
		return;
	json_array_append_new(rows,
		json_pack("{s:s%,s:s%,s:s,s:s,s:s,s:i}", "hour", at.p, at.n, "stream", stream.p,
			stream.n, "campaign", volume->stream == DEMO_NEWS ? "weekly" : "orders",
			"domain", volume->domain, "source", "demo", "attempted",
			(int)volume->attempted));
	demo->volumes++;
}

static void add_day(struct demo *demo, json_t *rows, int64_t day)
{
	struct demo_volume volumes[DEMO_DAY_ROWS];
	size_t n = demo_month_volumes(day, ARRAY_LEN(volumes), volumes);

	for (size_t i = 0; i < n; i++)
		add_volume(demo, rows, &volumes[i]);
}

static char *volumes_json(struct demo *demo)
{
	json_t *rows = json_array(), *body;
	char *text;

	for (int64_t before = demo->days; before; before--)
		add_day(demo, rows, demo->today - before);
	if (demo->days)
		add_day(demo, rows, demo->today);
	for (size_t i = 0; i < ARRAY_LEN(demo_volumes); i++)
		add_volume(demo, rows,
			&(struct demo_volume){ .at_us = demo->today * TIMESTAMP_DAY_US,
				.stream = DEMO_NEWS,
				.domain = demo_volumes[i].domain,
				.attempted = demo_volumes[i].attempted });
	body = json_pack("{s:o}", "volumes", rows);
	text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	return text;
}

static bool post_volumes(struct demo *demo)
{
	struct curl_slist *fields = curl_slist_append(NULL, "Content-Type: application/json");
	char *json = volumes_json(demo);
	long status = 0;
	CURLcode code;

	set_common(demo, demo->http_url);
	/* The server's own certificate is what is trusted, by whatever address it listens on. */
	if (*demo->certificate) {
		curl_easy_setopt(demo->curl, CURLOPT_CAINFO, demo->certificate);
		curl_easy_setopt(demo->curl, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	curl_easy_setopt(demo->curl, CURLOPT_HTTPHEADER, fields);
	curl_easy_setopt(demo->curl, CURLOPT_POSTFIELDS, json);
	code = curl_easy_perform(demo->curl);
	curl_easy_getinfo(demo->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(fields);
	free(json);
	if (code)
		command_failed("%s: %s", demo->http_url,
			*demo->error ? demo->error : curl_easy_strerror(code));
	else if (status / 100 != 2)
		command_failed("%s: answered %ld", demo->http_url, status);
	return !code && status / 100 == 2;
}

static int run_demo(struct demo *demo, const char *http)
{
	struct timespec now;
	bool ok;

	clock_gettime(CLOCK_REALTIME, &now);
	demo->now_us = (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
	demo->today = demo->now_us / TIMESTAMP_DAY_US;
	buf_init(&demo->mail, DEMO_MAIL_BYTES);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	demo->curl = curl_easy_init();
	ok = demo->curl && send_mails(demo) && post_volumes(demo);
	curl_easy_cleanup(demo->curl);
	curl_global_cleanup();
	buf_release(&demo->mail);
	if (!ok)
		return EXIT_CODE_FAILED;
	printf("Sent %u bounces by SMTP and posted %u volumes. Now look at %s://%s/ or ask:\n"
	       "  curl %s://%s/v1/domains\n",
		demo->sent, demo->volumes, demo->scheme, http, demo->scheme, http);
	return EXIT_CODE_OK;
}

/* Into which stream the server counts the return paths of the demo. */
static bool find_streams(struct demo *demo, const struct config *config, struct arena *arena)
{
	struct smtp_domain *domains;
	struct str item;
	size_t n = 0;

	while (config_item(config, CONFIG_SMTP_RETURN_PATH_DOMAINS, n, &item))
		n++;
	domains = arena_calloc(arena, n, sizeof *domains);
	for (size_t i = 0; i < n; i++)
		if (!config_item(config, CONFIG_SMTP_RETURN_PATH_DOMAINS, i, &item) ||
			smtp_domain_parse(item, &domains[i]))
			return false;
	for (size_t i = 0; i < DEMO_STREAM_COUNT; i++) {
		struct str mailbox = str_c(return_paths[i]);
		size_t at = str_rchr(mailbox, '@');
		const struct smtp_path path = { .mailbox = mailbox,
			.local = str_head(mailbox, at),
			.domain = str_skip(mailbox, at + 1) };
		const struct smtp_domain *found = smtp_recipient_find(domains, n, &path);

		demo->streams[i] = found ? found->stream : STR("default");
	}
	return true;
}

static bool read_days(const char *text, int64_t *ret_days)
{
	uint64_t days = DEMO_DAYS;

	if (text && !str_to_u64(str_c(text), DEMO_DAYS, &days))
		return false;
	*ret_days = (int64_t)days;
	return true;
}

int cmd_demo(int argc, char **argv)
{
	const char *path = NULL, *smtp = NULL, *http = NULL, *days = NULL;
	const struct command_option options[] = { { "--config", &path, NULL },
		{ "--smtp", &smtp, NULL }, { "--http", &http, NULL }, { "--days", &days, NULL } };
	struct demo demo = { 0 };
	struct config *config;
	struct arena *arena;
	bool help;
	int code = EXIT_CODE_USAGE;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc > 1)
		return command_misused("demo", "does not take \"%s\"", argv[1]);
	if (!read_days(days, &demo.days))
		return command_misused("demo", "--days takes a number from 0 to %d", DEMO_DAYS);
	config = command_config(path);
	if (!config)
		return EXIT_CODE_USAGE;
	arena = arena_new();
	smtp = smtp ? smtp : arena_c(arena, smtp_settings_address(config));
	http = http ? http : arena_c(arena, config_str(config, CONFIG_API_LISTEN));
	snprintf(demo.smtp_url, sizeof demo.smtp_url, "smtp://%s/demo.sender.example", smtp);
	demo.certificate = arena_c(arena, config_str(config, CONFIG_API_TLS_CERTIFICATE));
	demo.scheme = *demo.certificate ? "https" : "http";
	snprintf(demo.http_url, sizeof demo.http_url, "%s://%s/v1/volumes", demo.scheme, http);
	if (find_streams(&demo, config, arena))
		code = run_demo(&demo, http);
	else
		command_failed("smtp.return_path_domains cannot be read");
	arena_free(arena);
	config_free(config);
	return code;
}
