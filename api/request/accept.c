#include "api/request/accept.h"

enum { QUALITY_ONE = 1000 };

/* "0.5" in thousandths, RFC 9110 12.4.2; what is malformed counts as 1. */
static int read_quality(struct str text)
{
	int quality = 0, weight = 100;

	if (!text.n || text.p[0] != '0')
		return QUALITY_ONE;
	for (size_t i = 2; i < text.n && weight && ascii_digit(text.p[i]); i++, weight /= 10)
		quality += (text.p[i] - '0') * weight;
	return quality;
}

static int range_quality(struct str parameters)
{
	struct str parameter, name, value;

	while (str_next_word(&parameters, ";", &parameter))
		if (str_cut(parameter, '=', &name, &value) && str_ieq(str_trim(name), STR("q")))
			return read_quality(str_trim(value));
	return QUALITY_ONE;
}

/* 3: the type itself, 2: "text" and any subtype, 1: any type, 0: another. */
static int range_fits(struct str range, struct str type)
{
	if (str_ieq(range, type))
		return 3;
	if (str_eq(range, STR("*/*")))
		return 1;
	return str_ends(range, STR("/*")) && str_istarts(type, str_head(range, range.n - 1)) ? 2
											     : 0;
}

int accept_type(struct str accept, struct str type)
{
	int quality = 0, best_fit = 0;
	struct str item;

	while (str_next_word(&accept, ",", &item)) {
		struct str range = item, parameters = STR_EMPTY;
		int fit;

		(void)str_cut(item, ';', &range, &parameters);
		fit = range_fits(str_trim(range), type);
		if (fit <= best_fit)
			continue;
		best_fit = fit;
		quality = range_quality(parameters);
	}
	return quality;
}

bool accept_coding(struct str accept_encoding, struct str coding)
{
	int quality = 0;
	struct str item;

	while (str_next_word(&accept_encoding, ",", &item)) {
		struct str name = item, parameters = STR_EMPTY;

		(void)str_cut(item, ';', &name, &parameters);
		if (str_ieq(str_trim(name), coding))
			return range_quality(parameters) > 0;
		if (str_eq(str_trim(name), STR("*")))
			quality = range_quality(parameters);
	}
	return quality > 0;
}
