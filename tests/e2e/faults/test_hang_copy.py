#!/usr/bin/python3
"""A node that stops in the middle of a COPY, with rows of counts locked: its connection is a Unix socket, or one whose kernel goes on to
answer, so that no time-out of TCP ends it, and no time-out of a session acts while the server waits for the rest of a COPY. The
other node, whose mail counts in the same rows, ends it and loads on; when the first one goes on again, all is there once. And an import
of a list that is stopped so: an export waits for it, and loaders wait behind the export."""
import contextlib
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

import server as e2e
from test_external_database import PASSWORD, Database
from test_hang import Node

WAITING = "select pid from pg_stat_activity where application_name = 'bounced {}' and wait_event_type = 'Lock'"
# The rows of the sentence on the list, which are copied when counts are locked already; and those of a list that comes in.
COPY, IMPORT = b"COPY judged ", b"COPY import_row "
PATIENCE_S = 50  # 8 s, and what a machine that does much else takes; without an end of it 60 s, again and again


class Door:
    """A Unix socket in front of the database; armed, it lets a client say COPY and holds back what comes behind."""

    def __init__(self, folder, port):
        self.folder, self.to = folder, port
        self.armed, self.held, self.free = None, threading.Event(), threading.Event()
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
                if asks and self.armed and self.armed in data:
                    self.armed, stops = None, True
            target.shutdown(socket.SHUT_WR)

    def arm(self, words):
        self.held.clear()
        self.free.clear()
        self.armed = words


def endings(servers):
    return sum(server.log_path.read_text().count("event=hung_session_ended") for server in servers)


def held_up(door, database, role, servers, work, done):
    """The seconds for which the role waits for whoever is held at the door: until what `work` asked for is done."""
    assert door.held.wait(60), "no COPY came"
    before, stopped = endings(servers), time.monotonic()
    work()
    e2e.wait_for(lambda: database.sql(WAITING.format(role)), f"the {role} to wait", 60, servers[1])
    done()
    waited = time.monotonic() - stopped
    # By either: the process of the first one is not stopped here, only what it sends.
    assert waited < PATIENCE_S and endings(servers) > before, waited
    door.free.set()
    return waited


def command_of(server, *words):
    return subprocess.Popen([e2e.BINARY, "suppress", *words, "--config", server.config], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def import_of(server, lines):
    path = server.folder / "list.txt"
    path.write_text("".join(f"listed{i}@list.example\n" for i in range(lines)))
    return command_of(server, "import", path)


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
            servers = first, second
            door.arm(COPY)
            node.send(5)
            waited = held_up(door, database, "loader", servers, lambda: other.send(5),
                             lambda: other.wait_stored(database, "the node that goes on to load"))
            node.send(2)
            for each in (node, other):
                each.wait_stored(database, "all of it, once")
            door.arm(IMPORT)
            command = import_of(first, 50)
            exports = []

            def export():
                added = command_of(second, "add", "added@list.example")  # it gets a number before it is exported
                assert added.wait(60) == 0, added.communicate()
                exports.append(command_of(second, "export"))
            listed = held_up(door, database, "suppress", servers, export, lambda: (
                other.send(5), other.wait_stored(database, "the node behind the export to load")))
            out, err = command.communicate(timeout=120)
            assert command.returncode == 1 and "terminated" in err or "terminating" in err, (command.returncode, out, err)
            out, err = exports[0].communicate(timeout=120)
            assert exports[0].returncode == 0 and "added@list.example" in out and "listed" not in out, (out, err)
            said = second.get("/v1/domains?limit=10")[1]["domains"]
            assert [row["failed"] for row in said] == [node.number + other.number], said
            print(f"loaded on after {waited:.1f} s; behind a list that came in after {listed:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
