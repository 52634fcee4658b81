#include "serve/quickstart_hints.h"

#include "ingest/smtp/smtp_settings.h"

#include <stdio.h>

void quickstart_hints(const struct config *config)
{
	struct str smtp = smtp_settings_address(config),
		   api = config_str(config, CONFIG_API_LISTEN);

	if (!config_bool(config, CONFIG_SERVER_QUICKSTART_HINTS) || !smtp.n)
		return;
	printf("\nbounced is ready: SMTP on %.*s, HTTP on %.*s. Ctrl-C stops it.\n\n"
	       "In another terminal:\n"
	       "  ./run demo                                        send sample bounces and "
	       "volumes\n"
	       "  curl http://%.*s/v1/domains             failure rates per recipient domain\n"
	       "  curl 'http://%.*s/v1/events?limit=5'    what happened to whom, and why\n\n",
		STR_ARG(smtp), STR_ARG(api), STR_ARG(api), STR_ARG(api));
	fflush(stdout);
}
