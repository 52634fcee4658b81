#define _GNU_SOURCE
#include "serve/node_status.h"

#include "core/buf.h"
#include "spool/node_page.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

_Static_assert((int)ROLE_COUNT <= (int)NODE_ROLES, "each role has its place");

enum { ROLES_FILE_BYTES = 4096 };

struct node_status {
	struct node_page *page; /* NULL: none */
	int fd;
	int64_t looked_ms;
	char file[PATH_MAX];    /* without the role's name */
	struct buf text;        /* of the file */
	struct buf told, known; /* all but the moments: now, and when the file was written */
};

/* Nobody but who has it open already can write to it from now on. */
static int make_page(struct node_page **ret_page)
{
	int fd = memfd_create("node", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *page;

	if (fd < 0)
		return -1;
	page = ftruncate(fd, sizeof **ret_page)
		       ? MAP_FAILED
		       : mmap(NULL, sizeof **ret_page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE)) {
		if (page != MAP_FAILED)
			munmap(page, sizeof **ret_page);
		close(fd);
		return -1;
	}
	*ret_page = page;
	return fd;
}

struct node_status *node_status_new(struct str data_dir)
{
	struct node_status *status = calloc(1, sizeof *status);

	if (!status)
		abort();
	status->fd = make_page(&status->page);
	snprintf(status->file, sizeof status->file, "%.*s/roles", STR_ARG(data_dir));
	buf_init(&status->text, ROLES_FILE_BYTES);
	buf_init(&status->told, ROLES_FILE_BYTES);
	buf_init(&status->known, ROLES_FILE_BYTES);
	for (int i = 0; status->page && i < ROLE_COUNT; i++)
		snprintf(status->page->roles[i].name, NODE_NAME_BYTES, "%s",
			role_name((enum role_id)i));
	return status;
}

int node_status_fd(const struct node_status *status)
{
	return status->fd;
}

void node_status_died(struct node_status *status, enum role_id role)
{
	if (status->page)
		atomic_fetch_add(&status->page->roles[role].restarts, 1);
}

/* ---- one look ---- */

struct process {
	uint64_t cpu_ms, resident_bytes, virtual_bytes, open_fds;
};

/* Newer kernels say it as the folder's size; older ones have it counted. */
static uint64_t count_fds(pid_t pid)
{
	char path[64];
	struct stat st;
	uint64_t n = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	if (!stat(path, &st) && st.st_size > 0)
		return (uint64_t)st.st_size;
	dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n > 2 ? n - 2 : 0; /* . and .. */
}

/* proc(5): fields 14 and 15 are ticks, 23 bytes, 24 pages; they begin behind the name, which may hold anything. */
static bool read_process(pid_t pid, struct process *ret_process)
{
	char path[64], text[1024];
	uint64_t user, kernel, bytes, pages;
	const char *rest;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	rest = strrchr(text, ')');
	if (!rest || sscanf(rest,
			     ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
			     " %*d %*d %*d %*d %*d %*d %*u %" SCNu64 " %" SCNu64,
			     &user, &kernel, &bytes, &pages) != 4)
		return false;
	*ret_process = (struct process){ (user + kernel) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK),
		pages * (uint64_t)sysconf(_SC_PAGESIZE), bytes, count_fds(pid) };
	return true;
}

static int64_t wall_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void add_child(struct node_role *sum, const struct child *child, int64_t age_ms)
{
	struct process process;
	uint64_t started_ms = (uint64_t)(wall_clock_ms() - age_ms);

	if (!read_process(child->pid, &process))
		return;
	sum->processes++;
	sum->cpu_ms += process.cpu_ms;
	sum->resident_bytes += process.resident_bytes;
	sum->virtual_bytes += process.virtual_bytes;
	sum->open_fds += process.open_fds;
	if (started_ms > sum->started_ms)
		sum->started_ms = started_ms;
}

static void publish(struct node_role *role, const struct node_role *sum)
{
	atomic_store(&role->processes, sum->processes);
	atomic_store(&role->cpu_ms, sum->cpu_ms);
	atomic_store(&role->resident_bytes, sum->resident_bytes);
	atomic_store(&role->virtual_bytes, sum->virtual_bytes);
	atomic_store(&role->open_fds, sum->open_fds);
	atomic_store(&role->started_ms, sum->started_ms);
}

/* ---- the file ---- */

/* One that has not been started yet waits for the schema, and is not missed. */
static bool is_meant(const struct child *child)
{
	bool begun = child->started_ms || child->failures;

	return begun && child->state != CHILD_ENDED && !(role_flags(child->role) & ROLE_ONE_SHOT);
}

static void put_role(struct node_status *status, enum role_id id, uint64_t meant)
{
	const struct node_role *role = &status->page->roles[id];
	size_t from = status->text.n;

	if (!meant)
		return;
	buf_printf(&status->text, "%s %" PRIu64 " %" PRIu64 " %" PRIu64, role->name, meant,
		atomic_load(&role->processes), atomic_load(&role->restarts));
	buf_put(&status->told, str_skip(buf_str(&status->text), from));
	buf_printf(&status->text, " %" PRIu64 "\n", atomic_load(&role->started_ms));
}

/* Another one or the one before; never half of one. Nothing depends on it, so that it is neither synced nor complained of. */
static void write_file(const struct node_status *status)
{
	struct str rest = buf_str(&status->text), first = STR_EMPTY;
	char path[PATH_MAX], made[PATH_MAX];
	int n, fd;
	bool good;

	(void)str_next_word(&rest, " ", &first);
	n = snprintf(path, sizeof path, "%s.%.*s", status->file, STR_ARG(first));
	if (n < 0 || (size_t)n + sizeof ".new" > sizeof path)
		return;
	memcpy(made, path, (size_t)n);
	memcpy(made + n, ".new", sizeof ".new");
	fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	good = write(fd, status->text.p, status->text.n) == (ssize_t)status->text.n;
	close(fd);
	if (!good || rename(made, path))
		unlink(made);
}

/* The moment of a start is computed anew at each look, and wavers by a little: it alone is no news. */
static void tell(struct node_status *status, const struct child *children, size_t n)
{
	uint64_t meant[ROLE_COUNT] = { 0 };

	for (size_t i = 0; i < n; i++)
		meant[children[i].role] += is_meant(&children[i]);
	buf_reset(&status->text);
	buf_reset(&status->told);
	for (int i = 0; i < ROLE_COUNT; i++)
		put_role(status, (enum role_id)i, meant[i]);
	if (!status->text.n || str_eq(buf_str(&status->told), buf_str(&status->known)))
		return;
	write_file(status);
	buf_reset(&status->known);
	buf_put(&status->known, buf_str(&status->told));
}

bool node_status_next(struct str *rest, struct node_line *ret_line)
{
	struct node_line line;
	uint64_t *const numbers[] = { &line.meant, &line.running, &line.restarts,
		&line.started_ms };
	struct str text, word;

	if (!str_next_line(rest, &text) || !str_next_word(&text, " ", &line.name))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (!str_next_word(&text, " ", &word) || !str_to_u64(word, INT64_MAX, numbers[i]))
			return false;
	*ret_line = line;
	return true;
}

void node_status_look(struct node_status *status, const struct child *children, size_t n)
{
	struct node_role sums[ROLE_COUNT];
	int64_t now_ms = child_now_ms();

	if (!status->page || (status->looked_ms && now_ms - status->looked_ms < NODE_STATUS_MS))
		return;
	status->looked_ms = now_ms;
	memset(sums, 0, sizeof sums);
	for (size_t i = 0; i < n; i++)
		if (children[i].pid)
			add_child(&sums[children[i].role], &children[i],
				now_ms - children[i].started_ms);
	for (int i = 0; i < ROLE_COUNT; i++)
		publish(&status->page->roles[i], &sums[i]);
	tell(status, children, n);
}
