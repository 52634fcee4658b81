#!/usr/bin/python3
"""A peer's words on their way out: what ends a line for somebody, or commands a terminal, leaves by no way. Everything that prints
or lists is asked, and every text in it."""
import json
import subprocess

import server as e2e

# NEL, CSI, line and paragraph separator, an escape and a turn of the direction of writing.
EVIL = "a\u0085b\u009b31mc\u2028d\u2029e\u202ef"
LINE_ENDS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
COMMANDS = "".join(map(chr, [*range(0x00, 0x09), *range(0x0b, 0x0d), *range(0x0e, 0x20), *range(0x7f, 0xa0)]))
TURNS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def report(n, recipient):
    return f"""From: MAILER-DAEMON@mx.example.net
To: bounce@example.org
Subject: Undelivered
Message-ID: <{n}{EVIL}@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain; charset=utf-8

No such user: {EVIL}
--b
Content-Type: message/global-delivery-status; charset=utf-8
Content-Transfer-Encoding: 8bit

Reporting-MTA: dns; mx{EVIL}.example.net

Original-Recipient: utf-8;{recipient}
Final-Recipient: utf-8;{recipient}
Action: failed
Status: 5.1.1
Remote-MTA: dns; {EVIL}.example
Diagnostic-Code: smtp; 550 5.1.1 <{recipient}>: User unknown {EVIL}

--b
Content-Type: message/global; charset=utf-8
Content-Transfer-Encoding: 8bit

From: news@example.org
Message-ID: <orig{n}@example.org>
Subject: {EVIL}
Date: Mon, 23 Nov 2026 10:00:00 +0000

x
--b--
""".replace("\n", "\r\n").encode()


def check(what, output, forbidden):
    text = output.decode()
    found = [f"U+{ord(c):04X}" for c in forbidden if c in text]
    assert not found, (what, found, text[:2000])
    assert len(text.splitlines()) == text.count("\n") + (0 if text.endswith("\n") or not text else 1), what


def over_http(server):
    for path in ("/v1/events", "/v1/domains", "/v1/suppressions", "/v1/reasons", "/v1/timeseries", "/v1/streams"):
        for kind in ("application/json", "application/x-ndjson", "text/csv"):
            status, _, body = server.request("GET", path, headers={"Accept": kind})
            assert status == 200 and (path != "/v1/events" or body.count(b"\n") > 1 or kind == "application/json"), path
            check((path, kind), body, LINE_ENDS + COMMANDS)
    for event in server.events():
        check("event", server.request("GET", f"/v1/events/{event['id']}")[2], LINE_ENDS + COMMANDS)
        assert "User unknown" in event["diagnostic"]


def in_the_terminal(server, mail):
    def run(*words, stdin=b"", code=(0,)):
        done = subprocess.run([e2e.BINARY, *words], input=stdin, capture_output=True, timeout=120)
        assert done.returncode in code, (words, done)
        return done.stdout

    config = ["--config", server.config]
    for words in (["report", "domains"], ["report", "recipient", "ann@shop.example"], ["suppress", "list"]):
        check(words, run(*words, *config), LINE_ENDS + COMMANDS + TURNS)
    check("check", run("suppress", "check", f"{EVIL}@shop.example", *config, code=(0, 2, 3)), LINE_ENDS + COMMANDS + TURNS)
    check("explain", run("parse", "--explain", "-", stdin=mail), LINE_ENDS + COMMANDS + TURNS)
    check("parse", run("parse", "-", stdin=mail), LINE_ENDS + COMMANDS)
    check("classify", run("classify", f"550 5.1.1 {EVIL}"), LINE_ENDS + COMMANDS)
    check("classify", run("classify", "--explain", f"550 5.1.1 {EVIL} user unknown"), LINE_ENDS + COMMANDS + TURNS)
    for line in run("suppress", "formats").decode().splitlines():
        way, name, *_ = line.split("\t")
        if way == "out":
            listed = run("suppress", "export", "--format", name, *config)
            check(name, listed.replace(b"\r\n", b"\n"), LINE_ENDS + COMMANDS)


def main():
    with e2e.Server(**{"suppress.unsigned": "trust"}) as server:
        mails = [report(1, "ann@shop.example"), report(2, f"b{EVIL}@shop.example"), report(3, f"carl@sho{EVIL}p.example")]
        for mail in mails:
            status, _, body = server.request("POST", "/v1/messages?recipient=bounce%40example.org", mail,
                                             {"Content-Type": "message/rfc822"})
            assert status == 202, body
        e2e.wait_for(lambda: len(server.events()) >= 2, "the events", 60, server)
        over_http(server)
        in_the_terminal(server, mails[0])
        entries = json.loads(server.request("GET", "/v1/suppressions")[2])["suppressions"]
        assert [entry["address"] for entry in entries] == ["ann@shop.example"], entries


if __name__ == "__main__":
    main()
