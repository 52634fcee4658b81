// links: parser
// Check program of parser/reason/mask.
#include "parser/reason/mask.h"

#include <check.h>
#include <stdlib.h>

static const struct {
	const char *text, *masked;
} masks[] = {
	{ "", "" },
	{ "550 no names [here]", "550 no names [here]" },
	{ "550 <spam@virus.example>: no", "550 <xxxx@xxxxx.xxxxxxx>: no" },
	{ "550 spam@virus.example: no", "550 xxxx@virus.example: no" },
	{ "550 <spam@virus.example no", "550 <xxxx@virus.example no" },
	{ "to=<a-1.b@c.example>", "to=<x-x.x@x.xxxxxxx>" },
	{ "host spam.shop.example[192.0.2.1] said: spam",
		"host xxxx.xxxx.xxxxxxx[192.0.2.1] said: spam" },
	{ "host spam.shop.example [192.0.2.1]: spam", "host xxxx.xxxx.xxxxxxx [192.0.2.1]: spam" },
	{ "listed at zen.spam.example [192.0.2.1]", "listed at zen.spam.example [192.0.2.1]" },
	{ "unknown[192.0.2.1]", "unknown[192.0.2.1]" },
	{ "blocked.example[see]", "blocked.example[see]" },
	{ "a@@b@", "a@@b@" },
	{ "@", "@" },
	{ "[", "[" },
	{ "[1", "[1" },
	{ "<@a.example>", "<@x.xxxxxxx>" },
	{ "@spam.example", "@spam.example" },
};

START_TEST(names_are_masked)
{
	struct arena *arena = arena_new();
	struct str text = arena_dup(arena, str_c(masks[_i].text));

	ck_assert(str_eq(mask_names(arena, text), str_c(masks[_i].masked)));
	ck_assert(str_eq(text, str_c(masks[_i].text)));
	arena_free(arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parse_mask");
	TCase *names = tcase_create("names");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(names, names_are_masked, 0, sizeof masks / sizeof *masks);
	suite_add_tcase(suite, names);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
