#include "ingest/session/smtp_chunk_priv.h"
#include "ingest/session/smtp_command_priv.h"
#include "ingest/session/smtp_xtext.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { COMMANDS_PER_RECIPIENT = 10 };

static enum smtp_reply check_nothing(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args)
{
	(void)session;
	ret_args->text = text;
	return SMTP_SAY_NOTHING;
}

/* RFC 5321 4.1.1.6: VRFY SP String. */
static enum smtp_reply check_whom(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args)
{
	(void)session;
	(void)ret_args;
	return text.n ? SMTP_SAY_NOTHING : SMTP_SAY_WANT_WHOM;
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
	smtp_state_reset(session);
	memcpy(session->helo, name.p, name.n);
	session->helo[name.n] = '\0';
	smtp_state_enter(session, SMTP_IDLE);
}

static enum smtp_reply apply_helo(struct smtp_session *session, const struct smtp_args *args)
{
	greet(session, args->text);
	return SMTP_SAY_HELO;
}

static bool offers_starttls(const struct smtp_session *session)
{
	return session->options->tls == SMTP_TLS_OFFERED ||
	       session->options->tls == SMTP_TLS_REQUIRED;
}

/* RFC 3207 4.2: not again within TLS. */
static bool may_start_tls(const struct smtp_session *session)
{
	return offers_starttls(session) && !session->tls[0];
}

/* What stands in the answer to EHLO and LHLO; SIZE, which has an argument, is its last line. */
static const struct {
	struct str keyword;
	bool (*offered)(const struct smtp_session *session); /* NULL: always */
} extensions[] = {
	{ STR_INIT("PIPELINING"), NULL },          /* RFC 2920 */
	{ STR_INIT("8BITMIME"), NULL },            /* RFC 6152 */
	{ STR_INIT("SMTPUTF8"), NULL },            /* RFC 6531 */
	{ STR_INIT("ENHANCEDSTATUSCODES"), NULL }, /* RFC 2034 */
	{ STR_INIT("CHUNKING"), NULL },            /* RFC 3030 */
	{ STR_INIT("DSN"), NULL },                 /* RFC 3461 */
	{ STR_INIT("STARTTLS"), may_start_tls },   /* RFC 3207 */
};

/* The last line, hostname's place being the first, is the caller's reply. */
static enum smtp_reply apply_ehlo(struct smtp_session *session, const struct smtp_args *args)
{
	char size[40];

	greet(session, args->text);
	smtp_reply_put(
		&session->output, SMTP_SAY_HELO, session->options->hostname, SMTP_LINE_CONTINUED);
	for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
		if (!extensions[i].offered || extensions[i].offered(session))
			smtp_reply_put(&session->output, SMTP_SAY_HELO, extensions[i].keyword,
				SMTP_LINE_CONTINUED);
	snprintf(size, sizeof size, "SIZE %" PRIu64,
		session->options->max_message_bytes); /* RFC 1870 */
	smtp_reply_put(&session->output, SMTP_SAY_HELO, str_c(size), SMTP_LINE_LAST);
	return SMTP_SAY_NOTHING;
}

static enum smtp_reply check_starttls(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args)
{
	(void)ret_args;
	if (session->tls[0])
		return SMTP_SAY_TLS_TWICE;
	if (!offers_starttls(session))
		return SMTP_SAY_NOT_OFFERED;
	return text.n ? SMTP_SAY_NO_ARGUMENT : SMTP_SAY_NOTHING;
}

static enum smtp_reply apply_starttls(struct smtp_session *session, const struct smtp_args *args)
{
	(void)args;
	smtp_state_enter(session, SMTP_TLS);
	return SMTP_SAY_GO_TLS;
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

static enum smtp_reply check_mail(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args)
{
	enum smtp_reply reply;
	enum err err;

	/* Nothing else leads to a message, so nothing else needs to ask (RFC 3207 4). */
	if (session->options->tls == SMTP_TLS_REQUIRED && !session->tls[0])
		return SMTP_SAY_TLS_FIRST;
	if (!take_label(&text, STR("FROM:")))
		return SMTP_SAY_WANT_FROM;
	err = smtp_path_take(&text, SMTP_REVERSE_PATH, &ret_args->path);
	if (err)
		return err == ERR_LIMIT ? SMTP_SAY_SENDER_LONG : SMTP_SAY_SENDER_BAD;
	if (text.n && *text.p != ' ')
		return SMTP_SAY_SENDER_BAD;
	ret_args->parameters.max_message_bytes = session->options->max_message_bytes;
	reply = smtp_parameters_take(&ret_args->parameters, SMTP_OF_MAIL, text);
	if (reply)
		return reply;
	if (ret_args->path.non_ascii && !(ret_args->parameters.flags & ENVELOPE_SMTPUTF8))
		return SMTP_SAY_WANT_SMTPUTF8;
	if (session->now.throttled)
		return SMTP_SAY_THROTTLED;
	return smtp_state_room(session);
}

static enum smtp_reply apply_mail(struct smtp_session *session, const struct smtp_args *args)
{
	struct envelope *envelope = &session->envelope;

	session->transaction++;
	snprintf(session->message_id, sizeof session->message_id, "%s-%" PRIu64, session->id,
		session->transaction);
	*envelope = (struct envelope){
		.source = SOURCE_SMTP,
		.flags = args->parameters.flags | (session->tls[0] ? ENVELOPE_TLS : 0),
		.session_id = str_c(session->message_id),
		.peer = str_c(session->peer),
		.helo = str_c(session->helo),
		.reverse_path = arena_dup(session->arena, args->path.mailbox),
		.envelope_id = smtp_xtext_decode(session->arena, args->parameters.envid),
		.ret = args->parameters.ret,
		.stream = STR_EMPTY,
	};
	smtp_state_enter(session, SMTP_MAIL);
	return SMTP_SAY_SENDER_OK;
}

/* Postmaster takes mail from anybody (RFC 5321 4.5.1): it is of no stream. */
static bool lacks_token(
	const struct smtp_session *session, const struct smtp_path *path, struct str stream)
{
	const struct smtp_session_options *options = session->options;

	for (size_t i = 0; stream.n && i < options->n_token_streams; i++)
		if (str_eq(options->token_streams[i], STR("*")) ||
			str_eq(options->token_streams[i], stream))
			return !options->proves(options->proves_context, path->local, path->domain,
				session->now.wall_us);
	return false;
}

/* Ours: a configured domain or pattern, and postmaster (RFC 5321 4.5.1) alone, of this host, and of each domain
 * that a pattern names. */
static bool find_stream(const struct smtp_session_options *options, const struct smtp_path *path,
	struct str *ret_stream)
{
	const struct smtp_domain *row =
		smtp_recipient_find(options->domains, options->n_domains, path);
	bool postmaster =
		str_ieq(path->local, STR("postmaster")) &&
		(!path->domain.n || str_ieq(path->domain, options->hostname) ||
			smtp_recipient_serves(options->domains, options->n_domains, path->domain));

	if (!row && !postmaster)
		return false;
	*ret_stream = row ? row->stream : STR_EMPTY;
	return true;
}

static enum smtp_reply check_rcpt(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args)
{
	const struct envelope *envelope = &session->envelope;
	enum smtp_reply reply;
	enum err err;

	if (!take_label(&text, STR("TO:")))
		return SMTP_SAY_WANT_TO;
	err = smtp_path_take(&text, SMTP_FORWARD_PATH, &ret_args->path);
	if (err)
		return err == ERR_LIMIT ? SMTP_SAY_RECIPIENT_LONG : SMTP_SAY_RECIPIENT_BAD;
	if (text.n && *text.p != ' ')
		return SMTP_SAY_RECIPIENT_BAD;
	ret_args->parameters.flags = envelope->flags;
	reply = smtp_parameters_take(&ret_args->parameters, SMTP_OF_RCPT, text);
	if (reply)
		return reply;
	if (ret_args->path.non_ascii && !(envelope->flags & ENVELOPE_SMTPUTF8))
		return SMTP_SAY_WANT_SMTPUTF8;
	if (!find_stream(session->options, &ret_args->path, &ret_args->stream))
		return session->options->refusal ? session->options->refusal : SMTP_SAY_NOT_OURS;
	if (lacks_token(session, &ret_args->path, ret_args->stream))
		return SMTP_SAY_NO_TOKEN;
	if (!envelope->reverse_path.n && envelope->n_forward_paths)
		return SMTP_SAY_ONE_RECIPIENT;
	if (envelope->n_forward_paths >= session->options->max_recipients)
		return SMTP_SAY_MANY_RECIPIENTS;
	return SMTP_SAY_NOTHING;
}

/* Room for one more recipient, and for what RFC 3461 says of each. */
static void grow_recipients(struct smtp_session *session)
{
	struct envelope *envelope = &session->envelope;
	size_t n = envelope->n_forward_paths;
	size_t cap = session->forward_paths_cap ? session->forward_paths_cap * 2 : 4;
	struct str *paths = arena_calloc(session->arena, cap, sizeof *paths);
	struct envelope_dsn *dsn = arena_calloc(session->arena, cap, sizeof *dsn);

	for (size_t i = 0; i < n; i++) {
		paths[i] = envelope->forward_paths[i];
		dsn[i] = session->dsn[i];
	}
	envelope->forward_paths = paths;
	session->dsn = dsn;
	session->forward_paths_cap = cap;
}

static enum smtp_reply apply_rcpt(struct smtp_session *session, const struct smtp_args *args)
{
	struct envelope *envelope = &session->envelope;
	const struct smtp_parameters *parameters = &args->parameters;

	if (envelope->n_forward_paths == session->forward_paths_cap)
		grow_recipients(session);
	session->dsn[envelope->n_forward_paths] = (struct envelope_dsn){ parameters->notify,
		smtp_xtext_decode(session->arena, parameters->orcpt) };
	session->said_dsn |= parameters->notify || parameters->orcpt.n;
	envelope->dsn = session->said_dsn ? session->dsn : NULL;
	if (!envelope->n_forward_paths)
		envelope->stream = args->stream;
	envelope->forward_paths[envelope->n_forward_paths++] =
		arena_dup(session->arena, args->path.mailbox);
	if (session->state == SMTP_MAIL)
		smtp_state_enter(session, SMTP_RCPT);
	return SMTP_SAY_RECIPIENT_OK;
}

static enum smtp_reply check_data(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args)
{
	(void)ret_args;
	if (text.n)
		return SMTP_SAY_NO_ARGUMENT;
	if (session->state == SMTP_MAIL)
		return smtp_state_no_recipients(session);
	return smtp_state_room(session);
}

static enum smtp_reply apply_data(struct smtp_session *session, const struct smtp_args *args)
{
	(void)args;
	smtp_state_enter(session, SMTP_DATA);
	return SMTP_SAY_GO_AHEAD;
}

static enum smtp_reply apply_rset(struct smtp_session *session, const struct smtp_args *args)
{
	(void)args;
	smtp_state_reset(session);
	if (session->state != SMTP_START)
		smtp_state_enter(session, SMTP_IDLE);
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

enum command_use { WORKS, IDLES, ENDS_GROUP, HANDSHAKES };

static const struct command {
	struct str verb;
	unsigned protocols, states;
	enum smtp_reply elsewhere;
	enum smtp_reply (*check)(
		const struct smtp_session *session, struct str text, struct smtp_args *ret_args);
	enum smtp_reply (*apply)(struct smtp_session *session, const struct smtp_args *args);
	enum command_use use;
} commands[] = {
#define IN(state) (1u << SMTP_##state)
#define SMTP      (1u << SMTP_PROTOCOL_SMTP)
#define LMTP      (1u << SMTP_PROTOCOL_LMTP)
#define BOTH      (SMTP | LMTP)
#define SMTP_COMMAND(verb, protocols, states, elsewhere, check, apply, use)                        \
	{ STR_INIT(verb), protocols, states, SMTP_SAY_##elsewhere, check, apply, use },
#include "ingest/session/smtp_commands.def"
#undef IN
#undef SMTP
#undef LMTP
#undef BOTH
};

static const struct command *find_command(enum smtp_protocol protocol, struct str verb)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (commands[i].protocols & 1u << protocol && str_ieq(commands[i].verb, verb))
			return &commands[i];
	return NULL;
}

/* In the wrong order: what is missing, or, with a sender already there, that. */
static enum smtp_reply wrong_order(
	const struct smtp_session *session, const struct command *command)
{
	if (session->state == SMTP_START)
		return SMTP_SAY_HELLO_FIRST;
	if (session->state == SMTP_CHUNKS)
		return SMTP_SAY_IN_CHUNKS;
	if (session->state == SMTP_MAIL || session->state == SMTP_RCPT)
		return SMTP_SAY_MAIL_TWICE;
	return command->elsewhere;
}

/* Between two messages, of any kind: RCPT is not idle, but must not go on for ever either. */
static uint64_t max_commands(const struct smtp_session_options *options)
{
	return (uint64_t)options->max_idle_commands +
	       (uint64_t)COMMANDS_PER_RECIPIENT * options->max_recipients;
}

static enum smtp_reply run_found(
	struct smtp_session *session, const struct command *command, struct str text)
{
	struct smtp_args args = { .path = { STR_EMPTY, STR_EMPTY, STR_EMPTY, false },
		.text = STR_EMPTY,
		.stream = STR_EMPTY };
	enum smtp_reply reply;

	if (++session->commands > max_commands(session->options))
		return SMTP_SAY_TOO_IDLE;
	/* What follows DATA before the 354 is no message, and to read it as commands is how mail is
	 * smuggled: whatever DATA would be answered, this is the end. */
	if (command->use == ENDS_GROUP && session->more_waits)
		return SMTP_SAY_DATA_EARLY;
	if (command->use == HANDSHAKES && session->more_waits)
		return SMTP_SAY_TLS_EARLY; /* CVE-2011-0411 */
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

void smtp_command_run(struct smtp_session *session, struct str line)
{
	struct str text = line, verb = STR_EMPTY;
	const struct command *command = NULL;
	enum smtp_reply reply = SMTP_SAY_LINE_BAD;

	if (!has_controls(line)) {
		verb = str_head(line, str_cspan(line, " \t"));
		text = str_trim(str_skip(line, verb.n));
		command = find_command(session->options->protocol, verb);
		reply = command ? run_found(session, command, text) : SMTP_SAY_NO_COMMAND;
	}
	if (reply)
		smtp_state_answer(session, reply);
}
