/* cli/main.c -- main() alone; the rest of cli is a library, so that tests can link it. */
#include "cli/command.h"

int main(int argc, char **argv)
{
	return command_run(argc, argv);
}
