#!/usr/bin/python3
"""A spool folder that was set back to an older copy of itself gives sequences out again. Whatever it acknowledged since
then reaches the database, once, whether the lane ends before the database's position or has grown past it by the time
the loader looks; and so it is when the database is set back, too."""
import pathlib
import shutil
import subprocess

import server as e2e
from test_import import BOUNCE

SETTINGS = {"spool.segment_bytes": 2 << 20, "smtp.max_message_bytes": 1 << 19}


def take_in(server, lane, names):
    """Into the lane, with or without a server; each is acknowledged on return."""
    folder = server.folder / "mail"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    for name in names:
        path = folder / f"{name}.eml"
        path.write_text(BOUNCE.format(name=name))
        path.chmod(0o644)
        if lane == "pipe":
            subprocess.run([e2e.BINARY, "pipe", "--config", server.config], check=True, timeout=60,
                           stdin=path.open(), capture_output=True)
    if lane == "import":
        subprocess.run([e2e.BINARY, "import", "--config", server.config, *sorted(folder.glob("*.eml"))], check=True,
                       timeout=120, capture_output=True)
    shutil.rmtree(folder)


def stored(server):
    return sorted(row[0].split("@")[0] for row in server.sql("select recipient from event"))


def wait_stored(server, names):
    e2e.wait_for(lambda: len(stored(server)) >= len(names), "what was taken in", 120, server)
    assert stored(server) == sorted(names), set(names) ^ set(stored(server))


def copy(source, target):
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", source, target], check=True)


def some(prefix, n):
    return [f"{prefix}{i}" for i in range(n)]


def set_back_lane(lane, n_before, n_since):
    """n_before mails are loaded behind the copy, n_since are taken by the lane that was set back."""
    with e2e.Server(**SETTINGS) as server:
        folder, old = server.folder / "data/spool" / lane, server.folder / "old"
        names = some("first", 5)
        take_in(server, lane, names)
        wait_stored(server, names)
        server.stop()
        copy(folder, old)
        server.start().wait_ready()
        names += some("before", n_before)
        take_in(server, lane, some("before", n_before))
        wait_stored(server, names)
        server.stop()
        copy(old, folder)
        take_in(server, lane, some("since", n_since))
        names += some("since", n_since)
        server.start().wait_ready()
        wait_stored(server, names)
        assert server.log_path.read_text().count("event=spool_set_back") == 1
        # Once more from the start, and the lane is one like any other.
        server.stop()
        take_in(server, lane, ["last"])
        server.start().wait_ready()
        wait_stored(server, [*names, "last"])
        assert server.log_path.read_text().count("event=spool_set_back") == 1


def set_back_database():
    """The lane is set back and loaded, then the database to a backup of the time before that."""
    with e2e.Server(**SETTINGS) as server:
        folder, old = server.folder / "data/spool/import", server.folder / "old"
        cluster, backup = server.folder / "data/postgres", server.folder / "backup"
        take_in(server, "import", some("first", 5))
        wait_stored(server, some("first", 5))
        server.stop()
        copy(folder, old)
        server.start().wait_ready()
        take_in(server, "import", some("before", 20))
        wait_stored(server, some("first", 5) + some("before", 20))
        server.stop()
        copy(cluster, backup)
        copy(old, folder)
        take_in(server, "import", some("since", 10))
        server.start().wait_ready()
        wanted = some("first", 5) + some("before", 20) + some("since", 10)
        wait_stored(server, wanted)
        server.stop()
        copy(backup, cluster)
        take_in(server, "import", some("last", 2))
        server.start().wait_ready()
        wait_stored(server, wanted + some("last", 2))


def unreadable_lane():
    """Its mail waits for whoever mends it; that of the others is loaded."""
    with e2e.Server(**SETTINGS) as server:
        take_in(server, "import", some("one", 2))
        wait_stored(server, some("one", 2))
        server.stop()
        lane = server.folder / "data/spool/import/lane.id"
        text = lane.read_text()
        take_in(server, "import", some("two", 2))
        lane.write_text(text.swapcase().replace(text[0], "x", 1))
        server.start().wait_ready()
        take_in(server, "pipe", some("three", 2))
        wait_stored(server, some("one", 2) + some("three", 2))
        assert server.log_path.read_text().count("event=lane_stuck lane=import") == 1
        assert "role_died" not in server.log_path.read_text()
        lane.write_text(text)
        wait_stored(server, some("one", 2) + some("two", 2) + some("three", 2))


def main():
    assert pathlib.Path(e2e.BINARY).exists()
    set_back_lane("import", 20, 8)
    set_back_lane("import", 8, 30)
    set_back_lane("pipe", 6, 4)
    set_back_database()
    unreadable_lane()
    print("set back: lane behind, lane past, lane of a pipe, lane and database; a lane that cannot be read stands alone")


if __name__ == "__main__":
    main()
