#!/bin/bash
# docker/try.sh [PROGRAM]: builds both images without a container engine and starts each once: Debian's buildah (chroot isolation), on a
# base that debootstrap makes, then podman, on overlays where the kernel has them. As root; takes some minutes and 3 GB. With PROGRAM, a bounced that was built
# already, the stage that builds one is left out, which is most of the time. Everything lies below a temporary folder, which is removed.
# Exits with 77 where no image can be made at all: no root, no room, no mirror, no right to start containers.
set -euo pipefail
program=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.."
. cmake/packages.sh
cannot() {
	echo "skipped: $*"
	exit 77
}
[ "$(id -u)" = 0 ] || cannot "images are made as root here"
install_missing buildah podman debootstrap runc curl python3 || cannot "buildah, podman, debootstrap and runc are not to be had"
work=$(mktemp -d)
said=$(mktemp)
[ "$(df --output=avail -k "$work" | tail -n 1)" -gt 6000000 ] || { rm -r "$work" "$said"; cannot "6 GB of room are wanted"; }
storage=(--root "$work/storage" --runroot "$work/run")
container="" slim=""
# The end of a container is seen by a podman of its own (conmon starts it), which holds the storage, or mounts it once more, for a moment
# after the container is gone: so the folder is asked for until it is. What this cannot remove is said and changes no answer about images.
clean() {
	local tries=30
	for one in $slim $container; do
		podman "${storage[@]}" rm -f -t 20 "$one" >/dev/null 2>&1 || true
	done
	until rm -rf --one-file-system "$work" 2>"$said" || [ $((tries -= 1)) = 0 ]; do
		findmnt -rno TARGET | grep -F "$work/" | sort -r | xargs -r -n 1 umount 2>/dev/null || true
		sleep 1
	done
	[ ! -e "$work" ] || echo "left behind: $(tail -n 1 "$said")" >&2
	rm -f "$said"
}
trap clean EXIT
free_ports() {
	python3 -c 'import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(one.getsockname()[1] for one in sockets))' "$1"
}
read -r smtp http slim_smtp slim_http <<<"$(free_ports 4)"

mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -n 1)
echo "== base: debootstrap of bookworm"
debootstrap --variant=minbase bookworm "$work/base" "$mirror" >"$work/debootstrap.log" ||
	cannot "$(tail -n 1 "$work/debootstrap.log")"
# The machine's own way to its package mirror, whatever it is.
cp -r /etc/apt/sources.list* /etc/apt/apt.conf.d "$work/base/etc/apt/" 2>/dev/null || true
base=$(buildah "${storage[@]}" from scratch)
buildah "${storage[@]}" copy -q "$base" "$work/base" / >/dev/null
buildah "${storage[@]}" commit -q "$base" docker.io/library/debian:bookworm-slim >/dev/null
buildah "${storage[@]}" rm "$base" >/dev/null
rm -rf "$work/base"
# What a machine may refuse by itself is asked for first: the mirror from within, and a container.
base=$(buildah "${storage[@]}" from --pull-never docker.io/library/debian:bookworm-slim)
buildah "${storage[@]}" run --isolation chroot --network host "$base" apt-get update >"$work/probe.log" 2>&1 || cannot "$(tail -n 1 "$work/probe.log")"
buildah "${storage[@]}" rm "$base" >/dev/null
limits=(--ulimit nofile=20000:20000 --ulimit nproc=1000:1000)
podman "${storage[@]}" --runtime runc run --rm --network host "${limits[@]}" debian:bookworm-slim true >"$work/probe.log" 2>&1 ||
	cannot "$(tail -n 1 "$work/probe.log")"

built=()
if [ -n "$program" ]; then
	install -D -m 755 "$program" "$work/built/usr/bin/bounced"
	built=(--build-context "build=$work/built")
fi
for target in slim embedded; do
	echo "== image: $target"
	buildah "${storage[@]}" bud --isolation chroot --network host --pull-never --layers "${built[@]}" --target "$target" -f docker/Dockerfile \
		-t "bounced:$target" . >"$work/build.log" 2>&1 || { grep -vE '^\[' "$work/build.log" | tail -n 40; exit 1; }
done

# start IMAGE SMTP HTTP ARGUMENT...: prints the container's id, once it is ready.
start() {
	local image=$1 smtp=$2 http=$3 id
	shift 3
	id=$(podman "${storage[@]}" --runtime runc run -d --network host --no-healthcheck "${limits[@]}" \
		-e "BOUNCED_SMTP_LISTEN=127.0.0.1:$smtp" -e BOUNCED_SMTP_RETURN_PATH_DOMAINS='*' \
		-e BOUNCED_SPOOL_MIN_FREE_BYTES=16777216 -e "BOUNCED_API_LISTEN=127.0.0.1:$http" \
		-e BOUNCED_API_LOOPBACK_WITHOUT_KEY=true "$@" "localhost/bounced:$image")
	for _ in $(seq 1 60); do
		curl -fsS -o /dev/null "http://127.0.0.1:$http/readyz" 2>/dev/null && break
		sleep 1
	done
	echo "$id"
}
within() { podman "${storage[@]}" --runtime runc exec "$@"; }

echo "== start: embedded"
mkdir -m 777 "$work/data" "$work/elsewhere"
chmod 755 "$work"
container=$(start embedded "$smtp" "$http" -v "$work/data:/var/lib/bounced:U")
within "$container" bounced demo --smtp "127.0.0.1:$smtp" --http "127.0.0.1:$http"
sleep 3
curl -fsS "http://127.0.0.1:$http/v1/domains?limit=1"
echo
[ "$(within "$container" id -un)" = bounced ]

# The second image has no PostgreSQL, and takes that of the first for the database elsewhere.
echo "== start: slim"
slim=$(start slim "$slim_smtp" "$slim_http" -v "$work/data/postgres.sock:/run/database" -v "$work/elsewhere:/var/lib/bounced:U" \
	-e "BOUNCED_DATABASE_URL=host=/run/database dbname=postgres user=bounced")
curl -fsS "http://127.0.0.1:$slim_http/v1/domains?limit=1"
echo
! within "$slim" sh -c 'command -v postgres || ls /usr/lib/postgresql' >/dev/null 2>&1
echo "== both images build, start, and answer"
