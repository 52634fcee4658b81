#include "store/cluster/cluster_find.h"

#include "store/cluster/cluster_run.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where packages put each major version: the folder is `before`, the number, `behind`. */
static const struct place {
	const char *parent, *before, *behind;
} places[] = {
	{ "/usr/lib/postgresql", "", "/bin" }, /* Debian */
	{ "/usr", "pgsql-", "/bin" },          /* PostgreSQL's own packages for Red Hat */
};

static bool has_programs(struct arena *arena, const char *bin_dir)
{
	return access(arena_printf(arena, "%s/postgres", bin_dir).p, X_OK) == 0 &&
	       access(arena_printf(arena, "%s/initdb", bin_dir).p, X_OK) == 0;
}

static const char *place_dir(struct arena *arena, const struct place *place, unsigned major)
{
	return arena_printf(arena, "%s/%s%u%s", place->parent, place->before, major, place->behind)
		.p;
}

static unsigned newest_in(struct arena *arena, const struct place *place)
{
	DIR *dir = opendir(place->parent);
	unsigned newest = 0;
	struct dirent *entry;
	uint64_t major;

	while (dir && (entry = readdir(dir))) {
		struct str name = str_c(entry->d_name);

		if (str_starts(name, str_c(place->before)) &&
			str_to_u64(str_skip(name, strlen(place->before)), 999, &major) &&
			major > newest &&
			has_programs(arena, place_dir(arena, place, (unsigned)major)))
			newest = (unsigned)major;
	}
	if (dir)
		closedir(dir);
	return newest;
}

enum err cluster_find_newest(struct arena *arena, struct buf *problem, const char **ret_bin_dir)
{
	const struct place *best = NULL;
	unsigned newest = CLUSTER_MIN_MAJOR - 1;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		unsigned major = newest_in(arena, &places[i]);

		if (major > newest) {
			newest = major;
			best = &places[i];
		}
	}
	if (!best) {
		buf_printf(problem,
			"no PostgreSQL %d or later is installed: install it, or set "
			"database.bin_dir or database.url",
			CLUSTER_MIN_MAJOR);
		return ERR_NOT_FOUND;
	}
	*ret_bin_dir = place_dir(arena, best, newest);
	return ERR_OK;
}

const char *cluster_find_major(struct arena *arena, unsigned major)
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const char *bin_dir = place_dir(arena, &places[i], major);

		if (has_programs(arena, bin_dir))
			return bin_dir;
	}
	return NULL;
}

unsigned cluster_newest_major(struct arena *arena)
{
	unsigned newest = 0;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		unsigned major = newest_in(arena, &places[i]);

		newest = major > newest ? major : newest;
	}
	return newest;
}

/* The old programs are needed even where newer ones are: they alone read the folder. */
static enum err find_programs_of(
	struct arena *arena, unsigned major, struct buf *problem, const char **ret_bin_dir)
{
	const char *bin_dir = cluster_find_major(arena, major);
	unsigned newest = cluster_newest_major(arena);

	if (bin_dir) {
		*ret_bin_dir = bin_dir;
		return ERR_OK;
	}
	buf_printf(problem,
		"the data folder is of PostgreSQL %u, whose programs are not installed: install "
		"PostgreSQL %u",
		major, major);
	if (newest > major)
		buf_printf(problem,
			" beside %u, and then run \"bounced db upgrade\"; or move the folder away "
			"and give a dump to \"bounced db restore\"",
			newest);
	return ERR_UNSUPPORTED;
}

/* "postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)" -> 15; 0: no such program, or not that. */
unsigned cluster_program_major(struct arena *arena, const char *bin_dir)
{
	const char *program = arena_printf(arena, "%s/postgres", bin_dir).p;
	const char *const argv[] = { program, "-V" }, *const envp[] = { "LC_ALL=C" };
	const struct str lead = STR("postgres (PostgreSQL) ");
	struct buf output = BUF_INIT(4096);
	uint64_t major = 0;
	struct str text;

	if (cluster_run(cluster_vector(arena, argv, 2), cluster_vector(arena, envp, 1), &output) ==
		ERR_OK) {
		text = buf_str(&output);
		text = str_starts(text, lead) ? str_skip(text, lead.n) : STR_EMPTY;
		if (!str_to_u64(str_head(text, str_span(text, "0123456789")), 999, &major))
			major = 0;
	}
	buf_release(&output);
	return (unsigned)major;
}

static enum err check_configured(
	struct arena *arena, const char *bin_dir, unsigned data_major, struct buf *problem)
{
	unsigned major = cluster_program_major(arena, bin_dir);

	if (!has_programs(arena, bin_dir) || major < CLUSTER_MIN_MAJOR) {
		buf_printf(problem,
			"%s (database.bin_dir) does not hold initdb and postgres of PostgreSQL "
			"%d or later",
			bin_dir, CLUSTER_MIN_MAJOR);
		return ERR_NOT_FOUND;
	}
	if (data_major && data_major != major) {
		buf_printf(problem,
			"the data folder is of PostgreSQL %u and %s (database.bin_dir) of %u: %s",
			data_major, bin_dir, major,
			major > data_major ? "run \"bounced db upgrade\", or name that version"
					   : "name that version or a later one");
		return ERR_UNSUPPORTED;
	}
	return ERR_OK;
}

enum err cluster_data_major(
	struct arena *arena, struct str dir, struct buf *problem, unsigned *ret_major)
{
	const char *path = arena_printf(arena, "%.*s/PG_VERSION", STR_ARG(dir)).p;
	char text[16] = "";
	uint64_t major = 0;
	struct stat st;
	FILE *file;

	if (lstat(arena_c(arena, dir), &st)) {
		*ret_major = 0;
		return ERR_OK;
	}
	file = fopen(path, "re");
	if (file && !fgets(text, sizeof text, file))
		text[0] = '\0';
	if (file)
		fclose(file);
	if (!str_to_u64(str_trim(str_c(text)), 999, &major) || !major) {
		buf_printf(problem,
			"%.*s is there and is no PostgreSQL data folder of this user (no "
			"PG_VERSION in it): move it away or choose another data folder",
			STR_ARG(dir));
		return ERR_CORRUPT;
	}
	*ret_major = (unsigned)major;
	return ERR_OK;
}

enum err cluster_find_programs(struct arena *arena, const char *configured, struct str dir,
	struct buf *problem, const char **ret_bin_dir)
{
	unsigned major = 0;
	enum err err = cluster_data_major(arena, dir, problem, &major);

	if (err)
		return err;
	if (configured && configured[0]) {
		err = check_configured(arena, configured, major, problem);
		if (!err)
			*ret_bin_dir = arena_c(arena, str_c(configured));
		return err;
	}
	if (major)
		return find_programs_of(arena, major, problem, ret_bin_dir);
	return cluster_find_newest(arena, problem, ret_bin_dir);
}
