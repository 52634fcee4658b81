# Debian packages of the build and the tests, and how the missing ones are installed. Sourced by ./run and
# tests/run, so that there is one list.

build_packages="gcc libc6-dev cmake ninja-build pkg-config git ca-certificates
libglib2.0-dev libgmime-3.0-dev libpq-dev libmicrohttpd-dev libgnutls28-dev libjansson-dev libevent-dev libssl-dev libvectorscan-dev
libidn2-dev libpsl-dev libc-ares-dev libcurl4-openssl-dev libseccomp-dev libsystemd-dev zlib1g-dev libzstd-dev check libsubunit-dev postgresql-common postgresql curl"
test_packages="zstd clang strace python3 python3-jsonschema swaks libnet-ssleay-perl openssl procps dpkg-dev file
jq msmtp sslscan util-linux passwd php-cli chromium buildah podman debootstrap runc"
# The test of the page runs in node 20 or later; one that is there already is as good as Debian's.
command -v node >/dev/null || test_packages="$test_packages nodejs"
command -v npm >/dev/null || test_packages="$test_packages npm"

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install_missing PACKAGE...: asks the package manager only if something is missing.
install_missing() {
	missing=""
	for package in "$@"; do
		dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
	done
	[ -z "$missing" ] && return 0
	echo "Installing:$missing"
	as_root apt-get update -qq || return 1
	# Debian's package starts a server of its own; bounced keeps a private one, so none is made here.
	case $missing in *postgresql*)
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null || return 1
		conf=/etc/postgresql-common/createcluster.conf
		[ -n "$(pg_lsclusters -h 2>/dev/null)" ] || ! [ -f $conf ] || grep -q '^create_main_cluster' $conf ||
			echo 'create_main_cluster = false' | as_root tee -a $conf >/dev/null ;;
	esac
	# shellcheck disable=SC2086
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}
