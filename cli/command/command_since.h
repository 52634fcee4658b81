/* cli/command/command_since.h -- how far back a command looks, as a person says it.
 * Knows: "30d", dates. Does not know the clock. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* "30d": so many days before now_us; else a date or date-time as timestamp_parse takes it; NULL: preset_days. */
bool command_since(const char *text, uint64_t preset_days, int64_t now_us, int64_t *ret_since_us);
