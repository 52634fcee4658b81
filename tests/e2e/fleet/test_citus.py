#!/usr/bin/python3
"""The whole server on Citus: migrations, mail by SMTP, every GET route with every parameter that it has, suppression, exports, other rules,
retention, erasure, a loader that is killed, a worker that goes away; at the end counts are what the events say.

CITUS_URL: the conninfo of a coordinator, as one who may do everything, of a database where the extension is and nothing of ours.
CITUS_KILL_WORKER and CITUS_START_WORKER: commands of the shell that end a worker, as kill -9 does, and start it again.
CITUS_PLAIN=1: a server without Citus will do, and where no CITUS_URL is, one of the test's own, which is all of it the worker. Behind the
migrations it says that it has Citus.
docs/scale.md has how it is run."""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse

import server as e2e
from test_external_database import Database

PLAIN = os.environ.get("CITUS_PLAIN") == "1"
DISTRIBUTED = re.compile(r"create_distributed_table\('(\w+)'")
DOMAINS = ("one.example", "mail.one.example", "two.example", "gmail.com")
TEXTS = (("5.1.1", "550 5.1.1 User unknown", "failed"), ("5.2.2", "552 5.2.2 Mailbox full", "failed"),
         ("5.7.1", "554 zork flimmer quonk", "failed"), ("4.4.1", "connect to mx.example.net: Connection timed out", "delayed"))
# A parameter with words of its own has them in its description, each in backticks; of the others one value.
VALUES = {"from": ["7d", "24h", "60d"], "to": ["today"], "basis": ["event", "send"], "domain": ["one.example"], "stream": ["news"],
          "reason": ["recipient.unknown"], "outcome": ["failed", "delayed"], "class": ["hard", "block"], "proof": ["all", "none", "valid"],
          "mature": ["true"], "campaign": ["c1"], "org_domain": ["one.example"], "provider": ["google"], "status": ["5.1.1"],
          "reporting_mta": ["mx.example.net"], "remote_mta": ["mx.example.net"], "source": ["smtp"], "order": ["asc", "desc"],
          "format": ["json", "ndjson", "csv"], "limit": ["2"], "min_attempted": ["1"], "recipient": ["user1@one.example"],
          "message_id": ["7@sender.example"], "kind": ["bounce"], "state": ["active", "strikes", "removed"], "since": ["0", "1"],
          "removed": ["true"], "interval": ["15m", "hour", "day", "week", "month"], "tz": ["Europe/Berlin"], "fill": ["true"],
          "step": ["day"], "action": ["erase"], "exports": ["true"], "name": ["list"],
          "sort": ["failed", "failure_rate", "attempted", "delayed", "complaints", "domain"],
          "by": ["domain", "org_domain", "provider", "stream", "campaign", "source", "reason", "class", "outcome", "status", "reporting_mta",
                 "remote_mta"]}
NEEDED = {"/v1/breakdown": {"by": "provider"}}


class Given:
    """A database of somebody else's."""

    def __init__(self, url):
        self.url = url

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def sql(self, statement):
        done = subprocess.run(["psql", self.url, "-XAtc", statement], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def worker(self, what):
        command = os.environ.get(f"CITUS_{what}_WORKER")
        if command:
            subprocess.run(command, shell=True, check=True, timeout=120)
        return command


class Own(Database):
    """A plain one, which is its own worker."""

    def worker(self, what):
        (self.stop if what == "KILL" else self.start)()
        return True


def report(number):
    """One of thirty deliveries, so that several reports are of the same."""
    delivery = number % 30
    status, text, action = TEXTS[delivery % len(TEXTS)]
    return e2e.crlf(f"""From: MAILER-DAEMON@mx.example.net
To: bounce@news.sender.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

A message could not be delivered. {number}

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; user{delivery}@{DOMAINS[delivery % len(DOMAINS)]}
Action: {action if number < 60 else "failed"}
Status: {status}
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; {text}

--b
Content-Type: text/rfc822-headers

From: news@sender.example
Date: {time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(time.time() - 3600 * (delivery % 40)))}
Message-ID: <{delivery}@sender.example>
Subject: news

--b--
""".encode())


class Flow:
    """Mails that each must get their 250, and the events of all of them."""

    def __init__(self, server, database):
        self.server, self.database, self.number = server, database, 0

    def send(self, n):
        with contextlib.closing(e2e.connect(self.server)) as peer:
            for _ in range(n):
                code, text = e2e.send(peer, report(self.number))
                assert code == 250, text
                self.number += 1

    def settle(self, what):
        e2e.wait_for(lambda: self.database.sql("SELECT count(*) FROM event") == str(self.number), what, 240, self.server)


def run(server, *words, code=0):
    done = subprocess.run([e2e.BINARY, *map(str, words), "--config", server.config], capture_output=True, text=True, timeout=240)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout


def check_counts(server):
    said = run(server, "rollup", "check")
    print(f"rollups: {said.strip().splitlines()[-1]}")


# ---- what is asked ----

def check_migrations(server, database, citus):
    server.write_config()
    run(server, "migrate")
    assert "0 migration(s) applied now" in run(server, "migrate")
    if not citus:
        return
    wanted = {table for path in (e2e.ROOT / "migrations").glob("*.sql") for table in DISTRIBUTED.findall(path.read_text())}
    there = set(database.sql("SELECT logicalrelid FROM pg_dist_partition WHERE partmethod = 'h'").split())
    assert wanted <= there, wanted - there


def variants(path, parameters):
    """The route alone, and with each of its parameters, one at a time."""
    names = {p["name"]: p for p in parameters if p["in"] == "query"}
    unknown = set(names) - set(VALUES) - {"cursor"}
    assert not unknown, f"{path}: the test has no value for {unknown}"
    base = NEEDED.get(path, {})
    yield base
    for name in names:
        for value in VALUES.get(name, ()):
            yield base | {name: value}


def check_routes(server, event, message):
    """Every GET of /openapi.json. What a combination is refused for is its own fault (400); a server that cannot do it says 5xx."""
    ids = {"{domain}": "one.example", "{address}": "user1@mail.one.example"}
    document, asked, refused = server.get("/openapi.json")[1], 0, []
    for path, methods in document["paths"].items():
        if "get" not in methods or path.startswith("/dashboard"):
            continue
        place = path
        for name, value in {**ids, "{id}": message if "/messages/" in path else event}.items():
            place = place.replace(name, value)
        for query in variants(path, methods["get"].get("parameters", [])):
            url = place + ("?" + urllib.parse.urlencode(query) if query else "")
            status, _, body = server.request("GET", url)
            asked += 1
            assert status < 500, (url, status, body[:500])
            if status != 200:
                refused.append((status, url))
                assert query or path == "/v1/key", (url, status, body[:500])
    print(f"{asked} GET requests answered, {len(refused)} of them refused: {refused[:6]}")
    assert len(refused) * 5 < asked, refused
    events = server.events(message_id="1@sender.example")
    assert events and all(e["recipient"] == "user1@mail.one.example" for e in events), events


def check_suppression(server, database):
    """Put, asked, taken away, brought back by newer evidence alone, undone by a rule and without one, listed, exported."""
    def state(address):
        status, answer = server.get("/v1/suppressions/" + urllib.parse.quote(address))
        return answer["entries"][0]["state"] if status == 200 and answer.get("entries") else (answer.get("state") if status == 200 else None)
    e2e.wait_for(lambda: database.sql("SELECT count(*) FROM suppression_evidence") not in ("", "0"), "evidence", 60, server)
    address = "hand@one.example"
    status, _, body = server.request("PUT", f"/v1/suppressions/{address}", {"note": "by hand"})
    assert status in (200, 201, 204), body
    assert state(address) == "active", server.get(f"/v1/suppressions/{address}")
    status, _, body = server.request("POST", "/v1/suppressions/check", {"addresses": [address, "other@one.example"]})
    assert status == 200 and address in body.decode(), body
    status, _, body = server.request("DELETE", f"/v1/suppressions/{address}")
    assert status in (200, 204), body
    status, _, body = server.request("POST", "/v1/suppressions/import?format=plain", b"list1@one.example\nlist2@two.example\n",
                                     {"Content-Type": "text/plain"})
    assert status == 200, body
    e2e.wait_for(lambda: b"list1@one.example" in server.request("GET", "/v1/suppressions/export?format=plain")[2], "the export", 60, server)
    run(server, "suppress", "list")
    rule = database.sql("SELECT rule_id FROM event WHERE event_id IN (SELECT event_id FROM suppression_evidence) LIMIT 1")
    for words in (("--rule", rule), ("--reason", "recipient.unknown"), ()):
        run(server, "suppress", "undo", "--since", "2020-01-01", *words)
    run(server, "suppress", "undo", "--since", "2020-01-01", "--rule", rule, "--yes")
    left = database.sql("SELECT count(*) FROM suppression_evidence WHERE discarded_at IS NULL")
    assert left != database.sql("SELECT count(*) FROM suppression_evidence"), "nothing was taken back"


def check_exports(server):
    """A job of the server writes what the list has."""
    path = server.folder / "lists" / "list.txt"
    e2e.wait_for(lambda: path.exists() and "list2@two.example" in path.read_text(), "the exported file", 90, server)
    assert {job["name"] for job in server.get("/v1/exports")[1]["exports"]} == {"list"}


def check_retention(server, database):
    """A message of two months ago loses its bytes at a start, and keeps its event, unless no rule knew it."""
    counts = "SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM message_raw)"
    before = database.sql(counts).split("|")
    for table in ("message", "message_raw"):
        row = json.loads(database.sql(f"SELECT to_jsonb(t) || jsonb_build_object('received_at', t.received_at - interval '60 days') "
                                      f"FROM {table} t ORDER BY message_id LIMIT 1"))
        text = json.dumps(row).replace("'", "''")
        database.sql(f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, '{text}'::jsonb)).*")
    server.stop()
    server.start().wait_ready()
    e2e.wait_for(lambda: database.sql(counts).split("|") == [str(int(before[0]) + 1), before[1]], "old bytes to go", 90, server)
    database.sql(f"DELETE FROM message WHERE message_id = '{row['message_id']}' AND received_at = '{row['received_at']}'")


def check_erase(server, database):
    address = "user1@mail.one.example"
    assert server.events(recipient=address)
    assert "Emptied" in run(server, "erase", "--hash-entry", address)
    assert not server.events(recipient=address)
    for table in ("event", "message", "message_raw", "suppression", "suppression_evidence"):
        assert database.sql(f"SELECT count(*) FROM {table} t WHERE t::text ILIKE '%user1@mail%'") == "0", table


# ---- what goes wrong ----

def kill_loader(flow):
    """In the middle of its work, three times."""
    for _ in range(3):
        flow.send(40)
        for pid in flow.server.pids("loader"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        flow.send(10)
    flow.settle("the mail of loaders that were killed")


def kill_worker(flow):
    """Mail has its 250 meanwhile, and is loaded when the worker is back; nothing of it is set aside."""
    if not flow.database.worker("KILL"):
        print("no worker was killed: CITUS_KILL_WORKER is not set")
        return
    flow.send(60)
    time.sleep(3)
    flow.database.worker("START")
    flow.settle("the mail of the time without a worker")
    assert "event=message_set_aside" not in flow.server.log_path.read_text()
    e2e.wait_for(lambda: flow.server.get("/readyz")[0] == 200, "the server to be ready again", 90, flow.server)


def volumes(server):
    hour = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(time.time() - 7200))
    rows = [{"hour": hour, "stream": "news", "campaign": "c1", "domain": domain, "source": "mta1", "attempted": 1000} for domain in DOMAINS]
    for attempted in (1000, 2000):
        status, _, body = server.request("POST", "/v1/volumes", {"volumes": [row | {"attempted": attempted} for row in rows]})
        assert status == 200, body


def drive(server, database, citus):
    flow = Flow(server, database)
    flow.send(90)
    flow.settle("the first mail")
    volumes(server)
    kill_loader(flow)
    kill_worker(flow)
    check_counts(server)
    event, message = database.sql("SELECT event_id, message_id FROM event ORDER BY event_id LIMIT 1").split("|")
    check_routes(server, event, message)
    check_suppression(server, database)
    check_exports(server)
    run(server, "reclassify", "--dry-run")
    run(server, "reclassify")
    run(server, "node", "list")
    run(server, "audit")
    run(server, "report", "domains")
    run(server, "report", "recipient", "user2@two.example")
    run(server, "policy", "backtest")
    check_retention(server, database)
    check_erase(server, database)
    flow.send(10)
    flow.settle("the last mail")
    check_counts(server)
    run(server, "rollup", "rebuild")
    check_counts(server)


def main():
    url = os.environ.get("CITUS_URL")
    if not url and not PLAIN:
        e2e.skip("CITUS_URL is not set")
    with (Given(url) if url else Own()) as database:
        citus = database.sql("SELECT count(*) FROM pg_extension WHERE extname = 'citus'") == "1"
        print("with the extension citus" if citus else "a plain PostgreSQL: there is no extension citus")
        assert citus or PLAIN, "CITUS_URL leads to no Citus; CITUS_PLAIN=1 goes on all the same"
        assert database.sql("SELECT to_regclass('schema_migration') IS NULL") == "t", "CITUS_URL: tables of ours are there, take an empty database"
        server = e2e.Server(**{"database.url": database.url, "retention.raw_days": 7})
        lists = server.folder / "lists"
        lists.mkdir()
        lists.chmod(0o777)
        server.settings["export.jobs"] = f"list format=plain every=1 path={lists}/list.txt"
        check_migrations(server, database, citus)
        if not citus:  # statements that answer alike on both are those of Citus from here on
            database.sql("INSERT INTO pg_extension SELECT 4000000000, 'citus', extowner, extnamespace, false, '13', NULL, NULL "
                         "FROM pg_extension WHERE extname = 'plpgsql'")
        with server:
            drive(server, database, citus)
    print("all of it done " + ("on Citus" if citus else "on a plain PostgreSQL"))


if __name__ == "__main__":
    sys.exit(main())
