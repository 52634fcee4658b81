#include "domain/org_domain.h"

#include "core/limits.h"

#include <libpsl.h>
#include <string.h>

struct str org_domain(struct str name)
{
	char room[LIMIT_DOMAIN_BYTES + 1];
	const char *registered;

	if (!name.n || name.n > LIMIT_DOMAIN_BYTES || name.p[0] == '[')
		return name;
	memcpy(room, name.p, name.n);
	room[name.n] = '\0';
	registered = psl_registrable_domain(psl_builtin(), room);
	return registered ? str_skip(name, (size_t)(registered - room)) : name;
}
