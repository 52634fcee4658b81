#include "suppress/list/option.h"

bool option_next_group(struct str *rest, struct str *ret_text)
{
	bool quoted = false;
	size_t i = 0;

	while (i < rest->n && (quoted || rest->p[i] != ';'))
		quoted ^= rest->p[i++] == '"';
	*ret_text = str_trim(str_head(*rest, i));
	*rest = str_skip(*rest, i + 1);
	return i > 0 || rest->n;
}

bool option_next(struct str *rest, struct str *ret_key, struct str *ret_value)
{
	struct str word;
	size_t key;

	*rest = str_trim(*rest);
	if (!rest->n)
		return false;
	key = str_cspan(*rest, "= \t");
	*ret_key = str_head(*rest, key);
	*ret_value = STR_EMPTY;
	*rest = str_skip(*rest, key);
	if (!str_starts(*rest, STR("=")))
		return true;
	*rest = str_skip(*rest, 1);
	word = str_starts(*rest, STR("\"")) ? str_skip(*rest, 1) : *rest;
	*ret_value = str_head(word, str_cspan(word, word.p == rest->p ? " \t" : "\""));
	*rest = str_skip(word, ret_value->n + (word.p != rest->p));
	return true;
}
