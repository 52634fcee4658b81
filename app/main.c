/* app/main.c -- main() alone; the rest of app is a library, so that tests can link it. */
#include "app/commands.h"

int main(int argc, char **argv)
{
	return command_run(argc, argv);
}
