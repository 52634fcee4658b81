#!/usr/bin/python3
"""PostgreSQL's primary dies under load and its standby is promoted; `database.url` names both hosts.

With synchronous replication nothing that PostgreSQL committed is lost: three times in turn the primary is killed as a whole
while mail comes in, the other one takes over, and the dead one comes back as its standby. Then a switchover: the primary
is made read-only under living connections, as a fence does, and the other one promoted. Then an asynchronous standby that
was cut off: the new primary lacks rows that the loader had committed, and has let go; the spool, which keeps them for
spool.retention_s, brings them back, also those of a lane that nobody writes to any more.
Each time every message that had its 250 is in the new primary exactly once."""
import contextlib
import glob
import os
import pathlib
import shutil
import signal
import smtplib
import subprocess
import sys
import threading

import server as e2e
from test_database_faults import Flow
from test_external_database import PASSWORD, Database

ROUNDS = 3


class Node(Database):
    """A PostgreSQL that can be a primary or the standby of another one."""

    def follow(self, primary):
        """Made anew from the primary, and streaming from it."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        self.run(self.bin / "pg_basebackup", "-d", primary.url, "-D", self.folder / "data", "-R", "-X", "stream", "-c", "fast")
        self.start()

    def prepare(self):
        """A folder for data, and none yet."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")

    def kill(self):
        """Every process of it at once, as a machine that loses its power."""
        postmaster = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGSTOP)  # it starts no more
        for pid in [postmaster, *children(postmaster)]:
            os.kill(pid, signal.SIGKILL)
        e2e.wait_for(lambda: not pathlib.Path(f"/proc/{postmaster}").exists(), "the primary to be gone", 60)

    def promote(self):
        self.run(self.bin / "pg_ctl", "-D", self.folder / "data", "-w", "promote")

    def set(self, name, value):
        self.sql(f"alter system set {name} = '{value}'")
        self.sql("select pg_reload_conf()")

    def wait_streaming(self, state):
        e2e.wait_for(lambda: self.sql("select sync_state from pg_stat_replication") == state, f"a standby, {state}", 60)


def children(parent):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent:
                found.append(int(entry.name))
    return found


class Stream(threading.Thread):
    """Mails one by one, each until it is taken, until it is told to stop."""

    def __init__(self, flow):
        super().__init__(daemon=True)
        self.flow, self.ending, self.failure = flow, threading.Event(), None

    def __enter__(self):
        self.start()
        return self

    def run(self):
        try:
            while not self.ending.is_set():
                self.flow.send(1)
        except (AssertionError, OSError, smtplib.SMTPException) as failure:
            self.failure = failure

    def wait_more(self, n):
        goal = self.flow.number + n
        e2e.wait_for(lambda: self.flow.number >= goal or self.failure, "more mail", 120, self.flow.server, 0.01)

    def __exit__(self, *_):
        self.ending.set()
        self.join(60)
        assert not self.failure, self.failure


def fail_over(flow, primary, standby):
    with Stream(flow) as stream:
        stream.wait_more(100)
        primary.kill()
        stream.wait_more(50)
        standby.promote()
        flow.database = standby
        stream.wait_more(50)
    flow.settle("all of it in the new primary")
    flow.wait_told(up=True)
    primary.follow(standby)
    synchronous(standby)


def synchronous(primary):
    primary.set("synchronous_standby_names", "*")
    primary.wait_streaming("sync")


def switch_over(flow, primary, standby):
    """The old primary lives on and only reads: whoever is connected to it has to leave it."""
    with Stream(flow) as stream:
        stream.wait_more(50)
        primary.set("default_transaction_read_only", "on")
        e2e.wait_for(lambda: primary.sql("select count(*) from pg_stat_activity where backend_xid is not null") == "0",
                     "the last transaction", 60)
        end = primary.sql("select pg_current_wal_lsn()")
        e2e.wait_for(lambda: standby.sql(f"select pg_last_wal_replay_lsn() >= '{end}'") == "t", "the standby", 60)
        standby.promote()
        standby.sql("alter system reset synchronous_standby_names")
        standby.sql("alter system reset default_transaction_read_only")
        standby.sql("select pg_reload_conf()")
        flow.database = standby
        stream.wait_more(50)
    flow.settle("all of it in the new primary")
    primary.kill()
    primary.follow(standby)
    standby.wait_streaming("async")


def cut_off(flow, primary, standby):
    """Commits that the standby never hears of."""
    standby.set("primary_conninfo", "host=127.0.0.1 port=1")
    e2e.wait_for(lambda: primary.sql("select count(*) from pg_stat_replication") == "0", "the cut", 60)
    before = int(standby.sql("select count(*) from event"))
    import_one(flow)
    flow.send(100)
    flow.settle("the old primary to have it all")
    primary.kill()
    standby.promote()
    assert int(standby.sql("select count(*) from event")) == before, "the standby was not cut off"
    flow.database = standby
    # No new mail: the loader itself finds out that the database is older than it was.
    flow.settle("the spool to bring back what the new primary lacks")
    assert "event=database_is_older" in flow.server.log_path.read_text()
    flow.send(20)
    flow.settle("what comes behind it")


def import_one(flow):
    """A message in another lane, which is then left alone."""
    flow.number += 1
    mail = (f"From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
            "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
            f"Final-Recipient: rfc822; u{flow.number}@example.com\nAction: failed\nStatus: 5.1.1\n--b--\n")
    done = subprocess.run([e2e.BINARY, "import", "--config", flow.server.config, "-"], input=mail, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done


def main():
    if not glob.glob("/usr/lib/postgresql/*/bin/pg_basebackup"):
        e2e.skip("no PostgreSQL where Debian has it")
    with Node() as primary, contextlib.ExitStack() as stack:
        standby = Node()
        stack.callback(Node.__exit__, standby)
        standby.prepare()
        standby.follow(primary)
        synchronous(primary)
        url = (f"host=127.0.0.1,127.0.0.1 port={primary.port},{standby.port} dbname=postgres user=bounced "
               f"password={PASSWORD}")
        with e2e.Server(**{"database.url": url}) as server:
            flow = Flow(server, primary)
            flow.send(20)
            flow.settle("ordinary loading")
            smtp = server.pids("smtp")
            for number in range(ROUNDS):
                fail_over(flow, primary, standby)
                primary, standby = standby, primary
                print(f"failover {number + 1}: {flow.number} sent so far, each stored once", flush=True)
            switch_over(flow, primary, standby)
            primary, standby = standby, primary
            print(f"switchover: {flow.number} sent so far, each stored once", flush=True)
            cut_off(flow, primary, standby)
            print(f"asynchronous standby: {flow.number} sent, each stored once", flush=True)
            assert server.pids("smtp") == smtp


if __name__ == "__main__":
    sys.exit(main())
