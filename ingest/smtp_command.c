#include "ingest/smtp_session_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static enum smtp_reply check_nothing(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args)
{
	(void)session;
	ret_args->text = text;
	return SMTP_SAY_NOTHING;
}

static enum smtp_reply check_bare(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args)
{
	(void)session;
	(void)ret_args;
	return text.n ? SMTP_SAY_NO_ARGUMENT : SMTP_SAY_NOTHING;
}

static enum smtp_reply check_absent(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args)
{
	(void)session;
	(void)text;
	(void)ret_args;
	return SMTP_SAY_NOT_OFFERED;
}

static enum smtp_reply check_http(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args)
{
	(void)session;
	(void)text;
	(void)ret_args;
	return SMTP_SAY_NOT_SMTP;
}

/* Any name is taken: what bounces is often configured badly, and nothing is decided by it. */
static enum smtp_reply check_helo(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args)
{
	(void)session;
	if (!text.n || text.n > LIMIT_DOMAIN_BYTES)
		return SMTP_SAY_WANT_NAME;
	ret_args->text = text;
	return SMTP_SAY_NOTHING;
}

static void greet(struct smtp_session *session, struct str name)
{
	smtp_session_reset(session);
	memcpy(session->helo, name.p, name.n);
	session->helo[name.n] = '\0';
	smtp_session_enter(session, SMTP_IDLE);
}

static enum smtp_reply apply_helo(struct smtp_session *session, const struct smtp_args *args)
{
	greet(session, args->text);
	return SMTP_SAY_HELO;
}

/* The last line, hostname's place being the first, is the caller's reply. */
static enum smtp_reply apply_ehlo(struct smtp_session *session, const struct smtp_args *args)
{
	static const struct str extensions[] = {
		STR_INIT("PIPELINING"),          /* RFC 2920 */
		STR_INIT("8BITMIME"),            /* RFC 6152 */
		STR_INIT("SMTPUTF8"),            /* RFC 6531 */
		STR_INIT("ENHANCEDSTATUSCODES"), /* RFC 2034 */
	};
	char size[40];

	greet(session, args->text);
	smtp_reply_put(
		&session->output, SMTP_SAY_HELO, session->options->hostname, SMTP_LINE_CONTINUED);
	for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
		smtp_reply_put(&session->output, SMTP_SAY_HELO, extensions[i], SMTP_LINE_CONTINUED);
	snprintf(size, sizeof size, "SIZE %" PRIu64,
		session->options->max_message_bytes); /* RFC 1870 */
	smtp_reply_put(&session->output, SMTP_SAY_HELO, str_c(size), SMTP_LINE_LAST);
	return SMTP_SAY_NOTHING;
}

/* The parameters of MAIL: keyword, whether it has a value, and how that is read. */
struct mail_parameters {
	struct smtp_args *args;
	uint64_t max_message_bytes;
};

static enum smtp_reply take_size(struct mail_parameters *mail, struct str value)
{
	uint64_t size;

	/* RFC 1870 4: up to 20 digits; more than fits is too large all the same. */
	if (!value.n || value.n > 20 || str_span(value, "0123456789") != value.n)
		return SMTP_SAY_PARAMETER_BAD;
	if (!str_to_u64(value, UINT64_MAX, &size) || size > mail->max_message_bytes)
		return SMTP_SAY_TOO_LARGE;
	return SMTP_SAY_NOTHING;
}

static enum smtp_reply take_body(struct mail_parameters *mail, struct str value)
{
	if (str_ieq(value, STR("8BITMIME")))
		mail->args->flags |= ENVELOPE_8BITMIME;
	else if (!str_ieq(value, STR("7BIT")))
		return SMTP_SAY_PARAMETER_BAD;
	return SMTP_SAY_NOTHING;
}

static enum smtp_reply take_smtputf8(struct mail_parameters *mail, struct str value)
{
	if (value.n)
		return SMTP_SAY_PARAMETER_BAD;
	mail->args->flags |= ENVELOPE_SMTPUTF8;
	return SMTP_SAY_NOTHING;
}

static const struct {
	struct str keyword;
	enum smtp_reply (*take)(struct mail_parameters *mail, struct str value);
} mail_parameters[] = {
	{ STR_INIT("SIZE"), take_size },
	{ STR_INIT("BODY"), take_body },
	{ STR_INIT("SMTPUTF8"), take_smtputf8 },
};

static enum smtp_reply take_mail_parameter(
	struct mail_parameters *mail, struct str word, unsigned *seen)
{
	struct str keyword = word, value = STR_EMPTY;
	bool has_value = str_cut(word, '=', &keyword, &value);

	for (size_t i = 0; i < ARRAY_LEN(mail_parameters); i++) {
		if (!str_ieq(keyword, mail_parameters[i].keyword))
			continue;
		if (*seen & 1u << i || (has_value && !value.n))
			return SMTP_SAY_PARAMETER_BAD;
		*seen |= 1u << i;
		return mail_parameters[i].take(mail, value);
	}
	return SMTP_SAY_PARAMETER_UNKNOWN;
}

static enum smtp_reply take_mail_parameters(
	const struct smtp_session *session, struct str text, struct smtp_args *args)
{
	struct mail_parameters mail = { args, session->options->max_message_bytes };
	struct str word;
	unsigned seen = 0;

	while (str_next_word(&text, " ", &word)) {
		enum smtp_reply reply = take_mail_parameter(&mail, word, &seen);

		if (reply)
			return reply;
	}
	return SMTP_SAY_NOTHING;
}

/* "FROM:" or "TO:", then spaces that the grammar does not have and many clients send. */
static bool take_label(struct str *text, struct str label)
{
	if (!str_istarts(*text, label))
		return false;
	*text = str_skip(*text, label.n);
	*text = str_skip(*text, str_span(*text, " "));
	return true;
}

static enum smtp_reply room_reply(enum err room)
{
	if (room == ERR_OK)
		return SMTP_SAY_NOTHING;
	return room == ERR_NO_SPACE ? SMTP_SAY_NO_SPACE : SMTP_SAY_NOT_STORED;
}

static enum smtp_reply check_mail(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args)
{
	enum smtp_reply reply;
	enum err err;

	if (!take_label(&text, STR("FROM:")))
		return SMTP_SAY_WANT_FROM;
	err = smtp_path_take(&text, SMTP_REVERSE_PATH, &ret_args->path);
	if (err)
		return err == ERR_LIMIT ? SMTP_SAY_SENDER_LONG : SMTP_SAY_SENDER_BAD;
	if (text.n && *text.p != ' ')
		return SMTP_SAY_SENDER_BAD;
	reply = take_mail_parameters(session, text, ret_args);
	if (reply)
		return reply;
	if (ret_args->path.non_ascii && !(ret_args->flags & ENVELOPE_SMTPUTF8))
		return SMTP_SAY_WANT_SMTPUTF8;
	return room_reply(session->now.room);
}

static enum smtp_reply apply_mail(struct smtp_session *session, const struct smtp_args *args)
{
	struct envelope *envelope = &session->envelope;

	session->transaction++;
	snprintf(session->message_id, sizeof session->message_id, "%s-%" PRIu64, session->id,
		session->transaction);
	*envelope = (struct envelope){
		.source = SOURCE_SMTP,
		.flags = args->flags,
		.session_id = str_c(session->message_id),
		.peer = str_c(session->peer),
		.helo = str_c(session->helo),
		.reverse_path = arena_dup(session->arena, args->path.mailbox),
		.envelope_id = STR_EMPTY,
		.stream = STR_EMPTY,
	};
	smtp_session_enter(session, SMTP_MAIL);
	return SMTP_SAY_SENDER_OK;
}

/* The row of exactly this domain, else that of "*". */
static const struct smtp_domain *find_domain(
	const struct smtp_session_options *options, struct str domain)
{
	const struct smtp_domain *any = NULL;

	for (size_t i = 0; i < options->n_domains; i++) {
		if (str_ieq(options->domains[i].domain, domain))
			return &options->domains[i];
		if (str_eq(options->domains[i].domain, STR("*")))
			any = &options->domains[i];
	}
	return any;
}

/* Ours: a configured domain, and postmaster alone or of this host (RFC 5321 4.5.1). */
static bool find_stream(const struct smtp_session_options *options, const struct smtp_path *path,
	struct str *ret_stream)
{
	const struct smtp_domain *row = find_domain(options, path->domain);
	bool postmaster = str_ieq(path->local, STR("postmaster")) &&
			  (!path->domain.n || str_ieq(path->domain, options->hostname));

	if (!row && !postmaster)
		return false;
	*ret_stream = row ? row->stream : STR_EMPTY;
	return true;
}

static enum smtp_reply check_rcpt(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args)
{
	const struct envelope *envelope = &session->envelope;
	enum err err;

	if (!take_label(&text, STR("TO:")))
		return SMTP_SAY_WANT_TO;
	err = smtp_path_take(&text, SMTP_FORWARD_PATH, &ret_args->path);
	if (err)
		return err == ERR_LIMIT ? SMTP_SAY_RECIPIENT_LONG : SMTP_SAY_RECIPIENT_BAD;
	if (text.n && *text.p != ' ')
		return SMTP_SAY_RECIPIENT_BAD;
	if (str_trim(text).n)
		return SMTP_SAY_PARAMETER_UNKNOWN;
	if (ret_args->path.non_ascii && !(envelope->flags & ENVELOPE_SMTPUTF8))
		return SMTP_SAY_WANT_SMTPUTF8;
	if (!find_stream(session->options, &ret_args->path, &ret_args->stream))
		return SMTP_SAY_NOT_OURS;
	if (!envelope->reverse_path.n && envelope->n_forward_paths)
		return SMTP_SAY_ONE_RECIPIENT;
	if (envelope->n_forward_paths >= session->options->max_recipients)
		return SMTP_SAY_MANY_RECIPIENTS;
	return SMTP_SAY_NOTHING;
}

static enum smtp_reply apply_rcpt(struct smtp_session *session, const struct smtp_args *args)
{
	struct envelope *envelope = &session->envelope;

	if (envelope->n_forward_paths == session->forward_paths_cap) {
		size_t cap = session->forward_paths_cap ? session->forward_paths_cap * 2 : 4;
		struct str *paths = arena_calloc(session->arena, cap, sizeof *paths);

		for (size_t i = 0; i < envelope->n_forward_paths; i++)
			paths[i] = envelope->forward_paths[i];
		envelope->forward_paths = paths;
		session->forward_paths_cap = cap;
	}
	if (!envelope->n_forward_paths)
		envelope->stream = args->stream;
	envelope->forward_paths[envelope->n_forward_paths++] =
		arena_dup(session->arena, args->path.mailbox);
	if (session->state == SMTP_MAIL)
		smtp_session_enter(session, SMTP_RCPT);
	return SMTP_SAY_RECIPIENT_OK;
}

static enum smtp_reply check_data(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args)
{
	(void)ret_args;
	if (text.n)
		return SMTP_SAY_NO_ARGUMENT;
	if (session->state == SMTP_MAIL)
		return session->refused_recipient ? SMTP_SAY_NO_RECIPIENTS : SMTP_SAY_RCPT_FIRST;
	return room_reply(session->now.room);
}

static enum smtp_reply apply_data(struct smtp_session *session, const struct smtp_args *args)
{
	(void)args;
	smtp_session_enter(session, SMTP_DATA);
	return SMTP_SAY_GO_AHEAD;
}

static enum smtp_reply apply_rset(struct smtp_session *session, const struct smtp_args *args)
{
	(void)args;
	smtp_session_reset(session);
	if (session->state != SMTP_START)
		smtp_session_enter(session, SMTP_IDLE);
	return SMTP_SAY_OK;
}

static enum smtp_reply apply_noop(struct smtp_session *session, const struct smtp_args *args)
{
	(void)session;
	(void)args;
	return SMTP_SAY_OK;
}

static enum smtp_reply apply_vrfy(struct smtp_session *session, const struct smtp_args *args)
{
	(void)session;
	(void)args;
	return SMTP_SAY_CANNOT_VERIFY;
}

static enum smtp_reply apply_help(struct smtp_session *session, const struct smtp_args *args)
{
	(void)session;
	(void)args;
	return SMTP_SAY_HELP;
}

static enum smtp_reply apply_quit(struct smtp_session *session, const struct smtp_args *args)
{
	(void)session;
	(void)args;
	return SMTP_SAY_BYE;
}

enum command_use { WORKS, IDLES, ENDS_GROUP };

static const struct command {
	struct str verb;
	unsigned states;
	enum smtp_reply elsewhere;
	enum smtp_reply (*check)(
		const struct smtp_session *session, struct str text, struct smtp_args *ret_args);
	enum smtp_reply (*apply)(struct smtp_session *session, const struct smtp_args *args);
	enum command_use use;
} commands[] = {
#define IN(state) (1u << SMTP_##state)
#define SMTP_COMMAND(verb, states, elsewhere, check, apply, use)                                   \
	{ STR_INIT(verb), states, SMTP_SAY_##elsewhere, check, apply, use },
#include "ingest/smtp_commands.def"
#undef IN
};

static const struct command *find_command(struct str verb)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (str_ieq(commands[i].verb, verb))
			return &commands[i];
	return NULL;
}

/* In the wrong order: what is missing, or, with a sender already there, that. */
static enum smtp_reply wrong_order(
	const struct smtp_session *session, const struct command *command)
{
	if (session->state == SMTP_START)
		return SMTP_SAY_HELLO_FIRST;
	if (session->state == SMTP_MAIL || session->state == SMTP_RCPT)
		return SMTP_SAY_MAIL_TWICE;
	return command->elsewhere;
}

static enum smtp_reply run_found(
	struct smtp_session *session, const struct command *command, struct str text)
{
	struct smtp_args args = { .path = { STR_EMPTY, STR_EMPTY, STR_EMPTY, false },
		.text = STR_EMPTY,
		.stream = STR_EMPTY };
	enum smtp_reply reply;

	/* What follows DATA before the 354 is no message, and to read it as commands is how mail is
	 * smuggled: whatever DATA would be answered, this is the end. */
	if (command->use == ENDS_GROUP && session->more_waits)
		return SMTP_SAY_DATA_EARLY;
	if (!(command->states & 1u << session->state))
		return wrong_order(session, command);
	if (command->use == IDLES && ++session->idle_commands > session->options->max_idle_commands)
		return SMTP_SAY_TOO_IDLE;
	reply = command->check(session, text, &args);
	if (reply) {
		session->refused_recipient |= command->check == check_rcpt;
		return reply;
	}
	return command->apply(session, &args);
}

static bool has_controls(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] < ' ' && line.p[i] != '\t')
			return true;
	return false;
}

/* The argument of replies that have a `%`. */
static struct str reply_argument(
	const struct smtp_session *session, enum smtp_reply reply, char room[static 24])
{
	if (reply != SMTP_SAY_TOO_LARGE)
		return session->options->hostname;
	snprintf(room, 24, "%" PRIu64, session->options->max_message_bytes);
	return str_c(room);
}

void smtp_command_run(struct smtp_session *session, struct str line)
{
	struct str text = line, verb = STR_EMPTY;
	const struct command *command = NULL;
	enum smtp_reply reply = SMTP_SAY_LINE_BAD;
	char room[24];

	if (!has_controls(line)) {
		verb = str_head(line, str_cspan(line, " \t"));
		text = str_trim(str_skip(line, verb.n));
		command = find_command(verb);
		reply = command ? run_found(session, command, text) : SMTP_SAY_NO_COMMAND;
	}
	if (reply)
		smtp_session_say(session, reply, reply_argument(session, reply, room));
}
