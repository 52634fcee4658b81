#!/usr/bin/env bash
# The arrows between the rooms (docs/architecture.md), as a test: who may include whom, which library's
# header belongs to which stem, and calls that nobody may make. Prints each breach and exits 1.
set -u
cd "$(dirname "$0")/../.." || exit 2
bad=0
breach() { printf 'rooms: %s\n' "$*"; bad=1; }

declare -A may=(
	[core]=""
	[parser/text]="core"
	[parser/mail]="parser/text core"
	[parser/notice]="parser/mail parser/text core"
	[parser/reason]="parser/text core"
	[parser]="parser/notice parser/reason parser/mail parser/text core"
	[spool]="core"
	[store/cluster]="core"
	[store]="store/cluster core"
	[ingest/text]="core"
	[ingest/session]="ingest/text core"
	[ingest/smtp]="ingest/session ingest/text spool core"
	[ingest/mailbox]="core"
	[ingest/fetch]="ingest/text core"
	[ingest/intake]="ingest/text spool core"
	[suppress]="store core"
	[load]="suppress store spool core"
	[api/request]="store spool core"
	[api/handle]="api/request suppress store spool core"
	[api]="api/handle api/request suppress store spool core"
	[serve/sandbox]="core"
	[serve]="serve/sandbox api load suppress ingest/smtp ingest/session ingest/mailbox ingest/fetch ingest/intake ingest/text store spool parser core"
	[cli]="serve api/request api load suppress ingest/smtp ingest/session ingest/mailbox ingest/fetch ingest/intake ingest/text store spool parser core"
)
rooms=(core parser spool ingest store suppress load api serve cli)
for room in "${!may[@]}"; do
	[ -d "$room" ] || continue
	while IFS=: read -r file line text; do
		[[ $text =~ \"([^\"]+)\" ]] || continue
		target=${BASH_REMATCH[1]}
		other=${target%/*}
		# A folder of tables below a room is the room's own.
		case $target in *.def) [ -n "${may[$other]+known}" ] || other=${other%/*} ;; esac
		case " $room ${may[$room]} " in *" $other "*) ;; *) breach "$file:$line: $room may not include $target" ;; esac
		case $target in
		*_priv.h) [ "$other" = "$room" ] || breach "$file:$line: $target is private to $other" ;;
		esac
	done < <(grep -nE '^#include "' "$room"/*.[ch] /dev/null)
done
# A floor's header belongs to the room above it: what stands beside the rooms goes by the doors. Check programs and
# fuzz targets of a room are its own.
while IFS=: read -r file line text; do
	[[ $text =~ \"(parser/[a-z]+)/ ]] || continue
	case $file in tests/unit/parser/* | tests/fuzz/parser/*) ;; *) breach "$file:$line: ${BASH_REMATCH[1]} is behind the door of parser" ;; esac
done < <(grep -rnE '^#include "' --include='*.[ch]' tests bench cmake)
while IFS=: read -r file line text; do
	case $text in *_priv.h*) breach "$file:$line: a test sees public headers only" ;; esac
done < <(grep -rnE '^#include "' --include='*.[ch]' tests bench 2>/dev/null)

# A library's header, and the only stem that may include it.
owner() { # header-pattern, allowed-file-pattern
	while IFS=: read -r file line _; do
		[[ $file =~ $2 ]] || breach "$file:$line: this header belongs to $2"
	done < <(grep -rnE "^#include <$1" --include='*.[ch]' "${rooms[@]}" 2>/dev/null)
}
owner 'gmime/'            '^parser/mail/mime_tree\.c$'
owner 'libpq-fe\.h'       '^store/pg\.c$'
owner 'microhttpd\.h'     '^api/http_server[a-z_]*\.[ch]$'
owner 'event2?[/.]'       '^ingest/smtp/smtp_server[a-z_]*\.c$'
owner 'openssl/'         '^ingest/smtp/smtp_tls\.c$'
owner 'systemd/'          '^serve/systemd\.c$'
owner 'seccomp\.h'        '^serve/sandbox/sandbox_calls\.c$'
owner '(hs/)?hs\.h'       '^parser/text/matcher\.c$'
owner 'jansson\.h'        '^(core/report_json\.c|api/.*|cli/.*)$'

# main() lives in cli; unbounded or shell-calling functions nowhere.
grep -rnE '^int main\(' --include='*.c' "${rooms[@]}" | grep -v '^cli/main\.c:' && breach "main outside cli"
grep -rnwE '(gets|strcpy|strcat|sprintf|vsprintf|system|popen|alloca|tmpnam|strtok|atoi|atol)\(' --include='*.[ch]' \
	"${rooms[@]}" && breach "a banned call"
# SQL lives in queries.def and migrations/ alone.
grep -rnE '"(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE) ' --include='*.[ch]' \
	"${rooms[@]}" && breach "SQL outside store/queries.def"
exit $bad
