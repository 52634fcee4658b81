// links: store
/* bench/store/bench_pack.c -- seconds that packing takes: usage: bench_pack CONNINFO. Packs what is stale in a database that
 * bench/fill filled; a server that does so, too, may be running. */
#include "store/ranking.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PART = 8, WAIT_US = 200000 };

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct buf problem = BUF_INIT(1000);
	struct store *store;
	size_t days = 0, n = 1;
	double start = seconds();
	enum err err;

	if (argc < 2)
		return 2;
	err = store_open(argv[1], &(struct store_options){ 0 }, &problem, &store);
	if (err) {
		fprintf(stderr, "%s %.*s\n", err_text(err), STR_ARG(buf_str(&problem)));
		return 1;
	}
	while (n && (!err || err == ERR_CONFLICT)) {
		err = store_pack(store, PART, &n);
		if (err == ERR_CONFLICT)
			usleep(WAIT_US);
		else if (!err)
			days += n;
	}
	printf("%zu days and spans in %.1f s\n", days, seconds() - start);
	if (err)
		fprintf(stderr, "%s %.*s\n", err_text(err), STR_ARG(store_error(store)));
	store_close(store);
	return err != ERR_OK;
}
