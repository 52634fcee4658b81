#include "cli/tools/manual.h"

#include "cli/command/command_table.h"
#include "core/attr.h"

#include <string.h>

static const char head[] =
	".\\\" Made by `bounced help --man`; a test compares.\n"
	".TH BOUNCED 1 \"\" \"bounced\" \"User Commands\"\n"
	".SH NAME\n"
	"bounced \\- receives the bounces of bulk mail and turns them into answers\n"
	".SH SYNOPSIS\n"
	".B bounced\n"
	".I COMMAND\n"
	"[\\fIARGUMENT\\fR...]\n"
	".SH DESCRIPTION\n"
	"Point the envelope return paths of newsletters, receipts and alerts at a bounced server. "
	"It takes in by\n"
	"SMTP what mail systems send back, decodes delivery status notifications and free text "
	"into one event per\n"
	"recipient, keeps the events in PostgreSQL, and reports failure rates per recipient domain "
	"over HTTP.\n"
	".PP\n"
	"A 250 is said only when the message is on stable storage. Without a configured database "
	"the server keeps\n"
	"a private PostgreSQL cluster in its data folder.\n"
	".SH COMMANDS\n";

static const char tail[] =
	".SH EXIT STATUS\n"
	".TP\n.B 0\nThe work was done.\n"
	".TP\n.B 1\nIt could not be done; standard error says why.\n"
	".TP\n.B 2\nThe command line or the configuration is wrong.\n"
	".TP\n.B 3\n\\fBbounced suppress check\\fR: one of the addresses is on the list.\n"
	".SH FILES\n"
	".TP\n.I /etc/bounced/bounced.conf\nSettings, unless \\fB\\-\\-config\\fR or "
	"\\fBBOUNCED_CONFIG\\fR names another file.\n"
	".TP\n.I /var/lib/bounced\nThe spool and the private database cluster "
	"(\\fBserver.data_dir\\fR).\n"
	".SH ENVIRONMENT\n"
	".TP\n.B BOUNCED_CONFIG\nThe settings' file.\n"
	".TP\n.B BOUNCED_\\fISECTION\\fB_\\fIKEY\nOverrides one setting, such as "
	"\\fBBOUNCED_SMTP_LISTEN\\fR.\n"
	".SH SIGNALS\n"
	".TP\n.B SIGTERM, SIGINT\n\\fBbounced serve\\fR finishes the messages in flight and stops "
	"its processes in order.\n"
	".SH EXAMPLES\n"
	".TP\nWhat does this bounce say?\n.EX\nbounced parse \\-\\-pretty bounce.eml\n.EE\n"
	".TP\nWhat does this reply mean?\n.EX\nbounced classify \\(aq550 5.1.1 User "
	"unknown\\(aq\n.EE\n"
	".TP\nAre my settings right?\n.EX\nbounced config check\n.EE\n"
	".TP\nIs the server well, and can others reach it?\n.EX\nbounced doctor\n.EE\n"
	".SH SEE ALSO\n"
	"The documents below \\fI/usr/share/doc/bounced\\fR: configuration, the HTTP API, the "
	"spool, the rules.\n";

static const char tools_head[] =
	".\\\" Made by `bounced-tools help --man`; a test compares.\n"
	".TH BOUNCED\\-TOOLS 1 \"\" \"bounced\" \"User Commands\"\n"
	".SH NAME\n"
	"bounced-tools \\- decodes the bounces of bulk mail and judges replies of SMTP servers\n"
	".SH SYNOPSIS\n"
	".B bounced-tools\n"
	".I COMMAND\n"
	"[\\fIARGUMENT\\fR...]\n"
	".SH DESCRIPTION\n"
	"What \\fBbounced\\fR knows of bounces, without a server: mails and mailboxes become one "
	"JSON object "
	"each, and bare\n"
	"replies get a reason. Nothing is stored, sent or asked of the network.\n"
	".SH COMMANDS\n";

static const char tools_tail[] =
	".SH EXIT STATUS\n"
	".TP\n.B 0\nThe work was done.\n"
	".TP\n.B 1\nIt could not be done; standard error says why.\n"
	".TP\n.B 2\nThe command line is wrong.\n"
	".SH EXAMPLES\n"
	".TP\nWhat does this bounce say?\n.EX\nbounced-tools parse \\-\\-pretty bounce.eml\n.EE\n"
	".TP\nWhat does this reply mean?\n.EX\nbounced-tools classify \\(aq550 5.1.1 User "
	"unknown\\(aq\n.EE\n"
	".SH SEE ALSO\n"
	".BR bounced (1)\n";

static const struct page {
	const char *program, *purpose, *head, *tail;
} pages[] = {
	{ "bounced", "receives the bounces of bulk mail and turns them into answers", head, tail },
	{ "bounced-tools", "decodes bounces and judges replies, without a server", tools_head,
		tools_tail },
};

static const struct page *page_now(void)
{
	for (size_t i = 1; i < ARRAY_LEN(pages); i++)
		if (!strcmp(pages[i].program, command_program()))
			return &pages[i];
	return &pages[0];
}

const char *manual_purpose(void)
{
	return page_now()->purpose;
}

/* Text as roff takes it: a hyphen and a quote that are to be copied are \- and \(aq, a backslash \e. */
static void put_roff(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '-')
			buf_put(out, STR("\\-"));
		else if (text.p[i] == '\'')
			buf_put(out, STR("\\(aq"));
		else if (text.p[i] == '\\')
			buf_put(out, STR("\\e"));
		else
			buf_putc(out, text.p[i]);
	}
}

static void put_option(struct buf *out, const struct command_option_row *row)
{
	buf_put(out, STR(".TP\n\\fB"));
	put_roff(out, str_c(row->name));
	buf_put(out, STR("\\fR\n"));
	put_roff(out, str_c(row->meaning));
	buf_put(out, STR(":\n.br\n.I "));
	put_roff(out, str_c(command_program()));
	put_roff(out, str_c(command_example(row)));
	buf_putc(out, '\n');
}

/* Does a command of this program say the option without a row of its own? */
static bool is_shared(const struct command_option_row *row)
{
	const struct command *command;
	struct str name;

	for (size_t i = 0; (command = command_at(i)); i++) {
		struct str rest = str_c(command->arguments);

		while (command_next_option(&rest, &name))
			if (command_option_find(command->name, name) == row)
				return true;
	}
	return false;
}

/* Those of one command; of "" those that several have. */
static void put_options(struct buf *out, const char *command)
{
	const struct command_option_row *row;
	bool any = false;

	for (size_t i = 0; (row = command_option_at(i)); i++) {
		if (!str_eq(str_c(row->command), str_c(command)) || (!*command && !is_shared(row)))
			continue;
		if (!any && !*command)
			buf_put(out, STR(".TP\nof all that have it\n"));
		if (!any)
			buf_put(out, STR(".RS\n"));
		any = true;
		put_option(out, row);
	}
	if (any)
		buf_put(out, STR(".RE\n"));
}

void manual_write(struct buf *out)
{
	const struct command *command;

	buf_put(out, str_c(page_now()->head));
	for (size_t i = 0; (command = command_at(i)); i++) {
		buf_printf(out, ".TP\n\\fB%s ", command_program());
		put_roff(out, str_c(command->name));
		buf_put(out, STR("\\fR "));
		put_roff(out, str_c(command->arguments));
		buf_putc(out, '\n');
		put_roff(out, str_c(command->help));
		buf_put(out, STR(".\n"));
		put_options(out, command->name);
	}
	put_options(out, "");
	buf_put(out, str_c(page_now()->tail));
}
