#!/bin/bash
# tests/e2e/years/debian13.sh [CTEST OPTIONS]: tests/run in a Debian 13, made beside this machine's own Debian: newer compilers and libraries
# (GCC 14, glibc 2.41, OpenSSL 3.5, libmicrohttpd 1.0, PostgreSQL 17) build the last commit and run every test. Not part of ctest, for it
# wants root, Debian's mirror, debootstrap, 8 GB and hours: for a nightly run. TREE: a tree that is kept, and used again. QUICK: one build, with
# -Werror and without sanitizers, and of the tests those that the options name (the unit tests without any).
set -euo pipefail
cd "$(dirname "$0")/../../.."
tree=${TREE:-$(mktemp -d -p "${TMPDIR:-/var/tmp}")}
[ -n "${TREE:-}" ] || trap 'rm -rf --one-file-system "$tree"' EXIT
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -n 1)
[ -e "$tree/etc/debian_version" ] || debootstrap --variant=minbase trixie "$tree" "$mirror" >/dev/null
printf 'deb %s trixie main\n' "$mirror" >"$tree/etc/apt/sources.list"
printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
chmod +x "$tree/usr/sbin/policy-rc.d"

# Mounts go away with the namespace; tests find what they start in /proc. The tree is a mount itself, or nothing within may mount.
within() {
	unshare -m sh -c 'mount --bind "$1" "$1" && mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount -t tmpfs tmpfs "$1/run" && exec chroot "$@"' \
		sh "$tree" "$@"
}
# A clone, so that lint.* has what git knows; builds of an earlier run stay where they are.
commit=$(git rev-parse HEAD)
if [ ! -e "$tree/srv/bounced/.git" ]; then
	git clone -q --no-hardlinks . "$tree/srv/bounced"
fi
git -C "$tree/srv/bounced" fetch -q "$PWD" HEAD
git -C "$tree/srv/bounced" checkout -q -f --detach "$commit"
within apt-get -qq update
within env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends ca-certificates ccache git iproute2 >/dev/null
# What this machine trusts and where it fetches from, for npm.
cp /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/"
[ ! -e ~/.npmrc ] || cp ~/.npmrc "$tree/root/"
export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt

if [ -z "${QUICK:-}" ]; then
	within env LC_ALL=C.UTF-8 /srv/bounced/tests/run "$@"
	exit
fi
# shellcheck disable=SC2016
within env LC_ALL=C.UTF-8 CMAKE_C_COMPILER_LAUNCHER=ccache CK_TIMEOUT_MULTIPLIER=10 bash -euo pipefail -c '
	cd /srv/bounced
	. cmake/packages.sh
	install_missing $build_packages zstd strace python3 python3-jsonschema swaks libnet-ssleay-perl openssl procps dpkg-dev file jq msmtp util-linux passwd
	cmake -S . -B build-quick -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g" -DBOUNCED_WERROR=ON >/dev/null
	ninja -C build-quick -j "${JOBS:-2}" | tail -n 3
	[ $# -gt 0 ] || set -- -R "^unit"
	ctest --test-dir build-quick --output-on-failure "$@"' bash "$@"
