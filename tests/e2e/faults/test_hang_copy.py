#!/usr/bin/python3
"""A node that stops in the middle of a COPY, with rows of counts locked: its connection is a Unix socket, or one whose kernel goes on to
answer, so that no time-out of TCP ends it, and no time-out of a session acts while the server waits for the rest of a COPY. The
other node, whose mail counts in the same rows, ends it and loads on; when the first one goes on again, all is there once."""
import contextlib
import pathlib
import socket
import sys
import tempfile
import threading
import time

import server as e2e
from test_external_database import PASSWORD, Database
from test_hang import Node

WAITING = "select pid from pg_stat_activity where application_name = 'bounced loader' and wait_event_type = 'Lock'"
# The rows of the sentence on the list, which are copied when counts are locked already.
COPY = b"COPY judged "
PATIENCE_S = 50  # 8 s, and what a machine that does much else takes; without an end of it 60 s, again and again


class Door:
    """A Unix socket in front of the database; armed, it lets a client say COPY and holds back what comes behind."""

    def __init__(self, folder, port):
        self.folder, self.to = folder, port
        self.armed, self.held, self.free = False, threading.Event(), threading.Event()
        self.free.set()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(f"{folder}/.s.PGSQL.5432")
        self.listener.listen(64)
        pathlib.Path(folder, ".s.PGSQL.5432").chmod(0o777)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near = self.listener.accept()[0]
            far = socket.create_connection(("127.0.0.1", self.to))
            threading.Thread(target=self.carry, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self.carry, args=(far, near, False), daemon=True).start()

    def carry(self, source, target, asks):
        stops = False
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if stops:
                    self.held.set()
                    self.free.wait()
                    stops = False
                target.sendall(data)
                if asks and self.armed and COPY in data:
                    self.armed, stops = False, True
            target.shutdown(socket.SHUT_WR)

    def arm(self):
        self.free.clear()
        self.armed = True


def main():
    with Database() as database, tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder).chmod(0o755)
        door = Door(folder, database.port)
        through = f"host={folder} port=5432 dbname=postgres user=bounced password={PASSWORD}"
        with e2e.Server(**{"database.url": through}) as first, e2e.Server(**{"database.url": database.url}) as second:
            node, other = Node("near", first), Node("far", second)
            for each in (node, other):
                each.send(3)
                each.wait_stored(database, "ordinary loading")
            door.arm()
            node.send(5)
            assert door.held.wait(60), "no COPY came"
            stopped = time.monotonic()
            other.send(5)
            e2e.wait_for(lambda: database.sql(WAITING), "the other one to wait", 60, second)
            other.wait_stored(database, "the node that goes on to load")
            waited = time.monotonic() - stopped
            assert waited < PATIENCE_S, waited
            # By either: the process of the first one is not stopped here, only what it sends.
            assert any("event=hung_session_ended" in server.log_path.read_text() for server in (first, second))
            door.free.set()
            node.send(2)
            for each in (node, other):
                each.wait_stored(database, "all of it, once")
            said = second.get("/v1/domains?limit=10")[1]["domains"]
            assert [row["failed"] for row in said] == [node.number + other.number], said
            print(f"loaded on after {waited:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
