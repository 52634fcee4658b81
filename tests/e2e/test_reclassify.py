#!/usr/bin/python3
"""`bounced reclassify`: a new rule reaches what is kept, from raw mail and from words alone; counts, rollups and the suppression list
follow, and nothing moves twice."""
import re
import signal
import subprocess

import server as e2e

TEXT = "554 zork flimmer quonk"
RULE = "rule text.zork = {reason} 0.99\n    1  zork flimmer quonk\n"


def bounce(who):
    return e2e.crlf(f"""From: MAILER-DAEMON@mx.example.net
To: bounce@sender.example
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{who}>:
{TEXT}

""".encode())


def run(server, *arguments, code=0):
    done = subprocess.run([e2e.BINARY, "reclassify", "--config", server.config, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, (arguments, done)
    return done.stdout


def rule(server, reason):
    """The settings of the next command; the running server has its own."""
    path = server.folder / "own.rules"
    path.write_text(RULE.format(reason=reason))
    server.settings["parser.rules_file"] = path
    server.write_config()


def verdicts(server):
    return server.sql("SELECT reason, class, rule_id, count(*) FROM event GROUP BY 1, 2, 3 ORDER BY 1")


def counted(server):
    """The same in every table."""
    rows = {"15m": server.sql("SELECT reason, class, sum(n) FROM rollup_15m WHERE basis = 'event' GROUP BY 1, 2 HAVING sum(n) <> 0"),
            "total": server.sql("SELECT reason, class, sum(n) FROM total_day WHERE basis = 'event' GROUP BY 1, 2 HAVING sum(n) <> 0"),
            "text": server.sql("SELECT reason, class, sum(n) FROM rollup_diagnostic GROUP BY 1, 2 HAVING sum(n) <> 0")}
    assert rows["15m"] == rows["total"] == rows["text"], rows
    wide = server.sql("SELECT sum(hard), sum(soft), sum(block) FROM rollup_day WHERE basis = 'event'")
    words = server.sql("SELECT sum(hard), sum(soft), sum(block) FROM rollup_dimension WHERE dimension = 'status' AND basis = 'event'")
    assert wide == words, (wide, words)
    return rows["15m"], wide[0]


def state(server, address):
    return server.get(f"/v1/recipients/{address}")[1]["suppression"]["answer"]


def check_run(server):
    before = verdicts(server)
    assert [row[3] for row in before] == ["3"], before
    reason = before[0][0]
    assert state(server, "a1@d.example") != "suppressed"
    server.sql("DELETE FROM message_raw WHERE message_id = (SELECT min(message_id::text)::uuid FROM message)")

    rule(server, "recipient.unknown")
    out = run(server, "--dry-run")
    assert re.search(rf"^ +3  {re.escape(reason)} +recipient.unknown +hard$", out, re.M), out
    assert verdicts(server) == before

    out = run(server)
    assert "Looked at 3 events, changed 3." in out, out
    assert verdicts(server) == [["recipient.unknown", "hard", "text.zork.1", "3"]], verdicts(server)
    assert counted(server) == ([["recipient.unknown", "hard", "3"]], ["3", "0", "0"]), counted(server)
    if before[0][1] == "soft":  # it was held against them, as soft
        assert state(server, "a1@d.example") == "suppressed"
    assert "Looked at 3 events, changed 0." in run(server)

    rule(server, "content.spam")
    out = run(server, "--since", "1d")
    assert "changed 3" in out, out
    assert counted(server) == ([["content.spam", "block", "3"]], ["0", "0", "3"]), counted(server)
    assert state(server, "a1@d.example") == "clear", server.get("/v1/recipients/a1@d.example")
    assert server.sql("SELECT count(*) FROM suppression_evidence") == [["0"]]


def check_options(server):
    [[last]] = server.sql("SELECT event_id FROM event ORDER BY event_id DESC LIMIT 1")
    assert "Looked at 0 events" in run(server, "--after", last)
    assert "Looked at 0 events" in run(server, "--since", "2100-01-01")
    for wrong in (["--since", "soon"], ["--after", "x"], ["more"]):
        run(server, *wrong, code=2)


def check_stop(server):
    """Stopped between two batches it says where to go on."""
    # A record a row: `(f(x)).*` would call f once for each column.
    server.sql("INSERT INTO event SELECT r.* FROM (SELECT * FROM event LIMIT 1) e, generate_series(1, 20000) n, "
               "jsonb_populate_record(NULL::event, to_jsonb(e) || jsonb_build_object('event_id', "
               "overlay(e.event_id::text placing lpad(to_hex(n), 12, '0') from 25), 'counts', false)) r")
    process = subprocess.Popen([e2e.BINARY, "reclassify", "--config", server.config, "--dry-run"], stdout=subprocess.PIPE, text=True)
    busy = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'bounced reclassify' AND query LIKE '%FROM event%'"
    e2e.wait_for(lambda: server.sql(busy) or process.poll() is not None, "its first batch", 60, server, 0.01)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    if process.returncode == 0:
        assert "Looked at 20003 events" in out, out  # it was quicker than the signal
        return
    after = re.search("--after ([0-9a-f-]{36})", out)[1]
    first = int(re.search("Looked at ([0-9]+)", out)[1])
    rest = int(re.search("Looked at ([0-9]+)", run(server, "--dry-run", "--after", after))[1])
    assert first + rest == 20003 and process.returncode == 1, (first, rest)


def main():
    with e2e.Server(**{"suppress.unsigned": "trust"}) as server:
        for number in range(3):
            status, _, text = server.request("POST", "/v1/messages?recipient=bounce@sender.example", bounce(f"a{number}@d.example"),
                                             {"Content-Type": "message/rfc822"})
            assert status == 202, text
        e2e.wait_for(lambda: server.sql("SELECT count(*) FROM event") == [["3"]], "the events", 60, server)
        check_run(server)
        check_options(server)
        check_stop(server)
        print("a new rule reaches what is kept, once")


main()
