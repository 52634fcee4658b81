/* cli/suppress/cmd_suppress_amend.h -- `bounced suppress undo|holds|release|discard`: events that are not to be believed. */
#pragma once
#include "cli/suppress/suppress_command.h"

int cmd_suppress_undo(struct suppress *s);
int cmd_suppress_holds(struct suppress *s);
int cmd_suppress_release(struct suppress *s);
int cmd_suppress_discard(struct suppress *s);
