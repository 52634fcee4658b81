#!/bin/bash
# PostgreSQL 15.18 (Debian 12): none of a session's time-outs is looked at while the server waits for the rest of a COPY FROM STDIN. A client that
# stops there (Ctrl-Z in a terminal, a machine that sleeps) keeps every row that it has locked, however small statement_timeout and
# idle_in_transaction_session_timeout are, and TCP's probes do not help where its kernel goes on to answer, or over a Unix socket. Between two
# statements the same client is ended after that second. Who waits behind it is ended by lock_timeout, or waits for ever. Needs root or
# another user than root, for a server of its own.
set -euo pipefail
temp=$(mktemp -d)
as=()
[ "$(id -u)" != 0 ] || as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
server=""
trap 'exec 9>&- || true; [ -z "$server" ] || { kill -QUIT "$server"; wait "$server" || true; }; rm -rf "$temp"' EXIT
cd "$temp"
apt-get download -q postgresql-15=15.18-0+deb12u1 postgresql-client-15=15.18-0+deb12u1 libpq5=15.18-0+deb12u1 >/dev/null 2>&1
for package in ./*.deb; do dpkg-deb -x "$package" root; done
chmod -R a+rX "$temp"
install -d -m 777 work
bin=$temp/root/usr/lib/postgresql/15/bin
LD_LIBRARY_PATH=$(dirname "$(find "$temp/root" -name libpq.so.5)")
export LD_LIBRARY_PATH PGHOST=$temp/work PGUSER=nobody PGDATABASE=postgres LC_ALL=C
"${as[@]}" "$bin/initdb" -D work/data -U nobody --no-sync >/dev/null
"${as[@]}" "$bin/postgres" -D work/data -c listen_addresses= -c unix_socket_directories="$temp/work" -c fsync=off >work/log 2>&1 &
server=$!
ask() { "$bin/psql" -XAtq "$@"; }
until ask -c 'SELECT 1' >/dev/null 2>&1; do sleep 0.2; done
"$bin/postgres" --version
ask -c 'CREATE TABLE counted (n int); INSERT INTO counted VALUES (1); CREATE TABLE came (line text)'

# stands_still WORDS: a client that has locked the row, says WORDS and then nothing more; both time-outs are a second.
mkfifo said
stands_still() {
	PGOPTIONS='-c statement_timeout=1s -c idle_in_transaction_session_timeout=1s' ask <said >client 2>&1 &
	exec 9>said
	echo "BEGIN; SELECT n FROM counted FOR UPDATE; $1" >&9
	until ask -c "SELECT pid FROM pg_stat_activity WHERE query ~ '^(SELECT n|COPY)' AND pid <> pg_backend_pid()" | grep -q .; do sleep 0.1; done
}
update() { PGOPTIONS='-c lock_timeout=6s' ask -c 'UPDATE counted SET n = n + 1 RETURNING n'; }

stands_still ''
echo "behind a client that stands still between two statements: $(update)"
exec 9>&-
wait $! || true
stands_still 'COPY came FROM STDIN;'
! update >waited 2>&1
echo "behind one within a COPY, for six seconds: $(cat waited)"
ask -c "SELECT state, wait_event, now() - query_start > interval '5 seconds' FROM pg_stat_activity WHERE query LIKE 'COPY came%' AND pid <> pg_backend_pid()" | tee held
grep -q 'canceling statement due to lock timeout' waited
grep -qx 'active|ClientRead|t' held
