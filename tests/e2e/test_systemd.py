#!/usr/bin/python3
"""What a service manager does: sockets handed over (LISTEN_FDS), readiness, reload, watchdog and stop told (NOTIFY_SOCKET).
The test plays the manager; the socket is its own and stays open, so that nobody else could listen on that port."""
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time

import server as e2e


class Managed(e2e.Server):
    """Started with the variables and descriptors that systemd gives."""

    def __init__(self, sockets, **settings):
        super().__init__(**settings)
        self.sockets = sockets
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.told.bind(str(self.folder / "notify"))
        os.chmod(self.folder / "notify", 0o777)
        self.words = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()

    def start(self):
        self.write_config()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BOUNCED")}
        environment.update(NOTIFY_SOCKET=str(self.folder / "notify"), WATCHDOG_USEC="400000")
        # Descriptors are handed over from 3 on; LISTEN_PID is that of the program itself.
        numbers = [one.fileno() for one in self.sockets]
        script = "".join(f"exec {3 + i}<&{fd}; " for i, fd in enumerate(numbers)) + \
            f'LISTEN_FDS={len(numbers)} LISTEN_PID=$$ exec "$0" "$@"'
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(["/bin/bash", "-c", script, str(e2e.BINARY), "serve", "--config", self.config],
                                        env=environment, stdout=self.log, stderr=self.log, start_new_session=True,
                                        pass_fds=numbers)
        return self

    def listen(self):
        """Always reads, as a manager does: a sender waits where ten words are unread."""
        while True:
            self.words.put(self.told.recv(4096).decode())

    def hear(self, wanted):
        """Waits for a word of the service, past all others; returns how many others came."""
        others, end = 0, time.monotonic() + e2e.START_S
        while True:
            words = self.words.get(timeout=max(0, end - time.monotonic())).split("\n")
            if wanted in words:
                return others
            assert words == ["WATCHDOG=1"] or words[0].startswith("STATUS="), words
            others += words == ["WATCHDOG=1"]


def listening():
    one = socket.socket()
    one.bind(("127.0.0.1", 0))
    one.listen(64)
    return one


def names(server):
    """Of the roles, as top has them."""
    done = subprocess.run(["ps", "-o", "comm=", "--ppid", str(server.process.pid)], capture_output=True, text=True, timeout=60)
    return set(done.stdout.split())


def without_database():
    """A database that is away must not keep the service from being ready: mail is taken, and a manager that hears
    nothing for a minute and a half would end all of it, again and again."""
    with listening() as smtp, listening() as nobody:
        database = nobody.getsockname()[1]
        nobody.close()
        server = Managed([smtp], **{"database.url": f"host=127.0.0.1 port={database} dbname=x user=x"})
        server.smtp_port = smtp.getsockname()[1]
        server.settings["smtp.listen"] = f"127.0.0.1:{server.smtp_port}"
        try:
            server.start()
            server.hear("READY=1")
            code, _ = e2e.send(e2e.connect(server), b"Subject: x\r\n\r\nx\r\n")
            assert code == 250
            assert "event=ready" not in server.log_path.read_text()
            assert server.stop() == 0
        finally:
            server.__exit__(*sys.exc_info())


def main():
    without_database()
    with listening() as smtp:
        server = Managed([smtp])
        server.smtp_port = smtp.getsockname()[1]
        server.settings["smtp.listen"] = f"127.0.0.1:{server.smtp_port}"
        with server:
            server.hear("READY=1")
            e2e.wait_for(lambda: {"bounced-smtp", "bounced-api", "bounced-loader"} <= names(server), "names", 30, server)
            assert "exe" not in names(server), names(server)
            peer = e2e.connect(server)
            code, _ = e2e.send(peer, b"From: MAILER-DAEMON@mx.example.net\r\nSubject: x\r\n\r\nx\r\n")
            assert code == 250
            server.hear("WATCHDOG=1")
            server.process.send_signal(signal.SIGHUP)
            e2e.wait_for(lambda: "event=rules_not_reloaded" in server.log_path.read_text(), "the reload", 30, server)
            while "RELOADING=1" not in (words := server.words.get(timeout=60)):
                assert words == "WATCHDOG=1" or words.startswith("STATUS="), words
            assert "MONOTONIC_USEC=" in words
            server.hear("READY=1")
            server.process.send_signal(signal.SIGTERM)
            server.hear("STOPPING=1")
            assert server.stop() == 0
    with listening() as other:
        server = Managed([other])
        server.start()
        # Not 1: a unit would start it again every two seconds, and whoever connects to that socket would wait for ever.
        assert server.process.wait(60) == 2
        assert f"is 127.0.0.1:{other.getsockname()[1]}, which the service manager" in server.log_path.read_text(), server.log_tail()
        server.__exit__(None)
    print("was ready without a database, took its socket over, reloaded, kept its watchdog quiet, and stopped as told")


if __name__ == "__main__":
    sys.exit(main())
