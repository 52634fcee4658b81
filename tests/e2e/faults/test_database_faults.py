#!/usr/bin/python3
"""PostgreSQL away, refusing connections, locked, deadlocked, failing to serialise, out of disk and not able to
do a statement, each while mail comes in. Mail is taken all the while, /readyz and /metrics tell, and when it is over every message
is there exactly once. Only what a row itself is refused for sets a mail aside."""
import contextlib
import re
import subprocess
import sys

import server as e2e
from test_external_database import Database


class Flow:
    """Mails with recipients of their own; each must get its 250."""

    def __init__(self, server, database):
        self.server, self.database, self.number, self.aside = server, database, 0, 0

    def send(self, n):
        peer = e2e.connect(self.server)
        for _ in range(n):
            self.number += 1
            mail = (f"From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
                    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
                    "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
                    f"Final-Recipient: rfc822; u{self.number}@example.com\nAction: failed\nStatus: 5.1.1\n--b--\n").encode()
            code, text = e2e.send(peer, e2e.crlf(mail))
            assert code == 250, text
        peer.quit()

    def settle(self, what):
        """Everything that was acknowledged, once; what was set aside has no event."""
        n = str(self.number - self.aside)
        e2e.wait_for(lambda: self.database.sql("select count(*) from event") == n, what, 180, self.server)
        assert self.database.sql("select count(distinct recipient) from event") == n

    def backlog(self):
        text = self.server.get("/metrics")[1].decode()
        return int(re.search(r'bounced_spool_backlog\{lane="smtp",spool="\w+"\} (\d+)', text).group(1))

    def wait_told(self, up):
        def told():
            ready = self.server.get("/readyz")[0] == (200 if up else 503)
            return ready and f"bounced_database_up {int(up)}" in self.server.get("/metrics")[1].decode()
        e2e.wait_for(told, f"/readyz and /metrics to say {up}", 120, self.server)


@contextlib.contextmanager
def session(url, *statements):
    """A client that did these and waits; ended by a line or by the end."""
    peer = subprocess.Popen(["psql", url, "-XAtq"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        peer.stdin.write(";\n".join(statements) + ";\n\\echo done\n")
        peer.stdin.flush()
        while (line := peer.stdout.readline().strip()) != "done":
            assert line and "ERROR" not in line, line
        yield peer
    finally:
        peer.communicate("\\q\n", timeout=60)


def away(flow):
    database = flow.database
    database.stop()
    flow.send(200)
    flow.wait_told(up=False)
    assert flow.backlog() >= 200, flow.backlog()
    database.start()
    flow.settle("the backlog to be loaded")
    flow.wait_told(up=True)
    e2e.wait_for(lambda: flow.backlog() == 0, "the metrics to say so", 60, flow.server)


def no_connections(flow):
    """Every connection is ended and none is let in, as after a failover or with the limit reached."""
    url = flow.database.url.replace("dbname=postgres", "dbname=template1")
    with session(url, "alter database postgres with allow_connections false",
                 "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() "
                 "and backend_type = 'client backend'") as peer:
        flow.send(50)
        flow.wait_told(up=False)
        peer.stdin.write("alter database postgres with allow_connections true;\n")
        peer.stdin.flush()
        flow.wait_told(up=True)
    flow.settle("the backlog to be loaded")


def locked(flow):
    """A table that somebody holds: the batch waits or is given up and tried again."""
    with session(flow.database.url, "begin", "lock table event in access exclusive mode"):
        flow.send(50)
        e2e.wait_for(lambda: flow.backlog() > 0, "a backlog", 60, flow.server)
    flow.settle("the backlog behind the lock")


def victims(flow):
    """A trigger makes the next batches fail as a deadlock, a serialisation failure and a full disk would (their
    SQLSTATEs): whatever came before in the transaction is undone, and the batch is tried again."""
    for state in ("40P01", "40001", "53100", "53200", "57014"):
        flow.database.sql(
            "create sequence if not exists fault; select setval('fault', 1, false);"
            "create or replace function fault() returns trigger language plpgsql as $$ begin "
            f"if nextval('fault') <= 3 then raise exception using errcode = '{state}'; end if; return null; end $$;"
            "create trigger fault after insert on event for each statement execute function fault()")
        before = flow.server.log_path.read_text().count("event=batch_not_stored")
        flow.send(30)
        flow.settle(f"the batch that failed with {state}")
        assert flow.server.log_path.read_text().count("event=batch_not_stored") >= before + 3, state
        flow.database.sql("drop trigger fault on event; drop function fault(); drop sequence fault")


def trigger(flow, state, condition="true"):
    """From now on an event (that meets the condition) is refused with this SQLSTATE."""
    flow.database.sql(
        "create or replace function fault() returns trigger language plpgsql as $$ begin "
        f"if {condition} then raise exception using errcode = '{state}'; end if; return new; end $$;"
        "create trigger fault before insert on event for each row execute function fault()")


def no_trigger(flow):
    flow.database.sql("drop trigger fault on event; drop function fault()")


def incapable(flow):
    """A statement that the server cannot do is no fault of a mail: all wait, /readyz tells, and the batch is tried until it goes well.
    On Citus it is 0A000; the others are a schema, or rights, that are not what the program knows."""
    for state in ("0A000", "42P10", "42804", "42501", "3F000", "55000", "XX000", "23503", "42P01"):
        before = flow.server.log_path.read_text().count("event=batch_not_stored")
        trigger(flow, state)
        flow.send(2)
        e2e.wait_for(lambda: flow.server.log_path.read_text().count("event=batch_not_stored") >= before + 4
                     and flow.server.get("/readyz")[0] == 503, f"{state} to be told", 120, flow.server)
        problem = flow.server.get("/readyz")[1]
        assert problem["type"].endswith(":not-stored") and "smtp" in problem["detail"], problem
        no_trigger(flow)
        flow.settle(f"the batch that failed with {state}")
        e2e.wait_for(lambda: flow.server.get("/readyz")[0] == 200, "ready again", 60, flow.server)
    assert "event=message_set_aside" not in flow.server.log_path.read_text()


def refused_rows(flow):
    """What is wrong with one row sets its mail aside, and no other."""
    for state in ("22021", "22P02", "23514", "23505", "54000", "P0001"):
        trigger(flow, state, f"new.recipient = 'u{flow.number + 2}@example.com'")
        flow.send(3)
        flow.aside += 1
        e2e.wait_for(lambda: flow.server.log_path.read_text().count("event=message_set_aside") == flow.aside,
                     f"one mail of {state} to be set aside", 120, flow.server)
        flow.settle(f"those beside the one that was refused with {state}")
        assert flow.server.get("/readyz")[0] == 200
        no_trigger(flow)


def main():
    with Database() as database:
        with e2e.Server(**{"database.url": database.url}) as server:
            flow = Flow(server, database)
            flow.send(20)
            flow.settle("ordinary loading")
            loader, = server.pids("loader")
            for fault in (away, no_connections, locked, victims, incapable, refused_rows):
                fault(flow)
                print(f"{fault.__name__}: {flow.number} sent so far, each stored once", flush=True)
            assert server.pids("loader") == [loader], "the loader died of it"
            flow.send(1)
            flow.settle("the last one")


if __name__ == "__main__":
    sys.exit(main())
