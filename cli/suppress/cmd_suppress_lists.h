/* cli/suppress/cmd_suppress_lists.h -- `bounced suppress export|import|formats`. */
#pragma once
#include "cli/suppress/suppress_command.h"

int cmd_suppress_export(struct suppress *s);
int cmd_suppress_import(struct suppress *s);
/* Asks no database. */
int cmd_suppress_formats(void);
