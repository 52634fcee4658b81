#!/bin/bash
# libpsl 0.21.2 (Debian 12): psl_registrable_domain() takes an IPv4 address for a name of four labels. Its list has a rule `*` for
# top-level domains that it does not know, so "1" is a public suffix and "2.1" what somebody registered below it: two addresses of
# different networks have one registrable domain. No error, no NULL, and nothing in its manual on addresses.
set -euo pipefail
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"
apt-get download -q libpsl-dev=0.21.2-1 libpsl5=0.21.2-1 >/dev/null
for package in ./*.deb; do dpkg-deb -x "$package" root; done
cat >main.c <<'C'
#include <libpsl.h>
#include <stdio.h>

int main(void)
{
	static const char *const names[] = { "mail.example.co.uk", "192.0.2.1", "198.51.2.1" };

	printf("libpsl %s\n", psl_get_version());
	for (int i = 0; i < 3; i++) {
		const char *domain = psl_registrable_domain(psl_builtin(), names[i]);

		printf("%s -> %s\n", names[i], domain ? domain : "(null)");
	}
	return 0;
}
C
lib=$(dirname "$(find root -name 'libpsl.so.5')")
cc -Iroot/usr/include main.c "$lib/libpsl.so.5" -o main
LD_LIBRARY_PATH=$lib ./main | tee seen
grep -qx 'mail.example.co.uk -> example.co.uk' seen
grep -qx '192.0.2.1 -> 2.1' seen
grep -qx '198.51.2.1 -> 2.1' seen
