#include "ingest/smtp/smtp_server_options.h"

#include "core/attr.h"
#include "core/limits.h"

void smtp_server_options_init(struct smtp_server_options *options)
{
	static const struct str loopback[] = { STR_INIT("127.0.0.0/8"), STR_INIT("::1") };

	*options = (struct smtp_server_options){
		.hostname = STR("localhost"),
		.max_message_bytes = 10 << 20,
		.max_recipients = 100,
		.max_errors = 20,
		.max_idle_commands = 100,
		.max_sessions = 1000,
		.max_sessions_per_address = 20,
		.site_factor = 10,
		.max_new_per_minute = 60,
		.max_messages_per_minute = 3000,
		.exempt = loopback,
		.n_exempt = ARRAY_LEN(loopback),
		.max_memory_bytes = 256 << 20,
		.banner_delay_ms = 0,
		.idle_timeout_ms = 300 * 1000,
		.crowded_idle_ms = 10 * 1000,
		.proxy_timeout_ms = 5 * 1000,
		.tls_timeout_ms = 60 * 1000,
		.command_timeout_ms = 30 * 1000,
		.session_timeout_ms = 30 * 60 * 1000,
		.data_grace_ms = 60 * 1000,
		.data_bytes_per_s = 500,
		.commit_timeout_ms = 60 * 1000,
		.shutdown_grace_ms = 30 * 1000,
	};
}

enum err smtp_server_options_check(
	const struct smtp_server_options *options, const struct spool_writer *writer)
{
	uint64_t most = spool_writer_max_bytes(writer);
	bool good = options->max_message_bytes &&
		    options->max_message_bytes <= LIMIT_MESSAGE_BYTES &&
		    most > SMTP_ENVELOPE_BYTES &&
		    options->max_message_bytes <= most - SMTP_ENVELOPE_BYTES &&
		    options->max_recipients && options->max_recipients <= LIMIT_FORWARD_PATHS &&
		    options->max_errors && options->max_sessions && options->hostname.n &&
		    options->max_memory_bytes >= options->max_message_bytes &&
		    options->idle_timeout_ms > 0 && options->command_timeout_ms > 0 &&
		    options->session_timeout_ms > 0 && options->data_grace_ms > 0 &&
		    options->tls_timeout_ms > 0 && options->proxy_timeout_ms > 0 &&
		    options->commit_timeout_ms > 0 && options->banner_delay_ms >= 0;

	return good ? ERR_OK : ERR_RANGE;
}

struct smtp_session_options smtp_server_session_options(const struct smtp_server_options *options)
{
	return (struct smtp_session_options){
		.hostname = options->hostname,
		.domains = options->domains,
		.n_domains = options->n_domains,
		.max_message_bytes = options->max_message_bytes,
		.max_recipients = options->max_recipients,
		.max_errors = options->max_errors,
		.max_idle_commands = options->max_idle_commands,
		.banner_delay_us = options->banner_delay_ms * 1000,
		.idle_timeout_us = options->idle_timeout_ms * 1000,
		.crowded_idle_us = options->crowded_idle_ms * 1000,
		.command_timeout_us = options->command_timeout_ms * 1000,
		.session_timeout_us = options->session_timeout_ms * 1000,
		.data_grace_us = options->data_grace_ms * 1000,
		.commit_timeout_us = options->commit_timeout_ms * 1000,
		.data_bytes_per_s = options->data_bytes_per_s,
		.tls_timeout_us = options->tls_timeout_ms * 1000,
		.refusal = options->refusal,
		.bare_line_ends = options->bare_line_ends,
		.token_streams = options->token_streams,
		.n_token_streams = options->n_token_streams,
		.proves = options->proves,
		.proves_context = options->proves_context,
	};
}
