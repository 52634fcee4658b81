#!/usr/bin/python3
"""The suppression list from the mail to the files: who is put on it under each policy, who never is, what people
change, and exports that a kill at any moment leaves whole."""
import csv
import hashlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import time

import server as e2e

COLUMNS = ("address,domain,reason,family,class_hard,scope,source,first_seen,last_seen,count,status,diagnostic,"
           "evidence_id,expires_at,state,seq").split(",")
KILLS = 25


class Server(e2e.Server):
    """With an export every second into a folder below its data."""

    def __init__(self, **settings):
        super().__init__(**{"export.interval_s": 1, **settings})
        self.export = self.folder / "data" / "export"
        self.settings["export.dir"] = str(self.export)

    def suppress(self, *words, stdin=None, code=0):
        done = subprocess.run([e2e.BINARY, "suppress", *words, "--config", self.config], capture_output=True,
                              input=stdin.encode() if stdin else None, timeout=120)
        assert done.returncode == code, (words, done)
        return done.stdout.decode()  # as it is: CSV's lines end with CRLF

    def list(self, *words):
        return {line.split("\t")[0]: line.split("\t") for line in self.suppress("list", *words).splitlines()}

    def active(self):
        return set(self.list("--state", "active"))

    def manifest(self):
        return json.loads((self.export / "manifest.json").read_text())

    def wait_exported(self):
        """Until a run has begun and ended after now."""
        first = self.exports()
        e2e.wait_for(lambda: self.exports() >= first + 2, "two exports", 60, self)

    def exports(self):
        return self.log_path.read_text(errors="replace").count("event=exported")


def rows_of(data):
    """Rows of a CSV file, whole or an error."""
    text = data.decode()
    assert text.endswith("\r\n"), text[-100:]
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert all(len(row) == len(COLUMNS) and None not in row.values() for row in rows), rows
    assert text.split("\r\n", 1)[0].split(",") == COLUMNS
    return rows


def dsn(*recipients, action="failed", status="5.1.1", text="550 5.1.1 User unknown"):
    groups = "\n".join(f"Final-Recipient: rfc822; {who}\nAction: {action}\nStatus: {status}\n"
                       f"Diagnostic-Code: smtp; {text}\n" for who in recipients)
    number = random.randrange(1 << 60)
    return e2e.crlf(f"""From: MAILER-DAEMON@mx.example.net
To: bounce@news.sender.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <{number}@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b{number}"

--b{number}
Content-Type: text/plain

Your message was not delivered.

--b{number}
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

{groups}
--b{number}--
""".encode())


def deliver(server, message, recipient="bounce@news.sender.example"):
    before = int(server.sql("select count(*) from message")[0][0])
    peer = e2e.connect(server)
    assert e2e.send(peer, message, recipient=recipient)[0] == 250
    peer.quit()
    e2e.wait_for(lambda: int(server.sql("select count(*) from message")[0][0]) > before, "the message", 60, server)


def run_demo(server):
    done = subprocess.run([e2e.BINARY, "demo", "--days", "0", "--config", server.config], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    e2e.wait_for(lambda: len(server.events()) == 61, "the demo's 61 events", 60, server)
    return server.events()


def check_trust(server):
    """Hard bounces and complaints at once; what may pass, and what is of the sender, by one mail never."""
    events = run_demo(server)
    due = {event["recipient"].lower() for event in events
           if event["outcome"] == "complaint" or (event["outcome"] == "failed" and event["class"] == "hard"
                                                  and not event["reason"].startswith("domain.")
                                                  and event["reason"] != "recipient.disabled")}
    assert len(due) == 27, len(due)
    found = server.list()
    assert set(found) == due, set(found) ^ due
    assert {row[2] for row in found.values()} == {"active"}
    assert sorted(row[3] for row in found.values()).count("complaint") == 2
    others = [("soft@example.com", dict(status="5.2.2", text="552 5.2.2 Mailbox full")),
              ("block@example.com", dict(status="5.7.1", text="550 5.7.1 Message rejected as spam")),
              ("late@example.com", dict(action="delayed", status="4.4.1", text="451 4.4.1 try later")),
              ("late2@example.com", dict(action="delayed"))]
    for who, fields in others:
        deliver(server, dsn(who, **fields))
    assert server.active() == due
    return due


def check_files(server, due):
    server.wait_exported()
    manifest = server.manifest()
    assert manifest["policy_version"].startswith("2 unsigned=trust strikes=2"), manifest
    assert {entry["file"] for entry in manifest["files"]} >= {"suppressions.csv", "suppressions.ndjson"}
    for entry in manifest["files"]:
        data = (server.export / entry["file"]).read_bytes()
        assert len(data) == entry["bytes"] and hashlib.sha256(data).hexdigest() == entry["sha256"], entry
        if entry["format"] == "csv":
            rows = rows_of(data)
        else:
            rows = [json.loads(line) for line in data.splitlines()]
            assert all(list(row) == COLUMNS for row in rows)
        assert len(rows) == entry["rows"], entry
        if entry["kind"] == "full":
            assert {row["address"] for row in rows} == due
            assert {row["state"] for row in rows} == {"active"}
            assert len({row["seq"] for row in rows}) == len(rows)
    # The same over HTTP and by hand, and each row names an event that says so.
    found, cursor = set(), ""
    while cursor is not None:
        status, page = server.get("/v1/suppressions?state=active&limit=10" + (cursor and "&cursor=" + cursor))
        assert status == 200, page
        found |= {row["address"] for row in page["suppressions"]}
        cursor = page["next_cursor"]
    assert found == due, found ^ due
    assert {row["address"] for row in rows_of(server.suppress("export").encode())} == due
    ndjson = [json.loads(line) for line in server.suppress("export", "--format", "ndjson").splitlines()]
    for row in ndjson:
        status, event = server.get(f"/v1/events/{row['evidence_id']}")
        assert status == 200 and event["recipient"].lower() == row["address"], (row, event)
        assert row["class_hard"] == (row["source"] == "bounce"), row


def check_people(server, due):
    """By hand on and off; both are in the changes, and nobody comes back without new evidence."""
    victim = sorted(due)[0]
    server.wait_exported()
    seq = server.manifest()["to_seq"]
    server.suppress("add", "Bob@Example.NET", "--reason", 'said "no", twice')
    server.suppress("remove", victim)
    server.suppress("remove", "nobody@example.net", code=1)
    server.suppress("add", "no address", code=2)
    assert server.active() == due - {victim} | {"bob@example.net"}
    changes = {row["address"]: row for row in rows_of(server.suppress("export", "--since", str(seq)).encode())}
    assert {who: row["state"] for who, row in changes.items()} == {victim: "removed", "bob@example.net": "active"}
    assert changes["bob@example.net"]["source"] == "manual", changes
    assert changes["bob@example.net"]["diagnostic"] == 'said "no", twice', changes
    assert {int(row["seq"]) for row in changes.values()} == {seq + 1, seq + 2}

    def files():
        return {path.name: rows_of(path.read_bytes()) for path in server.export.glob("suppressions.*-*.csv")
                if int(path.name.split(".")[1].split("-")[0]) >= seq}
    e2e.wait_for(lambda: {row["address"] for rows in files().values() for row in rows} >= set(changes),
                 "a file of changes", 60, server)
    states = {row["address"]: row["state"] for rows in files().values() for row in rows}
    assert states == {victim: "removed", "bob@example.net": "active"}, states
    server.wait_exported()
    assert {row["address"] for row in rows_of((server.export / "suppressions.csv").read_bytes())} == server.active()
    deliver(server, dsn(victim))
    assert victim in server.active()
    server.suppress("remove", "BOB@example.net")
    assert server.active() == due


def check_questions(server, due):
    known = sorted(due)[:3]
    answer = server.suppress("check", known[0], "free@example.com", code=3).splitlines()
    assert [line.split("\t")[:2] for line in answer] == [[known[0], "suppressed"], ["free@example.com", "clear"]]
    many = [f"u{i}@example.com" for i in range(2500)]
    answer = server.suppress("check", "-", stdin="\n".join(many[:1500] + [known[1].upper()] + many[1500:]), code=3)
    lines = [line.split("\t") for line in answer.splitlines()]
    assert len(lines) == 2501 and [line[0] for line in lines if line[1] != "clear"] == [known[1].upper()]
    assert len(server.suppress("check", "-", stdin="\n".join(many)).splitlines()) == 2500
    assert server.suppress("check", "nonsense", code=3) == "nonsense\tinvalid\n"
    assert len(server.suppress("list", "--domain", "Example.COM").splitlines()) == sum(
        who.endswith("@example.com") for who in due)
    for words in (["list", "--state", "gone"], ["export", "--format", "xls"], ["export", "--since", "-1"],
                  ["check"], ["add"], ["destroy"]):
        server.suppress(*words, code=2)


def check_kills(server):
    """kill -9 of the scheduler while the list changes: each name holds a whole file at every moment."""
    chance = random.Random(3)
    many = [f"u{i}@example.com" for i in range(3000)]
    for start in range(0, len(many), 500):
        server.suppress("add", *many[start:start + 500])
    for number in range(KILLS):
        server.suppress("add", f"kill{number}@example.com")
        for pid in server.pids("scheduler"):
            time.sleep(chance.random() * 0.4)
            os.kill(pid, signal.SIGKILL)
        for path in server.export.glob("suppressions*.csv"):
            rows_of(path.read_bytes())
        for path in server.export.glob("suppressions*.ndjson"):
            assert path.read_bytes().endswith(b"}\n"), path
            assert all(list(json.loads(line)) == COLUMNS for line in path.read_bytes().splitlines()), path
        server.manifest()
    e2e.wait_for(lambda: server.pids("scheduler"), "the scheduler again", 60, server)
    e2e.wait_for(lambda: {f"kill{number}@example.com" for number in range(KILLS)} <= {
        row["address"] for row in rows_of((server.export / "suppressions.csv").read_bytes())}, "every entry", 90,
        server)
    server.wait_exported()
    # Whoever began with nothing and read every file of changes has the whole list.
    have = {}
    files = sorted((int(path.name.split(".")[1].split("-")[0]), path) for path in
                   server.export.glob("suppressions.*-*.ndjson"))
    for _, path in files:
        for line in path.read_bytes().splitlines():
            row = json.loads(line)
            if row["seq"] >= have.get(row["address"], (0, ""))[0]:
                have[row["address"]] = (row["seq"], row["state"])
    assert {who for who, (_, state) in have.items() if state == "active"} >= {
        f"kill{number}@example.com" for number in range(KILLS)} | set(many)
    # One may be under way.
    e2e.wait_for(lambda: not list(server.export.glob(".bounced-tmp.*")), "an export that leaves nothing behind", 60, server)


def check_one_acts(server):
    """A second scheduler on the same database stands by; the numbers are without a gap."""
    rows = server.sql("select count(*), count(distinct changed_seq), max(changed_seq) <= (select last from "
                      "suppression_counter), count(*) filter (where dirty) from suppression where state <> 'strikes'")
    assert rows[0][0] == rows[0][1] and rows[0][2:] == ["t", "0"], rows
    assert server.sql("select count(*) from pg_locks where locktype = 'advisory'") == [["1"]]


def check_strikes():
    """By default one day of bounces, however many, suppresses nobody."""
    with Server() as server:
        run_demo(server)
        for _ in range(3):
            deliver(server, dsn("ann@example.com", "ann@example.com", "bob@example.com"))
        assert server.list() == {}
        assert server.suppress("check", "ann@example.com").split("\t")[1] == "strikes"
        # As if the first had been yesterday: of the same network, and then of another.
        server.sql("update suppression_evidence set seen_at = seen_at - interval '1 day' "
                   "where address = 'ann@example.com'")
        deliver(server, dsn("ann@example.com"))
        assert server.active() == set()
        server.sql("update suppression_evidence set network = '192.0.2.0/24' where seen_at < now() - interval '20 hours'")
        deliver(server, dsn("ann@example.com"))
        assert server.active() == {"ann@example.com"}
        server.wait_exported()
        assert server.manifest()["rows"] in (0, 1)
        assert server.stop() == 0
        log = server.log_tail(400)
        assert "Sanitizer" not in log and "export_failed" not in log, log


def check_signed():
    """Of a stream that signs, only the recipient that a valid token names."""
    key = "1:" + "5a" * 32
    settings = {"token.keys": key, "suppress.signed_streams": "*", "suppress.unsigned": "trust"}
    with Server(**settings) as server:
        done = subprocess.run([e2e.BINARY, "token", "sign", "ann@example.com", "news.sender.example", "--config",
                               server.config], capture_output=True, text=True, timeout=60, check=True)
        path = done.stdout.strip()
        forged = path[:20] + ("b" if path[20] != "b" else "c") + path[21:]
        deliver(server, dsn("ann@example.com", "bob@example.com"))
        deliver(server, dsn("ann@example.com", "bob@example.com"), recipient=forged)
        assert server.list() == {}
        deliver(server, dsn("bob@example.com"), recipient=path)
        assert server.list() == {}
        deliver(server, dsn("Ann@example.com", "bob@example.com"), recipient=path.upper())
        assert server.active() == {"ann@example.com"}


UNSUBSCRIBE = e2e.crlf(b"""From: Ann <ann@example.com>
To: unsubscribe
Subject: Unsubscribe

please
""")


def check_unsubscribes():
    """A mail to the token's own path, by whom it was made for, is an entry of its stream; forged, of somebody else, or without the
    setting it is none; twice is once; a person's word stands."""
    settings = {"suppress.signed_streams": "news", "token.keys": "1:" + "1a" * 32, "suppress.unsigned": "trust",
                "smtp.return_path_domains": "news.sender.example=news"}
    for setting in ("true", "false"):
        with Server(**settings, **{"suppress.unsubscribes": setting}) as server:
            path = subprocess.run([e2e.BINARY, "token", "sign", "ann@example.com", "news.sender.example", "--config", server.config],
                                  capture_output=True, text=True, timeout=60, check=True).stdout.split()[0]
            sent = 0

            def unsubscribe(sender, recipient):
                nonlocal sent
                sent += 1
                peer = e2e.connect(server)
                message = UNSUBSCRIBE.replace(b"please", b"please %d" % sent)
                assert e2e.send(peer, message, sender=sender, recipient=recipient)[0] == 250
                peer.quit()
                e2e.wait_for(lambda: server.sql("select count(*) from message where kind = 'unsubscribe'") == [[str(sent)]],
                             "the message", 60, server)
            forged = path[:20] + ("b" if path[20] != "b" else "c") + path[21:]
            for sender, recipient in (("ann@example.com", "bounce@news.sender.example"), ("ann@example.com", forged),
                                      ("bob@example.com", path), ("", path)):
                unsubscribe(sender, recipient)
            assert server.list() == {}
            unsubscribe("Ann@Example.com", path)
            if setting == "false":
                assert server.list() == {}
                continue

            def rows():
                return {tuple(line.split("\t")[1:4]) for line in server.suppress("list").splitlines()}
            assert rows() == {("news", "active", "unsubscribe")}, rows()
            server.suppress("check", "ann@example.com", "--stream", "news", code=3)
            server.suppress("check", "ann@example.com", "--stream", "shop")
            unsubscribe("ann@example.com", path)
            assert rows() == {("news", "active", "unsubscribe")}, rows()
            deliver(server, dsn("ann@example.com"), recipient=path)  # of every stream; it takes nothing from what was asked
            assert rows() == {("news", "active", "unsubscribe"), ("global", "active", "bounce")}, rows()
            server.suppress("remove", "ann@example.com", "--stream", "news")
            assert rows() == {("news", "removed", "unsubscribe"), ("global", "active", "bounce")}, rows()


def check_policy():
    server = e2e.Server(**{"suppress.rules": "soft=5/30/60, news:mailbox.full=never", "suppress.unsigned": "hold"})
    server.write_config()
    done = subprocess.run([e2e.BINARY, "policy", "show", "--config", server.config], capture_output=True, text=True,
                          timeout=60, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert ["unsigned", "hold"] in rows and ["strikes", "2"] in rows, rows
    assert ["rule", "*", "soft", "5 strikes over 30 days", "for 60 days", "configured"] in rows, rows
    assert ["rule", "news", "mailbox.full", "never", "-", "configured"] in rows, rows
    assert ["rule", "*", "mailbox.full", "3 strikes over 14 days", "for 30 days", "built in"] in rows, rows
    assert [row[2] for row in rows if row[0] == "rule"].count("soft") == 1, rows
    server.__exit__(None)


def check_undo(server, due):
    """What came in a window is taken back, first only tried; people's entries stay."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))
    time.sleep(2)
    deliver(server, dsn("undo1@example.org", "undo2@example.org"))
    server.suppress("add", "undo3@example.org")
    assert {"undo1@example.org", "undo2@example.org"} <= server.active()
    words = ("undo", "--since", moment, "--domain", "example.org", "--reason", "recipient.unknown")
    tried = server.suppress(*words)
    assert "lifted\t2" in tried and "nothing was changed" in tried and "undo1@example.org" in server.active(), tried
    assert "lifted\t2" in server.suppress(*words, "--yes")
    assert server.active() == due | {"undo3@example.org"}, server.active() ^ due
    server.suppress("remove", "undo3@example.org")
    assert server.suppress("holds") == ""
    server.suppress("release", "7", code=1)
    server.suppress("undo", code=2)


def check_erased(server):
    """Who asked to be forgotten is on no list of addresses, and is not mailed."""
    server.suppress("add", "Forgotten@example.org")
    done = subprocess.run([e2e.BINARY, "erase", "--hash-entry", "forgotten@EXAMPLE.org", "--config", server.config],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "1 entries of the suppression list stand under a digest" in done.stdout, done
    assert server.sql("select count(*) from suppression s where s::text ilike '%forgotten%'") == [["0"]]
    digest = hashlib.sha256(b"forgotten@example.org").hexdigest()
    assert server.suppress("check", "forgotten@example.org", code=3).split()[1] == "suppressed"
    assert server.get("/v1/suppressions/forgotten@example.org")[1]["answer"] == "suppressed"
    status, answer = server.get(f"/v1/suppressions?limit=1000")
    assert f"sha256:{digest}" in [row["address"] for row in answer["suppressions"]], answer
    assert digest in server.suppress("export", "--format", "sha256").split()
    assert digest not in server.suppress("export", "--format", "plain")
    server.suppress("remove", "forgotten@example.org")
    assert server.suppress("check", "forgotten@example.org").split()[1] == "clear"


def backtest(server, *words, code=0):
    done = subprocess.run([e2e.BINARY, "policy", "backtest", *words, "--config", server.config], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == code, (words, done)
    return done.stdout if code == 0 else done.stderr


def check_backtest(server):
    """The policy in force makes the list; another one is compared with it, and nothing changes."""
    before = server.list()
    by_events = {who for who, row in before.items() if row[2] == "active" and row[3] in ("bounce", "complaint")}
    found = json.loads(backtest(server, "--format", "json"))
    assert found["total"]["suppressed"] == len(by_events) and found["in_force"] is None, (found["total"], len(by_events))
    assert sum(row["suppressed"] for row in found["rows"]) == len(by_events), found
    complaints = sum(row["suppressed"] for row in found["rows"] if row["reason"] == "complaint")
    assert complaints == sum(before[who][3] == "complaint" for who in by_events) > 0, found
    other = server.folder / "other.conf"
    other.write_text("[suppress]\nrules = hard=never, mailbox.full=1\n")  # `unsigned = trust` stays
    found = json.loads(backtest(server, "--policy", other, "--compare", "--format", "json", "--since", "30d"))
    full = {event["recipient"].lower() for event in server.events() if event["reason"] == "mailbox.full" and event["outcome"] == "failed"}
    total = found["total"]
    assert total["in_force"] == len(by_events) and total["more"] == len(full - by_events) > 0, (total, full)
    assert total["suppressed"] == total["in_force"] + total["more"] - total["fewer"], total
    assert {row["reason"] for row in found["rows"] if row["more"]} == {"mailbox.full"}, found
    assert "rules=hard=never, mailbox.full=1" in found["policy"] and "unsigned=trust" in found["policy"], found
    lines = backtest(server, "--policy", other, "--compare").splitlines()
    assert lines[0].split()[-3:] == ["force", "more", "fewer"] and lines[-2].split()[-3:] == [
        str(total[word]) for word in ("in_force", "more", "fewer")], lines
    assert lines[-1].startswith(f"Judged {found['events']} events"), lines
    assert json.loads(backtest(server, "--since", "2100-01-01", "--format", "json"))["events"] == 0
    assert server.list() == before
    other.write_text("[suppress]\nrules = soft=many\n")
    assert str(other) in backtest(server, "--policy", other, code=2)
    other.write_text("[suppress]\nrule = x\n")
    assert "unknown key" in backtest(server, "--policy", other, code=2)
    for words in (("--policy", "/nowhere"), ("--compare",), ("--since", "soon"), ("--format", "xml")):
        backtest(server, *words, code=2)


def check_settings():
    for settings, word in (({"suppress.unsigned": "maybe"}, "suppress.unsigned"),
                           ({"suppress.scope": "all"}, "suppress.scope"),
                           ({"suppress.signed_streams": "news"}, "suppress.signed_streams"),
                           ({"suppress.strikes": "8", "suppress.strike_window_days": "7"}, "suppress.strikes"),
                           ({"suppress.rules": "soft=many"}, "suppress.rules"),
                           ({"suppress.rules": "soft=2/90"}, "suppress.rules"),
                           ({"export.formats": "csv, xls"}, "export.formats"),
                           ({"export.dir": "here"}, "export.dir")):
        server = e2e.Server(**settings)
        server.write_config()
        done = subprocess.run([e2e.BINARY, "config", "check", "--config", server.config], capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == 2 and word in done.stderr, (settings, done)
        server.__exit__(None)


def check_hold_over():
    """A hold that nobody decides is told once; after suppress.hold_days what waits for it is discarded."""
    with Server() as server:
        server.request("PUT", "/v1/suppressions/h@three.example", {"state": "held"})
        server.sql("UPDATE suppression SET source = 'bounce'; INSERT INTO suppression_hold (provider, since, last_at, state, n, limit_n) "
                   "VALUES ('three.example', now() - interval '8 days', now() - interval '8 days', 'open', 9, 1); "
                   "INSERT INTO suppression_evidence (address, stream, event_id, seen_at, origin, network, reason, class, decision, complaint, serves, "
                   "hold_id, provider) SELECT 'h@three.example', '', gen_random_uuid(), now(), '', '', 'recipient.unknown', 'hard', 'suppress', false, "
                   "false, hold_id, provider FROM suppression_hold")
        e2e.wait_for(lambda: server.get("/v1/suppressions/holds")[1]["holds"][0]["state"] != "open", "the hold to be over", 60, server)
        hold, = server.get("/v1/suppressions/holds")[1]["holds"]
        assert (hold["state"], hold["decided_by"], hold["entries"]) == ("discarded", "scheduler", 1), hold
        assert server.sql("SELECT state FROM suppression") == [["removed"]] and "event=hold_discarded" in server.log_path.read_text()


def main():
    check_settings()
    check_policy()
    with Server(**{"suppress.unsigned": "trust"}) as server:
        due = check_trust(server)
        check_files(server, due)
        check_people(server, due)
        check_undo(server, due)
        check_erased(server)
        check_backtest(server)
        check_questions(server, due)
        check_kills(server)
        check_one_acts(server)
        assert server.stop() == 0
        log = server.log_path.read_text(errors="replace")
        assert "Sanitizer" not in log and "export_failed" not in log
    check_strikes()
    check_signed()
    check_unsubscribes()
    check_hold_over()
    print("suppressed, exported, killed and exported again")


if __name__ == "__main__":
    sys.exit(main())
