#include "cli/doctor/doctor_outside.h"

#include "core/timestamp.h"
#include "dns/dns_ask.h"
#include "ingest/smtp/smtp_probe.h"
#include "ingest/smtp/smtp_settings.h"
#include "ingest/text/smtp_recipient.h"

#define EXPIRES_US (14 * TIMESTAMP_DAY_US)

/* What one address is, looked at once however many domains lead to it. */
enum lead { LEAD_NOWHERE, LEAD_ELSEWHERE, LEAD_HERE };
struct place {
	struct str address, host;
	enum lead lead;
};
struct outside {
	struct checkup *checkup;
	struct arena *arena;
	struct dns *dns;
	struct str me; /* in the greeting */
	uint16_t port;
	struct str domains[OUTSIDE_DOMAINS];
	size_t n_domains;
	struct place places[OUTSIDE_ADDRESSES];
	size_t n_places;
};

static bool has(const struct dns_records *records, struct str text)
{
	for (size_t i = 0; i < records->n; i++)
		if (str_ieq(records->texts[i], text))
			return true;
	return false;
}

static struct str join(struct arena *arena, const struct dns_records *records)
{
	struct str all = STR_EMPTY;

	for (size_t i = 0; i < records->n; i++)
		all = arena_printf(arena, "%.*s%s%.*s", STR_ARG(all), i ? ", " : "",
			STR_ARG(records->texts[i]));
	return all;
}

/* ---- which domains ---- */

/* Of a pattern below a domain any name may be asked for: it is the wildcard's record that answers. */
static struct str domain_of(struct arena *arena, struct str pattern)
{
	size_t at = str_rchr(pattern, '@');
	struct str domain = at == STR_NPOS ? pattern : str_skip(pattern, at + 1);

	if (str_starts(domain, STR("*.")))
		domain = arena_printf(arena, "bounced-doctor%.*s", STR_ARG(str_skip(domain, 1)));
	return str_chr(domain, '*') == STR_NPOS ? arena_lower(arena, domain) : STR_EMPTY;
}

static void add_domain(struct outside *o, struct str pattern)
{
	struct str domain = domain_of(o->arena, pattern);

	if (!domain.n && !checkup_has(o->checkup, AILMENT_MX_ANY))
		checkup_find(o->checkup, AILMENT_MX_ANY, arena_dup(o->arena, pattern),
			STR("mail for any domain is taken, and none is known to be looked up"));
	for (size_t i = 0; i < o->n_domains; i++)
		if (str_eq(o->domains[i], domain))
			return;
	if (domain.n && o->n_domains < OUTSIDE_DOMAINS)
		o->domains[o->n_domains++] = domain;
}

static void read_domains(struct outside *o)
{
	struct smtp_domain parsed;
	struct str item;

	for (size_t i = 0;
		config_item(o->checkup->config, CONFIG_SMTP_RETURN_PATH_DOMAINS, i, &item); i++)
		if (!smtp_domain_parse(item, &parsed))
			add_domain(o, parsed.domain);
}

/* ---- the server's own address: its certificate, its names ---- */

static void check_tls(struct outside *o, struct str subject, const struct smtp_probe *probe)
{
	int64_t left_us = probe->until_s * TIMESTAMP_SECOND_US - o->checkup->now_us;

	if (!config_str(o->checkup->config, CONFIG_SMTP_TLS_CERTIFICATE).n)
		return;
	if (probe->tls_trouble.n) {
		checkup_find(o->checkup, AILMENT_TLS_REFUSED, subject, probe->tls_trouble);
		return;
	}
	/* What the spool's page told of the same certificate is not told twice. */
	if (left_us < EXPIRES_US && !checkup_has(o->checkup, AILMENT_TLS_EXPIRED) &&
		!checkup_has(o->checkup, AILMENT_TLS_EXPIRES))
		checkup_find(o->checkup, left_us < 0 ? AILMENT_TLS_EXPIRED : AILMENT_TLS_EXPIRES,
			subject,
			STR("the certificate that is shown there has ended, or soon will"));
	if (!probe->fits)
		checkup_find(o->checkup, AILMENT_TLS_NAME, subject,
			STR("the certificate does not name the host"));
	else
		checkup_pass(o->checkup, "tls", subject, STR("the certificate names the host"));
}

static void check_ptr(struct outside *o, struct str address)
{
	struct dns_records names;
	enum dns_answer answer = dns_ask(o->dns, o->arena, DNS_RECORD_NAME, address, &names);

	if (answer == DNS_NONE)
		checkup_find(o->checkup, AILMENT_PTR_NONE, address,
			STR("the address has no name (PTR)"));
	else if (answer == DNS_SAYS && !has(&names, o->me))
		checkup_find(o->checkup, AILMENT_PTR_OTHER, address,
			arena_printf(o->arena, "is named %.*s (PTR), and greets as %.*s",
				STR_ARG(join(o->arena, &names)), STR_ARG(o->me)));
	else if (answer == DNS_SAYS)
		checkup_pass(o->checkup, "ptr", address, o->me);
}

static void check_helo(struct outside *o, struct str address)
{
	struct dns_records found = { .n = 0 };
	enum dns_answer answer;

	if (str_chr(o->me, '.') == STR_NPOS)
		return; /* told already */
	answer = dns_ask(o->dns, o->arena, DNS_RECORD_ADDRESS, o->me, &found);
	if (answer == DNS_NONE || (answer == DNS_SAYS && !has(&found, address)))
		checkup_find(o->checkup, AILMENT_HELO_ADDRESS, o->me,
			arena_printf(o->arena, "has %s%.*s in the DNS, and not %.*s",
				found.n ? "" : "no address", STR_ARG(join(o->arena, &found)),
				STR_ARG(address)));
	else if (answer == DNS_SAYS)
		checkup_pass(o->checkup, "helo", o->me, address);
}

/* ---- an address ---- */

static enum lead check_answer(
	struct outside *o, struct str host, struct str address, const struct smtp_probe *probe)
{
	static const enum ailment ends[] = { [SMTP_PROBE_NO_WAY] = AILMENT_PORT_NO_WAY,
		[SMTP_PROBE_CLOSED] = AILMENT_PORT_CLOSED,
		[SMTP_PROBE_DUMB] = AILMENT_PORT_DUMB,
		[SMTP_PROBE_TURNED_AWAY] = AILMENT_PORT_REFUSES };
	struct str subject = arena_printf(
		o->arena, "%.*s, %.*s port %u", STR_ARG(host), STR_ARG(address), (unsigned)o->port);

	if (probe->end != SMTP_PROBE_GREETED) {
		checkup_find(o->checkup, ends[probe->end], subject, probe->trouble);
		return LEAD_NOWHERE;
	}
	checkup_pass(o->checkup, "port", subject,
		arena_printf(o->arena, "greets as %.*s", STR_ARG(probe->host)));
	if (!str_ieq(probe->host, o->me))
		return LEAD_ELSEWHERE;
	check_tls(o, subject, probe);
	check_ptr(o, address);
	check_helo(o, address);
	return LEAD_HERE;
}

static enum lead check_address(struct outside *o, struct str host, struct str address)
{
	struct smtp_probe probe;
	enum lead lead;

	for (size_t i = 0; i < o->n_places; i++)
		if (str_eq(o->places[i].address, address) && str_eq(o->places[i].host, host))
			return o->places[i].lead;
	if (o->n_places == OUTSIDE_ADDRESSES)
		return LEAD_NOWHERE;
	smtp_probe(o->arena, address, o->port, o->me, host, &probe);
	lead = check_answer(o, host, address, &probe);
	o->places[o->n_places++] = (struct place){ address, host, lead };
	return lead;
}

/* ---- a domain ---- */

/* The best of its addresses. */
static enum lead check_host(struct outside *o, struct str host)
{
	enum lead lead = LEAD_NOWHERE;
	struct dns_records found;
	enum dns_answer answer = dns_ask(o->dns, o->arena, DNS_RECORD_ADDRESS, host, &found);

	if (answer == DNS_NONE)
		checkup_find(o->checkup, AILMENT_MX_NO_ADDRESS, host,
			STR("an MX host without an address"));
	for (size_t i = 0; answer == DNS_SAYS && i < found.n; i++) {
		enum lead there = check_address(o, host, found.texts[i]);

		lead = there > lead ? there : lead;
	}
	return lead;
}

static void check_hosts(struct outside *o, struct str domain, const struct dns_records *hosts)
{
	struct str names = join(o->arena, hosts);
	enum lead lead = LEAD_NOWHERE;

	for (size_t i = 0; i < hosts->n; i++) {
		enum lead there = check_host(o, hosts->texts[i]);

		lead = there > lead ? there : lead;
	}
	if (lead == LEAD_HERE)
		checkup_pass(o->checkup, "mx", domain, names);
	else if (lead == LEAD_ELSEWHERE)
		checkup_find(o->checkup, AILMENT_MX_ELSEWHERE, domain,
			arena_printf(o->arena, "leads to %.*s, and none greets as %.*s",
				STR_ARG(names), STR_ARG(o->me)));
}

/* Without an MX record mail goes to the domain's own address, RFC 5321 5.1. */
static void check_implicit(struct outside *o, struct str domain)
{
	struct dns_records hosts = { .texts = { domain }, .n = 1 }, found;

	if (dns_ask(o->dns, o->arena, DNS_RECORD_ADDRESS, domain, &found) != DNS_SAYS) {
		checkup_find(o->checkup, AILMENT_MX_NONE, domain,
			STR("has no MX record and no address"));
		return;
	}
	checkup_find(o->checkup, AILMENT_MX_IMPLICIT, domain,
		STR("has no MX record, and mail goes to its own address"));
	check_hosts(o, domain, &hosts);
}

static void check_domain(struct outside *o, struct str domain)
{
	struct dns_records hosts = { .n = 0 };

	switch (dns_ask(o->dns, o->arena, DNS_RECORD_MX, domain, &hosts)) {
	case DNS_SILENT:
		checkup_find(o->checkup, AILMENT_MX_SILENT, domain,
			STR("no DNS server tells its MX record"));
		break;
	case DNS_NONE:
		check_implicit(o, domain);
		break;
	case DNS_SAYS:
		if (!hosts.texts[0].n)
			checkup_find(o->checkup, AILMENT_MX_REFUSES, domain,
				STR("says that it takes no mail (a null MX record)"));
		else
			check_hosts(o, domain, &hosts);
		break;
	}
}

void doctor_outside(struct checkup *checkup, uint16_t port)
{
	struct outside *o = arena_zalloc(checkup->arena, sizeof *o);

	o->checkup = checkup;
	o->arena = checkup->arena;
	o->me = smtp_settings_hostname(checkup->config, o->arena);
	o->port = port;
	if (str_chr(o->me, '.') == STR_NPOS)
		checkup_find(checkup, AILMENT_HELO_UNQUALIFIED, o->me,
			STR("the name in the greeting has no domain"));
	read_domains(o);
	if (dns_new(config_str(checkup->config, CONFIG_DOMAIN_DNS_SERVERS), &o->dns)) {
		checkup_find(checkup, AILMENT_MX_SILENT, STR("domain.dns_servers"),
			STR("there is no server to ask"));
		return;
	}
	for (size_t i = 0; i < o->n_domains; i++)
		check_domain(o, o->domains[i]);
	dns_free(o->dns);
}
