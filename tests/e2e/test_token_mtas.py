#!/usr/bin/python3
"""docs/tokens.md, "Made by the mail server": Postfix and Exim, each from Debian's package in a root of its own, ask the signer of that page.
A mail goes out with a return path that `bounced token verify` takes for its recipient alone; the bounce to it is valid, and suppresses.
What is written for KumoMTA and PowerMTA is run by test_token_recipes.py. Skips are those of test_mtas.py."""
import contextlib
import os
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import server as e2e
import test_mtas as mtas
from test_tokens import PAGE

KEY = "4:" + "7d" * 32
DOMAIN = "bounces.sender.example"
REFUSED = "refused.user@far.example"
PACKAGES = {"postfix": "postfix", "exim": "exim"}


def block(language):
    return re.search(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S).group(1)


# ---- what mail servers ask ----

@contextlib.contextmanager
def signer(folder):
    """The program of the page; yields its port."""
    (folder / "key").write_text(KEY + "\n")
    (folder / "sign-return-paths").write_text(block("signer"))
    port = e2e.free_port()
    process = subprocess.Popen([sys.executable, folder / "sign-return-paths", folder / "key", "news", DOMAIN, str(port)],
                               preexec_fn=e2e.die_with_parent)

    def answers():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            return True
        return False
    try:
        e2e.wait_for(answers, "the signer", 60)
        yield port
    finally:
        process.kill()
        process.wait(60)


def asked(port, raw):
    """What it answers to bytes, up to its end of the connection."""
    with socket.create_connection(("127.0.0.1", port), 30) as peer:
        peer.sendall(raw)
        peer.shutdown(socket.SHUT_WR)
        answer = b""
        while more := peer.recv(4096):
            answer += more
    return answer


def net(text):
    return f"{len(text)}:{text},".encode()


def verified(server, path, recipient):
    done = subprocess.run([e2e.BINARY, "token", "verify", path, path.split("@")[1], recipient, "--config", server.config],
                          capture_output=True, text=True, timeout=60)
    return done.returncode == 0 and f"recipient {recipient}" in done.stdout


def check_signer(server, port):
    reply = asked(port, net(f"verp news+Ann=Example.com@{DOMAIN}") + net(f"verp news+a=b=example.com@{DOMAIN}")).decode()
    first, second = re.findall(r"63:OK (b1\.[a-z2-7]{34}@" + re.escape(DOMAIN) + "),", reply)
    assert verified(server, first, "ann@example.com") and verified(server, second, "a=b@example.com"), reply
    assert not verified(server, first, "bob@example.com"), reply
    for other in ("news@" + DOMAIN, "@" + DOMAIN, f"news+=example.com@{DOMAIN}", f"news+ann@{DOMAIN}", "ann@example.com", ""):
        assert asked(port, net("verp " + other)) == b"9:NOTFOUND ,", other
    for broken in (b"x", b"5", b"99999:", b"5:abc", b"3:abc;", b":,", b"-1:,"):
        assert b"OK" not in asked(port, broken), broken


# ---- mail servers ----

class Sink(socketserver.StreamRequestHandler):
    """Takes mail for ok@, refuses everybody else; keeps who was told to have sent it."""
    seen = []

    def answer(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.answer("220 sink.example ESMTP")
        taken = 0
        for _ in range(1000):
            line = self.rfile.readline(2048).decode("ascii", "replace").strip()
            verb, path = line.upper()[:4], line.partition("<")[2].partition(">")[0]
            if verb == "MAIL":
                sender = path
                self.answer("250 2.1.0 fine")
            elif verb == "RCPT":
                self.seen.append((sender, path.lower()))
                taken += path.startswith("ok@")
                self.answer("250 2.1.5 fine" if path.startswith("ok@") else f"550 5.1.1 <{path}>: User unknown")
            elif verb == "DATA" and taken:
                self.answer("354 go")
                while self.rfile.readline(65536).strip() != b".":
                    pass
                self.answer("250 2.0.0 kept")
            elif verb == "QUIT" or not line:
                return self.answer("221 2.0.0 bye")
            else:
                self.answer("503 5.5.1 nobody to take it" if verb == "DATA" else "250 2.0.0 fine")


@contextlib.contextmanager
def sink():
    Sink.seen = []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sink) as listener:
        listener.daemon_threads = True
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield listener.server_address[1]
        listener.shutdown()


def check_mta(name, folder):
    settings = {"smtp.return_path_domains": f"{DOMAIN}=news", "token.keys": KEY, "suppress.signed_streams": "news"}
    with e2e.Server(**settings) as server, signer(folder) as signer_port, sink() as sink_port:
        check_signer(server, signer_port)
        log_path = server.folder / "log-of-mta"
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NAME": f"token-{name}", "OURS": str(server.smtp_port), "SINK": str(sink_port),
                       "RECIPE": block(name).replace("10025", str(signer_port)), "LC_ALL": "C"}
        with open(log_path, "wb") as log:
            process = subprocess.Popen([*mtas.ENTER, "bash", mtas.SCRIPTS / "enter.sh", f"token-{name}", mtas.CACHE / PACKAGES[name]],
                                       env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            with mtas.told(name, log_path):
                event = mtas.event_of(server, REFUSED, name, process)
                assert (event["proof"], event["reason"]) == ("valid", "recipient.unknown"), event
                e2e.wait_for(lambda: {to for _, to in Sink.seen} == {"ok@far.example", REFUSED}, "both recipients", 120, server)
                for sender, recipient in Sink.seen:
                    assert verified(server, sender, recipient), (sender, recipient)
                assert event["message"]["forward_path"].lower() in {sender for sender, to in Sink.seen if to == REFUSED}, event
                e2e.wait_for(lambda: server.sql("SELECT address, state FROM suppression") == [[REFUSED, "active"]],
                             "the one who was refused to be suppressed", 60, server)
        finally:
            process.kill()
            process.wait(60)
        print(f"{name}: {event['message']['forward_path']}")


def main():
    with tempfile.TemporaryDirectory(prefix="bounced-token-mtas-") as folder:
        folder = Path(folder)
        if shutil.which("apt-get") is None or not mtas.may_mount():
            e2e.skip("mail servers in roots of their own need apt-get and the right to mount")
        words = os.environ.get("BOUNCED_MTAS", "all").split()
        names = [name for name in PACKAGES if (words == ["all"] or name in words) and mtas.fetch(PACKAGES[name])]
        if not names:
            e2e.skip("no package of a mail server could be had")
        for name in names:
            check_mta(name, folder)


if __name__ == "__main__":
    sys.exit(main())
