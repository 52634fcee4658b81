#!/bin/bash
# c-ares 1.18.1 (Debian 12): ARES_GETSOCK_WRITABLE(bits, 15) is bits & (1 << 31), with a signed 1. The loop over ARES_GETSOCK_MAXNUM sockets
# that its manual shows is undefined behaviour at its last turn, whatever the number of sockets, and ends a program that was built with
# -fsanitize=undefined.
set -euo pipefail
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"
apt-get download -q libc-ares-dev=1.18.1-3 libc-ares2=1.18.1-3 >/dev/null
for package in ./*.deb; do dpkg-deb -x "$package" root; done
cat >main.c <<'C'
#include <ares.h>
#include <stdio.h>

int main(void)
{
	int bits = 0, n = 0;

	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++)
		n += ARES_GETSOCK_READABLE(bits, i) != 0;
	printf("c-ares %s: %d of %d readable\n", ares_version(NULL), n, ARES_GETSOCK_MAXNUM);
	fflush(stdout);
	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++)
		n += ARES_GETSOCK_WRITABLE(bits, i) != 0;
	puts("all of them asked");
	return 0;
}
C
lib=$(dirname "$(find root -name 'libcares.so.2')")
cc -fsanitize=undefined -fno-sanitize-recover=all -Iroot/usr/include main.c "$lib/libcares.so.2" -o main
LD_LIBRARY_PATH=$lib ./main >seen 2>&1 && code=0 || code=$?
cat seen
[ "$code" = 1 ]
grep -q 'c-ares 1.18.1: 0 of 16 readable' seen
grep -q 'left shift of 1 by 31 places cannot be represented' seen
! grep -q 'all of them asked' seen
