#!/usr/bin/python3
"""The commands of docs/backup.md, as they stand there, against a server that takes mail: a dump, and a copy with the changes behind it. Mail goes on
after the backup; the machine is gone as by a power cut; on another one (another data folder) the database is restored and the
spool brings the rest. Each mail that had its 250 is there once, and the counts are what the events say."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import server as e2e
from test_database_faults import Flow

PAGE = (e2e.ROOT / "docs/backup.md").read_text()


def command(title):
    """The commands below a heading."""
    found = re.search(rf"^## {re.escape(title)}\n.*?^```sh\n(.*?)^```$", PAGE, re.M | re.S)
    assert found and "\n## " not in found.group(0)[3:], f"docs/backup.md has no commands below \"{title}\""
    return found.group(1)


class Places:
    """The variables of the page."""

    def __init__(self, server, backup, old=""):
        tools = server.folder / "bin"
        tools.mkdir(exist_ok=True)
        with contextlib.suppress(FileExistsError):
            (tools / "bounced").symlink_to(e2e.BINARY.resolve())
        self.all = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "CONFIG": str(server.config), "BACKUP": str(backup),
                    "DATA": server.settings["server.data_dir"], "OLD": str(old)}

    def run(self, title):
        done = subprocess.run(["bash", "-euc", command(title)], env=self.all, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, (title, done.stdout, done.stderr)
        return done.stdout

    def start(self, title):
        return subprocess.Popen(["bash", "-euc", command(title)], env=self.all, preexec_fn=e2e.die_with_parent)


class Private:
    """The private cluster, as Flow wants a database."""

    def __init__(self, server):
        self.server = server

    def sql(self, statement):
        with contextlib.suppress(AssertionError):  # it may still be recovering
            return "\n".join("|".join(row) for row in self.server.sql(statement))
        return ""


def volumes(server):
    rows = [{"hour": "2026-11-20T10:00:00Z", "stream": "default", "domain": "example.com", "attempted": 1000}]
    assert server.request("POST", "/v1/volumes", {"volumes": rows})[0] == 200


def lose(server):
    """No process of it is asked to end."""
    pids = [pid for role in ("smtp", "loader", "parser", "api", "scheduler", "postgres") for pid in server.pids(role)]
    for pid in [server.process.pid, *pids]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.process.wait(60)
    server.process = None
    server.log.close()


def loaded(server):
    """How many mails its loader has stored since it started."""
    text = server.get("/metrics")[1].decode()
    return sum(int(n) for n in re.findall(r"^bounced_loaded_messages_total\{[^}]*\} (\d+)$", text, re.M))


def other_machine(backup, old, restore, number, lacked):
    """Restored there, with the old machine's spool: all of the mails, and those that come now."""
    server = e2e.Server()
    data = pathlib.Path(server.settings["server.data_dir"])
    data.mkdir(mode=0o700)
    shutil.chown(data, old.stat().st_uid, old.stat().st_gid)
    server.write_config()
    places = Places(server, backup, old)
    places.run(restore)
    places.run("The spool")
    with server:
        flow = Flow(server, Private(server))
        flow.number = number
        flow.settle("what the backup had not")
        assert loaded(server) == lacked, "the backup lacked something else"
        flow.send(10)
        flow.settle("what came since")
        said = places.run("Is all of it there?")
        assert " 0 differences" in said, said
        assert server.sql("select attempted from volume") == [["1000"]]


def by_dump(backup):
    with e2e.Server() as server:
        flow, places = Flow(server, Private(server)), Places(server, backup)
        volumes(server)
        flow.send(40)
        flow.settle("what is in the dump")
        places.run("A dump")
        flow.send(30)
        flow.settle("what is not")
        lose(server)
        other_machine(backup, pathlib.Path(places.all["DATA"]), "A dump restored", flow.number, 30)


def by_copy(backup):
    with e2e.Server() as server:
        flow, places = Flow(server, Private(server)), Places(server, backup)
        changes = places.start("A copy and all that changes")
        try:
            e2e.wait_for(lambda: flow.database.sql("select count(*) from pg_stat_replication") == "1", "the receiver", 60, server)
            volumes(server)
            flow.send(20)
            flow.settle("what is in the copy")
            places.run("The copy")
            flow.send(30)
            flow.settle("what is in the changes")
            end = flow.database.sql("select pg_current_wal_lsn()")
            e2e.wait_for(lambda: flow.database.sql(f"select flush_lsn >= '{end}' from pg_stat_replication") == "t",
                         "the changes to be fetched", 60, server)
        finally:
            changes.terminate()
            changes.wait(60)
        flow.send(30)
        flow.settle("what is in neither")
        lose(server)
        other_machine(backup, pathlib.Path(places.all["DATA"]), "The copy restored", flow.number, 30)


def main():
    if not shutil.which("pg_receivewal"):
        e2e.skip("no programs of PostgreSQL's client")
    for way in (by_dump, by_copy):
        with e2e.tempfile.TemporaryDirectory(prefix="bounced-backup-") as backup:
            way(pathlib.Path(backup))
        print(f"{way.__name__}: restored elsewhere, and the spool had the rest: all of it once", flush=True)


if __name__ == "__main__":
    sys.exit(main())
