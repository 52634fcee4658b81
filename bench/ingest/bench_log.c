// links: ingest/log
// bench_log FORMAT FILE: reads a log as `bounced volume import` does, without a database: deliveries, counts by quarter hour. One
// thread. Prints MB/s of CPU time and the peak of memory.
#include "ingest/log/log_reader.h"
#include "ingest/log/log_tally.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 20 };

static size_t deliveries;

static void take(void *tally, const struct delivery *delivery)
{
	char room[LOG_DOMAIN_ROOM];
	struct str domain;

	deliveries++;
	if (log_domain(delivery->domain, room, &domain))
		log_tally_add(tally, delivery, STR("news"), domain);
	if (log_tally_full(tally))
		log_tally_reset(tally);
}

int main(int argc, char **argv)
{
	static char bytes[PIECE_BYTES];
	const struct log_clock clock_now = { .newest_us =
						     (int64_t)time(NULL) * TIMESTAMP_SECOND_US };
	struct log_tally *tally = log_tally_new();
	enum log_format format;
	struct log_reader *reader;
	struct rusage usage;
	size_t n = 0, total = 0;
	double seconds;
	ssize_t got;
	int fd;

	if (argc != 3 || !log_format_from_name(str_c(argv[1]), &format) ||
		(fd = open(argv[2], O_RDONLY)) < 0)
		return 2;
	reader = log_reader_new(format, &clock_now, take, tally);
	while ((got = read(fd, bytes + n, PIECE_BYTES - n)) > 0) {
		size_t taken = log_reader_feed(reader, (struct str){ bytes, n + (size_t)got });

		total += (size_t)got;
		n = n + (size_t)got - taken;
		memmove(bytes, bytes + taken, n);
	}
	getrusage(RUSAGE_SELF, &usage);
	seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		  (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	printf("%zu deliveries in %.0f MB: %.2f s of CPU, %.0f MB/s, %ld MB at most\n", deliveries,
		(double)total / 1e6, seconds, (double)total / 1e6 / seconds,
		usage.ru_maxrss / 1024);
	log_reader_free(reader);
	log_tally_free(tally);
	return 0;
}
