#!/usr/bin/python3
"""What earlier programs left behind is brought forward: each archive in before/ has the database, the lanes of the spool, half of them not loaded, and
what that program answered (make_before.py). Today's program restores the dump and answers as that one did; then it gets the lanes, and every
mail of them is there once, from the position on that the database had, with what was told of the first half as it was."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

import make_before
import server as e2e
import test_storage

# Nothing is too old, however late it is; the rest as make_before.py has it.
SETTINGS = {key: value for key, value in make_before.SETTINGS.items() if key != "database.fsync"}
SETTINGS |= {"retention.raw_days": 36500, "retention.event_days": 36500, "retention.rollup_days": 36500, "retention.digest_days": 365}
# Made when asked: the moment, and what is made from counts by rules that have changed since 1e56f23 (a rate is of the hours that have a volume).
DERIVED = ("rate", "interval", "coverage", "flags", "as_of")


def unlike(told, now, where=""):
    """Places where today's answer lacks something of the one of then, or has another value."""
    if isinstance(told, dict) and isinstance(now, dict):
        return [place for key in told if not key.endswith(DERIVED) for place in unlike(told[key], now.get(key, "nothing"), f"{where}.{key}")]
    if isinstance(told, list) and isinstance(now, list):
        if len(told) != len(now):
            return [f"{where}: {len(now)}, not {len(told)}"]
        return [place for n, pair in enumerate(zip(told, now)) for place in unlike(*pair, f"{where}[{n}]")]
    return [] if told == now else [f"{where}: {now!r}, not {told!r}"]


def answers_are(server, told):
    for question, then in told["answers"].items():
        status, now = server.get(question)
        assert status == 200, now
        found = unlike(then, now)
        assert not found, (question, *found)


def put_lanes(server, lanes):
    """As an operator does it: the folder of the spool, with the owner that the program gave it."""
    spool = server.folder / "data" / "spool"
    owner = spool.stat()
    shutil.rmtree(spool)
    shutil.copytree(lanes, spool)
    for path in (spool, *spool.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)


def loaded(server):
    """All that was loaded of all lanes, and what of it was a second delivery."""
    return [int(n) for n in server.sql("SELECT sum(sequence), sum(second_deliveries) FROM spool_position")[0]]


def once_each(server, told):
    """The return path says which mail it was."""
    rows = server.sql("SELECT forward_paths[1], count(*) FROM message GROUP BY 1")
    assert {n for _, n in rows} == {"1"}, rows
    assert len(rows) == told["first"] + told["second"], (len(rows), told)
    assert server.sql("SELECT count(*) FROM message m WHERE NOT EXISTS (SELECT FROM message_raw r WHERE r.message_id = m.message_id)") == [["0"]]


def first_half_is(server, told):
    """The same events, and who was not mailed is not: what came since may have added to the count of an entry."""
    question, then = next(item for item in told["answers"].items() if "/events" in item[0])
    now = {event["id"]: event for event in server.get(question)[1]["events"]}
    assert len(now) > len(then["events"]), "nothing came"
    found = [place for event in then["events"] for place in unlike(event, now.get(event["id"]))]
    assert not found, found
    question = "/v1/suppressions?limit=1000"
    listed = {(entry["address"], entry["stream"]): entry["state"] for entry in server.get(question)[1]["suppressions"]}
    for entry in told["answers"][question]["suppressions"]:
        assert listed.get((entry["address"], entry["stream"])) == entry["state"], (entry, listed)


def counts_are_those_of_events(server):
    done = subprocess.run([e2e.BINARY, "rollup", "check", "--since", "2026-11-01", "--config", server.config], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done


def lanes_go_on(server, told):
    """Each lane takes another, and what is started again loads nothing twice."""
    positions = told["first"] + told["second"] + 1 + 2  # the one that came twice; the next one of each lane
    e2e.wait_for(lambda: loaded(server) == [positions, 1], f"the lanes to be loaded to {positions}", 300, server)
    once_each(server, told)
    for way in ("smtp", "api"):
        make_before.give(server, way, [(999, make_before.large("another"))])
    e2e.wait_for(lambda: loaded(server) == [positions + 2, 1], "another of each lane", 300, server)
    server.stop()
    server.start().wait_ready()
    assert loaded(server) == [positions + 2, 1], loaded(server)
    once_each(server, {**told, "second": told["second"] + 2})


def brought_forward(archive):
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as packed:
            packed.extractall(folder)
        told = json.loads(pathlib.Path(folder, "told.json").read_text())
        server = e2e.Server(**SETTINGS)
        server.write_config()
        subprocess.run([e2e.BINARY, "db", "restore", pathlib.Path(folder, "bounced.dump"), "--config", server.config], check=True, timeout=600,
                       stdout=subprocess.DEVNULL)
        with server:
            answers_are(server, told)
            test_storage.as_decided(server)
            server.stop()
            put_lanes(server, pathlib.Path(folder, "spool"))
            server.start().wait_ready()
            lanes_go_on(server, told)
            first_half_is(server, told)
            counts_are_those_of_events(server)
            assert "event=spool_" not in server.log_path.read_text(), server.log_tail()


def main():
    archives = sorted((pathlib.Path(__file__).parent / "before").glob("*.tar.xz"))
    assert len(archives) >= 2, archives
    for archive in archives:
        brought_forward(archive)
    print("brought forward, each mail once:", *(archive.name.split(".")[0] for archive in archives))


if __name__ == "__main__":
    sys.exit(main())
