#!/usr/bin/python3
"""`bounced db`: what it writes and reads, and what it refuses, each with what to do: a server that runs, a cluster that is there, a dump that is
cut off, programs that are gone, a database that is not its own, an upgrade with nothing to upgrade to, and one that was cut short
between its two names."""
import pathlib
import re
import subprocess
import sys

import server as e2e


class Tried:
    def __init__(self, server):
        self.server, self.data = server, pathlib.Path(server.settings["server.data_dir"])

    def db(self, *words, code=0, said="", stdin=None):
        done = subprocess.run([e2e.BINARY, "db", *map(str, words), "--config", self.server.config], stdin=stdin, capture_output=True,
                              timeout=300)
        errors = done.stderr.decode()
        assert done.returncode == code, (words, done.returncode, errors)
        assert said in errors if code else not errors, (words, errors)
        assert code == 0 or errors.startswith("bounced"), errors
        return done.stdout

    def beside(self):
        """What lies in the data folder and should not stay there."""
        return [path.name for path in self.data.iterdir() if re.search(r"restore|upgrade|\.new", path.name)]


def while_it_runs(tried, dump):
    tried.db("dump", dump)
    assert dump.read_bytes()[:5] == b"PGDMP" and not dump.with_suffix(".dump.new").exists()
    assert dump.stat().st_mode & 0o077 == 0, "others can read it"
    assert tried.db("dump", "-")[:5] == b"PGDMP"
    tried.db("dump", tried.server.folder / "none" / "x", code=1, said="No such file")
    for words in (("restore", dump), ("upgrade",)):
        tried.db(*words, code=1, said="is in use by another process: stop it first")
    tried.db(code=2, said="dump FILE, restore FILE or upgrade")
    tried.db("dump", code=2, said="takes one FILE")
    tried.db("upgrade", "--by", "magic", code=2, said="--by magic")


def while_it_does_not(tried, dump):
    cluster = tried.data / "postgres"
    tried.db("dump", dump, code=1, said="pg_dump failed")
    assert dump.read_bytes()[:5] == b"PGDMP", "the dump of before is gone"
    tried.db("restore", dump, code=1, said="Move it away first")
    assert b"no newer one is here" in tried.db("upgrade")
    tried.db("upgrade", "--to", tried.server.folder, code=1, said="does not hold the programs")
    cluster.rename(tried.data / "away")
    tried.db("upgrade", code=1, said="there is no cluster in")
    half = tried.server.folder / "half"
    half.write_bytes(dump.read_bytes()[:dump.stat().st_size // 2])
    tried.db("restore", half, code=1, said="pg_restore failed")
    assert not cluster.exists(), "half a database is in the place of one"
    tried.db("restore", tried.server.folder / "nothing", code=1, said="No such file")
    with open(dump, "rb") as file:
        tried.db("restore", "-", stdin=file)
    for path in tried.data.glob("postgres.restore.log"):
        path.unlink()  # of the half one: why it failed may be asked
    assert not tried.beside(), tried.beside()


def other_versions(tried):
    """As if the cluster were of a version that is gone, and of one that an upgrade has left."""
    cluster = tried.data / "postgres"
    version = (cluster / "PG_VERSION").read_text()
    (cluster / "PG_VERSION").write_text("14\n")
    tried.db("upgrade", code=1, said="install PostgreSQL 14 beside the new one, or say --from")
    done = subprocess.run([e2e.BINARY, "serve", "--config", tried.server.config], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "install PostgreSQL 14 beside" in done.stderr and "bounced db upgrade" in done.stderr, done
    (cluster / "PG_VERSION").write_text("99\n")
    tried.db("upgrade", "--from", tried.server.folder, code=1, said="is of PostgreSQL 99")
    (cluster / "PG_VERSION").write_text(version)
    left = tried.data / "postgres.upgrade"
    subprocess.run(["cp", "-a", tried.data / "away", left], check=True)
    (left / "PG_VERSION").write_text("14\n")
    tried.db("upgrade")
    assert not left.exists() and (tried.data / "postgres.14/PG_VERSION").exists(), "the old cluster has not got its name"


def main():
    with e2e.Server() as server:
        tried, dump = Tried(server), server.folder / "bounced.dump"
        subprocess.run([e2e.BINARY, "demo", "--days", "1", "--config", server.config], capture_output=True, check=True, timeout=120)
        e2e.wait_for(lambda: len(server.events()) > 60, "the events", 60, server)
        while_it_runs(tried, dump)
        server.stop()
        while_it_does_not(tried, dump)
        other_versions(tried)
        server.start().wait_ready()
        assert len(server.events()) > 60
        server.stop()
        server.settings["database.url"] = "host=127.0.0.1 dbname=none"
        server.write_config()
        tried.db("dump", dump, code=2, said="database.url names another server")
    print("dump, restore and upgrade do what they say, and say what they do not do")


if __name__ == "__main__":
    sys.exit(main())
