#!/usr/bin/env bash
# The arrows between the rooms and their floors (docs/architecture.md), as a test: who may include whom, whether page and
# build say the same, which library's header belongs to which stem, and calls that nobody may make. Prints each breach
# and exits 1.
set -u
cd "$(dirname "$0")/../.." || exit 2
bad=0
breach() { printf 'rooms: %s\n' "$*"; bad=1; }

ingest="ingest/smtp ingest/session ingest/mailbox ingest/fetch ingest/intake ingest/log ingest/logfile ingest/text"
declare -A may=(
	[core]=""
	[parser/match]="core"
	[parser/text]="core"
	[parser/mail]="parser/text core"
	[parser/notice]="parser/mail parser/text parser/match core"
	[parser/reason]="parser/text parser/match core"
	[parser]="parser/notice parser/reason parser/mail parser/text parser/match core"
	[library]="parser ingest/mailbox core"
	[domain]="core"
	[dns]="core"
	[spool]="core"
	[store/cluster]="core"
	[store/form]="core"
	[store/sql]=""
	[store/pg]="store/sql store/form core"
	[store/rank]="store/pg store/sql store/form core"
	[store]="store/rank store/pg store/sql store/form store/cluster domain core"
	[ingest/text]="core"
	[ingest/session]="ingest/text core"
	[ingest/smtp]="ingest/session ingest/text spool core"
	[ingest/mailbox]="core"
	[ingest/fetch]="ingest/text core"
	[ingest/intake]="ingest/text spool core"
	[ingest/log]="core"
	[ingest/logfile]="core"
	[suppress/policy]="store core"
	[suppress/proof]="core"
	[suppress/list]="store core"
	[suppress/export]="suppress/list store core"
	[suppress/hook]="suppress/export suppress/list store core"
	[suppress]="suppress/export suppress/list suppress/policy suppress/proof store core"
	[logs]="ingest/log ingest/logfile ingest/text parser suppress suppress/policy suppress/proof store core"
	[load]="suppress suppress/policy suppress/proof store spool core"
	[api/request]="domain store spool core"
	[api/handle]="api/request domain suppress suppress/export suppress/list suppress/policy store spool core"
	[api]="api/handle api/request suppress store spool core"
	[serve/program]="core"
	[serve/sandbox]="spool core"
	[serve/settings]="dns domain logs api suppress suppress/hook suppress/proof $ingest store core"
	[serve]="serve/program serve/sandbox serve/settings dns domain logs load api suppress suppress/hook suppress/export suppress/list suppress/proof $ingest store store/cluster spool parser core"
	[cli/command]="core"
	[cli/tools]="cli/command ingest/mailbox parser core"
	[cli/server]="cli/command serve serve/settings store core"
	[cli/suppress]="cli/server cli/command suppress suppress/hook suppress/export suppress/list suppress/policy suppress/proof store core"
	[cli/doctor]="cli/server cli/command serve dns ingest/smtp ingest/text store spool core"
	[cli]="cli/command cli/tools cli/server cli/suppress cli/doctor serve serve/sandbox serve/settings logs load api/request api suppress suppress/export $ingest store store/cluster spool parser/text parser core"
)
rooms=(core parser library domain dns spool ingest store suppress logs load api serve cli)
words() { tr -s ', ' '\n\n' | grep . | sort | tr '\n' ' '; }

# The drawing and the build say the same: rows of the page's table, link lines of CMakeLists.txt.
drawn=$(sed -n '/^## Rooms and arrows/,/^## /p' docs/architecture.md | grep '^| `')
linked=$(sed -n '/^bounced_room(/,/)/p' CMakeLists.txt | tr -d '\n' | tr ')' '\n' | sed 's/PkgConfig::[A-Z0-9]*//g; s/Threads::Threads//; s/ m$//')
for room in "${!may[@]}"; do
	have=$(printf '%s' "${may[$room]}" | words)
	row=$(awk -F'|' -v r="\`$room\`" '{ gsub(/ /, "", $2) } $2 == r { print $4 }' <<<"$drawn" | tr -d '`' |
		sed "s#\\bingest\\b\\([ ,]\\|\$\\)#$ingest\\1#; s/nothing//" | words)
	[ "$row" = "$have" ] || breach "docs/architecture.md: $room may include $have, and the page says $row"
	line=$(sed -n "s#^bounced_room($room  *##p" <<<"$linked" | sed "s#bounced_##g; s#\\bingest\\( \|\$\\)#$ingest\\1#" |
		sed 's#\b\(parser\|ingest\|api\|store\|serve\|suppress\|cli\)_#\1/#g' | words)
	# What is linked with the door above it need not be named.
	[ "$room" != cli ] || line=$(printf '%s api/request' "$line" | words)
	[ "$line" = "$have" ] || breach "CMakeLists.txt: $room may include $have, and is linked with $line"
done
# What the page says lies in a room is there: a stem, a file or a folder.
there=$(find "${rooms[@]}" | sed -E 'p; s#\.[a-z]+$##' | sed 'p; s#.*/##' | sort -u)
named=$(sed -n '/^## Inside the rooms/,/^## /p' docs/architecture.md | grep -o '`[a-z_./*]*`' | tr -d '`' |
	grep -vE '^(x\*?|bench|families/.*|docs/.*|tests/.*)$' | sort -u)
while read -r name; do # a process for each name would take half of the time of all that is checked here
	[ -z "$name" ] || breach "docs/architecture.md: there is no $name in any room"
done < <(grep -v '\*' <<<"$named" | comm -23 - <(printf '%s\n' "$there"))
while read -r name; do
	pattern=${name//./\\.}
	grep -qxE -- "${pattern//\*/[a-z_]*}" <<<"$there" || breach "docs/architecture.md: there is no $name in any room"
done < <(grep '\*' <<<"$named")
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
owner 'libpq-fe\.h'       '^store/pg/pg(_priv|_rows_priv|_copy_out)?\.[ch]$'
owner 'microhttpd\.h'     '^api/http_server[a-z_]*\.[ch]$'
owner 'gnutls/'           '^api/http_tls[a-z_]*\.[ch]$'
owner 'event2?[/.]'       '^ingest/smtp/smtp_server[a-z_]*\.c$'
owner 'openssl/'          '^ingest/smtp/smtp_(tls|probe)\.c$'
owner 'zlib\.h'          '^(ingest/logfile/log_file|api/http_gzip)\.c$'
owner 'zstd\.h'          '^ingest/logfile/log_file\.c$'
owner 'libpsl\.h'        '^domain/org_domain\.c$'
owner 'ares[a-z_]*\.h'     '^dns/dns_(lookup|ask|lookup_priv)\.[ch]$'
owner 'systemd/'          '^serve/systemd\.c$'
owner 'curl/'             '^(ingest/fetch/fetch_login|suppress/hook/hook_send|cli/cmd_demo)\.c$'
owner 'seccomp\.h'        '^serve/sandbox/sandbox_calls\.c$'
owner '(hs/)?hs\.h'       '^parser/match/(databases|staged|matcher)\.[ch]$'
owner 'jansson\.h'        '^(core/report_json\.c|api/.*|cli/.*)$'

# What somebody left behind at the top is no part of the product.
for file in $(find . -maxdepth 1 -type f ! -name '.*' -printf '%f\n'); do
	case $file in CMakeLists.txt | CMakePresets.json | LICENSE | README.md | quickstart.conf | run | compile_commands.json) ;;
	*) breach "$file has no place at the top" ;; esac
done

# main() lives in cli; unbounded or shell-calling functions nowhere.
grep -rnE '^int main\(' --include='*.c' "${rooms[@]}" | grep -vE '^cli/(tools/)?main\.c:' && breach "main outside cli"
grep -rnE '\b(gets|strcpy|strcat|sprintf|vsprintf|system|popen|alloca|tmpnam|strtok|atoi|atol)\(' --include='*.[ch]' \
	"${rooms[@]}" && breach "a banned call"
# SQL lives in queries.def and migrations/ alone.
grep -rnE '"(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE) ' --include='*.[ch]' \
	"${rooms[@]}" && breach "SQL outside store/sql/queries.def"
# P0001, which RAISE EXCEPTION has when it names no other, is an operator's trigger that refuses a row (pg.c): nothing of ours says it.
grep -rniE '\bRAISE\b' migrations store/sql | grep -viE '\bRAISE +(DEBUG|LOG|INFO|NOTICE|WARNING)\b' | grep -viE "ERRCODE *= *'[0-9A-Z]{5}'" &&
	breach "RAISE without an ERRCODE of its own"
exit $bad
