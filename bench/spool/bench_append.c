// Benchmark: the bare loop that durable accepts are held against.
/* Appends records to a file that was zeroed and synced before, GROUP at a time with one pwrite and one
 * fdatasync: what group commit costs with no SMTP, no checksum and no envelope around it.
 * usage: bench_append FOLDER RECORDS RECORD_BYTES GROUP */
#include "core/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t number(const char *text)
{
	uint64_t value = 0;

	if (!str_to_u64(str_c(text), 1u << 30, &value) || !value) {
		fprintf(stderr, "bench_append: \"%s\" is not a number above 0\n", text);
		exit(2);
	}
	return value;
}

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static int open_zeroed(const char *folder, size_t bytes)
{
	char path[4096], *zeros = calloc(1, 1 << 20);
	int fd;

	snprintf(path, sizeof path, "%s/bench_append.%ld", folder, (long)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	must(fd >= 0 && zeros, path);
	unlink(path);
	for (size_t at = 0; at < bytes; at += 1 << 20)
		must(pwrite(fd, zeros, 1 << 20, (off_t)at) == 1 << 20, "pwrite");
	must(!fsync(fd), "fsync");
	free(zeros);
	return fd;
}

int main(int argc, char **argv)
{
	size_t records, record_bytes, group, at = 0;
	char *batch;
	double start;
	int fd;

	if (argc != 5) {
		fputs("usage: bench_append FOLDER RECORDS RECORD_BYTES GROUP\n", stderr);
		return 2;
	}
	records = number(argv[2]);
	record_bytes = number(argv[3]);
	group = number(argv[4]);
	batch = malloc(group * record_bytes);
	must(batch != NULL, "malloc");
	memset(batch, 'x', group * record_bytes);
	fd = open_zeroed(argv[1], records * record_bytes);
	start = now_s();
	for (size_t done = 0; done < records; done += group) {
		size_t n = (records - done < group ? records - done : group) * record_bytes;

		must(pwrite(fd, batch, n, (off_t)at) == (ssize_t)n, "pwrite");
		must(!fdatasync(fd), "fdatasync");
		at += n;
	}
	printf("%.0f\n", (double)records / (now_s() - start));
	close(fd);
	free(batch);
	return 0;
}
