#include "cli/command/command_since.h"

#include "core/str.h"
#include "core/timestamp.h"

enum { SINCE_DAYS_MAX = 36500 };

bool command_since(const char *text, uint64_t preset_days, int64_t now_us, int64_t *ret_since_us)
{
	struct str s = str_c(text ? text : "");
	uint64_t days = preset_days;

	if (text && !str_ends(s, STR("d")))
		return timestamp_parse(s, ret_since_us);
	if (text && !str_to_u64(str_head(s, s.n - 1), SINCE_DAYS_MAX, &days))
		return false;
	*ret_since_us = now_us - (int64_t)days * TIMESTAMP_DAY_US;
	return true;
}
