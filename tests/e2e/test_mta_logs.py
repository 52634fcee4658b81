#!/usr/bin/python3
"""Mail servers that others wrote deliver, defer, bounce and give up, and their own log is counted.

Each of Debian's packages runs in a root of its own (mtas/enter.sh, mtas/log-NAME.sh) and sends the same mails to a server
that answers by the local part. `bounced volume import` reads the log while it grows; in the end each recipient stands where
the server put it. BOUNCED_MTAS and the skips are those of test_mtas.py."""
import contextlib
import os
import pathlib
import socketserver
import subprocess
import sys
import threading
import time

import server as e2e
import test_mtas as mtas

WAIT_S = 240
# Accepted, failed; deferred for the first time. Exim and sendmail, as Postfix, also have a local user who is not there, a
# server that is down, and an odd address.
EVERYWHERE = ((7, 7), 3)
WANTED = {"postfix": EVERYWHERE, "exim": EVERYWHERE, "sendmail": EVERYWHERE, "opensmtpd": ((6, 5), 2)}
REASONS = {"refused1@far.example": "recipient.unknown", "refused2@far.example": "recipient.unknown"}
FULL = "full1@far.example"


class Sink(socketserver.StreamRequestHandler):
    """Answers by the local part."""
    tries = {}

    def answer(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def rcpt(self, address):
        name = address.split("@")[0].lower()
        times = self.tries[address] = self.tries.get(address, 0) + 1
        if name.startswith("refused"):
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        if name.startswith("full"):
            return f"552-5.2.2 The recipient's inbox is out of storage space and\r\n552 5.2.2 inactive: {address}"
        if name.startswith("never"):
            return "450 4.2.1 Mailbox busy, try again later"
        if name.startswith("later") and times < 3:
            return "451 4.7.1 Greylisted, try again in 300 seconds"
        return None

    def data(self, recipients):
        if not recipients:
            return self.answer("554 5.5.1 no valid recipients")
        self.answer("354 go")
        for line in self.rfile:
            if line.strip() == b".":
                break
        spam = any(name.startswith("spam") for name in recipients)
        return self.answer("554 5.7.1 Message rejected: content looks like spam" if spam else "250 2.0.0 Ok: queued as 1")

    def handle(self):
        recipients = []
        self.answer("220 sink.example ESMTP")
        for _ in range(1000):
            line = self.rfile.readline(4096).decode("ascii", "replace")
            verb = line[:4].upper()
            if verb == "RCPT":
                address = line.split("<")[1].split(">")[0]
                refusal = self.rcpt(address)
                if not refusal:
                    recipients.append(address)
                self.answer(refusal or "250 2.1.5 Ok")
            elif verb == "DATA":
                self.data(recipients)
            elif verb == "QUIT":
                return self.answer("221 2.0.0 Bye")
            elif not line:
                return None
            else:
                if verb == "MAIL":
                    recipients = []
                self.answer("250 2.0.0 Ok")
        return None


@contextlib.contextmanager
def sink():
    handler = type("ASink", (Sink,), {"tries": {}})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as listener:
        listener.daemon_threads = True
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield listener.server_address[1]
        listener.shutdown()


@contextlib.contextmanager
def running(name, folder, port):
    log_path = folder / f"{name}.log"
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NAME": f"log-{name}", "SINK": str(port), "LC_ALL": "C", "TZ": "UTC"}
    with open(log_path, "wb") as log:
        process = subprocess.Popen([*mtas.ENTER, "bash", mtas.SCRIPTS / "enter.sh", f"log-{name}", mtas.CACHE / name],
                                   env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield process, log_path
        finally:
            process.kill()
            process.wait(60)


def count(server, name, log_path):
    environment = {name: value for name, value in os.environ.items() if name != "BOUNCED_MTAS"}  # no setting of the program's
    done = subprocess.run([e2e.BINARY, "volume", "import", "--config", server.config, "--zone", "UTC", "--format", name,
                           "--stream", name, log_path], capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done
    ((attempted, accepted, deferred),) = server.sql(
        "SELECT coalesce(sum(attempted), 0), coalesce(sum(accepted), 0), coalesce(sum(deferred), 0) "
        f"FROM volume WHERE stream = '{name}'")
    return (int(accepted), int(attempted) - int(accepted)), int(deferred), done.stdout


def check(server, name, log_path, process):
    end = time.monotonic() + WAIT_S
    got = None
    while got != WANTED[name]:
        assert process.poll() is None, f"{name} ended with {process.returncode}"
        assert time.monotonic() < end, (name, got, WANTED[name])
        time.sleep(1)
        *got, out = count(server, name, log_path)
        got = tuple(got)
    events = [event for event in server.events(stream=name)]
    assert len(events) == WANTED[name][0][1], (name, [event["recipient"] for event in events])
    for event in events:
        assert event["source"] == "log" and event["outcome"] == "failed" and event["proof"] == "log", event
        if event["recipient"] in REASONS:
            assert event["reason"] == REASONS[event["recipient"]] and event["class"] == "hard", event
        if event["recipient"] == FULL:
            assert event["status"] == "5.2.2", event
    print(f"{name}: {got[0][0]} accepted, {got[0][1]} failed, {got[1]} deferred; " + ", ".join(
        sorted({event["reason"] for event in events})))


def main():
    if not mtas.shutil.which("apt-get") or not mtas.may_mount():
        e2e.skip("mail servers in roots of their own need apt-get and the right to mount")
    chosen = [name for name in mtas.chosen() if name in WANTED and mtas.fetch(name)]
    if not chosen:
        e2e.skip("no package of a mail server could be had")
    with mtas.tempfile.TemporaryDirectory(prefix="bounced-mta-logs-") as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        server = stack.enter_context(e2e.Server(**{"smtp.return_path_domains": "news.sender.example"}))
        started = {mta: stack.enter_context(running(mta, folder, stack.enter_context(sink()))) for mta in chosen}
        for mta, (process, log_path) in started.items():
            with mtas.told(mta, log_path):
                check(server, mta, log_path, process)


if __name__ == "__main__":
    sys.exit(main())
