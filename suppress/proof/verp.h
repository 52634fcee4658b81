/* suppress/proof/verp.h -- return paths that say whom the mail was for, of senders that do not sign.
 * Knows: templates such as `bounce+{local}={domain}@` or `{stream}-{campaign}-{id}@bounces.example.com`. They prove nothing:
 * whoever can write a bounce can write its return path. Does not know where templates come from. Pure.
 * Fields are read from the right, each as short as what stands before it allows: a domain has no =, a local part may. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

enum verp_field { VERP_LOCAL, VERP_DOMAIN, VERP_STREAM, VERP_CAMPAIGN, VERP_ID, VERP_FIELD_COUNT };
enum { VERP_PARTS = 12, VERP_TEMPLATES = 16 };

struct verp_template {
	struct {
		struct str literal;
		enum verp_field field; /* VERP_FIELD_COUNT: it is the literal */
	} part[VERP_PARTS];
	size_t n;
	struct str domain; /* of the return path; empty: any */
};
struct verp {
	struct verp_template template[VERP_TEMPLATES];
	size_t n;
};

/* Adds a template; texts are borrowed. ERR_SYNTAX: no @, an unknown field, one twice, or two with nothing between;
 * ERR_LIMIT. */
MUST_CHECK enum err verp_add(struct verp *verp, struct str text);
/* The fields of the first template that fits, empty where it has none. False: none fits. */
bool verp_read(const struct verp *verp, struct str address,
	struct str ret_fields[static VERP_FIELD_COUNT]);
/* "local@domain", if the fields have both and they are an address; else empty. */
struct str verp_recipient(struct arena *arena, const struct str fields[static VERP_FIELD_COUNT]);
