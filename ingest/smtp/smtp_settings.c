#include "ingest/smtp/smtp_settings.h"

#include "core/limits.h"
#include "ingest/smtp/smtp_listen.h"
#include "ingest/smtp/smtp_peers.h"

#include <unistd.h>

struct word {
	struct str word;
	int meaning;
};
static const struct word refusals[] = { { STR_INIT("5.7.1"), SMTP_SAY_NOT_OURS },
	{ STR_INIT("5.1.1"), SMTP_SAY_NO_SUCH_USER } };
static const struct word bare_line_ends[] = { { STR_INIT("keep"), SMTP_KEEP_BARE_LINE_ENDS },
	{ STR_INIT("refuse"), SMTP_REFUSE_BARE_LINE_ENDS } };

static const struct word *find_word(
	const struct config *config, enum config_id id, const struct word words[static 2])
{
	for (size_t i = 0; i < 2; i++)
		if (str_eq(config_str(config, id), words[i].word))
			return &words[i];
	return NULL;
}

static enum err check_word(const struct config *config, enum config_id id,
	const struct word words[static 2], struct arena *arena, struct str *ret_trouble)
{
	if (find_word(config, id, words))
		return ERR_OK;
	*ret_trouble = arena_printf(arena, "smtp.%.*s: \"%.*s\" is neither %.*s nor %.*s",
		STR_ARG(config_row(id)->key), STR_ARG(config_str(config, id)),
		STR_ARG(words[0].word), STR_ARG(words[1].word));
	return ERR_SYNTAX;
}

static enum err check_listen(
	const struct config *config, struct str text, struct arena *arena, struct str *ret_trouble)
{
	struct smtp_listen listen;
	struct str why;

	if (smtp_listen_parse(text, &listen, &why)) {
		*ret_trouble = arena_printf(
			arena, "smtp.listen: \"%.*s\": %.*s", STR_ARG(text), STR_ARG(why));
		return ERR_SYNTAX;
	}
	if (listen.tls == SMTP_TLS_OFF || config_str(config, CONFIG_SMTP_TLS_CERTIFICATE).n)
		return ERR_OK;
	*ret_trouble = arena_printf(arena,
		"smtp.listen: \"%.*s\": needs smtp.tls_certificate and smtp.tls_key",
		STR_ARG(text));
	return ERR_SYNTAX;
}

static enum err check_domain(
	const struct config *config, struct str text, struct arena *arena, struct str *ret_trouble)
{
	struct smtp_domain unused;

	(void)config;
	if (!smtp_domain_parse(text, &unused))
		return ERR_OK;
	*ret_trouble = arena_printf(arena,
		"smtp.return_path_domains: \"%.*s\" is no domain, pattern@domain or either with "
		"=stream",
		STR_ARG(text));
	return ERR_SYNTAX;
}

static enum err check_network(
	const struct config *config, struct str text, struct arena *arena, struct str *ret_trouble)
{
	struct smtp_network unused;

	(void)config;
	if (!smtp_network_parse(text, &unused))
		return ERR_OK;
	*ret_trouble = arena_printf(arena,
		"smtp.exempt_networks, smtp.proxy_networks: \"%.*s\" is no address or network",
		STR_ARG(text));
	return ERR_SYNTAX;
}

/* Each list, how its items are judged, and what is said of an empty one. */
static const struct {
	enum config_id id;
	enum err (*check)(const struct config *config, struct str text, struct arena *arena,
		struct str *ret_trouble);
	const char *empty; /* NULL: it may be */
} lists[] = {
	{ CONFIG_SMTP_LISTEN, check_listen, "smtp.listen: no address to listen on" },
	{ CONFIG_SMTP_RETURN_PATH_DOMAINS, check_domain,
		"smtp.return_path_domains: empty, so no mail would be taken; name the domains of "
		"your return paths, or * for any" },
	{ CONFIG_SMTP_EXEMPT_NETWORKS, check_network, NULL },
	{ CONFIG_SMTP_PROXY_NETWORKS, check_network, NULL },
};

static enum err check_lists(
	const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	struct str item;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		size_t n = 0;

		while (config_item(config, lists[i].id, n, &item)) {
			enum err err = lists[i].check(config, item, arena, ret_trouble);

			if (err)
				return err;
			n++;
		}
		if (n || !lists[i].empty)
			continue;
		*ret_trouble = str_c(lists[i].empty);
		return ERR_SYNTAX;
	}
	return ERR_OK;
}

/* It stands in the greeting, where a space would end it. */
static enum err check_hostname(
	const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	struct str name = config_str(config, CONFIG_SMTP_HOSTNAME);
	bool good = name.n <= LIMIT_DOMAIN_BYTES;

	for (size_t i = 0; i < name.n; i++)
		good &= name.p[i] > ' ' && name.p[i] <= '~';
	if (good)
		return ERR_OK;
	*ret_trouble =
		arena_printf(arena, "smtp.hostname: \"%.*s\" is no name of a host", STR_ARG(name));
	return ERR_SYNTAX;
}

enum err smtp_settings_check(
	const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	struct str certificate = config_str(config, CONFIG_SMTP_TLS_CERTIFICATE);
	struct str key = config_str(config, CONFIG_SMTP_TLS_KEY);
	enum err err = check_lists(config, arena, ret_trouble);

	if (!err)
		err = check_hostname(config, arena, ret_trouble);
	if (!err)
		err = check_word(
			config, CONFIG_SMTP_UNKNOWN_RECIPIENT, refusals, arena, ret_trouble);
	if (!err)
		err = check_word(
			config, CONFIG_SMTP_BARE_LINE_ENDS, bare_line_ends, arena, ret_trouble);
	if (!err && !certificate.n != !key.n) {
		*ret_trouble = STR("smtp.tls_certificate, smtp.tls_key: one without the other");
		err = ERR_SYNTAX;
	}
	return err;
}

struct str smtp_settings_hostname(const struct config *config, struct arena *arena)
{
	char name[256] = "localhost";

	if (config_str(config, CONFIG_SMTP_HOSTNAME).n)
		return config_str(config, CONFIG_SMTP_HOSTNAME);
	gethostname(name, sizeof name - 1);
	return arena_dup(arena, str_c(name));
}

struct str smtp_settings_address(const struct config *config)
{
	struct str item, word;

	for (size_t i = 0; config_item(config, CONFIG_SMTP_LISTEN, i, &item); i++)
		if (str_next_word(&item, " \t", &word) && !str_starts(word, STR("unix:")))
			return word;
	return STR_EMPTY;
}

enum smtp_reply smtp_settings_refusal(const struct config *config)
{
	return (enum smtp_reply)find_word(config, CONFIG_SMTP_UNKNOWN_RECIPIENT, refusals)->meaning;
}

enum smtp_bare_line_ends smtp_settings_bare_line_ends(const struct config *config)
{
	return (enum smtp_bare_line_ends)find_word(
		config, CONFIG_SMTP_BARE_LINE_ENDS, bare_line_ends)
		->meaning;
}
