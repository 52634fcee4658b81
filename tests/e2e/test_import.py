#!/usr/bin/python3
"""Mail that lies in files: .eml, mbox and maildir come in whole, once, and are never changed or deleted."""
import mailbox
import subprocess
import sys

import server as e2e

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


def main():
    with e2e.Server() as server:
        folder = server.folder / "mail"
        folder.mkdir()
        paths = make_mail(folder)
        before = contents(paths)
        out = run_import(server, *paths)
        assert out.startswith("6 messages"), out
        out = run_import(server, "-", text=BOUNCE.format(name="stdin"))
        assert out.startswith("1 messages"), out
        wanted = {"eml", "mbox0", "mbox1", "mbox2", "maildir0", "maildir1", "stdin"}
        e2e.wait_for(lambda: len(server.events()) == len(wanted), "the imported events", 60, server)
        events = server.events()
        assert {e["recipient"].split("@")[0] for e in events} == wanted
        assert {(e["stream"], e["reason"]) for e in events} == {("old", "recipient.unknown")}
        # Again, and again with the server away: nothing is counted twice.
        run_import(server, *paths)
        server.stop()
        run_import(server, *paths)
        server.start().wait_ready()
        e2e.wait_for(lambda: server.sql("select sum(second_deliveries) from spool_position") == [["12"]],
                     "the repeats to be met", 60, server)
        assert len(server.events()) == len(wanted)
        assert contents(paths) == before, "an import changed its source"
        missing = subprocess.run([e2e.BINARY, "import", "--config", server.config, "/does/not/exist"],
                                 capture_output=True, text=True, timeout=60)
        assert missing.returncode == 1 and "/does/not/exist" in missing.stderr, missing
    print("imported once, whatever was repeated")


if __name__ == "__main__":
    sys.exit(main())
