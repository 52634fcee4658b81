#!/usr/bin/python3
"""A configured PostgreSQL, by TCP and password: no private cluster, two servers on one database, and the password
in no place where a role without need could read it."""
import contextlib
import glob
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import server as e2e

PASSWORD = "not-for-everybody"


class Database:
    """A PostgreSQL of the test's own on a loopback port."""

    def __init__(self):
        self.bin = pathlib.Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bounced-db-"))
        self.port = e2e.free_port()
        self.url = f"host=127.0.0.1 port={self.port} dbname=postgres user=bounced password={PASSWORD}"

    def run(self, *words):
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run([*user, *map(str, words)], capture_output=True, text=True, timeout=120,
                              cwd=self.folder)
        assert done.returncode == 0, (words, done.stdout, done.stderr)

    def __enter__(self):
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self.run(self.bin / "initdb", "-D", self.folder / "data", "-U", "bounced", "--auth=scram-sha-256",
                 f"--pwfile={secret}", "-N")
        self.start()
        return self

    def start(self):
        self.run(self.bin / "pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o",
                 f"-c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} "
                 "-c fsync=off", "start")

    def stop(self):
        self.run(self.bin / "pg_ctl", "-D", self.folder / "data", "-w", "-m", "immediate", "stop")

    def __exit__(self, *_):
        with contextlib.suppress(AssertionError):
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, statement):
        done = subprocess.run(["psql", self.url, "-XAtc", statement], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def check_secret(server):
    """The password stands in no environment and no command line of ours; `config print` hides it."""
    for role in ("smtp", "parser", "loader", "api", "scheduler"):
        for pid in server.pids(role):
            for name in ("environ", "cmdline"):
                assert PASSWORD.encode() not in pathlib.Path(f"/proc/{pid}/{name}").read_bytes(), (role, name)
    done = subprocess.run([e2e.BINARY, "config", "print", "--config", server.config], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0 and "url = (set, not shown)" in done.stdout and PASSWORD not in done.stdout
    assert PASSWORD not in server.log_path.read_text()


def main():
    if not glob.glob("/usr/lib/postgresql/*/bin"):
        e2e.skip("no PostgreSQL where Debian has it")
    with Database() as database:
        settings = {"database.url": database.url}
        with e2e.Server(**settings) as first, e2e.Server(**settings) as second:
            assert not first.pids("postgres") and not (first.folder / "data" / "postgres").exists()
            for server in (first, second):
                done = subprocess.run([e2e.BINARY, "demo", "--days", "0", "--config", server.config], capture_output=True,
                                      text=True, timeout=120)
                assert done.returncode == 0, done.stderr
            # Both nodes load into one database, each answers for both, and the same mail of two nodes counts once.
            e2e.wait_for(lambda: database.sql("select count(*) from spool_position") == "2", "both nodes", 60, second)
            e2e.wait_for(lambda: len(first.events()) == 61, "the events of both nodes", 60, first)
            assert len(second.events()) == 61
            row = {r["domain"]: r for r in second.get("/v1/domains")[1]["domains"]}["example.com"]
            assert (row["attempted"], row["failed"]) == (4000, 17), row
            assert database.sql("select count(*) from spool_position") == "2"
            check_secret(first)
            done = subprocess.run([e2e.BINARY, "migrate", "--config", first.config], capture_output=True,
                                  text=True, timeout=60)
            assert done.returncode == 0 and "0 migration(s) applied now" in done.stdout, done
    print("two nodes, one database")


if __name__ == "__main__":
    sys.exit(main())
