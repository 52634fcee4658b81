#include "ingest/session/smtp_parameter.h"

#include "core/limits.h"
#include "ingest/session/smtp_xtext.h"

static enum smtp_reply take_size(struct smtp_parameters *mail, struct str value)
{
	uint64_t size;

	/* RFC 1870 4: up to 20 digits; more than fits is too large all the same. */
	if (!value.n || value.n > 20 || str_span(value, "0123456789") != value.n)
		return SMTP_SAY_PARAMETER_BAD;
	if (!str_to_u64(value, UINT64_MAX, &size) || size > mail->max_message_bytes)
		return SMTP_SAY_TOO_LARGE;
	return SMTP_SAY_NOTHING;
}

/* BINARYMIME is not offered (RFC 3030 3): it would let NUL and bare line ends into DATA too. */
static enum smtp_reply take_body(struct smtp_parameters *mail, struct str value)
{
	if (str_ieq(value, STR("8BITMIME")))
		mail->flags |= ENVELOPE_8BITMIME;
	else if (!str_ieq(value, STR("7BIT")))
		return SMTP_SAY_PARAMETER_BAD;
	return SMTP_SAY_NOTHING;
}

static enum smtp_reply take_smtputf8(struct smtp_parameters *mail, struct str value)
{
	if (value.n)
		return SMTP_SAY_PARAMETER_BAD;
	mail->flags |= ENVELOPE_SMTPUTF8;
	return SMTP_SAY_NOTHING;
}

/* RFC 3461 4.3 */
static enum smtp_reply take_ret(struct smtp_parameters *mail, struct str value)
{
	if (str_ieq(value, STR("FULL")))
		mail->ret = RET_FULL;
	else if (str_ieq(value, STR("HDRS")))
		mail->ret = RET_HDRS;
	else
		return SMTP_SAY_PARAMETER_BAD;
	return SMTP_SAY_NOTHING;
}

/* 4.4 */
static enum smtp_reply take_envid(struct smtp_parameters *mail, struct str value)
{
	if (!value.n || value.n > LIMIT_ENVID_BYTES || !smtp_xtext_good(value, SMTP_XTEXT_ASCII))
		return SMTP_SAY_PARAMETER_BAD;
	mail->envid = value;
	return SMTP_SAY_NOTHING;
}

/* 4.1: NEVER stands alone. */
static enum smtp_reply take_notify(struct smtp_parameters *rcpt, struct str value)
{
	static const struct {
		struct str word;
		uint32_t bit;
	} words[] = { { STR_INIT("NEVER"), NOTIFY_NEVER }, { STR_INIT("SUCCESS"), NOTIFY_SUCCESS },
		{ STR_INIT("FAILURE"), NOTIFY_FAILURE }, { STR_INIT("DELAY"), NOTIFY_DELAY } };
	struct str word;

	while (str_next_word(&value, ",", &word)) {
		uint32_t bit = 0;

		for (size_t i = 0; i < ARRAY_LEN(words); i++)
			if (str_ieq(word, words[i].word))
				bit = words[i].bit;
		if (!bit)
			return SMTP_SAY_PARAMETER_BAD;
		rcpt->notify |= bit;
	}
	if (!rcpt->notify || (rcpt->notify & NOTIFY_NEVER && rcpt->notify != NOTIFY_NEVER))
		return SMTP_SAY_PARAMETER_BAD;
	return SMTP_SAY_NOTHING;
}

/* 4.2: an address type, which is an atom, and xtext. */
static enum smtp_reply take_orcpt(struct smtp_parameters *rcpt, struct str value)
{
	struct str type, address;
	bool utf8 = rcpt->flags & ENVELOPE_SMTPUTF8;

	if (value.n > LIMIT_ORCPT_BYTES || !str_cut(value, ';', &type, &address) || !address.n)
		return SMTP_SAY_PARAMETER_BAD;
	for (size_t i = 0; i < type.n; i++)
		if (!ascii_alpha(type.p[i]) && !ascii_digit(type.p[i]) && type.p[i] != '-')
			return SMTP_SAY_PARAMETER_BAD;
	if (!type.n || !smtp_xtext_good(address, utf8 ? SMTP_XTEXT_UTF8 : SMTP_XTEXT_ASCII))
		return SMTP_SAY_PARAMETER_BAD;
	rcpt->orcpt = value;
	return SMTP_SAY_NOTHING;
}

static const struct {
	enum smtp_parameter_set set;
	struct str keyword;
	enum smtp_reply (*take)(struct smtp_parameters *parameters, struct str value);
} parameter_table[] = {
	{ SMTP_OF_MAIL, STR_INIT("SIZE"), take_size },
	{ SMTP_OF_MAIL, STR_INIT("BODY"), take_body },
	{ SMTP_OF_MAIL, STR_INIT("SMTPUTF8"), take_smtputf8 },
	{ SMTP_OF_MAIL, STR_INIT("RET"), take_ret },
	{ SMTP_OF_MAIL, STR_INIT("ENVID"), take_envid },
	{ SMTP_OF_RCPT, STR_INIT("NOTIFY"), take_notify },
	{ SMTP_OF_RCPT, STR_INIT("ORCPT"), take_orcpt },
};

static enum smtp_reply take_one(struct smtp_parameters *parameters, enum smtp_parameter_set set,
	struct str word, unsigned *seen)
{
	struct str keyword = word, value = STR_EMPTY;
	bool has_value = str_cut(word, '=', &keyword, &value);

	for (size_t i = 0; i < ARRAY_LEN(parameter_table); i++) {
		if (parameter_table[i].set != set || !str_ieq(keyword, parameter_table[i].keyword))
			continue;
		if (*seen & 1u << i || (has_value && !value.n))
			return SMTP_SAY_PARAMETER_BAD;
		*seen |= 1u << i;
		return parameter_table[i].take(parameters, value);
	}
	return SMTP_SAY_PARAMETER_UNKNOWN;
}

enum smtp_reply smtp_parameters_take(
	struct smtp_parameters *parameters, enum smtp_parameter_set set, struct str text)
{
	struct str word;
	unsigned seen = 0;

	while (str_next_word(&text, " ", &word)) {
		enum smtp_reply reply = take_one(parameters, set, word, &seen);

		if (reply)
			return reply;
	}
	return SMTP_SAY_NOTHING;
}
