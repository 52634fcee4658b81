#!/usr/bin/python3
"""Every mail of $TEST_CORPUS through the SMTP port, then /v1/domains against `bounced parse`.

The client is Python's smtplib. Each mail goes to a return path of its own, so that none is taken for a
second delivery of another. Numbers are compared one by one, and so are rates and their intervals.
"""
import collections
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import server as e2e

HOUR = 3600
# What a mail has before its body; some of the corpus are bodies alone, which no mail system sends.
HEADER = (b"From: Mail Delivery System <MAILER-DAEMON@mx.example.net>\r\nTo: sender@example.org\r\n"
          b"Subject: Delivery Status Notification\r\nMIME-Version: 1.0\r\n"
          b"Content-Type: text/plain; charset=utf-8\r\n\r\n")
Z = 1.959963984540054  # 97.5 % of the normal distribution


def wilson(failed, attempted):
    p, n = failed / attempted, attempted
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return middle - half, middle + half


# Of several reports of one delivery the heaviest counts, of equals the first; of an unsigned mail so many recipients.
WEIGHTS = {"failed": 5, "delivered": 4, "expanded": 3, "relayed": 2, "delayed": 1}
UNSIGNED_RECIPIENTS = 20


def reports(paths):
    for start in range(0, len(paths), 200):
        done = subprocess.run([e2e.BINARY, "parse", *paths[start:start + 200]], capture_output=True,
                              timeout=600)
        assert done.returncode == 0, done.stderr
        yield from map(json.loads, done.stdout.splitlines())


def expected_counts(paths):
    """domain -> counter of failed, hard, soft, block, delayed, complaints; as `bounced parse` says."""
    counted = {}
    for number, report in enumerate(reports(paths)):
        for place, event in enumerate(report["events"]):
            outcome, original = event["outcome"], report["original"]["message_id"]
            if place >= UNSIGNED_RECIPIENTS:
                continue
            key = (number, place)
            if original and event["recipient"]:  # a complaint is no report of a delivery, but comes twice as well
                key = (original, event["recipient"].lower(), outcome == "complaint")
            if key not in counted or WEIGHTS.get(outcome, 0) > WEIGHTS.get(counted[key]["outcome"], 0):
                counted[key] = event
    counts = collections.defaultdict(collections.Counter)
    for event in counted.values():
        row = counts[event["domain"] or ""]
        outcome = event["outcome"]
        row["complaints" if outcome == "complaint" else outcome] += 1
        if outcome == "failed":
            row[event["class"]] += 1
    return counts


def read_mails(corpus):
    """The mails as they go over SMTP."""
    with open(os.path.join(corpus, "truth.ndjson"), encoding="utf-8") as lines:
        bare = {row["path"] for row in map(json.loads, lines) if row.get("body_only")}
    folder = pathlib.Path(corpus, "mails")
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        message = e2e.crlf(path.read_bytes())
        if not message.endswith(b"\r\n"):
            message += b"\r\n"
        yield (HEADER if str(path.relative_to(folder)) in bare else b"") + message


def sender_of(message):
    """The reverse-path that the mail came with: null where its Return-Path says so."""
    header = message.split(b"\r\n\r\n")[0].lower()
    return "" if re.search(rb"(^|\n)return-path:\s*<>", header) else "mailer-daemon@mx.example.net"


def main():
    corpus = os.environ.get("TEST_CORPUS")
    if not corpus:
        e2e.skip("TEST_CORPUS is not set")
    mails = list(read_mails(corpus))
    assert mails, "no mails"
    with e2e.Server() as server, tempfile.TemporaryDirectory() as scratch:
        hour = int(time.time()) // HOUR * HOUR
        paths = []
        peer = e2e.connect(server)
        for number, message in enumerate(mails):
            paths.append(os.path.join(scratch, f"{number}.eml"))
            pathlib.Path(paths[-1]).write_bytes(message)
            code, text = e2e.send(peer, message, sender_of(message), f"bounce{number}@news.sender.example")
            assert code == 250, (number, code, text)
        peer.quit()
        expected = expected_counts(paths)
        e2e.wait_for(lambda: server.sql("select count(*) from message") == [[str(len(mails))]],
                     "every mail to be stored", 300, server)
        # A volume for every other domain, in every hour that the run may have touched.
        attempted = {}
        rows = []
        for domain in sorted(expected)[::2]:
            if domain and expected[domain]["failed"]:
                attempted[domain] = 0
                for at in range(hour, int(time.time()) + 1, HOUR):
                    rows.append({"hour": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)),
                                 "stream": "default", "campaign": "c", "domain": domain, "source": "s",
                                 "attempted": expected[domain]["failed"] * 7})
                    attempted[domain] += rows[-1]["attempted"]
        status, _, body = server.request("POST", "/v1/volumes", {"volumes": rows})
        assert status // 100 == 2, body
        compare(server, expected, attempted)
        print(f"{len(mails)} mails, {len(expected)} domains, {len(attempted)} with a volume: equal")


def compare(server, expected, attempted):
    found, cursor = {}, None
    while True:
        path = "/v1/domains?limit=500" + (f"&cursor={cursor}" if cursor else "")
        status, page = server.get(path)
        assert status == 200, page
        for row in page["domains"]:
            assert row["domain"] not in found, "a domain on two pages"
            found[row["domain"]] = row
        cursor = page["next_cursor"]
        if not cursor:
            break
    wrong = []
    for domain in sorted(set(expected) | set(found)):
        row, want = found.get(domain, {}), expected.get(domain, {})
        for field in ("failed", "hard", "soft", "block", "delayed", "complaints"):
            if row.get(field, 0) != want.get(field, 0):
                wrong.append(f"{domain} {field}: parse {want.get(field, 0)}, api {row.get(field, 0)}")
        if not row:
            continue
        if domain not in attempted:
            if row["failure_rate"] is not None or row["attempted"] is not None:
                wrong.append(f"{domain}: a rate without a volume: {row}")
            continue
        rate = want["failed"] / attempted[domain]
        low, high = wilson(want["failed"], attempted[domain])
        got = [row["attempted"], row["failure_rate"], *row["failure_rate_interval"], row["coverage"]]
        if any(abs(a - b) > 1e-6 for a, b in zip(got, [attempted[domain], rate, low, high, 1])):
            wrong.append(f"{domain}: rate {got}, expected {[attempted[domain], rate, low, high, 1]}")
    assert not wrong, "\n".join(wrong[:40])


if __name__ == "__main__":
    sys.exit(main())
