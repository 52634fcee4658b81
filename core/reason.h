/* core/reason.h -- why a delivery failed: the closed list, its classes, and other products' names.
 * Knows: reason.def. Does not know how a text is judged (parser/reason/classify does). Pure. */
#pragma once
#include "core/str.h"

enum reason_class { CLASS_NONE, CLASS_HARD, CLASS_SOFT, CLASS_BLOCK, CLASS_COUNT };
enum reason_about {
	ABOUT_NONE,
	ABOUT_RECIPIENT,
	ABOUT_DOMAIN,
	ABOUT_NETWORK,
	ABOUT_CONTENT,
	ABOUT_SENDER,
	ABOUT_UNKNOWN,
	ABOUT_COUNT
};
enum reason {
	REASON_NONE, /* an outcome that is no failure has none; null on the wire */
#define REASON(id, name, class, about, meaning, ...) REASON_##id,
#include "core/reason.def"
	REASON_COUNT
};
enum taxonomy {
	TAXONOMY_SISIMAI,
	TAXONOMY_POWERMTA,
	TAXONOMY_KUMOMTA,
	TAXONOMY_SPARKPOST,
	TAXONOMY_SES,
	TAXONOMY_POSTMARK,
	TAXONOMY_SENDGRID,
	TAXONOMY_MAILGUN,
	TAXONOMY_COUNT
};

/* "recipient.unknown"; empty for REASON_NONE. */
struct str reason_name(enum reason reason);
bool reason_from_name(struct str name, enum reason *ret_reason);
enum reason_class reason_class(enum reason reason);
enum reason_about reason_about(enum reason reason);
struct str reason_meaning(enum reason reason);
/* Empty where the other product has no word for it. */
struct str reason_in_taxonomy(enum reason reason, enum taxonomy taxonomy);

/* "hard", "soft", "block"; empty for CLASS_NONE. */
struct str reason_class_name(enum reason_class class);
bool reason_class_from_name(struct str name, enum reason_class *ret_class);
struct str reason_about_name(enum reason_about about);
struct str taxonomy_name(enum taxonomy taxonomy);
bool taxonomy_from_name(struct str name, enum taxonomy *ret_taxonomy);
