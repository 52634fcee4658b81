#!/usr/bin/python3
"""Messages per second from SMTP connect to database commit, and durable accepts beside a bare loop.

The load is Postfix's smtp-source with a bounce of 4 KB (-F), over kept connections; -N gives each message
a recipient of its own, so that none is a second delivery. usage: bench/run (which builds first).
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
os.environ.setdefault("BOUNCED", str(ROOT / "build-bench" / "bounced"))
import server as e2e  # noqa: E402

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "20000"))
SESSIONS = 50
MESSAGE_BYTES = 4096

BOUNCE = """From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: bounce@news.sender.example
Subject: Undelivered Mail Returned to Sender
Date: Mon, 23 Nov 2026 10:00:00 +0000
Message-ID: <bench@mx.example.net>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_bench"

--=_bench
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.net. Your message could not be delivered.

<ann@example.com>: host mx.example.com[192.0.2.25] said: 550 5.1.1
    <ann@example.com>: Recipient address rejected: User unknown

--=_bench
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Mon, 23 Nov 2026 09:59:58 +0000

Final-Recipient: rfc822; ann@example.com
Original-Recipient: rfc822; ann@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; 550 5.1.1 <ann@example.com>: Recipient address rejected:
    User unknown

--=_bench
Content-Type: message/rfc822

From: News <news@sender.example>
To: ann@example.com
Subject: What is new this week
Date: Mon, 23 Nov 2026 09:59:50 +0000
Message-ID: <sent@sender.example>
List-Id: <news.sender.example>

"""


def payload():
    text = BOUNCE
    while len(text) + 12 < MESSAGE_BYTES:
        text += "The quick brown fox writes to the list about what is new.\n"[:MESSAGE_BYTES - len(text) - 12]
    return text + "--=_bench--\n"


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
                 os.uname().machine)
    memory = next(int(line.split()[1]) // 1048576 for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    return f"{os.cpu_count()} x {model}, {memory} GiB, Linux {os.uname().release}"


def smtp_source(server, mail, recipient, *extra):
    done = subprocess.run(["smtp-source", "-s", str(SESSIONS), "-m", str(MESSAGES), "-N", "-F", mail, "-f", "",
                           "-t", recipient, *extra, f"127.0.0.1:{server.smtp_port}"],
                          capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stderr


def stored(server):
    return int(server.sql("select sum(messages) from spool_position")[0][0] or 0)


def warm_up(server):
    """One message, stored: the parsers have read their rules."""
    peer = e2e.connect(server)
    assert e2e.send(peer, e2e.crlf(payload().encode()), recipient="warm-up@news.sender.example")[0] == 250
    peer.quit()
    e2e.wait_for(lambda: stored(server) == 1, "the first commit", 120, server)


def measure(server, mail, recipient, *extra):
    """(accepts per second, messages per second until the last row is committed)"""
    before = stored(server)
    start = time.monotonic()
    smtp_source(server, mail, recipient, *extra)
    accepted = time.monotonic() - start
    e2e.wait_for(lambda: stored(server) == before + MESSAGES, "the last commit", 300, server, 0.05)
    return MESSAGES / accepted, MESSAGES / (time.monotonic() - start)


def bare_loop(folder):
    done = subprocess.run([ROOT / "build-bench" / "bench" / "bench_append", folder, str(MESSAGES),
                           str(MESSAGE_BYTES), str(SESSIONS)], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def main():
    print(f"machine: {machine()}")
    print(f"load: smtp-source, {SESSIONS} sessions, {MESSAGES} bounces of {MESSAGE_BYTES} bytes; client and "
          "server share the machine")
    with tempfile.NamedTemporaryFile("w", suffix=".eml", newline="\n") as mail, \
            e2e.Server(**{"server.log_level": "warn"}) as server:
        os.chmod(mail.name, 0o644)
        mail.write(payload())
        mail.flush()
        warm_up(server)
        loop = bare_loop(server.folder)
        kept = measure(server, mail.name, "kept@news.sender.example", "-d")
        single = measure(server, mail.name, "single@news.sender.example")
        print(f"{'':44}{'accepted/s':>12}{'committed/s':>13}")
        print(f"{'kept connections':44}{kept[0]:12.0f}{kept[1]:13.0f}")
        print(f"{'a connection per message':44}{single[0]:12.0f}{single[1]:13.0f}")
        print(f"{'bare loop, ' + str(SESSIONS) + ' records per fdatasync':44}{loop:12.0f}{'-':>13}")


if __name__ == "__main__":
    sys.exit(main())
