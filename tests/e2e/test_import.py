#!/usr/bin/python3
"""Mail that lies in files: .eml, mbox and maildir come in whole, once, and are never changed or deleted; a maildir's
files are moved where that is asked, behind the spool's word and not before."""
import mailbox
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys

import server as e2e
from test_spool_faults import can_trace

BOUNCE = """From: MAILER-DAEMON@mx.example.net
To: bounce@news.sender.example
Subject: failure notice
Message-ID: <{name}@mx.example.net>

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{name}@example.com>:
Sorry, no mailbox here by that name. (#5.1.1)

From here on a line that starts as a separator does.
"""


def run_import(server, *paths, text=None):
    done = subprocess.run([e2e.BINARY, "import", "--config", server.config, "--stream", "old", *paths],
                          input=text, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done
    return done.stdout


def check_ids(server, out):
    """The run's id, and a number for each message."""
    run = re.search("Their ids begin with ([a-z2-7]{8})[.]", out)[1]
    wanted = [f"{run}-{n}" for n in range(1, int(out.split()[0]) + 1)]
    rows = [row[0] for row in server.sql(f"SELECT session_id FROM message WHERE session_id LIKE '{run}-%'")]
    assert sorted(rows) == sorted(wanted), (rows, out)


def make_mail(folder):
    """One .eml, an mbox of three, a maildir of two, each file as readable as a user's own would be."""
    eml = folder / "one.eml"
    eml.write_text(BOUNCE.format(name="eml"))
    mbox = mailbox.mbox(folder / "three.mbox")
    for number in range(3):
        mbox.add(mailbox.mboxMessage(BOUNCE.format(name=f"mbox{number}")))
    mbox.close()
    maildir = mailbox.Maildir(folder / "maildir")
    for number in range(2):
        maildir.add(BOUNCE.format(name=f"maildir{number}"))
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return [eml, folder / "three.mbox", folder / "maildir"]


def contents(paths):
    files = [f for p in paths for f in ([p] if p.is_file() else sorted(p.rglob("*"))) if f.is_file()]
    return {str(f): f.read_bytes() for f in files}


def names(folder):
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file())


def owner(server):
    """The service user, whom a folder to be changed must belong to."""
    return (server.folder / "data").stat()


def make_maildir(server, name, mails):
    """A maildir of the service user: {file: recipient's local part}."""
    folder = server.folder / name
    for path in (folder, folder / "new", folder / "cur", folder / "tmp", server.folder / "done"):
        path.mkdir(exist_ok=True)
        os.chown(path, owner(server).st_uid, owner(server).st_gid)
    for file, local in mails.items():
        (folder / file).write_text(BOUNCE.format(name=local))
        (folder / file).chmod(0o644)
    return folder


def check_moves(server):
    mails = {"new/1.a": "moved1", "new/2.a": "moved2", "cur/3.a:2,F": "moved3", "cur/4.a:2,S": "seen", "tmp/5.a": "tmp"}
    maildir = make_maildir(server, "queue", mails)
    # No room: nothing is stored, so nothing is moved. The wait for room ends with a signal.
    command = [e2e.BINARY, "import", "--config", server.config, "--move", maildir]
    full = subprocess.Popen(command, env={**os.environ, "BOUNCED_SPOOL_MIN_FREE_BYTES": str(1 << 40)}, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    e2e.wait_for(lambda: catches_signals(full.pid), "the import to wait for room", 60)
    full.send_signal(signal.SIGINT)
    out, _ = full.communicate(timeout=60)
    assert full.returncode == 1 and "0 messages" in out and "Stopped by a signal" in out, (full.returncode, out)
    assert names(maildir) == sorted(mails), names(maildir)
    # A file that is in the way is not written over, and says so.
    (maildir / "cur/2.a:2,S").write_text("another")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "could not be moved" in done.stderr, done
    assert done.stdout.startswith("3 messages") and "2 files were moved" in done.stdout, done
    assert names(maildir) == ["cur/1.a:2,S", "cur/2.a:2,S", "cur/3.a:2,FS", "cur/4.a:2,S", "new/2.a", "tmp/5.a"]
    (maildir / "cur/2.a:2,S").unlink()
    assert run_import(server, "--move", maildir).startswith("1 messages")
    assert run_import(server, "--move", maildir).startswith("0 messages")
    run_import(server, "--done", server.folder / "done", maildir)
    assert names(maildir) == ["tmp/5.a"]
    assert len(names(server.folder / "done")) == 4
    return {"moved1", "moved2", "moved3", "seen"}


def catches_signals(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16) >> (signal.SIGINT - 1) & 1


def check_kill(server):
    """Killed at any time: what was moved was stored, and the repeat takes the rest, each once."""
    wanted = {f"killed{number:03}" for number in range(300)}
    maildir = make_maildir(server, "killed", {f"new/{name}": name for name in wanted})
    command = [e2e.BINARY, "import", "--config", server.config, "--stream", "old", "--move", maildir]
    importer = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    e2e.wait_for(lambda: len(names(maildir / "cur")) > 5 or importer.poll() is not None, "some to be moved", 60, step=0.001)
    importer.kill()
    importer.wait(60)
    left = len(names(maildir / "new"))
    out = run_import(server, "--move", maildir)
    assert out.startswith(f"{left} messages"), (left, out)
    assert len(names(maildir / "cur")) == len(wanted) and not names(maildir / "new")
    return wanted


def check_faults(server):
    """A sync that fails gives back what shared it: with no space it is tried again, with an error the import ends. Either
    way a file is moved and a message counted only behind its own record."""
    if not can_trace():
        print("failing syncs: skipped, strace cannot trace here")
        return set()
    wanted = set()
    for error, when, code in (("ENOSPC", "6", 0), ("EIO", "6+", 1)):
        mails = {f"new/{error}{number:03}": f"{error.lower()}{number:03}" for number in range(600)}
        maildir = make_maildir(server, error, mails)
        wanted |= set(mails.values())
        done = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
                               f"inject=fdatasync:error={error}:when={when}", e2e.BINARY, "import", "--config",
                               server.config, "--stream", "old", "--move", maildir],
                              env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}, capture_output=True, text=True, timeout=120)
        moved = {mails["new/" + name.removesuffix(":2,S")] for name in os.listdir(maildir / "cur")}
        assert done.returncode == code and done.stdout.startswith(f"{len(moved)} messages"), (done, len(moved))
        assert (len(moved) == len(mails)) == (code == 0) and ("took no more" in done.stderr) == (code == 1), done
        e2e.wait_for(lambda: moved <= {e["recipient"].split("@")[0] for e in server.events()}, "what was moved", 300, server)
        run_import(server, "--move", maildir)
        assert not names(maildir / "new")
    return wanted


def check_trace(server):
    """Without --recipient and --stream the trace fields tell both."""
    mail = server.folder / "trace.eml"
    mail.write_text("Return-Path: <>\nDelivered-To: archive@mx.example\nX-Original-To: x@news.sender.example\n"
                    + BOUNCE.format(name="trace"))
    mail.chmod(0o644)
    done = subprocess.run([e2e.BINARY, "import", "--config", server.config, mail], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done
    return "trace"


def check_bar(server):
    """A bar on a terminal, nothing on anything else."""
    master, slave = pty.openpty()
    mail = server.folder / "mail" / "three.mbox"
    done = subprocess.run([e2e.BINARY, "import", "--config", server.config, "--stream", "old", mail], stderr=slave,
                          stdout=subprocess.PIPE, text=True, timeout=60)
    os.close(slave)
    drawn = os.read(master, 4096).decode()
    os.close(master)
    assert done.returncode == 0 and "[" in drawn and " %  " in drawn and "three.mbox" in drawn, (done, drawn)
    quiet = subprocess.run([e2e.BINARY, "import", "--config", server.config, "--stream", "old", mail],
                           capture_output=True, text=True, timeout=60)
    assert quiet.stderr == "", quiet


def main():
    with e2e.Server(**{"smtp.return_path_domains": "news.sender.example=news"}) as server:
        folder = server.folder / "mail"
        folder.mkdir()
        paths = make_mail(folder)
        before = contents(paths)
        first = run_import(server, *paths)
        assert first.startswith("6 messages"), first
        out = run_import(server, "-", text=BOUNCE.format(name="stdin"))
        assert out.startswith("1 messages"), out
        wanted = {"eml", "mbox0", "mbox1", "mbox2", "maildir0", "maildir1", "stdin"}
        e2e.wait_for(lambda: len(server.events()) == len(wanted), "the imported events", 300, server)
        events = server.events()
        assert {e["recipient"].split("@")[0] for e in events} == wanted
        assert {(e["stream"], e["reason"]) for e in events} == {("old", "recipient.unknown")}
        check_ids(server, first)
        # Again, and again with the server away: nothing is counted twice.
        run_import(server, *paths)
        server.stop()
        run_import(server, *paths)
        server.start().wait_ready()
        e2e.wait_for(lambda: server.sql("select sum(second_deliveries) from spool_position") == [["12"]],
                     "the repeats to be met", 300, server)
        assert len(server.events()) == len(wanted)
        assert contents(paths) == before, "an import changed its source"
        check_bar(server)
        wanted |= check_moves(server) | check_kill(server) | check_faults(server)
        traced = check_trace(server)
        e2e.wait_for(lambda: len(server.events()) >= len(wanted) + 1, "the moved ones' events", 300, server)
        events = server.events()
        assert sorted(e["recipient"].split("@")[0] for e in events) == sorted(wanted | {traced})
        assert [e["stream"] for e in events if e["recipient"].startswith("trace")] == ["news"]
        missing = subprocess.run([e2e.BINARY, "import", "--config", server.config, "/does/not/exist"],
                                 capture_output=True, text=True, timeout=60)
        assert missing.returncode == 1 and "/does/not/exist" in missing.stderr, missing
    print("imported once, whatever was repeated")


if __name__ == "__main__":
    sys.exit(main())
