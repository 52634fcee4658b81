#include "parser/notice/challenge.h"

#include "parser/text/sieve.h"

enum {
	CHALLENGE_BYTES = 2048, /* a challenge says what it wants at once */
	PROMISE_BYTES = 48,     /* from "your message" to what will become of it */
};

/* Words that nothing else has. */
static const struct str sure[] = { STR_INIT("has been waitlisted"),
	STR_INIT("add yourself to my boxbe guest list"), STR_INIT("spamarrest.com"),
	STR_INIT("sender verification is required"), STR_INIT("verify that you are a human"),
	STR_INIT("prove that you are a human"), STR_INIT("confirm that you are a person"),
	STR_INIT("tmda challenge"), STR_INIT("requires confirmation of your message"),
	STR_INIT("to confirm that your message is legitimate"),
	STR_INIT("spamblocker verification"),
	STR_INIT("please click the link below to verify your e-mail address so"),
	STR_INIT("your message will be delivered once you"),
	STR_INIT("is being held because the address"), STR_INIT("challenge/response"),
	STR_INIT("challenge-response") };

/* The sender is to become known. */
static const struct str approvals[] = { STR_INIT("approve"), STR_INIT("is allowed"),
	STR_INIT("be allowed"), STR_INIT("allow list"), STR_INIT("allowlist"),
	STR_INIT("allowed senders"), STR_INIT("whitelist"), STR_INIT("white list"),
	STR_INIT("white-list"), STR_INIT("guest list"), STR_INIT("list of guests"),
	STR_INIT("list of friends"), STR_INIT("known senders"), STR_INIT("trusted sender"),
	STR_INIT("list of senders"), STR_INIT("verify"), STR_INIT("verification"),
	STR_INIT("confirm"), STR_INIT("authoriz"), STR_INIT("authoris"), STR_INIT("a human"),
	STR_INIT("a real person"), STR_INIT("whom i know"), STR_INIT("people i know") };
/* Lists that are kept for nothing else. */
static const struct str lists[] = { STR_INIT("guest list"), STR_INIT("list of guests"),
	STR_INIT("approved senders"), STR_INIT("pre-approved"), STR_INIT("preapproved"),
	STR_INIT("list of approved"), STR_INIT("whitelist"), STR_INIT("white list") };
/* Where the sender's mail is. */
static const struct str mails[] = { STR_INIT("your mail"), STR_INIT("your message"),
	STR_INIT("your e-mail"), STR_INIT("your email"), STR_INIT("your letter"),
	STR_INIT("your original m") };
/* What will become of it, right behind. */
static const struct str promises[] = { STR_INIT("deliver"), STR_INIT("reach"), STR_INIT("hand"),
	STR_INIT("releas"), STR_INIT("get through"), STR_INIT("let through"), STR_INIT("arriv"),
	STR_INIT("inbox"), STR_INIT("move"), STR_INIT("pass"), STR_INIT("come through"),
	STR_INIT("be read") };
static const struct str futures[] = { STR_INIT("will"), STR_INIT("moves"), STR_INIT("can be"),
	STR_INIT("is deliver"), STR_INIT("is releas"), STR_INIT("shall"),
	STR_INIT("to be deliver") };
static const struct str acts[] = { STR_INIT("http://"), STR_INIT("https://"), STR_INIT("click"),
	STR_INIT("reply to this"), STR_INIT("captcha"), STR_INIT("fill out"), STR_INIT("fill in") };

#define OCCURS(s, words) sieve_any((s), (words), ARRAY_LEN(words))

/* "then your mail will be handed over": what is said of the sender's own mail. */
static bool promises_delivery(struct str text)
{
	for (size_t i = 0; i < ARRAY_LEN(mails); i++) {
		struct str rest = text;
		size_t at;

		while (at = str_ifind(rest, mails[i]), at != STR_NPOS) {
			rest = str_skip(rest, at + mails[i].n);
			if (OCCURS(str_head(rest, PROMISE_BYTES), futures) &&
				OCCURS(str_head(rest, PROMISE_BYTES), promises))
				return true;
		}
	}
	return false;
}

static bool named_challenge(const struct notice *notice)
{
	return str_istarts(notice->from_address, STR("challenge")) ||
	       str_ifind(notice_header(notice, STR("Return-Path")), STR("<challenge")) != STR_NPOS;
}

/* A newsletter asks for a confirmation as well, of an address and not of a mail that it holds. */
bool challenge_is(const struct notice *notice)
{
	struct str text = str_head(notice->text, CHALLENGE_BYTES);

	if (OCCURS(text, sure))
		return true;
	if (OCCURS(str_head(notice->status_text, CHALLENGE_BYTES), lists))
		return true;
	if (!OCCURS(text, approvals))
		return false;
	if (named_challenge(notice))
		return true;
	return promises_delivery(text) && (OCCURS(text, lists) || OCCURS(text, acts));
}
