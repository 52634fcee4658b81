/* serve/exit_code.h -- what a command and a role tell whoever started them. */
#pragma once

enum exit_code {
	EXIT_CODE_OK = 0,
	EXIT_CODE_FAILED = 1, /* the work could not be done */
	EXIT_CODE_USAGE = 2,  /* the command line or the configuration is wrong */
	EXIT_CODE_NEVER = 3,  /* of a role: it would end the same way if it was started again */
};
