#!/bin/bash
# docker/try_compose.sh BOUNCED: runs compose.yaml by Debian's podman-compose, as root and without a registry: bounced beside a
# PostgreSQL, as the file wires them. What images would have is taken from this machine: the program that is given, PostgreSQL,
# curl, a shell. docker/try.sh builds the real image. Needs what install_missing says; takes a minute.
set -euo pipefail
program=$(realpath "${1:?the program to put into the image}")
cd "$(dirname "$0")/.."
. cmake/packages.sh
install_missing podman podman-compose runc netavark aardvark-dns postgresql curl
work=$(mktemp -d)
export POSTGRES_PASSWORD=secret STORAGE_DRIVER=vfs CONTAINERS_CONF=$work/containers.conf
printf '[network]\nnetwork_backend = "netavark"\n' >"$CONTAINERS_CONF"
# A storage of its own; limits that a container may have; no timers of systemd to look at a container's health.
cat >"$work/podman" <<END
#!/bin/bash
words=(--root $work/storage --runroot $work/run --runtime runc)
[ "\${1:-}" != run ] || { shift; set -- run --ulimit nofile=20000:20000 --ulimit nproc=2000:2000 "\$@"; }
exec /usr/bin/podman "\${words[@]}" "\$@"
END
chmod +x "$work/podman"
compose() { podman-compose --podman-path "$work/podman" -f docker/compose.yaml "$@"; }
clean() {
	compose down -v -t 5 >/dev/null 2>&1 || true
	"$work/podman" network rm -f docker_default >/dev/null 2>&1 || true
	rm -rf "$work"
}
trap clean EXIT

# add ROOT FILE...: the files, and the libraries that they need.
add() {
	local root=$1 file
	shift
	for file in "$@"; do
		mkdir -p "$root/$(dirname "$file")"
		cp -an "$file" "$root/$file" 2>/dev/null || true
		cp -anL "$file" "$root/$(dirname "$file")/" 2>/dev/null || true
		ldd "$file" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
			mkdir -p "$root/$(dirname "$library")"
			cp -nL "$library" "$root/$library"
		done
	done
}
postgres=$(ls -d /usr/lib/postgresql/*/ | sort -V | tail -n 1)
image() { # NAME CHANGE...: what lies in $work/NAME
	local name=$1 tag=$2
	shift 2
	tar -C "$work/$name" -c . | "$work/podman" import "$@" - "$tag" >/dev/null
}
for root in "$work/database" "$work/bounced"; do
	mkdir -p "$root"/{tmp,etc,run,proc,sys,dev,usr/bin,usr/share}
	chmod 1777 "$root/tmp"
	ln -s usr/bin "$root/bin"
	add "$root" /usr/bin/{bash,dash,sleep,cat,id,mkdir,curl,env,ls}
	ln -sf bash "$root/usr/bin/sh"
	cp -r /usr/share/zoneinfo "$root/usr/share/"
	printf 'root:x:0:0::/:/bin/sh\npostgres:x:999:999::/var/lib/postgresql:/bin/sh\nbounced:x:998:998::/var/lib/bounced:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\npostgres:x:999:\nbounced:x:998:\n' >"$root/etc/group"
	printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
	add "$root" "$postgres"/bin/*
	mkdir -p "$root$postgres" "$root/usr/share/postgresql"
	cp -r "$postgres/lib" "$root$postgres/"
	cp -r "/usr/share/postgresql/$(basename "$postgres")" "$root/usr/share/postgresql/"
	add "$root" /lib/x86_64-linux-gnu/libnss_dns.so.2 /lib/x86_64-linux-gnu/libnss_files.so.2
done
mkdir -p "$work/database/var/lib/postgresql/data" "$work/bounced/var/lib/bounced" "$work/bounced/etc/bounced" "$work/database/run/postgresql" "$work/database/var/run"
chown -R 999:999 "$work/database/var/lib/postgresql" "$work/database/run/postgresql"
ln -s ../../run/postgresql "$work/database/var/run/postgresql"
chown -R 998:998 "$work/bounced/var/lib/bounced"
cat >"$work/database/start" <<END
#!/bin/bash
# As the image of postgres does at its first start.
set -e
export PATH=$postgres/bin:\$PATH PGDATA=/var/lib/postgresql/data/db
if [ ! -e \$PGDATA/PG_VERSION ]; then
	initdb -U "\$POSTGRES_USER" --pwfile=<(echo "\$POSTGRES_PASSWORD") -E UTF8 --locale=C >/dev/null
	echo "host all all all scram-sha-256" >>\$PGDATA/pg_hba.conf
	echo "CREATE DATABASE \"\$POSTGRES_DB\"" | postgres --single postgres >/dev/null
fi
exec postgres -c listen_addresses='*'
END
chmod +x "$work/database/start"
add "$work/bounced" "$program"
mv "$work/bounced$program" "$work/bounced/usr/bin/bounced"
cp docker/bounced.conf "$work/bounced/etc/bounced/bounced.conf"

echo "== images"
image database docker.io/library/postgres:15 -c 'ENTRYPOINT ["/start"]' -c "USER postgres" -c "ENV PATH=$postgres/bin:/usr/bin"
image bounced localhost/docker_bounced:latest -c 'ENTRYPOINT ["/usr/bin/bounced"]' -c 'CMD ["serve"]' -c "USER bounced" -c "ENV PATH=/usr/bin"
echo "== up"
compose up -d --no-build database bounced >"$work/up.log" 2>&1 || { cat "$work/up.log"; exit 1; }
for _ in $(seq 60); do
	curl -fsS -o /dev/null http://127.0.0.1:8080/readyz 2>/dev/null && break
	sleep 1
done
curl -fsS http://127.0.0.1:8080/readyz || { cat "$work/up.log"; "$work/podman" logs docker_database_1; "$work/podman" logs docker_bounced_1; exit 1; }
key=$("$work/podman" exec docker_bounced_1 bounced key create look --scope read | grep -o 'bk_[^ ]*' | head -n 1)
ask() { curl -fsS -H "Authorization: Bearer $key" "http://127.0.0.1:8080$1"; }
mail=$(ls cli/demo/*.eml | head -n 1)
curl -fsS --mail-from '' --mail-rcpt bounce@bounces.example.com -T "$mail" smtp://127.0.0.1:25
for _ in $(seq 30); do
	ask '/v1/events?limit=1' | grep -q '"id"' && break
	sleep 1
done
ask '/v1/events?limit=1' | grep -q '"id"'
ask /metrics | grep '^bounced_database_up 1'
echo "== the compose file runs: a mail to its port is an event in its database"
