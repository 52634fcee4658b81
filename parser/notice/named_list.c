#include "parser/notice/named_list.h"

void named_list_read(struct entry_source *source, struct str address)
{
	struct str rest = source->rest, line, bare;

	while (str_next_line(&rest, &line)) {
		bare = str_trim(line);
		bare = str_skip(bare, str_span(bare, "<*-"));
		if (!str_istarts(bare, address) ||
			str_span(str_skip(bare, address.n), ">: \t") != bare.n - address.n)
			continue;
		source->rest = str_skip(source->rest, (size_t)(line.p - source->rest.p));
		source->region = source->rest;
		entries_below(source, ENTRY_ADDRESS);
		return;
	}
}
