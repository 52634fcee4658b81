/* serve/settings/findings.h -- what is wrong with a configuration: all of it, each with where it stands.
 * Knows: which setting stands in which line. Does not know what is right. Texts are in `arena`.
 * Bounds: FINDINGS_MAX, behind which findings are only counted. */
#pragma once
#include "core/arena.h"
#include "core/config.h"

enum { FINDINGS_MAX = 64 };
enum finding_weight { FINDING_ERROR, FINDING_WARNING };

struct findings {
	struct arena *arena;
	const char *file;               /* that was read; NULL: none */
	unsigned lines[CONFIG_COUNT];   /* of it, where a setting stands; 0: it does not */
	bool environment[CONFIG_COUNT]; /* it comes from there */
	struct str texts[FINDINGS_MAX];
	enum finding_weight weights[FINDINGS_MAX];
	size_t n, errors;
};

void findings_init(struct findings *findings, struct arena *arena);
/* A `trouble` that begins with the name of a setting, `section.key: `, gets its file and line in front. */
void findings_add(struct findings *findings, enum finding_weight weight, struct str trouble);
/* One of a line of the file. */
void findings_add_at(struct findings *findings, unsigned line, struct str trouble);
/* "BOUNCED_SMTP_MAX_RECIPIENTS" for smtp.max_recipients. */
struct str findings_environment_name(struct arena *arena, const struct config_row *row);
