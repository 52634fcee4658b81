/* library/error.h -- our errors in the words of the public header. Pure. */
#pragma once
#include "core/err.h"
#include "library/bounced_parser.h"

/* ERR_NOT_FOUND is a file that is not there; where it ends a walk the caller says BOUNCED_END. */
enum bounced_error error_of(enum err err);
