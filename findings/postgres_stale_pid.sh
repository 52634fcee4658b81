#!/bin/bash
# PostgreSQL 15.18 (Debian 12) does not start behind a cut of the power as long as the process id that its last server left in postmaster.pid is
# any process of the same user: here it is `sleep`. It does not look whether that is a PostgreSQL, nor one of this folder, and does not try again: "lock
# file already exists. Is another postmaster (PID ...) running". Who runs it beside processes of its own as one user (a container, a unit whose ids
# begin anew at each boot) meets that by chance, and then at each start. Of another user's process it says nothing and starts. Needs root, to be two users.
set -euo pipefail
temp=$(mktemp -d)
chmod 755 "$temp"
other=""
clean() {
	[ -z "$other" ] || kill "$other" 2>/dev/null || true
	rm -rf "$temp"
}
trap clean EXIT
cd "$temp"
version=15.18-0+deb12u1
apt-get download -q "postgresql-15=$version" "postgresql-client-15=$version" >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" root; done
bin=$temp/root/usr/lib/postgresql/15/bin
"$bin/postgres" --version
mkdir data socket
chown 65534:65534 data socket
chmod 700 data
as() { setpriv --reuid 65534 --regid 65534 --clear-groups env LC_ALL=C "$@"; }
as "$bin/initdb" -D "$temp/data" -A trust >/dev/null

# start: 0 where it starts, and is stopped again; what it said is in said.
start() {
	as timeout -s INT 20 "$bin/postgres" -D "$temp/data" -k "$temp/socket" -c listen_addresses= >said 2>&1 &
	local server=$!
	for _ in $(seq 1 150); do
		if grep -q "ready to accept connections" said; then
			kill -INT "$(head -n 1 data/postmaster.pid)"
			wait "$server" || true
			return 0
		fi
		kill -0 "$server" 2>/dev/null || return 1
		sleep 0.1
	done
	return 1
}
# left ID: what a server that was cut off leaves.
left() {
	printf '%s\n%s\n1700000000\n5432\n%s\n\n' "$1" "$temp/data" "$temp/socket" >data/postmaster.pid
	chown 65534:65534 data/postmaster.pid
	chmod 600 data/postmaster.pid
}

left 4000000
start
echo "the id of nobody: it starts"
sleep 300 &
other=$!
left "$other"
start
echo "the id of another user's process: it starts"
kill "$other"
setpriv --reuid 65534 --regid 65534 --clear-groups sleep 300 & # no shell in between: the id is the sleep's
other=$!
left "$other"
if start; then
	echo "the id of a process of its user: it starts, which is new"
	exit 1
fi
echo "the id of a sleep of its own user: it does not start"
grep -E "FATAL|HINT" said | sed "s/PID $other/PID of the sleep/; s|$temp|.|g"
grep -q 'lock file "postmaster.pid" already exists' said
