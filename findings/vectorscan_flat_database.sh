#!/bin/bash
# Vectorscan 5.4.9 (Debian 12): a compiled database is a type without members, and hs_serialize_database() is there to store or move it: bytes
# that have to be deserialized at each start. But what hs_deserialize_database_at() leaves behind is flat, without a pointer: written to a file as it
# lies in memory, and mapped at any address of the same alignment, it is searched where it is, by as many processes as like, and its pages are
# read when they are needed. The serialized bytes are another form of it. And only one of the two is checked: a flipped bit is found when
# bytes are deserialized, never in a database as it lies, of which version and magic number alone are looked at.
set -euo pipefail
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"
apt-get download -q libvectorscan-dev=5.4.9-1 libvectorscan5=5.4.9-1 >/dev/null
for package in ./*.deb; do dpkg-deb -x "$package" root; done
cat >main.c <<'C'
#include <fcntl.h>
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int count(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *n)
{
	(void)id, (void)from, (void)to, (void)flags;
	++*(int *)n;
	return 0;
}

static int matches(const hs_database_t *database)
{
	static const char text[] = "550 user unknown: mailbox of ann is full";
	hs_scratch_t *scratch = NULL;
	int n = 0;

	if (hs_alloc_scratch(database, &scratch) == HS_SUCCESS)
		hs_scan(database, text, sizeof text - 1, 0, scratch, count, &n);
	hs_free_scratch(scratch);
	return n;
}

int main(void)
{
	static const char *const patterns[] = { "user unknown", "mailbox .*full" };
	const unsigned flags[] = { 0, 0 }, ids[] = { 0, 1 };
	hs_database_t *database, *again;
	hs_compile_error_t *error;
	char *bytes, *image, *mapped;
	size_t n, image_n, told;
	int file = open("image", O_RDWR | O_CREAT, 0600);

	hs_compile_multi(patterns, flags, ids, 2, HS_MODE_BLOCK, NULL, &database, &error);
	hs_serialize_database(database, &bytes, &n);
	hs_serialized_database_size(bytes, n, &image_n);
	image_n = (image_n + 63) / 64 * 64;
	image = aligned_alloc(64, image_n);
	memset(image, 0, image_n);
	hs_deserialize_database_at(bytes, n, (hs_database_t *)image);
	printf("Vectorscan %.5s\n", hs_version());
	printf("matches of the database: %d\n", matches(database));
	printf("bytes and image are the same: %s\n", n == image_n && !memcmp(bytes, image, n) ? "yes" : "no");
	if (write(file, image, image_n) != (ssize_t)image_n)
		return 1;
	free(image);
	mapped = mmap(NULL, image_n, PROT_READ, MAP_PRIVATE, file, 0);
	printf("matches of a read-only mapping of the file: %d\n", matches((hs_database_t *)mapped));

	bytes[n / 2] ^= 1;
	printf("a bit of the bytes flipped: %s\n",
		hs_deserialize_database(bytes, n, &again) == HS_SUCCESS ? "taken" : "refused");
	mapped = mmap(NULL, image_n, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	mapped[image_n / 2] ^= 1;
	printf("a bit of the image flipped: %s\n",
		hs_database_size((hs_database_t *)mapped, &told) == HS_SUCCESS ? "taken" : "refused");
	return 0;
}
C
lib=$(dirname "$(find root -name 'libhs.so.5')")
cc -D_GNU_SOURCE -Iroot/usr/include main.c "$lib/libhs.so.5" -o main
LD_LIBRARY_PATH=$lib ./main | tee seen
grep -qx 'matches of the database: 2' seen
grep -qx 'bytes and image are the same: no' seen
grep -qx 'matches of a read-only mapping of the file: 2' seen
grep -qx 'a bit of the bytes flipped: refused' seen
grep -qx 'a bit of the image flipped: taken' seen
