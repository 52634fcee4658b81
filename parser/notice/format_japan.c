/* parser/notice/format_japan.c -- the Japanese carriers, providers and filters. */
#include "parser/notice/format.h"

#define ROW(name, shape, pattern)                                                                  \
	{                                                                                          \
		STR_INIT(name), FORMAT_##shape, STR_INIT(pattern)                                  \
	}

static const struct format_anchor anchors[] = {
	ROW("ezweb", BELOW,
		"each of the following recipients was rejected by a remote mail server\\."),
	ROW("ezweb", BELOW, "the user\\(s\\) account is (disabled|temporarily limited)\\."),
	ROW("ezweb", BELOW, "the following recipients? (was|were|did) (not|rejected)[^\\n]*\\."),
	ROW("kddi", INLINE, "could not be delivered to: <"),
	ROW("kddi", INLINE, "your mail attempted to be delivered on[^<]*<"),
	ROW("docomo", BELOW, "the following address(es)? (had|was|were)"),
	/* "the message could not be sent to the address(es) below" and its variants */
	ROW("mfilter", BELOW,
		"\xE4\xBB\xA5\xE4\xB8\x8B\xE3\x81\xAE\xE3\x83\xA1\xE3\x83\xBC\xE3\x83\xAB\xE3\x82"
		"\xA2\xE3\x83\x89\xE3\x83\xAC\xE3\x82\xB9\xE3\x81\xB8\xE3\x81\xAE\xE9\x80\x81\xE4"
		"\xBF\xA1\xE3\x81\xAB\xE5\xA4\xB1\xE6\x95\x97\xE3\x81\x97\xE3\x81\xBE\xE3\x81\x97"
		"\xE3\x81\x9F"),
	ROW("x1", BELOW, "-{3,} *the following addresses had delivery errors *-{3,}"),
	ROW("x2", INLINE, "^ *delivery failed: "),
	ROW("generic-ja", BELOW,
		"\xE6\xAC\xA1\xE3\x81\xAE(\xE3\x81\x82\xE3\x81\xA6\xE5\x85\x88|"
		"\xE5\xAE\x9B\xE5\x85\x88)"),
};

const struct format_family format_japan = { anchors, ARRAY_LEN(anchors), FORMAT_OWN };
