#!/usr/bin/python3
"""A cut of the power leaves PostgreSQL's process id in its folder, and at the next start another process has that id, often one of
the server's own roles: the private cluster starts all the same. One that is somebody else's running server of this folder is left alone."""
import glob
import os
import signal
import subprocess
import sys

import server as e2e


def as_owner(server, *words):
    """A process of the cluster's own user; for any other user's id PostgreSQL starts by itself."""
    owner = (server.folder / "data/postgres").stat()

    def become():
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(owner.st_gid)
            os.setuid(owner.st_uid)
    return subprocess.Popen([str(word) for word in words], preexec_fn=become, cwd="/", stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def left_behind(server, pid):
    """The files that a server writes at its start, as a cut of the power leaves them: of a process that is another now."""
    data = server.folder / "data"
    owner = (data / "postgres").stat()
    for path in (data / "postgres/postmaster.pid", data / "postgres.sock/.s.PGSQL.5432.lock"):
        path.write_text(f"{pid}\n{data}/postgres\n1700000000\n5432\n{data}/postgres.sock\n\n")
        os.chown(path, owner.st_uid, owner.st_gid)
        path.chmod(0o600)


def somebody_else(server):
    with as_owner(server, "sleep", "600") as other:
        try:
            left_behind(server, other.pid)
            server.start().wait_ready()
            assert e2e.send(e2e.connect(server), b"From: MAILER-DAEMON@mx.example.net\r\nSubject: x\r\n\r\nx\r\n")[0] == 250
            e2e.wait_for(lambda: server.sql("select count(*) from message") == [["1"]], "the mail", 60, server)
            server.stop()
        finally:
            other.kill()


def a_server(server):
    """Started by hand past our lock: two on one folder would be the end of it."""
    data = server.folder / "data"
    version = (data / "postgres/PG_VERSION").read_text().strip()
    postgres = glob.glob(f"/usr/lib/postgresql/{version}/bin/postgres")
    if not postgres:
        return
    with as_owner(server, *postgres, "-D", data / "postgres", "-c", f"unix_socket_directories={data}", "-c", "listen_addresses=") as other:
        try:
            pid = data / "postgres/postmaster.pid"
            e2e.wait_for(lambda: pid.exists() and "ready" in pid.read_text(), "the server by hand", 60)
            server.start()
            e2e.wait_for(lambda: "is another postmaster" in server.log_path.read_text().lower(), "its refusal", 60, server)
            assert other.poll() is None and pid.read_text().split()[0] == str(other.pid)
        finally:
            other.send_signal(signal.SIGINT)
            other.wait(60)
    server.wait_ready()


def main():
    with e2e.Server() as server:
        server.wait_ready()
        server.stop()
        somebody_else(server)
        a_server(server)
    print("a stale process id kept nobody from starting, a server that runs did")


if __name__ == "__main__":
    sys.exit(main())
