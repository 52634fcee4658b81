#!/bin/bash
# docker/try.sh: builds the image without a container engine and starts it once: Debian's buildah (chroot
# isolation, vfs storage) on a base that debootstrap makes, then podman. As root; takes some minutes and 3 GB.
# Everything lies below a temporary folder, which is removed.
set -euo pipefail
cd "$(dirname "$0")/.."
. cmake/packages.sh
install_missing buildah podman debootstrap runc curl
work=$(mktemp -d)
export STORAGE_DRIVER=vfs
storage=(--root "$work/storage" --runroot "$work/run")
container=""
clean() {
	[ -z "$container" ] || podman "${storage[@]}" rm -f -t 20 "$container" >/dev/null 2>&1 || true
	rm -rf "$work"
}
trap clean EXIT

mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -n 1)
echo "== base: debootstrap of bookworm"
debootstrap --variant=minbase bookworm "$work/base" "$mirror" >"$work/debootstrap.log" ||
	{ tail -n 20 "$work/debootstrap.log"; exit 1; }
# The machine's own way to its package mirror, whatever it is.
cp -r /etc/apt/sources.list* /etc/apt/apt.conf.d "$work/base/etc/apt/" 2>/dev/null || true
base=$(buildah "${storage[@]}" from scratch)
buildah "${storage[@]}" copy -q "$base" "$work/base" / >/dev/null
buildah "${storage[@]}" commit -q "$base" docker.io/library/debian:bookworm-slim >/dev/null
rm -rf "$work/base"

echo "== image"
buildah "${storage[@]}" bud --isolation chroot --network host --pull-never -f docker/Dockerfile -t bounced . >"$work/build.log" 2>&1 ||
	{ grep -vE '^\[' "$work/build.log" | tail -n 40; exit 1; }
echo "== start"
container=$(podman "${storage[@]}" --runtime runc run -d --network host --no-healthcheck --ulimit nofile=20000:20000 --ulimit nproc=1000:1000 \
	-e BOUNCED_SMTP_LISTEN=127.0.0.1:42525 -e BOUNCED_SMTP_RETURN_PATH_DOMAINS='*' \
	-e BOUNCED_SPOOL_MIN_FREE_BYTES=16777216 -e BOUNCED_API_LISTEN=127.0.0.1:48080 \
	-e BOUNCED_API_LOOPBACK_WITHOUT_KEY=true localhost/bounced)
for _ in $(seq 1 60); do
	curl -fsS -o /dev/null http://127.0.0.1:48080/readyz 2>/dev/null && break
	sleep 1
done
podman "${storage[@]}" --runtime runc exec "$container" bounced demo --smtp 127.0.0.1:42525 --http 127.0.0.1:48080
sleep 3
curl -fsS 'http://127.0.0.1:48080/v1/domains?limit=1'
echo
podman "${storage[@]}" --runtime runc exec "$container" id -un
echo "== the image builds, starts, and answers"
