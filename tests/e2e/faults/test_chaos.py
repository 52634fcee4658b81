#!/usr/bin/python3
"""kill -9 of the smtp role, the parser, the loader, PostgreSQL and the supervisor at random moments under load.

Afterwards every message that got its 250 is in the database exactly once, and none that is there is
there twice. The client is Python's smtplib; a message without an answer is sent again, as a peer would.
CHAOS_MESSAGES and CHAOS_KILLS set the size, CHAOS_SEED repeats a run.
"""
import contextlib
import os
import random
import signal
import smtplib
import sys
import threading
import time

import server as e2e

MESSAGES = int(os.environ.get("CHAOS_MESSAGES", "5000"))
KILLS = int(os.environ.get("CHAOS_KILLS", "25"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.randrange(1 << 30))))
CLIENTS = 6
VICTIMS = ("smtp", "parser", "loader", "postgres", "supervisor")

BOUNCE = """From: MAILER-DAEMON@mx.example.net
To: bounce@news.sender.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <chaos-{number}@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

<user{number}@example.com>: host mx.example.com said: 550 5.1.1 User unknown

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; user{number}@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b
Content-Type: message/rfc822

Message-ID: <sent-{number}@sender.example>

{padding}
--b--
"""


class Clients:
    """Hands out numbers; remembers which message got its 250."""

    def __init__(self, server):
        self.server, self.lock = server, threading.Lock()
        self.next, self.done, self.failure = 0, set(), None
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(CLIENTS)]

    def take(self):
        with self.lock:
            if self.next == MESSAGES or self.failure:
                return None
            self.next += 1
            return self.next - 1

    def run(self):
        peer = None
        while (number := self.take()) is not None:
            message = e2e.crlf(BOUNCE.format(number=number, padding="x" * 70 + "\n").encode())
            for _ in range(600):
                try:
                    peer = peer or e2e.connect(self.server)
                    code, _ = e2e.send(peer, message)
                    if code == 250:
                        with self.lock:
                            self.done.add(number)
                        break
                except (OSError, smtplib.SMTPException, AssertionError):
                    pass
                with contextlib.suppress(OSError, smtplib.SMTPException):
                    peer and peer.close()
                peer = None
                time.sleep(0.05)
            else:
                self.failure = f"message {number} was never taken"

    def progress(self):
        with self.lock:
            return len(self.done)


def restart_supervisor(server):
    """As systemd does: started again until it stays. Its roles end by themselves when it is gone, and until they
    have, a new one finds the port or the spool taken and says so."""
    server.process.kill()
    server.process.wait(60)

    def stays():
        if server.process.poll() is not None:
            server.log.close()
            server.start()
        try:
            # A role of the one that was killed may still answer: only one with roles of its own has the ports.
            return server.smtp_answers() and server.pids("smtp") and server.process.poll() is None
        except OSError:
            return False
    e2e.wait_for(stays, "the supervisor to stay", 120, server, 0.2)
    return True


def kill_one(server, role, random_source):
    """False while no process of the role is there, or it ended by itself just now."""
    if role == "supervisor":
        return restart_supervisor(server)
    with contextlib.suppress(ProcessLookupError, IndexError):
        os.kill(random_source.choice(server.pids(role)), signal.SIGKILL)
        return True
    return False


def kill_at_random(server, clients, random_source):
    """One kill for every MESSAGES / (KILLS + 1) messages, spread by chance within that stretch."""
    killed = {name: 0 for name in VICTIMS}
    for number in range(KILLS):
        goal = int((number + random_source.random()) * MESSAGES / (KILLS + 1))
        e2e.wait_for(lambda: clients.progress() >= goal or clients.failure, "progress", 300, server, 0.005)
        role = VICTIMS[number % len(VICTIMS)]
        e2e.wait_for(lambda: kill_one(server, role, random_source), f"a process of {role}", 120, server, 0.01)
        killed[role] += 1
    return killed


def check(server, done):
    wanted = MESSAGES
    e2e.wait_for(lambda: settled(server, wanted), "the loader to catch up", 300, server, 0.5)
    rows = server.sql("select recipient, count(*) from event group by recipient")
    counts = {name: int(n) for name, n in rows}
    lost = [n for n in done if f"user{n}@example.com" not in counts]
    doubled = [name for name, n in counts.items() if n != 1]
    assert not lost, f"lost after their 250: {sorted(lost)[:20]} ({len(lost)})"
    assert not doubled, f"doubled: {doubled[:20]} ({len(doubled)})"
    status, page = server.get("/v1/domains?limit=10")
    assert status == 200 and [r["failed"] for r in page["domains"]] == [len(counts)], page
    assert len(counts) == wanted


def settled(server, wanted):
    try:
        return server.sql("select count(*) from event")[0][0] == str(wanted)
    except (AssertionError, IndexError):
        return False  # PostgreSQL is still coming back


def main():
    random_source = random.Random(SEED)
    print(f"seed {SEED}: {MESSAGES} messages, {KILLS} kills", flush=True)
    with e2e.Server(**{"smtp.max_connections_per_minute": 1000000,
                       "smtp.max_sessions_per_network": 1000}) as server:
        clients = Clients(server)
        for thread in clients.threads:
            thread.start()
        killed = kill_at_random(server, clients, random_source)
        for thread in clients.threads:
            thread.join(600)
        assert not clients.failure, clients.failure
        assert sum(killed.values()) >= min(KILLS, 20), killed
        check(server, clients.done)
        print(f"{len(clients.done)} messages got 250, kills {killed}: none lost, none doubled")


if __name__ == "__main__":
    sys.exit(main())
