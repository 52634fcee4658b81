// links: ingest/intake
// Check program of ingest/intake/import_window: every message is settled once and behind its own record, with a spool that is
// roomy, that is full until a loader makes room, and that stays full.
#include "ingest/intake/import_window.h"
#include "spool/spool.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 100 << 10, WAITS = 1000, PAUSE_US = 10000 };

/* A folder with an import lane of at most 16 MiB, and the loader that reads it: it knows what is durable. */
struct scene {
	char folder[64];
	struct config *config;
	struct intake *intake;
	struct import_window *window;
	struct spool_reader *reader;
	bool together;
	bool loads; /* a wait for room is one for this reader */
	unsigned waits;
	size_t settled, read;
	unsigned char seen[1000]; /* 1: settled, 2: read, of each message */
};

static size_t number_of(struct str message)
{
	uint64_t number;

	ck_assert(str_to_u64(str_head(message, 3), 999, &number));
	return number;
}

static void read_records(struct scene *scene)
{
	struct spool_record record;

	while (spool_reader_next(scene->reader, &record) == ERR_OK) {
		size_t number = number_of(record.message);

		ck_assert_int_eq(record.kind, SPOOL_MESSAGE);
		ck_assert_msg(!(scene->seen[number] & 2), "%zu is in the spool twice", number);
		scene->seen[number] |= 2;
		scene->read++;
		if (scene->loads) /* else nothing may be deleted */
			spool_reader_publish(scene->reader, record.sequence);
	}
}

static void settled(void *context, const struct import_item *item)
{
	struct scene *scene = context;
	size_t number = number_of(item->mail.bytes);

	read_records(scene);
	ck_assert_msg(scene->seen[number] == 2, "%zu: %d", number, scene->seen[number]);
	ck_assert_str_eq(item->file.p, "a file");
	scene->seen[number] |= 1;
	scene->settled++;
}

static enum err wait_for_room(
	void *context, const struct import_item *item, enum err why, unsigned attempt)
{
	struct scene *scene = context;

	(void)item;
	ck_assert_int_eq(why, ERR_NO_SPACE);
	scene->waits++;
	if (!scene->loads || attempt > WAITS)
		return ERR_CLOSED;
	read_records(scene);
	usleep(PAUSE_US);
	return ERR_OK;
}

static void set(struct scene *scene, enum config_id id, const char *value)
{
	struct arena *arena = arena_new();
	struct str trouble;

	ck_assert(!config_set(scene->config, id, str_c(value), arena, &trouble));
	arena_free(arena);
}

static void open_scene(struct scene *scene)
{
	const struct import_window_calls calls = { settled, wait_for_room, scene, scene->together };
	char path[96];

	strcpy(scene->folder, "/tmp/bounced-window-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(scene->folder));
	scene->config = config_new();
	set(scene, CONFIG_SERVER_DATA_DIR, scene->folder);
	set(scene, CONFIG_SPOOL_SEGMENT_BYTES, "1048576");
	set(scene, CONFIG_SPOOL_QUOTA_BYTES, "16777216");
	set(scene, CONFIG_SPOOL_RETENTION_S, "0");
	set(scene, CONFIG_SPOOL_MIN_FREE_BYTES, "1");
	ck_assert(!intake_open(scene->config, "import", 0, &scene->intake));
	snprintf(path, sizeof path, "%s/spool/import", scene->folder);
	ck_assert(!spool_reader_open(path, &scene->reader));
	scene->window = import_window_new(scene->intake, &calls);
}

static void close_scene(struct scene *scene)
{
	char command[96];

	import_window_free(scene->window);
	spool_reader_close(scene->reader);
	intake_close(scene->intake);
	config_free(scene->config);
	snprintf(command, sizeof command, "rm -rf %s", scene->folder);
	ck_assert_int_eq(system(command), 0);
}

/* n messages that differ in their first bytes; ends where the window takes no more. */
static enum err add(struct scene *scene, size_t n)
{
	char bytes[MESSAGE_BYTES] = "", file[] = "a file, and more";
	struct str recipient = STR("news@bounces.example");
	struct import_item item = { .mail = { .source = SOURCE_IMPORT,
					    .stream = STR("default"),
					    .recipients = &recipient,
					    .n_recipients = 1,
					    .bytes = str_from(bytes, sizeof bytes) },
		.file = str_from(file, 6) };
	enum err err = ERR_OK;

	memset(bytes, 'x', sizeof bytes);
	for (size_t i = 0; i < n && !err; i++) {
		char number[24];

		snprintf(number, sizeof number, "%03zu", i);
		memcpy(bytes, number, 3);
		err = import_window_add(scene->window, &item);
	}
	return err;
}

START_TEST(roomy)
{
	struct scene scene = { 0 };

	open_scene(&scene);
	ck_assert(!add(&scene, 100));
	ck_assert(!import_window_finish(scene.window));
	ck_assert_uint_eq(scene.settled, 100);
	ck_assert_uint_eq(scene.waits, 0);
	close_scene(&scene);
}
END_TEST

/* Half of a window waits for the rest, or for the end. */
START_TEST(held_until_finished)
{
	struct scene scene = { .together = true };

	open_scene(&scene);
	ck_assert(!add(&scene, 20));
	usleep(PAUSE_US);
	read_records(&scene);
	ck_assert_uint_eq(scene.read, 0);
	ck_assert(!import_window_finish(scene.window));
	ck_assert_uint_eq(scene.settled, 20);
	close_scene(&scene);
}
END_TEST

START_TEST(full_until_loaded)
{
	struct scene scene = { .loads = true, .together = _i };

	open_scene(&scene);
	ck_assert(!add(&scene, 400));
	ck_assert(!import_window_finish(scene.window));
	ck_assert_uint_eq(scene.settled, 400);
	ck_assert_uint_eq(scene.read, 400);
	close_scene(&scene);
}
END_TEST

START_TEST(full_for_good)
{
	struct scene scene = { .loads = false, .together = _i };

	open_scene(&scene);
	ck_assert_int_eq(add(&scene, 400), ERR_CLOSED);
	ck_assert_int_eq(import_window_finish(scene.window), ERR_CLOSED);
	read_records(&scene);
	ck_assert_uint_eq(scene.settled, scene.read);
	ck_assert_uint_lt(scene.settled, 400);
	close_scene(&scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("import_window");
	TCase *tcase = tcase_create("import_window");

	tcase_add_test(tcase, roomy);
	tcase_add_test(tcase, held_until_finished);
	tcase_add_loop_test(tcase, full_until_loaded, 0, 2);
	tcase_add_loop_test(tcase, full_for_good, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
