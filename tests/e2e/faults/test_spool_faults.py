#!/usr/bin/python3
"""Faults of the disk under the spool, put in from outside: a failing fdatasync and write (strace), a full disk and a
read-only one (a small tmpfs), a torn tail, flipped bits and a missing segment. Each has its answer to the client and its
line in the log, and whatever was acknowledged is in the database exactly once."""
import fcntl
import os
import pathlib
import re
import shutil
import signal
import smtplib
import subprocess
import sys

import server as e2e

SEGMENT = 2 << 20
SETTINGS = {"spool.segment_bytes": SEGMENT, "smtp.max_message_bytes": 1 << 19}


class Acknowledged:
    """Mails of their own recipients, sent one by one; remembers those that got a 250."""

    def __init__(self, server):
        self.server, self.number, self.names = server, 0, []

    def send(self, padding=0):
        self.number += 1
        name = f"u{self.number}@example.com"
        mail = (f"From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail\nX-Padding: {self.number}\n"
                "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
                "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
                f"Final-Recipient: rfc822; {name}\nAction: failed\nStatus: 5.1.1\n\n--b\n\n"
                + ("x" * 70 + "\n") * (padding // 71) + "--b--\n").encode()
        peer = e2e.connect(self.server)
        try:
            code, text = peer.docmd("MAIL FROM:<>")
            if code == 250:
                code, text = peer.docmd("RCPT TO:<b@news.sender.example>")
                assert code == 250, text
                code, text = peer.data(e2e.crlf(mail))
            if code == 250:
                self.names.append(name)
            return code, text.decode()
        except smtplib.SMTPDataError as refused:
            return refused.smtp_code, refused.smtp_error.decode()
        finally:
            peer.close()

    def check(self, lost=()):
        wanted = sorted(set(self.names) - set(lost))
        e2e.wait_for(lambda: len(self.stored()) >= len(wanted), "what was acknowledged", 120, self.server)
        stored = self.stored()
        assert sorted(set(stored)) == stored, "a mail is stored twice"
        assert not set(wanted) - set(stored), set(wanted) - set(stored)

    def stored(self):
        return sorted(row[0] for row in self.server.sql("select recipient from event order by 1"))


class Injection:
    """strace at every thread of a process: the next calls of a kind fail."""

    def __init__(self, pid, call, error, when):
        self.pid = pid
        self.tracer = subprocess.Popen(["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(pid), "-e", f"trace={call}",
                                        "-e", f"inject={call}:error={error}:when={when}"])

    def __enter__(self):
        def attached():
            assert self.tracer.poll() is None, "strace could not attach"
            tasks = pathlib.Path(f"/proc/{self.pid}/task").iterdir()
            return all("\nTracerPid:\t0\n" not in (task / "status").read_text() for task in tasks)
        e2e.wait_for(attached, "strace to attach", 30)
        return self

    def __exit__(self, *_):
        self.tracer.terminate()
        self.tracer.wait(30)


def can_trace():
    return shutil.which("strace") and subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"],
                                                     capture_output=True).returncode == 0


def check_failing_call(mail, call, error, code, reply):
    """The batch in hand is told; with the disk well again the next one is taken, in another segment."""
    server = mail.server
    smtp, = server.pids("smtp")
    before = server.log_path.read_text().count("event=message_refused")
    assert mail.send()[0] == 250
    with Injection(smtp, call, error, "1"):
        got, text = mail.send()
        assert (got, text[:5]) == (code, reply), (call, error, got, text)
    assert server.log_path.read_text().count("event=message_refused") == before + 1
    e2e.wait_for(lambda: mail.send()[0] == 250, "the next segment", 60, server)
    assert server.pids("smtp") == [smtp], "the role died of it"


def check_two_in_a_row(mail):
    """Then the writer refuses already at MAIL, and takes mail again by itself when the disk does."""
    smtp, = mail.server.pids("smtp")
    with Injection(smtp, "fdatasync", "EIO", "1+"):
        assert mail.send()[0] == 451
        assert mail.send()[0] == 451
        code, text = mail.send()
        assert code == 451 and text.startswith("4.3.0"), (code, text)
    e2e.wait_for(lambda: mail.send()[0] == 250, "the writer to try again", 120, mail.server, 0.5)


def faults_of_calls():
    with e2e.Server(**SETTINGS) as server:
        mail = Acknowledged(server)
        for _ in range(5):
            assert mail.send()[0] == 250
        check_failing_call(mail, "fdatasync", "EIO", 451, "4.3.0")
        check_failing_call(mail, "fdatasync", "ENOSPC", 452, "4.3.1")
        check_failing_call(mail, "pwrite64", "EIO", 451, "4.3.0")
        check_failing_call(mail, "pwrite64", "ENOSPC", 452, "4.3.1")
        check_failing_call(mail, "pwrite64", "EROFS", 451, "4.3.0")
        check_two_in_a_row(mail)
        mail.check()
        print(f"failing calls: {mail.number} sent, {len(mail.names)} acknowledged, all stored once")


# ---- the disk as a whole ----

def mounted(server):
    """A disk of its own for the spool, made before the server starts; False where this user may not mount."""
    spool = server.folder / "data" / "spool"
    spool.mkdir(parents=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0777", "bounced-test", spool], capture_output=True)
    if done.returncode == 0 and os.geteuid() == 0:
        owner = next((u for u in ("bounced", os.environ.get("SUDO_USER"), "postgres") if u and user_exists(u)), None)
        shutil.chown(server.folder / "data", owner)
        (server.folder / "data").chmod(0o700)
    return done.returncode == 0


def user_exists(name):
    return subprocess.run(["id", name], capture_output=True).returncode == 0


def faults_of_the_disk():
    server = e2e.Server(**SETTINGS, **{"spool.min_free_bytes": 1})
    if not mounted(server):
        print("full and read-only disk: skipped, this user may not mount")
        return
    spool = server.folder / "data" / "spool"
    try:
        with server:
            mail = Acknowledged(server)
            assert mail.send()[0] == 250
            filler = spool / "filler"
            with open(filler, "wb") as file:
                try:
                    while True:
                        file.write(b"\0" * 65536)
                        file.flush()
                except OSError:
                    pass
            replies = [mail.send(padding=200000) for _ in range(40)]
            full = [reply for reply in replies if reply[0] != 250]
            assert full and all(code == 452 and text.startswith("4.3.1") for code, text in full), replies
            filler.unlink()
            e2e.wait_for(lambda: mail.send()[0] == 250, "mail to be taken again", 120, server, 0.5)
            # A disk that turned read-only under a stopped server: no session is begun on it, and the log says why.
            assert server.stop() == 0
            subprocess.run(["mount", "-o", "remount,ro", spool], check=True)
            server.start()
            e2e.wait_for(lambda: 'event=spool_not_opened' in server.log_path.read_text(), "the log to say so", 120, server)
            subprocess.run(["mount", "-o", "remount,rw", spool], check=True)
            server.wait_ready()
            assert mail.send()[0] == 250
            mail.check()
            print(f"full and read-only disk: {mail.number} sent, {len(mail.names)} acknowledged, all stored once")
    finally:
        subprocess.run(["umount", spool], capture_output=True)
        shutil.rmtree(server.folder, ignore_errors=True)


# ---- what lies on the disk ----

def segments(server):
    return sorted((server.folder / "data" / "spool" / "smtp").glob("*.seg"))


def records(path):
    """(offset, bytes of the record), by docs/spool.md."""
    data, found = path.read_bytes(), []
    for match in re.finditer(rb"\x1d\xdf\xce\xb0\x01\0\0\0", data):
        at = match.start()
        if at % 8 == 0:
            envelope, message = (int.from_bytes(data[at + k:at + k + 4], "little") for k in (8, 12))
            found.append((at, 40 + envelope + message))
    return found


def stop_with_a_backlog(server, mail, n, padding=0):
    """n mails that no loader has seen; the server is stopped behind them."""
    e2e.wait_for(lambda: server.pids("loader"), "the loader", 60, server)
    loader, = server.pids("loader")
    os.kill(loader, signal.SIGSTOP)
    first = mail.number + 1
    for _ in range(n):
        assert mail.send(padding)[0] == 250
    os.kill(loader, signal.SIGKILL)
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(60)
    e2e.wait_for(lambda: not any_left(server), "its processes to end", 60)
    return first


def any_left(server):
    """Does the lane still have its writer, or the cluster its server?"""
    with open(server.folder / "data" / "spool" / "smtp" / "lock", "rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    postmaster = server.folder / "data" / "postgres" / "postmaster.pid"
    return postmaster.exists() and pathlib.Path(f"/proc/{postmaster.read_text().split()[0]}").exists()


def damage(path, offset, how):
    data = bytearray(path.read_bytes())
    how(data, offset)
    with open(path, "r+b") as file:
        file.write(data)


def flip(data, offset):
    data[offset] ^= 0x10


def faults_of_the_bytes():
    with e2e.Server(**SETTINGS) as server:
        mail = Acknowledged(server)
        first = stop_with_a_backlog(server, mail, 20)
        newest = segments(server)[-1]
        found = records(newest)
        # The body of one record, and the header of another.
        damage(newest, found[3][0] + 100, flip)
        damage(newest, found[9][0] + 20, flip)
        # The tail that a power cut leaves of a record that nobody was told of.
        end = found[-1][0] + (found[-1][1] + 7) // 8 * 8
        damage(newest, end, lambda data, at: data.__setitem__(slice(at, at + 60), data[found[0][0]:found[0][0] + 60]))
        lost = {f"u{first + k}@example.com" for k in (3, 9)}
        server.start().wait_ready()
        mail.check(lost)
        log = server.log_path.read_text()
        assert log.count("event=spool_damaged") == 2, [l for l in log.splitlines() if "damage" in l]
        aside = list((server.folder / "data" / "spool" / "smtp" / "damaged").iterdir())
        assert len(aside) == 2, aside
        assert mail.send()[0] == 250
        mail.check(lost)

        stop_with_a_backlog(server, mail, 40, padding=200000)
        middle = segments(server)[-2]
        gone = {name.decode() for name in re.findall(rb"Final-Recipient: rfc822; (\S+)", middle.read_bytes())}
        assert len(gone) > 1, gone
        lost |= gone
        middle.unlink()
        server.start().wait_ready()
        mail.check(lost)
        assert server.log_path.read_text().count("event=spool_damaged") == 3
        assert len(mail.stored()) == len(set(mail.names) - lost)
        print(f"damage: {len(lost)} records lost by hand and named in the log, the other {len(mail.stored())} stored once")


def main():
    if not can_trace():
        e2e.skip("strace cannot trace here")
    faults_of_calls()
    faults_of_the_disk()
    faults_of_the_bytes()


if __name__ == "__main__":
    sys.exit(main())
