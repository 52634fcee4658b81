#!/usr/bin/python3
"""Mail servers that others wrote bounce a mail, and their own report comes to us over STARTTLS.

Each of Debian's packages is unpacked into a root of its own (mtas/enter.sh) and set up by mtas/NAME.sh; nothing is
installed. A mail goes to a user that the server does not know, another to a server that refuses the recipient.
Then the API must show who could not be reached, with which code, and why.

BOUNCED_MTAS names the servers to try, separated by spaces, or `all`; without it those of QUICK. The packages are
kept beside the build. Skipped where the user may not mount, or where no package can be had.
"""
import contextlib
import dataclasses
import os
import pathlib
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading

import server as e2e
from test_tls import NAMES, log_line, make_certificate

SCRIPTS = pathlib.Path(__file__).resolve().parent / "mtas"
CACHE = e2e.BINARY.resolve().parent / "mtas"
WAIT_S = 240
FETCH_S = 120
ENTER = ("unshare", "-mpuf", "--kill-child")
RETURN_PATH = "bounce@news.sender.example"


@dataclasses.dataclass
class Mta:
    """A server: its package, and what its report says of the user here and of the one there (None: no report)."""
    package: str
    here: dict | None
    there: dict


UNKNOWN = {"outcome": "failed", "class": "hard", "reason": "recipient.unknown"}
THERE = {**UNKNOWN, "status": "5.1.1", "reply_code": 550}
MTAS = {
    "postfix": Mta("postfix", {**UNKNOWN, "status": "5.1.1"}, THERE),
    "exim": Mta("exim4-daemon-light", UNKNOWN, THERE),
    "opensmtpd": Mta("opensmtpd", None, THERE),
    "sendmail": Mta("sendmail-bin sendmail-base sendmail-cf", {**UNKNOWN, "status": "5.1.1"}, THERE),
    "dma": Mta("dma", None, THERE),
    "courier": Mta("courier-mta", None, THERE),
}
QUICK = tuple(MTAS)


class Refuser(socketserver.StreamRequestHandler):
    """A server that knows nobody."""

    def handle(self):
        self.answer("220 refuser.example ESMTP")
        for _ in range(100):
            words = self.rfile.readline(2048).split()
            if not words:
                return
            verb = words[0].upper()
            if verb == b"RCPT":
                name = words[1][3:].decode("ascii")
                self.answer(f"550 5.1.1 {name}: Recipient address rejected: User unknown")
            elif verb == b"DATA":
                self.answer("554 5.5.1 no valid recipients")
            elif verb == b"QUIT":
                return self.answer("221 2.0.0 bye")
            else:
                self.answer("250 2.0.0 fine")

    def answer(self, line):
        self.wfile.write(line.encode() + b"\r\n")


@contextlib.contextmanager
def refuser():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuser) as listener:
        listener.daemon_threads = True
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield listener.server_address[1]
        listener.shutdown()


def fetch(name):
    """The folder with the packages that this machine lacks; None if they cannot be had."""
    folder = CACHE / name
    if (folder / "complete").exists():
        return folder
    (folder / "partial").mkdir(parents=True, exist_ok=True)
    command = ["apt-get", "-qq", "-y", "-d", "-o", f"Dir::Cache::archives={folder}", "-o", "Debug::NoLocking=1",
               "-o", "Acquire::Retries=1", "--no-install-recommends", "install", *MTAS[name].package.split()]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{name}: {error}")
        return None
    if done.returncode != 0:
        print(f"{name}: {done.stderr.strip()[-300:]}")
        return None
    (folder / "complete").touch()
    return folder


@contextlib.contextmanager
def running(name, server, refuser_port):
    """The mail server in namespaces of its own: its process and the file of what it prints."""
    log_path = server.folder / f"{name}.log"
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NAME": name, "OURS": str(server.smtp_port),
                   "REFUSER": str(refuser_port), "LC_ALL": "C"}
    with open(log_path, "wb") as log:
        process = subprocess.Popen([*ENTER, "bash", SCRIPTS / "enter.sh", name, CACHE / name], env=environment,
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield process, log_path
        finally:
            process.kill()
            process.wait(60)


@contextlib.contextmanager
def told(name, log_path):
    try:
        yield
    except AssertionError:
        print(f"---- {name}\n" + "\n".join(log_path.read_text(errors="replace").splitlines()[-60:]))
        raise


def event_of(server, recipient, name, process):
    """The one event of this recipient, with its message."""
    def there():
        assert process.poll() is None, f"{name} ended with {process.returncode}"
        return server.events(recipient=recipient)
    e2e.wait_for(there, f"the event of {recipient}", WAIT_S, server, 0.5)
    events = server.events(recipient=recipient)
    assert len(events) == 1, events
    status, event = server.get(f"/v1/events/{events[0]['id']}")
    assert status == 200, event
    return event


def check_event(server, recipient, wanted, event):
    for key, value in {**wanted, "kind": "bounce", "recipient": recipient}.items():
        assert event[key] == value, (recipient, key, value, event)
    message = event["message"]
    assert message["reverse_path"] == "" and message["forward_path"] == RETURN_PATH, message
    assert event["reporting_mta"] or message["format"] != "rfc3464", event
    assert "TLSv1" in log_line(server, "event=message_stored", f"id={message['session_id']}"), message
    print(f"{recipient}: {message['format']} {event['status']} {event['reply_code']} {event['rule']['id']}")


def check_mta(server, name, process):
    mta = MTAS[name]
    wanted = {f"refused@remote-{name}.example": mta.there, f"nobody-here@{name}.example": mta.here}
    for recipient, facts in wanted.items():
        if facts:
            check_event(server, recipient, facts, event_of(server, recipient, name, process))


def chosen():
    words = os.environ.get("BOUNCED_MTAS", " ".join(QUICK)).split()
    return list(MTAS) if words == ["all"] else words


def may_mount():
    """Whether enter.sh can work here."""
    try:
        return subprocess.run(
            ["unshare", "-mpf", "--kill-child", "sh", "-c",
             "mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/r && "
             "mount -t overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w overlay /mnt/r && chroot /mnt/r true"],
            capture_output=True, timeout=60).returncode == 0
    except OSError:
        return False


def main():
    if shutil.which("apt-get") is None or not may_mount():
        e2e.skip("mail servers in roots of their own need apt-get and the right to mount")
    names = [name for name in chosen() if fetch(name)]
    if not names:
        e2e.skip("no package of a mail server could be had")
    with tempfile.TemporaryDirectory(prefix="bounced-mtas-") as folder, contextlib.ExitStack() as stack:
        folder = pathlib.Path(folder)
        make_certificate(folder, NAMES[0])
        server = stack.enter_context(e2e.Server(**{
            "smtp.return_path_domains": "news.sender.example", "smtp.unknown_recipient": "5.1.1",
            "smtp.tls_certificate": folder / "cert.pem", "smtp.tls_key": folder / "key.pem"}))
        port = stack.enter_context(refuser())
        # All at once: most of their time is waiting. Whoever fails prints what its server said.
        started = {name: stack.enter_context(running(name, server, port)) for name in names}
        for name, (process, log_path) in started.items():
            with told(name, log_path):
                check_mta(server, name, process)


if __name__ == "__main__":
    sys.exit(main())
