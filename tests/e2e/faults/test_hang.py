#!/usr/bin/python3
"""A node that hangs in the middle of its transaction, and one that is cut off there: rows of counts are locked by it, and yet
the other node, whose mail counts in the same rows, loads on. When the first one goes on again, all that it had taken is there once.
And a scheduler that hangs while it acts: another acts."""
import os
import signal
import socket
import sys
import threading

import server as e2e
from test_database_faults import session
from test_external_database import PASSWORD, Database

WAITING = "select pid from pg_stat_activity where application_name = 'bounced loader' and wait_event_type = 'Lock'"


class Wire:
    """Between a node and the database; cut, it takes nothing more and says nothing, as a cable that was pulled."""

    def __init__(self, port):
        self.to, self.whole, self.pairs = port, threading.Event(), []
        self.whole.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near = self.listener.accept()[0]
            far = socket.create_connection(("127.0.0.1", self.to))
            self.pairs.append((near, far))
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=ends, daemon=True).start()

    def carry(self, source, target):
        try:
            while data := source.recv(65536):
                self.whole.wait()
                target.sendall(data)
            self.whole.wait()
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self):
        self.whole.clear()

    def mend(self):
        self.whole.set()


class Node:
    """A server whose mails are of recipients of their own, at one domain, so that all of them are counted in the same rows."""

    def __init__(self, name, server):
        self.name, self.server, self.number = name, server, 0

    def send(self, n):
        peer = e2e.connect(self.server)
        for _ in range(n):
            self.number += 1
            mail = ("From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
                    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
                    "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
                    f"Final-Recipient: rfc822; {self.name}{self.number}@example.com\nAction: failed\nStatus: 5.1.1\n--b--\n")
            code, text = e2e.send(peer, e2e.crlf(mail.encode()))
            assert code == 250, text
        peer.quit()

    def wait_stored(self, database, what):
        counted = f"select count(*) || ' ' || count(distinct recipient) from event where recipient like '{self.name}%'"
        e2e.wait_for(lambda: database.sql(counted) == f"{self.number} {self.number}", what, 180, self.server)


def acts(server):
    """What its scheduler said last."""
    said = [line.split("event=")[1].split()[0] for line in server.log_path.read_text().splitlines() if "role=scheduler event=" in line]
    return [word for word in said if word in ("acting", "standing_by")][-1:] == ["acting"]


def stop_between(database, server, scheduler):
    """Not in a transaction, which would end by itself: each of the two has a session, and both are to be idle."""
    idle = "select count(*) from pg_stat_activity where application_name = 'bounced scheduler' and state = 'idle'"

    def stopped():
        os.kill(scheduler, signal.SIGSTOP)
        if database.sql(idle) == "2" and database.sql(idle) == "2":
            return True
        os.kill(scheduler, signal.SIGCONT)
        return False

    e2e.wait_for(stopped, "a scheduler between two transactions", 60, server, 0.3)


def hang(database, node, other, stop, go_on):
    """`stop` comes when the transaction of `node` has its rows locked, and waits for a last table that nobody may write."""
    with session(database.url, "begin", "lock table total_day in exclusive mode"):
        node.send(30)
        e2e.wait_for(lambda: database.sql(WAITING), "the transaction to wait", 60, node.server)
        stop()
    # The table is free again; the statement ends, and whoever sent it does not hear of it.
    e2e.wait_for(lambda: not database.sql(WAITING), "the statement to end", 60, node.server)
    other.send(30)
    other.wait_stored(database, "the node that goes on to load")
    go_on()
    node.send(10)
    for each in (node, other):
        each.wait_stored(database, "all of it, once")


def main():
    with Database() as database:
        wire = Wire(database.port)
        wired = f"host=127.0.0.1 port={wire.port} dbname=postgres user=bounced password={PASSWORD} sslmode=disable gssencmode=disable"
        with e2e.Server(**{"database.url": wired}) as first, e2e.Server(**{"database.url": database.url}) as second:
            node, other = Node("near", first), Node("far", second)
            e2e.wait_for(lambda: acts(first) != acts(second), "one scheduler to act", 60, first)
            acting, standing = (first, second) if acts(first) else (second, first)
            scheduler, = acting.pids("scheduler")
            stop_between(database, acting, scheduler)  # it is looked for at the end: that takes its time
            for each in (node, other):
                each.send(3)
                each.wait_stored(database, "ordinary loading")
            loader, = first.pids("loader")
            hang(database, node, other, lambda: os.kill(loader, signal.SIGSTOP), lambda: os.kill(loader, signal.SIGCONT))
            print("stopped: the other one went on, and all is there once", flush=True)
            hang(database, node, other, wire.cut, wire.mend)
            print("cut off: the other one went on, and all is there once", flush=True)
            assert first.pids("loader") == [loader], "the loader died of it"
            for server in (first, second):
                said = server.get("/v1/domains?limit=10")[1]["domains"]
                assert [row["failed"] for row in said] == [node.number + other.number], said
            e2e.wait_for(lambda: acts(standing), "the other scheduler to act", 30, standing)
            os.kill(scheduler, signal.SIGCONT)
            e2e.wait_for(lambda: not acts(acting), "the one that hung to stand by", 30, acting)
            assert acting.pids("scheduler") == [scheduler], "the scheduler died of it"
            print("a scheduler that hung: the other one acted", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
