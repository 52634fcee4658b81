#!/bin/bash
# tests/e2e/years/upgrade.sh: PostgreSQL 15 to 17 in a Debian 13, as after an upgrade of the machine from Debian 12: both versions are
# installed, the old one from Debian 12, and the program is the one that was built for that, with its libraries. By pg_upgrade and by
# a dump: every event is there and every count is what the events say. Not part of ctest, for it wants root, Debian's mirror,
# debootstrap and 1 GB: for a nightly run. TREE: a tree that is kept, and used again. BOUNCED: the program.
set -euo pipefail
bounced=$(readlink -f "${BOUNCED:-build-release/bounced}")
tree=${TREE:-$(mktemp -d)}
[ -n "${TREE:-}" ] || trap 'rm -rf "$tree"' EXIT
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -n 1)
in_tree() { chroot "$tree" "$@"; }

if [ ! -e "$tree/usr/lib/postgresql/17" ]; then
	[ -e "$tree/etc/debian_version" ] || debootstrap --variant=minbase trixie "$tree" "$mirror" >/dev/null
	printf 'deb %s %s main\n' "$mirror" trixie "$mirror" bookworm >"$tree/etc/apt/sources.list"
	printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
	chmod +x "$tree/usr/sbin/policy-rc.d"
	# Each library by the package that has it here; those that Debian 13 renamed keep the old one's file.
	packages=$(ldd "$bounced" | awk '$3 ~ /^\// { print $3 }' | xargs -n 1 basename | sed 's|^|*/|' | xargs dpkg -S | cut -d: -f1 | sort -u)
	export DEBIAN_FRONTEND=noninteractive
	in_tree apt-get -qq update
	in_tree apt-get -qq install --no-install-recommends -y postgresql-15 postgresql-17 >/dev/null
	for package in $packages; do
		in_tree apt-get -qq install --no-install-recommends -y "$package" >/dev/null 2>&1 ||
			in_tree apt-get -qq install --no-install-recommends -y "${package}t64" >/dev/null 2>&1 || true
	done
fi
install -m 755 "$bounced" "$tree/usr/local/bin/bounced"
# Roles are the program itself, which it finds in /proc; a namespace of its own takes the mount away with it.
within=(unshare -m sh -c 'mount -t proc proc "$1/proc" && exec chroot "$@"' sh "$tree")
in_tree() { "${within[@]}" "$@"; }
in_tree bounced version

rm -rf "$tree/srv/bounced"
mkdir -p "$tree/srv/bounced"
chmod 755 "$tree/srv/bounced"
cat >"$tree/srv/bounced/bounced.conf" <<-END
	[server]
	data_dir = /srv/bounced/data
	user = postgres
	[smtp]
	listen = 127.0.0.1:46525
	return_path_domains = *
	[spool]
	min_free_bytes = 16777216
	[api]
	listen = 127.0.0.1:46580
	loopback_without_key = true
	[database]
	bin_dir = /usr/lib/postgresql/15/bin
END
export BOUNCED_CONFIG=/srv/bounced/bounced.conf
server=
start() {
	"${within[@]}" bounced serve 2>>"$tree/srv/bounced/log" & # no shell in between: a signal is the server's
	server=$!
	for _ in $(seq 1 600); do
		! python3 - <<<'import urllib.request as u; u.urlopen("http://127.0.0.1:46580/readyz")' 2>/dev/null || return 0
		sleep 0.5
	done
	tail -n 20 "$tree/srv/bounced/log"
	return 1
}
stop() {
	kill "$server"
	wait "$server"
}
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; [ -n "${TREE:-}" ] || rm -rf "$tree"' EXIT
sql() { in_tree /usr/lib/postgresql/17/bin/psql -h /srv/bounced/data/postgres.sock -U bounced -XAtc "$1" postgres; }
facts() { sql "select count(*), md5(string_agg(e::text, ',' order by event_id)) from event e"; }

start
in_tree bounced demo --days 20 >/dev/null
for _ in $(seq 1 200); do
	[ "$(sql "select count(*) > 800 from event")" = t ] && break
	sleep 0.5
done
before=$(facts)
[ "$(sql "show server_version_num" | cut -c1-2)" = 15 ]
stop
cp -a "$tree/srv/bounced/data" "$tree/srv/bounced/fifteen"
sed -i 's|^bin_dir.*|bin_dir = /usr/lib/postgresql/17/bin|' "$tree/srv/bounced/bounced.conf"

# A start says what to do.
if in_tree bounced serve 2>"$tree/srv/bounced/said"; then exit 1; fi
grep -q 'run "bounced db upgrade"' "$tree/srv/bounced/said"
for way in pg_upgrade dump; do
	rm -rf "$tree/srv/bounced/data"
	cp -a "$tree/srv/bounced/fifteen" "$tree/srv/bounced/data"
	in_tree bounced db upgrade --by "$way"
	[ -e "$tree/srv/bounced/data/postgres.15/PG_VERSION" ]
	start
	[ "$(sql "show server_version_num" | cut -c1-2)" = 17 ]
	[ "$(facts)" = "$before" ]
	in_tree bounced rollup check --since 40d | grep ' 0 differences'
	in_tree bounced demo --days 0 >/dev/null # and takes mail as before
	stop
	in_tree bounced db upgrade --drop-old | grep '^1 old'
	[ ! -e "$tree/srv/bounced/data/postgres.15" ]
	echo "15 to 17 by $way: ${before%%|*} events, each as it was"
done
