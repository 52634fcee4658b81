/* cli/cmd_demo.c -- `bounced demo`: sample bounces through the real SMTP port, and the volumes that
 * make rates of them. For a newcomer's first minute; addresses are those that RFC 2606 reserves. */
#define _GNU_SOURCE
#include "cli/command/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "core/arena.h"
#include "core/attr.h"
#include "core/config.h"
#include "core/embedded.h"
#include "core/timestamp.h"
#include "ingest/smtp/smtp_settings.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern const struct embedded_file demo_embedded[];

enum { DEMO_MAIL_BYTES = 65536, DEMO_TIMEOUT_S = 30 };

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

struct demo {
	CURL *curl;
	char smtp_url[300], http_url[300], error[CURL_ERROR_SIZE];
	char date[64];
	int64_t run; /* makes every mail of every run a different one */
	unsigned number;
};

/* ---- a mail out of a template ---- */

static void put_field(struct buf *out, const struct demo *demo, struct str name, const char *domain)
{
	if (str_eq(name, STR("recipient")))
		buf_printf(out, "reader%u@%s", demo->number, domain);
	else if (str_eq(name, STR("domain")))
		buf_printf(out, "%s", domain);
	else if (str_eq(name, STR("return_path")))
		buf_printf(out, "bounce@news.sender.example");
	else if (str_eq(name, STR("date")))
		buf_printf(out, "%s", demo->date);
	else if (str_eq(name, STR("id")))
		buf_printf(out, "%" PRId64 ".%u", demo->run, demo->number);
}

/* Puts the fields in and turns LF into CRLF. */
static void fill_template(
	struct buf *out, const struct demo *demo, struct str text, const char *domain)
{
	while (text.n) {
		size_t plain = str_cspan(text, "{\n"), end;

		buf_put(out, str_head(text, plain));
		text = str_skip(text, plain);
		if (str_starts(text, STR("{{")) && (end = str_find(text, STR("}}"))) != STR_NPOS) {
			put_field(out, demo, str_slice(text, 2, end), domain);
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

static bool send_mail(struct demo *demo, struct str mail)
{
	struct curl_slist *recipients = curl_slist_append(NULL, "<bounce@news.sender.example>");
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

static bool send_mails(struct demo *demo)
{
	struct buf mail = BUF_INIT(DEMO_MAIL_BYTES);
	bool ok = true;

	for (size_t i = 0; i < ARRAY_LEN(demo_mails) && ok; i++) {
		for (unsigned j = 0; j < demo_mails[i].count && ok; j++) {
			demo->number++;
			buf_reset(&mail);
			fill_template(&mail, demo, find_template(demo_mails[i].template),
				demo_mails[i].domain);
			ok = mail.n && !buf_check(&mail) && send_mail(demo, buf_str(&mail));
		}
	}
	buf_release(&mail);
	return ok;
}

static char *volumes_json(const struct demo *demo)
{
	char hour[TIMESTAMP_TEXT_BYTES], source[64];
	struct str at = timestamp_format(timestamp_floor(demo->run, TIMESTAMP_HOUR_US), hour);
	json_t *rows = json_array(), *body;
	char *text;

	/* A source of its own for each run: volumes of different sources add up, as the mails do. */
	snprintf(source, sizeof source, "demo-%" PRId64, demo->run);
	for (size_t i = 0; i < ARRAY_LEN(demo_volumes); i++)
		json_array_append_new(rows,
			json_pack("{s:s%,s:s,s:s,s:s,s:s,s:i}", "hour", at.p, at.n, "stream",
				"default", "campaign", "demo", "domain", demo_volumes[i].domain,
				"source", source, "attempted", (int)demo_volumes[i].attempted));
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
	struct tm utc;
	bool ok;

	clock_gettime(CLOCK_REALTIME, &now);
	demo->run = (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
	gmtime_r(&now.tv_sec, &utc);
	strftime(demo->date, sizeof demo->date, "%a, %d %b %Y %H:%M:%S +0000", &utc);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	demo->curl = curl_easy_init();
	ok = demo->curl && send_mails(demo) && post_volumes(demo);
	curl_easy_cleanup(demo->curl);
	curl_global_cleanup();
	if (!ok)
		return EXIT_CODE_FAILED;
	printf("Sent %u bounces by SMTP and posted the volumes of %zu domains. Now ask:\n"
	       "  curl http://%s/v1/domains\n",
		demo->number, ARRAY_LEN(demo_volumes), http);
	return EXIT_CODE_OK;
}

int cmd_demo(int argc, char **argv)
{
	const char *path = NULL, *smtp = NULL, *http = NULL;
	const struct command_option options[] = { { "--config", &path, NULL },
		{ "--smtp", &smtp, NULL }, { "--http", &http, NULL } };
	struct demo demo = { 0 };
	struct config *config;
	struct arena *arena;
	struct str address = STR_EMPTY;
	bool help;
	int code;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc > 1)
		return command_misused("demo", "does not take \"%s\"", argv[1]);
	config = command_config(path);
	if (!config)
		return EXIT_CODE_USAGE;
	arena = arena_new();
	address = smtp_settings_address(config);
	smtp = smtp ? smtp : arena_c(arena, address);
	http = http ? http : arena_c(arena, config_str(config, CONFIG_API_LISTEN));
	snprintf(demo.smtp_url, sizeof demo.smtp_url, "smtp://%s/demo.sender.example", smtp);
	snprintf(demo.http_url, sizeof demo.http_url, "http://%s/v1/volumes", http);
	code = run_demo(&demo, http);
	arena_free(arena);
	config_free(config);
	return code;
}
