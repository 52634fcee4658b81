#!/bin/bash
# systemd 252 (Debian 12): `SystemCallFilter=@system-service`, which its manual recommends for services, has neither the calls of Landlock nor seccomp(2):
# a service that shuts itself in further is told EPERM (or ended), though these calls can only take rights away. They are in no group but @known. Whoever adds
# the filter to a unit takes the program's own sandbox away, unless the unit names landlock_create_ruleset, landlock_add_rule, landlock_restrict_self and
# seccomp as well.
set -euo pipefail
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"
apt-get download -q systemd=252.39-1~deb12u2 libsystemd-shared=252.39-1~deb12u2 >/dev/null 2>&1
for package in ./*.deb; do
	dpkg-deb -x "$package" root
done
calls() {
	LD_LIBRARY_PATH=$temp/root/usr/lib/x86_64-linux-gnu/systemd root/usr/bin/systemd-analyze syscall-filter "$@"
}
calls --no-pager >all
wrong=0
for call in landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp; do
	groups=$(awk -v call="$call" '/^@/ { group = $1 } $1 == call { print group }' all)
	echo "$call is in: ${groups//$'\n'/ }"
	[ "$groups" = @known ] || wrong=1
done
# Groups may hold groups: what the filter has in all.
expand() {
	awk -v group="$1" '/^@/ { now = $1; next } now == group && $1 ~ /^[@a-z]/ { print $1 }' all | while read -r word; do
		case $word in @*) expand "$word" ;; *) echo "$word" ;; esac
	done
}
expand @system-service | sort -u >allowed
echo "@system-service has $(wc -l <allowed) calls; prctl, which can set a filter, too, is one of them: $(grep -c '^prctl$' allowed)"
[ "$(wc -l <allowed)" -gt 200 ]
! grep -qE '^(landlock_|seccomp$)' allowed
[ "$wrong" = 0 ]
echo "as it was: a service under this filter cannot shut itself in by Landlock"
