#!/usr/bin/env bash
# Can the lints fail? In a copy of the rooms one breach at a time is planted, seen by the lint that is for it, and taken
# back. A lint that says nothing, or says something else, fails this test.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
copy=$(mktemp -d) || exit 2
trap 'rm -rf "$copy"' EXIT
cd "$root" || exit 2
cp -r core library domain dns parser spool store ingest suppress logs load api serve cli bench cmake migrations CMakeLists.txt "$copy"
mkdir -p "$copy/docs" "$copy/tests"
cp docs/architecture.md "$copy/docs"
cp -r tests/lint tests/unit tests/fuzz tests/support tests/e2e "$copy/tests" && rm -rf "$copy/tests/fuzz/corpus"
cd "$copy" || exit 2
bad=0

run() {
	case $1 in
	rooms) tests/lint/rooms.sh ;;
	*) python3 "tests/lint/$1.py" "$copy" ;;
	esac
}
# seen LINT WORDS: after a breach was planted.
seen() {
	if said=$(run "$1"); then
		echo "selftest: $1 did not see: $2"
		bad=1
	elif ! grep -qF -- "$2" <<<"$said"; then
		printf 'selftest: %s should have said "%s", and said:\n%s\n' "$1" "$2" "$said"
		bad=1
	fi
}
# plant FILE LINE, where FILE is there; undo puts it back.
plant() {
	cp "$1" "$copy.kept"
	printf '%s\n' "$2" >>"$1"
}
undo() { mv "$copy.kept" "$1"; }
# breach LINT FILE LINE WORDS
breach() {
	plant "$2" "$3"
	seen "$1" "$4"
	undo "$2"
}

for lint in rooms circles sizes names citus; do
	run $lint || { echo "selftest: $lint finds something in what is there"; exit 1; }
done

breach names parser/text/unfold.h 'struct str quoted_reply(struct str text);' 'names: quoted_reply is declared in parser/reason/quoted.h and in parser/text/unfold.h'
echo 'a line' >seen.log
seen rooms 'seen.log has no place at the top'
rm seen.log
breach rooms parser/text/unfold.c '#include "store/store.h"' 'parser/text may not include store/store.h'
breach rooms parser/reason/mask.c '#include "parser/mail/address.h"' 'parser/reason may not include parser/mail/address.h'
breach rooms parser/notice/arf.c '#include "parser/reason/rules.h"' 'parser/notice may not include parser/reason/rules.h'
breach rooms cli/main.c '#include "parser/reason/rules.h"' 'cli may not include parser/reason/rules.h'
breach rooms library/report.c '#include "parser/reason/rules.h"' 'library may not include parser/reason/rules.h'
breach rooms ingest/session/smtp_line.c '#include "spool/spool.h"' 'ingest/session may not include spool/spool.h'
breach rooms load/batch.c '#include "serve/role.h"' 'load may not include serve/role.h'
breach rooms serve/child.c '#include "cli/command.h"' 'serve may not include cli/command.h'
breach rooms api/service.c '#include "store/store_priv.h"' 'store/store_priv.h is private to store'
breach rooms tests/unit/spool/test_spool.c '#include "parser/mail/html.h"' 'parser/mail is behind the door'
breach rooms tests/unit/spool/test_spool.c '#include "spool/lane_priv.h"' 'a test sees public headers only'
breach rooms parser/mail/html.c '#include <gmime/gmime.h>' 'this header belongs to'
breach rooms store/store_erase.c '#include <libpq-fe.h>' 'this header belongs to'
breach rooms cli/tools/explain.c '#include "store/store.h"' 'cli/tools may not include store/store.h'
breach rooms cli/tools/explain.c '#include <curl/curl.h>' 'this header belongs to'
breach rooms core/str.c 'int main(void)' 'main outside cli'
breach rooms core/str.c 'strcpy(a, b);' 'a banned call'
breach rooms api/service.c 'x = "SELECT 1";' 'SQL outside'
breach rooms CMakeLists.txt 'bounced_room(spool bounced_store bounced_core)' 'CMakeLists.txt: spool may include'
breach rooms migrations/0026_suppression_keys.sql "DO \$\$ BEGIN RAISE EXCEPTION 'planted'; END \$\$;" 'RAISE without an ERRCODE'
breach rooms store/sql/queries_mx.def "QUERY(PLANTED, \"\", \"DO \$\$ BEGIN RAISE 'planted'; END \$\$\")" 'RAISE without an ERRCODE'
cp docs/architecture.md "$copy.kept"
sed -i 's/^\(| `spool` .*| \)core |$/\1store, core |/' docs/architecture.md
seen rooms 'docs/architecture.md: spool may include'
undo docs/architecture.md
cp docs/architecture.md "$copy.kept"
sed -i 's/^- `parser`: `parse` the door/- `parser`: `gate` the door/' docs/architecture.md
seen rooms 'there is no gate in any room'
undo docs/architecture.md

# By headers; by definitions, the header declaring what another file defines; by a row of a table.
plant core/utf8.h '#include "core/json_out.h"'
seen circles 'core/json_out'
undo core/utf8.h
printf '#pragma once\nint planted_two(void);\n' >core/planted_one.h
printf '#include "core/planted_one.h"\n\nint planted_one(void)\n{\n\treturn planted_two();\n}\n' >core/planted_one.c
printf '#include "core/planted_one.h"\n\nint planted_two(void)\n{\n\treturn 2;\n}\n' >core/planted_two.c
seen circles 'circles: core/planted_one, core/planted_two'
printf 'PLANTED(planted_two)\n' >core/planted.def
printf '#include "core/planted_one.h"\n\nint (*const planted[])(void) = {\n#define PLANTED(f) f,\n#include "core/planted.def"\n};\n' >core/planted_one.c
seen circles 'circles: core/planted_one, core/planted_two'
rm core/planted*

planted='QUERY(PLANTED, "", '
rows=store/sql/queries_mx.def schema=migrations/0026_suppression_keys.sql
breach citus $rows "$planted"'"SELECT 1 FROM batch_decision d JOIN suppression s ON s.address = d.address")' 'PLANTED: batch_decision and suppression are joined'
breach citus $rows "$planted"'"DELETE FROM batch_decision d WHERE NOT EXISTS (SELECT 1 FROM suppression s WHERE s.address = d.address)")' 'PLANTED: batch_decision and suppression are joined'
breach citus $rows "$planted"'"WITH d AS (SELECT * FROM batch_decision) SELECT 1 FROM d, suppression s WHERE s.address = d.address")' 'PLANTED: batch_decision and suppression are joined'
breach citus $rows "$planted"'"SELECT 1 FROM event e JOIN message m ON m.message_id = e.message_id")' 'PLANTED: event and message are joined'
breach citus $rows "$planted"'"SELECT EXISTS (SELECT FROM event)")' 'PLANTED: SELECT FROM event has no column'
breach citus $schema 'ALTER TABLE event ADD UNIQUE (number);' 'a unique key of event lacks event_id'
breach citus $schema 'CREATE UNIQUE INDEX planted ON suppression (domain, stream);' 'a unique key of suppression lacks address'
breach citus $schema 'CREATE FUNCTION planted(a text) RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM event WHERE stream = a $$;' 'the function planted is in SQL'
breach citus $rows "$planted"'"DO $$ BEGIN PERFORM 1 FROM batch_decision; PERFORM 1 FROM batch_decision d JOIN suppression s ON s.address = d.address; END $$")' 'PLANTED: batch_decision and suppression are joined'
breach citus $rows "$planted"'"WITH k AS MATERIALIZED (SELECT * FROM judge_key) SELECT 1 FROM k JOIN suppression s ON s.address = k.address FOR UPDATE OF s")' 'PLANTED: locks rows of suppression'
breach citus $rows "$planted"'"SELECT 1 FROM suppression WHERE stream = $1 FOR UPDATE")' 'PLANTED: locks rows of suppression'
breach citus $rows "$planted"'"SELECT 1 FROM unnest($1) w CROSS JOIN LATERAL (SELECT 1 FROM delivered d WHERE d.address = w LIMIT 1) v")' 'PLANTED: a LIMIT for each row'
plant $rows "$planted"'"DO $$ DECLARE d record; BEGIN FOR d IN SELECT * FROM batch_decision LOOP PERFORM 1 FROM suppression WHERE address = d.address; END LOOP; END $$")'
run citus || { echo 'selftest: citus takes the statements of a block for one'; bad=1; }
undo $rows
backtest=store/sql/queries_backtest.def
cp $backtest "$copy.kept"
sed -i 's/^#define PEERS(since) MADE("peers", \(.*\))$/#define PEERS(since) "peers AS (" \1 ") "/' $backtest
seen citus 'CITUS_BACKTEST_NETWORKS: event and message are joined'
cp "$copy.kept" $backtest
sed -i '/^QUERY(CITUS_BACKTEST_NETWORKS/d' $backtest
seen citus 'BACKTEST_NETWORKS: event and message are joined'
undo $backtest
plant $rows "$planted"'"WITH d AS MATERIALIZED (SELECT * FROM batch_decision) SELECT 1 FROM d JOIN suppression s ON s.address = d.address")'
run citus || { echo 'selftest: citus does not see a step'; bad=1; }
undo $rows

lines() { yes "$2" | head -n "$1"; }
lines 501 '/* a line */' >core/planted.h
seen sizes 'core/planted.h: 501 lines'
rm core/planted.h
{ printf 'void planted(void)\n{\n'; lines 48 '	planted();'; printf '}\n'; } >core/planted.c
seen sizes 'core/planted.c:1: a function of 51 lines'
rm core/planted.c
for ((i = 0; i < 46; i++)); do echo '/* a line */' >"core/planted_$i.h"; done
seen sizes 'files, 45 at most'
rm core/planted_*.h
for ((i = 0; i < 60; i++)); do lines 480 '/* a line */' >"spool/planted_$i.h"; done
seen sizes 'a fifth at most'
exit $bad
