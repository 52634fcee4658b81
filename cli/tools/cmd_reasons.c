/* cli/tools/cmd_reasons.c -- `bounced reasons`: the closed list, for people. */
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/tools/reasons_page.h"
#include "core/attr.h"
#include "core/reason.h"

#include <stdio.h>

enum { REASONS_PAGE_BYTES = 1 << 17 };

static void print_list(void)
{
	for (size_t i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		enum reason reason = (enum reason)i;

		printf("%-22.*s %-5.*s %.*s\n", STR_ARG(reason_name(reason)),
			STR_ARG(reason_class_name(reason_class(reason))),
			STR_ARG(reason_meaning(reason)));
	}
}

static void print_page(void)
{
	struct buf page = BUF_INIT(REASONS_PAGE_BYTES);

	reasons_page_write(&page);
	fwrite(page.p, 1, page.n, stdout);
	buf_release(&page);
}

int cmd_reasons(int argc, char **argv)
{
	bool page = false, help;
	const struct command_option options[] = { { "--page", NULL, &page } };

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc > 1)
		return command_misused("reasons", "does not take \"%s\"", argv[1]);
	if (page)
		print_page();
	else
		print_list();
	return fflush(stdout) ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}
