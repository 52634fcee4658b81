#!/usr/bin/python3
"""`bounced node`: two servers on one database, one of which is lost with mail in its spool.

What list says of them; that a text in the database commands no terminal; that adopt loads what was acknowledged and not stored, also
when it is killed, run again, or finds a watermark as a power cut leaves it; what it refuses; and that forget forgets."""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import server as e2e
from test_database_faults import Flow
from test_external_database import Database

MAILS = 100


def node(server, *words, code=0):
    done = subprocess.run([e2e.BINARY, "node", *map(str, words), "--config", server.config], capture_output=True, text=True,
                          timeout=180)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout if not code else done.stderr


def listed(server):
    return {told["id"] or "": told for told in json.loads(node(server, "list", "--format", "json"))["nodes"]}


def node_id(server):
    return (server.folder / "data" / "node.id").read_text().strip()


def kill(server):
    """All of it at once, as with the machine."""
    roles = [pid for role in ("smtp", "api", "loader", "scheduler") for pid in server.pids(role)]
    server.process.kill()
    for pid in roles:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.process.wait(60)
    server.process = None
    server.log.close()


def check_list(first, second):
    """Both are there, with their roles and lanes, and one scheduler acts."""
    ids = [node_id(first), node_id(second)]

    def told():
        nodes = listed(first)
        return all(name in nodes and {role["role"] for role in nodes[name]["roles"]} >= {"api", "loader", "scheduler"}
                   and any(lane["lane"] == "smtp" and lane["position"] > 1 for lane in nodes[name]["lanes"]) for name in ids)
    assert ids[0] != ids[1]
    e2e.wait_for(told, "both nodes to tell of themselves", 60, first)
    nodes = listed(second)
    assert set(nodes) == set(ids), nodes
    acting = [role["role"] for told in nodes.values() for role in told["roles"] if role["acting"]]
    assert acting == ["scheduler"], nodes
    for told in nodes.values():
        assert told["state"] == "up" and told["host"] == os.uname().nodename and told["version"], told
    text = node(first, "list")
    assert f"node {ids[0]}  up  host " in text and "scheduler (acting)" in text and "lane smtp  spool " in text, text


def check_hostile(server, database):
    """Whoever can write to the database commands no terminal."""
    database.sql("insert into node values ('\x1b]0;x', 'api', E'h\\u009b31m', E'1\\u2028forged', 0, now())")
    text = node(server, "list")
    assert "\x1b" not in text and "\u009b" not in text and "\u2028" not in text, text
    said = node(server, "list", "--format", "json")
    assert "\x1b" not in said and json.loads(said)["nodes"][0]["host"] == "h\u009b31m", said
    database.sql("delete from node where role = 'api' and backend = 0")


def lose(database, flow, server):
    """Mail that had its 250 and never came to the database; the folder as it is copied from the disk, with the watermark that was
    written back last before the power went."""
    position = int(database.sql("select sequence from spool_position join node_lane using (spool_id) "
                                f"where lane = 'smtp' and node_id = '{node_id(server)}'"))
    stored = database.sql("select count(*) from event")
    database.stop()
    flow.send(MAILS)
    kill(server)
    database.start()
    assert database.sql("select count(*) from event") == stored
    copy = server.folder / "copy"
    subprocess.run(["cp", "-a", server.folder / "data", copy], check=True)
    with open(copy / "spool" / "smtp" / "durable", "r+b") as page:
        page.write((position - 1).to_bytes(8, "little"))
    return copy


def check_adopt(first, second, copy, flow, database):
    lost = node_id(second)
    database.sql(f"update node set seen_at = now() + interval '1 hour' where node_id = '{lost}'")
    assert "was seen" in node(first, "adopt", copy, code=1)
    assert "was seen" in node(first, "forget", lost, code=1)
    database.sql(f"update node set seen_at = now() - interval '1 hour' where node_id = '{lost}'")
    assert listed(first)[lost]["state"] == "away", listed(first)[lost]
    process = subprocess.Popen([e2e.BINARY, "node", "adopt", copy, "--config", first.config], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    time.sleep(0.5)  # wherever that is: before it began, in the middle, or when it is done
    process.kill()
    process.wait(60)
    e2e.wait_for(lambda: not locked(copy), "the loader of the adopt that was killed to end", 60)
    said = node(first, "adopt", copy)
    assert "lane smtp, spool " in said and "is in the database" in said, said
    assert database.sql("select count(*), count(distinct recipient) from event") == f"{flow.number}|{flow.number}"
    assert "the database had it all" in node(first, "adopt", copy)
    assert database.sql("select count(*) from event") == str(flow.number)
    told = listed(first)[lost]
    assert told["state"] == "adopted" and told["backlog"] == 0, told
    assert database.sql("select count(*) from audit where action = 'node.adopt'") == "2"


def locked(folder):
    """Does a process hold a lock on it?"""
    inode = os.stat(folder / "serve.lock").st_ino
    return any(line.split()[5].endswith(f":{inode}") for line in open("/proc/locks"))


def check_refused(first, copy):
    said = node(first, "adopt", first.folder / "data", "--force", code=1)
    assert f"process {first.process.pid} serves" in said, said
    assert "no data folder" in node(first, "adopt", copy / "spool", code=1)
    (copy / "spool" / "smtp" / "lane.id").rename(copy / "lane.id")
    assert "lane.id is missing" in node(first, "adopt", "--force", copy, code=1)
    assert not (copy / "spool" / "smtp" / "lane.id").exists(), "a lane with another id was made"
    shutil.move(copy / "lane.id", copy / "spool" / "smtp" / "lane.id")


def check_forget(first, second, database):
    lost = node_id(second)
    assert "was seen" in node(first, "forget", node_id(first), code=1)
    assert "neither a node" in node(first, "forget", "--force", "0000000000000000", code=1)
    node(first, "forget", lost)
    assert set(listed(first)) == {node_id(first)}, listed(first)
    database.sql("insert into spool_position (spool_id, sequence) values ('00000000000000aa', 7)")
    assert listed(first)[""]["lanes"][0]["position"] == 7
    node(first, "forget", "00000000000000aa")
    assert set(listed(first)) == {node_id(first)}, listed(first)
    assert database.sql("select sequence from spool_position where spool_id = '00000000000000aa'") == "7"


def main():
    with Database() as database:
        with e2e.Server(**{"database.url": database.url}) as first, e2e.Server(**{"database.url": database.url}) as second:
            flow = Flow(second, database)
            here = Flow(first, database)
            flow.send(20)
            flow.settle("ordinary loading")
            here.number = flow.number
            here.send(20)
            here.settle("loading of the other node")
            flow.number = here.number
            check_list(first, second)
            check_hostile(first, database)
            copy = lose(database, flow, second)
            check_refused(first, copy)
            check_adopt(first, second, copy, flow, database)
            check_forget(first, second, database)
            second.start().wait_ready()
            flow.send(1)
            flow.settle("the node that was not gone after all")
            e2e.wait_for(lambda: listed(first).get(node_id(second), {}).get("state") == "up", "it to be listed again", 60, first)
    print(f"{flow.number} mails, each stored once")


if __name__ == "__main__":
    sys.exit(main())
