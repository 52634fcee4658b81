#!/usr/bin/python3
"""Every count is what the kept events and volumes say, whatever happened: kill -9 of any role, replays of the whole spool, mails that
come twice, a failure behind a delay, volumes that come late, change or go, other rules, erasure. `bounced rollup check` says so after
each round; `rebuild` mends counts that were damaged, and gives the same answers. SEED repeats a run."""
import contextlib
import datetime
import json
import os
import random
import signal
import subprocess
import sys

import server as e2e

SEED = int(os.environ.get("REBUILD_SEED", random.randrange(1 << 32)))
ROUNDS = int(os.environ.get("REBUILD_ROUNDS", 4))
SUMMED_ROUND = 1  # the scheduler takes a minute for it, so not in each
MAILS = 40
DOMAINS = ["one.example", "mail.one.example", "two.example", "gmail.com"]
TEXTS = [("5.1.1", "550 5.1.1 User unknown"), ("5.2.2", "552 5.2.2 Mailbox full"), ("5.7.1", "554 zork flimmer quonk"),
         ("4.4.1", "connect to mx.example.net: Connection timed out")]


def moment(random_source):
    """Some time of the last twelve days."""
    return datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=random_source.randrange(60, 12 * 24 * 60))


def report(random_source, number):
    """One of a hundred deliveries, so that several reports are of the same; delays as well as failures. Some are of a whole list, so
    that a domain has a day that is summed up."""
    delivery = random_source.randrange(100)
    status, text = random_source.choice(TEXTS)
    action = "delayed" if status[0] == "4" and number % 2 else "failed"
    whole = number % 20 == 3
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=3) if whole else moment(random_source)
    at = at.strftime("%a, %d %b %Y %H:%M:%S +0000")
    recipients = [f"list{delivery}.{n}" for n in range(40)] if whole else [f"user{delivery}"]
    blocks = "\n".join(f"""Final-Recipient: rfc822; {recipient}@{DOMAINS[delivery % len(DOMAINS)]}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {text}
Last-Attempt-Date: {at}
""" for recipient in recipients)
    return f"""From: MAILER-DAEMON@mx.example.net
To: bounce@news.sender.example
Subject: Undelivered Mail Returned to Sender
Date: {at}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

A message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: {at}

{blocks}
--b
Content-Type: text/rfc822-headers

Message-ID: <{delivery}@sender.example>
Date: {at}
From: news@sender.example

--b--
"""


def bounced(server, *words, code=0):
    done = subprocess.run([e2e.BINARY, *words, "--config", server.config], capture_output=True, text=True, timeout=300)
    assert done.returncode == code, (words, done)
    return done.stdout


def volumes(server, random_source):
    rows = [{"hour": moment(random_source).strftime("%Y-%m-%dT%H:00:00Z"), "stream": random_source.choice(["default", "shop"]),
             "domain": random_source.choice(DOMAINS), "campaign": random_source.choice(["", "spring"]),
             "attempted": random_source.randrange(1000)} for _ in range(20)]
    known = {(row["hour"], row["stream"], row["domain"], row["campaign"]): row for row in rows}
    assert server.request("POST", "/v1/volumes", {"volumes": list(known.values())})[0] == 200
    day = moment(random_source).date()
    query = f"from={day}T00:00:00Z&to={day + datetime.timedelta(days=1)}T00:00:00Z&domain={random_source.choice(DOMAINS)}"
    assert server.request("DELETE", f"/v1/volumes?{query}")[0] == 200


def kill(server, role, random_source):
    with contextlib.suppress(ProcessLookupError, IndexError):
        os.kill(random_source.choice(server.pids(role)), signal.SIGKILL)


def loaded(server):
    """How many records transactions have taken; None while the database comes back."""
    try:
        return int(server.sql("SELECT coalesce(max(sequence), 0) FROM spool_position")[0][0])
    except (AssertionError, IndexError):
        return None


def feed(server, random_source, round_number):
    sent = []
    for number in range(MAILS):
        if number % 13 == 7:
            kill(server, random_source.choice(["loader", "parser", "postgres"]), random_source)
        message = random_source.choice(sent) if number % 10 == 9 else report(random_source, number).encode()
        sent.append(message)
        e2e.wait_for(lambda m=message: deliver(server, m), "a 250", 120, server)
    e2e.wait_for(lambda: loaded(server) == (round_number + 1) * MAILS + 1, "all of it", 300, server, 0.3)


def deliver(server, message):
    with contextlib.suppress(OSError):
        peer = e2e.connect(server)
        code = e2e.send(peer, e2e.crlf(message))[0]
        peer.quit()
        return code == 250
    return False


def replay(server):
    """As if the database were of before the first mail: every record comes again, and adds nothing."""
    before = server.sql("SELECT count(*), sum(counts::int) FROM event")
    position = loaded(server)
    server.sql("UPDATE spool_position SET sequence = 0, record_at = NULL")
    for pid in server.pids("loader"):
        os.kill(pid, signal.SIGKILL)
    e2e.wait_for(lambda: loaded(server) == position, "the replay", 300, server, 0.3)
    after = server.sql("SELECT count(*), sum(counts::int) FROM event")
    assert after == before, (before, after)


def check(server):
    said = bounced(server, "rollup", "check", "--since", "13d")
    assert "14 days: 0 differences" in said, said


def sum_up(server):
    """As if an hour had passed since the last change of a day."""
    e2e.wait_for(lambda: server.sql("SELECT count(*) FROM stale_day") == [["0"]], "days that are packed", 120, server, 0.3)
    server.sql("UPDATE stale_sum SET since = '-infinity'")
    e2e.wait_for(lambda: server.sql("SELECT count(*) FROM stale_sum WHERE bucket < date_trunc('day', now())") == [["0"]],
                 "days that are summed up", 120, server, 0.3)
    assert server.sql("SELECT count(*) FROM summed_day") != [["0"]]


# One window for the whole run: "13d" is another one behind each quarter of an hour.
TODAY = datetime.datetime.now(datetime.timezone.utc).date()
WINDOW = f"from={TODAY - datetime.timedelta(days=13)}T00:00:00Z&to={TODAY + datetime.timedelta(days=2)}T00:00:00Z"
PATHS = [f"/v1/domains?{WINDOW}", f"/v1/domains?{WINDOW}&basis=send", f"/v1/providers?{WINDOW}", f"/v1/reasons?{WINDOW}",
         f"/v1/streams?{WINDOW}", f"/v1/timeseries?{WINDOW}&interval=day", f"/v1/breakdown?{WINDOW}&by=status",
         *(f"/v1/domains/{domain}?{WINDOW}&basis={basis}" for domain in DOMAINS for basis in ("event", "send"))]


def timeless(value):
    """Without what a clock that goes on changes, and without the example of a text: any event that said it will do."""
    if isinstance(value, dict):
        return {key: timeless(below) for key, below in value.items() if key not in ("as_of", "mature", "example")}
    return [timeless(below) for below in value] if isinstance(value, list) else value


def answers(server):
    found = []
    for path in PATHS:
        status, body = server.get(path)
        assert status == 200, (path, body)
        found.append(timeless(body))
    return found


def parts(answer):
    """Each value, and each row of a list, by itself, so that a difference is seen."""
    return [(key, row) for key, value in answer.items() for row in (value if isinstance(value, list) else [value])]


def same(server, before):
    for path, then, now in zip(PATHS, map(parts, before), map(parts, answers(server))):
        assert now == then, (path, "gone:", [part for part in then if part not in now], "new:", [part for part in now if part not in then])


def main():
    random_source = random.Random(SEED)
    print(f"seed {SEED}", flush=True)
    with e2e.Server(**{"smtp.max_connections_per_minute": 1000000, "suppress.unsigned": "trust",
                       "loader.unsigned_recipients": 100}) as server:
        rules = server.folder / "own.rules"
        for number in range(ROUNDS):
            feed(server, random_source, number)
            volumes(server, random_source)
            if number % 2:
                replay(server)
            reason = random_source.choice(["content.spam", "recipient.unknown", "mailbox.full"])
            rules.write_text(f"rule text.zork = {reason} 0.99\n    1  zork flimmer quonk\n")
            server.settings["parser.rules_file"] = rules
            server.write_config()
            bounced(server, "reclassify")
            bounced(server, "erase", "--hash-entry", f"user{number}@{DOMAINS[number % len(DOMAINS)]}")
            check(server)
            if number == SUMMED_ROUND:  # what comes behind it changes days that are summed up
                sum_up(server)
                check(server)
        before = answers(server)
        for table, column in (("rollup_15m", "n"), ("rollup_day", "failed"), ("total_day", "n"), ("rollup_dimension", "failed"),
                              ("rollup_diagnostic", "n"), ("summed_day", "n")):
            server.sql(f"UPDATE {table} SET {column} = {column} + 1 WHERE ctid IN (SELECT ctid FROM {table} LIMIT 3)")
        assert "rows are not what the events say" in bounced(server, "rollup", "check", "--since", "13d", code=3)
        assert "14 days were made anew" in bounced(server, "rollup", "rebuild", "--since", "13d")
        check(server)
        same(server, before)
        sum_up(server)
        check(server)
        same(server, before)
        bounced(server, "rollup", "check", "--since", "tomorrow", code=2)
        bounced(server, "rollup", "mend", code=2)
    print(f"{ROUNDS} rounds: counts are what the events say, and what they are rebuilt to")


if __name__ == "__main__":
    sys.exit(main())
