#!/usr/bin/python3
"""PostgreSQL's disk runs full, for real: first that of the tables (each batch fails with 53100, the server goes on and can be
read), then that of a whole private cluster with its WAL (the server panics and does not come up again). Mail is taken with
250 all the while, the loader waits longer each time, and with room again every message is there exactly once.

The disks are small tmpfs in a mount namespace of the test's own."""
import contextlib
import glob
import os
import re
import shutil
import subprocess
import sys
import time

import server as e2e
from test_database_faults import Flow
from test_external_database import Database
from test_spool_faults import SETTINGS, mounted

DISK = "size=192m"


class Filler:
    """A file that takes what is left of a disk."""

    def __init__(self, folder):
        self.path = folder / "filler"

    def fill(self):
        """To the last page, also what was given back meanwhile."""
        with open(self.path, "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * 65536)
        with open(self.path, "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * 4096)

    def free(self):
        self.path.unlink()


class SmallDatabase(Database):
    """Its tables on a disk of their own, its WAL elsewhere."""

    def run(self, *words):
        if words[0].name == "initdb":
            data = self.folder / "data"
            data.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"{DISK},mode=0700", "bounced-test", data], check=True)
            if os.geteuid() == 0:
                shutil.chown(data, "postgres", "postgres")
            words = [*words, "-X", self.folder / "wal"]
        super().run(*words)

    def __exit__(self, *_):
        with contextlib.suppress(AssertionError):
            self.stop()
        subprocess.run(["umount", self.folder / "data"], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def failed_attempts(server):
    """The numbers of the attempts that failed for want of room, as they stand in the log."""
    return [int(re.search(r"attempt=(\d+)", line)[1]) for line in server.log_path.read_text().splitlines()
            if "event=batch_not_stored" in line and "53100" in line]


def tables(flow):
    server = flow.server
    filler = Filler(flow.database.folder / "data")
    loader, = server.pids("loader")
    filler.fill()
    began = time.monotonic()
    flow.send(200)
    e2e.wait_for(lambda: 4 in failed_attempts(server), "five attempts in a row", 180, server)
    # Between them it waits at least half of 100, 200, 400 and 800 ms: a lower bound, whatever the machine does.
    assert time.monotonic() - began >= 0.75, failed_attempts(server)
    flow.send(100)
    # Who reads is served; what cannot be written is refused for now; the backlog tells that nothing gets on.
    assert server.get("/readyz")[0] == 200 and server.get("/v1/domains")[0] == 200
    assert flow.backlog() >= 200, flow.backlog()
    volume = {"hour": "2021-11-23T10:00:00Z", "stream": "news", "domain": "example.com", "source": "a", "attempted": 9}
    posted, _, body = server.request("POST", "/v1/volumes", {"volumes": [volume]})
    assert posted == 503, (posted, body)
    filler.free()
    flow.settle("the backlog behind the full disk")
    e2e.wait_for(lambda: flow.backlog() == 0, "the metrics to say so", 60, server)
    assert server.pids("loader") == [loader], "the loader died of it"
    assert server.request("POST", "/v1/volumes", {"volumes": [volume]})[0] == 200


class Cluster:
    """The server's own PostgreSQL, asked as Flow asks a database."""

    def __init__(self, server):
        self.server = server

    def sql(self, statement):
        """One value; empty where the server does not answer."""
        try:
            return self.server.sql(statement)[0][0]
        except (AssertionError, IndexError):
            return ""


def whole_cluster(flow, filler):
    server = flow.server

    def down():
        filler.fill()
        flow.database.sql("select pg_logical_emit_message(true, 'test', 'x'), pg_switch_wal()")
        return server.get("/readyz")[0] == 503 and "PANIC" in server.log_path.read_text()
    filler.fill()
    e2e.wait_for(down, "PostgreSQL to give up", 120, server, 0.5)
    flow.send(200)
    flow.wait_told(up=False)
    assert flow.backlog() >= 200, flow.backlog()
    filler.free()
    flow.settle("the backlog behind the full cluster")
    flow.wait_told(up=True)


def faults_of_the_tables():
    with SmallDatabase() as database, e2e.Server(**{"database.url": database.url}) as server:
        flow = Flow(server, database)
        flow.send(20)
        flow.settle("ordinary loading")
        tables(flow)
        print(f"full disk of the tables: {flow.number} sent, each stored once", flush=True)


def faults_of_the_cluster():
    server = e2e.Server(**SETTINGS, **{"spool.min_free_bytes": 1})
    data = server.folder / "data"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", DISK, "bounced-test", data], check=True)
    try:
        assert mounted(server)
        with server:
            flow = Flow(server, Cluster(server))
            flow.send(20)
            flow.settle("ordinary loading")
            whole_cluster(flow, Filler(data))
            print(f"full disk of a whole cluster: {flow.number} sent, each stored once")
    finally:
        for disk in (data / "spool", data):
            subprocess.run(["umount", disk], capture_output=True)
        shutil.rmtree(server.folder, ignore_errors=True)


def main():
    if "--inside" not in sys.argv:
        if subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "bounced-test", "/mnt"], capture_output=True).returncode:
            e2e.skip("this user may not mount")
        os.execvp("unshare", ["unshare", "-m", "--", sys.executable, __file__, "--inside"])
    if glob.glob("/usr/lib/postgresql/*/bin"):
        faults_of_the_tables()
    faults_of_the_cluster()


if __name__ == "__main__":
    sys.exit(main())
