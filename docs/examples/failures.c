/* failures.c -- prints whom a mailbox of bounces says could not be reached, and why.
 *
 *     cc -o failures failures.c $(pkg-config --cflags --libs bounced-parser)
 *     ./failures /var/mail/bounces
 *
 * PATH is a mail (.eml), an mbox, a maildir, or - for standard input. One line a failure, with tabs between:
 * recipient, class, reason, enhanced code, id of the rule that decided. Exit code 1: something could not be read. */
#include <bounced_parser.h>
#include <stdio.h>

/* A mail may hold what moves a cursor: what is no printable ASCII is shown as an escape. */
static void print_text(const char *text)
{
	for (; *text; text++)
		if (*text >= ' ' && *text <= '~' && *text != '\\')
			putchar(*text);
		else
			printf("\\x%02x", (unsigned char)*text);
}

static void print_failure(const struct bounced_event *event)
{
	static const enum bounced_event_field columns[] = { BOUNCED_EVENT_RECIPIENT,
		BOUNCED_EVENT_CLASS, BOUNCED_EVENT_REASON, BOUNCED_EVENT_STATUS,
		BOUNCED_EVENT_RULE };
	const size_t n_columns = sizeof columns / sizeof *columns;

	for (size_t i = 0; i < n_columns; i++) {
		print_text(bounced_event_text(event, columns[i]));
		putchar(i + 1 < n_columns ? '\t' : '\n');
	}
}

static void print_mail(struct bounced_parser *parser, const void *mail, size_t n_bytes)
{
	struct bounced_report *report = bounced_parse(parser, mail, n_bytes, NULL);

	for (size_t i = 0; i < bounced_report_events(report); i++) {
		const struct bounced_event *event = bounced_report_event(report, i);

		if (bounced_event_outcome(event) == BOUNCED_FAILED)
			print_failure(event);
	}
	bounced_report_free(report);
}

static int print_mailbox(struct bounced_parser *parser, const char *path)
{
	struct bounced_mailbox *mailbox;
	enum bounced_error error = bounced_mailbox_open(path, &mailbox);
	const void *mail;
	size_t n_bytes;
	int failed = 0;

	if (error) {
		fprintf(stderr, "failures: %s: %s\n", path, bounced_error_text(error));
		return 1;
	}
	while ((error = bounced_mailbox_next(mailbox, &mail, &n_bytes)) != BOUNCED_END) {
		if (error) {
			fprintf(stderr, "failures: %s: %s\n", path, bounced_error_text(error));
			failed = 1;
		} else {
			print_mail(parser, mail, n_bytes);
		}
	}
	bounced_mailbox_free(mailbox);
	return failed;
}

int main(int argc, char **argv)
{
	struct bounced_rules *rules;
	struct bounced_parser *parser;
	char trouble[200];
	int failed = 0;

	if (argc < 2) {
		fputs("usage: failures PATH... | -\n", stderr);
		return 2;
	}
	if (bounced_rules_new(NULL, 0, NULL, &rules, trouble, sizeof trouble)) {
		fprintf(stderr, "failures: %s\n", trouble);
		return 2;
	}
	parser = bounced_parser_new(rules);
	for (int i = 1; i < argc; i++)
		failed |= print_mailbox(parser, argv[i]);
	bounced_parser_free(parser);
	bounced_rules_free(rules);
	return failed || fflush(stdout);
}
