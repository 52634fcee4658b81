#!/bin/bash
# libidn2 2.3.3 (Debian 12): idn2_to_ascii_8z() refuses ASCII host names that are in daily use, those with hyphens in the third and
# fourth place (content networks name hosts r3---sn-...), with IDN2_2HYPHEN: RFC 5891 4.2.3.1 forbids them in U-labels, and the
# function applies that to names that are no IDN at all. Who passes every name through it loses these hosts.
set -euo pipefail
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"
apt-get download -q libidn2-dev=2.3.3-1+b1 libidn2-0=2.3.3-1+b1 >/dev/null
for package in ./*.deb; do dpkg-deb -x "$package" root; done
cat >main.c <<'C'
#include <idn2.h>
#include <stdio.h>

int main(void)
{
	static const char *const names[] = { "mail.example", "a--b.example", "r3---sn-a.example", "ab--cd.example" };

	printf("libidn2 %s\n", idn2_check_version(NULL));
	for (int i = 0; i < 4; i++) {
		char *ascii = NULL;
		int code = idn2_to_ascii_8z(names[i], &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

		printf("%s -> %s\n", names[i], code ? idn2_strerror_name(code) : ascii);
		idn2_free(ascii);
	}
	return 0;
}
C
lib=$(dirname "$(find root -name 'libidn2.so.0')")
cc -Iroot/usr/include main.c "$lib/libidn2.so.0" -o main
LD_LIBRARY_PATH=$lib ./main | tee seen
grep -qx 'a--b.example -> a--b.example' seen
grep -qx 'r3---sn-a.example -> IDN2_2HYPHEN' seen
grep -qx 'ab--cd.example -> IDN2_2HYPHEN' seen
