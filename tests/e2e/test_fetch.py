#!/usr/bin/python3
"""`bounced fetch`: mail out of IMAP and POP3 mailboxes over TLS. What is marked or deleted there is in the spool here,
also where the connection breaks, the spool is full or the server lies; a repeat counts once."""
import os
import subprocess
import sys

import mailbox_servers as mail
import server as e2e

BOUNCE = """Return-Path: <>
Delivered-To: bounce@news.sender.example
From: MAILER-DAEMON@mx.example.net
To: bounce@news.sender.example
Subject: failure notice
Message-ID: <{name}@mx.example.net>

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{name}@example.com>:
Sorry, no mailbox here by that name. (#5.1.1)
.
b2 OK a line that looks like an answer, and one that starts with a dot
"""


class Client:
    def __init__(self, server, certificate):
        self.server, self.certificate = server, certificate
        self.secret = server.folder / "password"
        self.secret.write_text(mail.PASSWORD + "\n")
        self.secret.chmod(0o600)

    def run(self, scheme, port, *words, environment=None, secret=None, ca=None):
        """(exit code, standard output, standard error)"""
        clean = {k: v for k, v in os.environ.items()
                 if not k.startswith("BOUNCED") and not k.lower().endswith("_proxy")}
        ca = ["--ca-file", ca or self.certificate] if ca != "" else []
        done = subprocess.run(
            [e2e.BINARY, "fetch", "--config", self.server.config, "--login", mail.USER, *ca, "--password-file",
             secret or self.secret, *words, f"{scheme}://127.0.0.1:{port}/"],
            env={**clean, **(environment or {})}, capture_output=True, text=True, timeout=120)
        assert mail.PASSWORD not in done.stdout + done.stderr
        return done.returncode, done.stdout, done.stderr

    def good(self, wanted, *arguments, **options):
        code, out, trouble = self.run(*arguments, **options)
        assert code == 0 and out.startswith(f"{wanted} messages"), (code, out, trouble)


def bounces(*names):
    return {uid: BOUNCE.format(name=name) for uid, name in enumerate(names, 3)}


def check_usage(client):
    rows = [
        (["imap://ann@mail.example/"], "TLS"),
        (["pop3://ann@mail.example/"], "TLS"),
        (["imaps://ann:secret@mail.example/"], "password"),
        (["imaps://mail.example/"], "user"),
        (["imaps://ann@mail.example/INBOX"], "folder"),
        (["https://ann@mail.example/"], "imaps"),
        (["--mark-seen", "pop3s://ann@mail.example/"], "POP3"),
        (["--mark-seen", "--delete", "imaps://ann@mail.example/"], "--delete"),
        (["--folder", "a\nb", "imaps://ann@mail.example/"], "--folder"),
        (["--limit", "many", "imaps://ann@mail.example/"], "--limit"),
        ([], "URL"),
    ]
    for words, named in rows:
        done = subprocess.run([e2e.BINARY, "fetch", *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and named in done.stderr, (words, done)
        assert "secret" not in done.stderr


def check_imap(client, imap):
    imap.fill(bounces("imap1", "imap2", "imap3"))
    client.good(3, "imaps", imap.port)
    assert not any(m["flags"] for m in imap.box.values()), imap.box
    assert any(line.split(" ", 1)[1] == 'EXAMINE "INBOX"' for line in imap.heard), imap.heard
    client.good(2, "imaps", imap.port, "--mark-seen", "--limit", "2", "--folder", 'a "b" \\c')
    assert [m["flags"] for m in imap.box.values()] == [{"\\Seen"}, {"\\Seen"}, set()]
    assert any('SELECT "a \\"b\\" \\\\c"' in line for line in imap.heard), imap.heard
    client.good(1, "imaps", imap.port, "--delete")
    assert list(imap.box) == [3, 4]
    imap.plan, imap.heard = {"capabilities": ""}, []
    client.good(2, "imaps", imap.port, "--delete", "--all")
    assert [m["flags"] for m in imap.box.values()] == [{"\\Seen", "\\Deleted"}] * 2
    assert not any("EXPUNGE" in line for line in imap.heard), "an EXPUNGE takes others' messages"
    return {"imap1", "imap2", "imap3"}


def check_imap_trouble(client, imap):
    # It breaks in the middle of the second: the first is stored and comes again, the second is not there at all.
    imap.fill(bounces("broken1", "broken2", "broken3"), break_in=4)
    code, out, trouble = client.run("imaps", imap.port, "--mark-seen")
    assert code == 1 and out.startswith("1 messages") and "gone" in trouble, (code, out, trouble)
    assert [m["flags"] for m in imap.box.values()] == [set(), set(), set()] and "come again" in out, out
    # It breaks behind the mark: marked is stored.
    imap.plan = {"break_after_store": 4}
    code, out, _ = client.run("imaps", imap.port, "--mark-seen")
    assert code == 1 and out.startswith("3 messages"), (code, out)
    assert [m["flags"] for m in imap.box.values()] == [{"\\Seen"}, {"\\Seen"}, set()]
    imap.plan = {}
    client.good(1, "imaps", imap.port, "--mark-seen")
    # The spool takes nothing: nothing is marked or deleted.
    imap.fill(bounces("full1", "full2"))
    for words in (["--mark-seen"], ["--delete"]):
        code, out, trouble = client.run("imaps", imap.port, *words, environment={"BOUNCED_SPOOL_MIN_FREE_BYTES": str(1 << 40)})
        assert code == 1 and out.startswith("0 messages") and "space" in trouble, (code, out, trouble)
    assert [m["flags"] for m in imap.box.values()] == [set(), set()]
    # A server that answers about another message, or not at all.
    imap.plan = {"wrong_uid": 99}
    code, out, _ = client.run("imaps", imap.port, "--delete")
    assert code == 1 and out.startswith("0 messages") and len(imap.box) == 2, (code, out)
    imap.plan = {"no_body": 3}
    code, out, _ = client.run("imaps", imap.port, "--delete")
    assert code == 1 and out.startswith("1 messages") and list(imap.box) == [3], (code, out)
    imap.plan = {"read_only": True}
    code, out, trouble = client.run("imaps", imap.port, "--delete")
    assert code == 1 and out.startswith("0 messages") and "only be read" in trouble, (code, out, trouble)
    imap.plan = {}
    client.good(1, "imaps", imap.port, "--delete")
    # A certificate of nobody's, and a password that is wrong.
    code, _, trouble = client.run("imaps", imap.port, ca="")
    assert code == 1 and "certificate" in trouble, trouble
    imap.plan = {"denied": True}
    code, _, trouble = client.run("imaps", imap.port)
    assert code == 1 and "denied" in trouble, trouble
    return {"broken1", "broken2", "broken3", "full1", "full2"}


def check_pop3(client, pop3):
    pop3.fill(bounces("pop1", "pop2", "pop3"))
    client.good(3, "pop3s", pop3.port)
    assert len(pop3.box) == 3 and not any("DELE" in line for line in pop3.heard)
    # It breaks in the middle: POP3 forgets what was marked, the repeat is met by the digest.
    pop3.plan = {"break_in": 2}
    code, out, _ = client.run("pop3s", pop3.port, "--delete")
    assert code == 1 and out.startswith("1 messages") and "deleted" in out and len(pop3.box) == 3, (code, out)
    pop3.plan = {}
    code, out, _ = client.run("pop3s", pop3.port, "--delete", environment={"BOUNCED_SPOOL_MIN_FREE_BYTES": str(1 << 40)})
    assert code == 1 and out.startswith("0 messages") and len(pop3.box) == 3, (code, out)
    client.good(1, "pop3s", pop3.port, "--delete", "--limit", "1")
    assert len(pop3.box) == 2
    pop3.plan = {"quit_fails": True}
    code, out, _ = client.run("pop3s", pop3.port, "--delete")
    assert code == 1 and out.startswith("2 messages") and "could not be" in out, (code, out)
    return {"pop1", "pop2", "pop3"}


def check_dovecot(client, folder, certificate, key):
    if not mail.have_dovecot():
        print("dovecot is not installed: the small servers alone")
        return set()
    with mail.Dovecot(folder, certificate, key) as dovecot:
        for number in range(3):
            dovecot.put(f"{number}.dovecot", BOUNCE.format(name=f"dovecot{number}"))
        client.good(3, "imaps", dovecot.imaps)
        client.good(2, "imaps", dovecot.imaps, "--mark-seen", "--limit", "2")
        client.good(1, "imaps", dovecot.imaps)
        assert sum("S" in name.rpartition(",")[2] for name in dovecot.files()) == 2, dovecot.files()
        client.good(1, "imaps", dovecot.imaps, "--delete")
        assert len(dovecot.files()) == 2, dovecot.files()
        client.good(2, "pop3s", dovecot.pop3s)
        assert len(dovecot.files()) == 2
        client.good(2, "pop3s", dovecot.pop3s, "--delete")
        assert not dovecot.files()
    return {f"dovecot{number}" for number in range(3)}


def main():
    with e2e.Server(**{"smtp.return_path_domains": "*, news.sender.example=news"}) as server:
        certificate, key = mail.make_certificate(server.folder)
        client = Client(server, certificate)
        check_usage(client)
        with mail.SmallServer("imap", certificate, key) as imap, mail.SmallServer("pop3", certificate, key) as pop3:
            wanted = check_imap(client, imap) | check_imap_trouble(client, imap) | check_pop3(client, pop3)
        wanted |= check_dovecot(client, server.folder, certificate, key)
        e2e.wait_for(lambda: len(server.events()) >= len(wanted), "the fetched events", 300, server)
        events = server.events()
        assert sorted(e["recipient"].split("@")[0] for e in events) == sorted(wanted), events
        assert {(e["stream"], e["reason"]) for e in events} == {("news", "recipient.unknown")}, events
    print(f"{len(wanted)} fetched mails counted once")


if __name__ == "__main__":
    sys.exit(main())
