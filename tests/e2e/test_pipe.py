#!/usr/bin/python3
"""`bounced pipe`, as Postfix' pipe(8), a .forward file or an alias starts it: exit codes that make the mail system
do the right thing, twenty at once, and a process that is killed while the mail system waits for it."""
import os
import re
import signal
import subprocess
import sys
import time

import server as e2e

OK, USAGE, DATAERR, NOUSER, TEMPFAIL = 0, 64, 65, 67, 75
OURS = "bounce+1@news.sender.example"
BOUNCE = """From: MAILER-DAEMON@mx.example.net
To: {to}
Subject: failure notice
Message-ID: <{name}@mx.example.net>

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{name}@example.com>:
Sorry, no mailbox here by that name. (#5.1.1)
"""


def start(server, *words, config=None, environment=None):
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith("BOUNCED") and k not in ("SENDER", "RECIPIENT", "ORIGINAL_RECIPIENT")}
    return subprocess.Popen([e2e.BINARY, "pipe", "--config", config or server.config, *words], text=True,
                            env={**clean, **(environment or {})}, stdin=subprocess.PIPE, stderr=subprocess.PIPE)


def pipe(server, name, *words, text=None, config=None, environment=None):
    """(exit code, standard error)"""
    child = start(server, *words, config=config, environment=environment)
    _, trouble = child.communicate(BOUNCE.format(name=name, to=OURS) if text is None else text, timeout=120)
    return child.returncode, trouble


def check_codes(server):
    """Row: what, exit code, words, environment, text."""
    ours = ("--sender", "", "--recipient", OURS)
    rows = [
        ("null", OK, ours, {}, None),
        ("brackets", OK, ("--sender", "<>", "--recipient", f"<{OURS}>"), {}, None),
        ("daemon", OK, ("--sender", "MAILER-DAEMON", "--recipient", OURS), {}, None),
        ("person", OK, ("--sender", "ann@example.net", "--recipient", OURS), {}, None),
        ("several", OK, ("--sender", "", "--recipient", "x@other.example", OURS, "y@other.example"), {}, None),
        ("forward", OK, (), {"SENDER": "MAILER-DAEMON", "ORIGINAL_RECIPIENT": OURS, "RECIPIENT": "bounced@mx.example"},
         None),
        ("alias", OK, (), {"SENDER": "", "ORIGINAL_RECIPIENT": "x@other.example", "RECIPIENT": OURS}, None),
        ("fromline", OK, ours, {}, "From MAILER-DAEMON Fri Nov 27 00:00:00 2026\n"
         + BOUNCE.format(name="fromline", to=OURS)),
        ("headers", OK, (), {}, f"Return-Path: <>\nDelivered-To: other@mx.example\nX-Original-To: {OURS}\n"
         + BOUNCE.format(name="headers", to="x@other.example")),
        ("nouser", NOUSER, ("--sender", "", "--recipient", "x@other.example"), {}, None),
        ("noaddress", NOUSER, ("--sender", "", "--recipient", "no address"), {}, None),
        ("nobody", NOUSER, (), {"SENDER": "", "RECIPIENT": "x@other.example"}, None),
        ("empty", DATAERR, ours, {}, ""),
        ("usage", USAGE, ("--colour", "red"), {}, None),
        ("wait", USAGE, ("--wait", "long"), {}, None),
    ]
    for name, wanted, words, environment, text in rows:
        code, trouble = pipe(server, name, *words, environment=environment, text=text)
        assert code == wanted, (name, code, trouble)
        assert bool(trouble) == (code != OK), (name, trouble)
    return {row[0] for row in rows if row[1] == OK}


def check_failures_pass(server):
    """Whatever an operator can mend leaves the mail in the mail system's queue."""
    words = ("--sender", "", "--recipient", OURS)
    code, trouble = pipe(server, "noconfig", *words, config="/does/not/exist")
    assert code == TEMPFAIL and "/does/not/exist" in trouble, (code, trouble)
    code, trouble = pipe(server, "nofolder", *words, environment={"BOUNCED_SERVER_DATA_DIR": "/proc/nowhere"})
    assert code == TEMPFAIL, (code, trouble)
    code, trouble = pipe(server, "nospace", *words, environment={"BOUNCED_SPOOL_MIN_FREE_BYTES": str(1 << 40)})
    assert code == TEMPFAIL and "space" in trouble, (code, trouble)


def lane(server):
    return server.folder / "data" / "spool" / "pipe"


def check_lock(server):
    """Another process has the lane: waited for, then EX_TEMPFAIL; both ways bounded."""
    words = ("--sender", "", "--recipient", OURS)
    holder = subprocess.Popen(["flock", lane(server) / "lock", "sh", "-c", "echo held; read line"], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == "held\n"
    code, trouble = pipe(server, "refused", *words, "--wait", "1")
    assert code == TEMPFAIL, (code, trouble)
    waiting = start(server, *words, "--wait", "120")
    waiting.stdin.write(BOUNCE.format(name="waited", to=OURS))
    waiting.stdin.close()
    time.sleep(0.3)
    assert waiting.poll() is None
    holder.communicate("\n", timeout=60)
    assert waiting.wait(120) == OK, waiting.stderr.read()
    waiting.stderr.close()
    return {"waited"}


def check_many(server):
    children = []
    for number in range(20):
        child = start(server, "--sender", "", "--recipient", OURS, "--wait", "300")
        child.stdin.write(BOUNCE.format(name=f"many{number}", to=OURS))
        child.stdin.close()
        children.append(child)
    for child in children:
        assert child.wait(400) == OK, child.stderr.read()
        child.stderr.close()
    return {f"many{number}" for number in range(20)}


def check_kills(server):
    """A pipe that is killed gave no exit code of 0: the mail system tries again, and it counts once."""
    words = ("--sender", "", "--recipient", OURS, "--wait", "120")
    for number in range(8):
        child = start(server, *words)
        child.stdin.write(BOUNCE.format(name=f"killed{number}", to=OURS))
        child.stdin.close()
        time.sleep(number * 0.06)
        child.send_signal(signal.SIGKILL)
        child.wait(60)
        child.stderr.close()
        assert pipe(server, f"killed{number}", *words)[0] == OK
    return {f"killed{number}" for number in range(8)}


def check_cheap(server):
    """One small mail writes no segment of 64 MiB; the lane goes on in the one that it has."""
    count = server.folder / "writes"
    done = subprocess.run(["strace", "-f", "-qq", "-e", "trace=pwrite64", "-o", count, e2e.BINARY, "pipe", "--config",
                           server.config, "--sender", "", "--recipient", OURS], capture_output=True, text=True,
                          env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
                          input=BOUNCE.format(name="cheap", to=OURS), timeout=120)
    if "ptrace" in done.stderr:
        print("not counted: no tracing here")
        return set()
    assert done.returncode == OK, done
    written = sum(int(found) for found in re.findall(r"= (\d+)$", count.read_text(), re.M))
    assert 0 < written < 1 << 20, written
    return {"cheap"}


def check_new_folders(server):
    """The first mail of all: whatever holds a new name on its way is synced before exit code 0, or a power cut takes
    the folder and the mail in it."""
    calls, fresh = server.folder / "calls", server.folder / "fresh"
    fresh.mkdir(mode=0o777)
    fresh.chmod(0o777)
    done = subprocess.run(["strace", "-f", "-qq", "-y", "-e", "trace=fsync,fdatasync", "-o", calls, e2e.BINARY, "pipe",
                           "--config", server.config, "--sender", "", "--recipient", OURS], capture_output=True, text=True,
                          env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0", "BOUNCED_SERVER_DATA_DIR": str(fresh / "data")},
                          input=BOUNCE.format(name="fresh", to=OURS), timeout=120)
    if "ptrace" in done.stderr:
        print("not looked at: no tracing here")
        return
    assert done.returncode == OK, done
    synced = set(re.findall(r"(?:fsync|fdatasync)\(\d+<([^>]*)>", calls.read_text()))
    for folder in (fresh, fresh / "data", fresh / "data/spool", fresh / "data/spool/pipe"):
        assert str(folder) in synced, (folder, synced)


def main():
    with e2e.Server(**{"smtp.return_path_domains": "bounce+*@news.sender.example=news"}) as server:
        wanted = check_codes(server)
        check_failures_pass(server)
        wanted |= check_lock(server) | check_many(server) | check_kills(server) | check_cheap(server)
        check_new_folders(server)
        # The server away: the spool keeps the mail.
        server.stop()
        assert pipe(server, "away", "--sender", "", "--recipient", OURS)[0] == OK
        wanted.add("away")
        server.start().wait_ready()
        e2e.wait_for(lambda: len(server.events()) >= len(wanted), "the piped events", 300, server)
        events = server.events()
        assert sorted(e["recipient"].split("@")[0] for e in events) == sorted(wanted), events
        assert {(e["stream"], e["reason"]) for e in events} == {("news", "recipient.unknown")}, events
        paths = dict(server.sql("select reverse_path, count(*) from message group by 1"))
        assert paths == {"": str(len(wanted) - 1), "ann@example.net": "1"}, paths
        assert {row[0] for row in server.sql("select distinct array_to_string(forward_paths, ' ') from message")} == {OURS}
    print(f"{len(wanted)} piped mails counted once")


if __name__ == "__main__":
    sys.exit(main())
