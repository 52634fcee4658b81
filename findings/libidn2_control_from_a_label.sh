#!/bin/bash
# libidn2 2.3.3 (Debian 12): idn2_to_unicode_8z8z() turns the harmless ASCII name xn--a.example into U+0080, a control character,
# and returns IDN2_OK; idn2_to_ascii_8z() refuses the same name. So the two
# are not each other's way back.
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
	char *ascii = NULL, *unicode = NULL;
	int to_ascii = idn2_to_ascii_8z("xn--a.example", &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	int to_unicode = idn2_to_unicode_8z8z("xn--a.example", &unicode, 0);

	printf("libidn2 %s\nto ascii: %s\nto unicode: %s,", idn2_check_version(NULL), idn2_strerror_name(to_ascii),
		idn2_strerror_name(to_unicode));
	for (const char *p = unicode; p && *p; p++)
		printf(" %02x", (unsigned char)*p);
	putchar('\n');
	idn2_free(ascii);
	idn2_free(unicode);
	return 0;
}
C
lib=$(dirname "$(find root -name 'libidn2.so.0')")
cc -Iroot/usr/include main.c "$lib/libidn2.so.0" -o main
LD_LIBRARY_PATH=$lib ./main | tee seen
grep -q '^to ascii: IDN2_INVALID' seen
grep -qx 'to unicode: IDN2_OK, c2 80 2e 65 78 61 6d 70 6c 65' seen
