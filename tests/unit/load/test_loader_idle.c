// links: load
// Check program of load/loader where no lane is there yet: a turn costs no memory, however many there are.
#define _GNU_SOURCE
#include "core/limits.h"
#include "load/loader.h"
#include "tests/support/cluster_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <malloc.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW ((int64_t)1795000000 * TIMESTAMP_SECOND_US)

enum { TURNS_BEFORE = 200, TURNS = 5000, GROWTH_BYTES = 64 * 1024 };

/* Of ASan's allocator, which mallinfo knows nothing of. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t bytes_in_use(void)
{
	return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
						       : mallinfo2().uordblks;
}

struct turns {
	unsigned n;
	size_t before, after; /* bytes that are in use */
	int stop_write;
};

/* The loader asks in each turn, since its descriptor is always readable. */
static int note_turn(void *context)
{
	struct turns *turns = context;

	turns->n++;
	if (turns->n == TURNS_BEFORE)
		turns->before = bytes_in_use();
	if (turns->n == TURNS) {
		turns->after = bytes_in_use();
		ck_assert_int_eq(write(turns->stop_write, "x", 1), 1);
	}
	return -1;
}

START_TEST(a_turn_without_a_lane_keeps_nothing)
{
	struct config *config = config_new();
	struct arena *arena = arena_new();
	struct store *store = fixture_migrated(NOW);
	struct turns turns = { 0 };
	struct loader *loader = NULL;
	char folder[] = "/tmp/bounced-loader-XXXXXX";
	int stop[2], parsers[2];
	struct str trouble;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(
		config_set(config, CONFIG_SERVER_DATA_DIR, str_c(folder), arena, &trouble), ERR_OK);
	ck_assert(!pipe(stop) && !pipe(parsers) && write(parsers[1], "x", 1) == 1);
	turns.stop_write = stop[1];
	ck_assert_int_eq(loader_new(config, &loader), ERR_OK);
	ck_assert_int_eq(loader_run(loader, store,
				 &(struct loader_outside){ .stop_fd = stop[0],
					 .parsers_fd = parsers[0],
					 .take_parser = note_turn,
					 .context = &turns }),
		ERR_OK);
	ck_assert(turns.n >= TURNS && turns.before);
	ck_assert_msg(turns.after <= turns.before + GROWTH_BYTES, "%zu bytes became %zu",
		turns.before, turns.after);
	loader_free(loader);
	store_close(store);
	config_free(config);
	arena_free(arena);
	for (int i = 0; i < 2; i++) {
		close(stop[i]);
		close(parsers[i]);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loader_idle");
	TCase *tests = tcase_create("idle");
	int failed;

	tcase_add_test(tests, a_turn_without_a_lane_keeps_nothing);
	suite_add_tcase(suite, tests);
	fixture_start();
	failed = suite_run(suite);
	fixture_stop();
	return failed;
}
