#!/usr/bin/env bash
# The arrows between the rooms (docs/architecture.md), as a test: who may include whom, which library's
# header belongs to which stem, and calls that nobody may make. Prints each breach and exits 1.
set -u
cd "$(dirname "$0")/../.." || exit 2
bad=0
breach() { printf 'rooms: %s\n' "$*"; bad=1; }

declare -A may=(
	[core]="core" [parser/text]="parser/text core" [parser/mail]="parser/mail parser/text core"
	[parser/notice]="parser/notice parser/mail parser/text core" [parser/reason]="parser/reason parser/text core"
	[parser]="parser parser/notice parser/reason parser/mail parser/text core" [spool]="spool core" [store]="store core"
	[ingest]="ingest spool core" [suppress]="suppress store core"
	[api]="api store suppress spool core"
	[app]="app core parser spool store ingest suppress api"
)
for room in "${!may[@]}"; do
	[ -d "$room" ] || continue
	while IFS=: read -r file line text; do
		[[ $text =~ \"([^\"]+)\" ]] || continue
		target=${BASH_REMATCH[1]}
		other=${target%/*}
		case " ${may[$room]} " in *" $other "*) ;; *) breach "$file:$line: $room may not include $target" ;; esac
		case $target in
		*_priv.h) [ "$other" = "$room" ] || breach "$file:$line: $target is private to $other" ;;
		esac
	done < <(grep -nE '^#include "' "$room"/*.[ch] /dev/null)
done
while IFS=: read -r file line text; do
	case $text in *_priv.h*) breach "$file:$line: a test sees public headers only" ;; esac
done < <(grep -rnE '^#include "' --include='*.[ch]' tests bench 2>/dev/null)

# A library's header, and the only stem that may include it.
owner() { # header-pattern, allowed-file-pattern
	while IFS=: read -r file line _; do
		[[ $file =~ $2 ]] || breach "$file:$line: this header belongs to $2"
	done < <(grep -rnE "^#include <$1" --include='*.[ch]' core parser spool ingest store suppress api app 2>/dev/null)
}
owner 'gmime/'            '^parser/mail/mime_tree\.c$'
owner 'libpq-fe\.h'       '^store/pg\.c$'
owner 'microhttpd\.h'     '^api/http_server[a-z_]*\.[ch]$'
owner 'event2?[/.]'       '^ingest/smtp_server[a-z_]*\.c$'
owner 'openssl/'         '^ingest/smtp_tls\.c$'
owner 'systemd/'          '^app/systemd\.c$'
owner 'seccomp\.h'        '^app/sandbox_calls\.c$'
owner '(hs/)?hs\.h'       '^parser/text/matcher\.c$'
owner 'jansson\.h'        '^(core/report_json\.c|api/.*|app/.*)$'

# main() lives in app; unbounded or shell-calling functions nowhere.
grep -rnE '^int main\(' --include='*.c' core parser spool ingest store suppress api && breach "main outside app"
grep -rnwE '(gets|strcpy|strcat|sprintf|vsprintf|system|popen|alloca|tmpnam|strtok|atoi|atol)\(' --include='*.[ch]' \
	core parser spool ingest store suppress api app && breach "a banned call"
# SQL lives in queries.def and migrations/ alone.
grep -rnE '"(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE) ' --include='*.[ch]' \
	core parser spool ingest store suppress api app && breach "SQL outside store/queries.def"
exit $bad
