/* parser/text/date.h -- the dates of mail: RFC 5322 3.3 with its obsolete forms, and what servers write
 * instead of it. Knows: the grammar, the zones by name of RFC 5322 4.3. Does not know the clock: no
 * date is judged by "now". Pure. */
#pragma once
#include "core/attr.h"
#include "core/str.h"
#include "core/timestamp.h"

/* True and the moment; false for what no calendar has or what lies outside 1970 to 2100. Text without
 * a zone is taken as UTC; text behind the zone is ignored. */
bool date_parse(struct str text, int64_t *ret_at_us);
