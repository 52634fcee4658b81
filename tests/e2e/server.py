"""A running bounced for an end-to-end test: its own folder, its own free ports, a private PostgreSQL.

Uses the standard library alone. Every request goes to 127.0.0.1.
"""
import contextlib
import ctypes
import json
import os
import pathlib
import random
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("BOUNCED", ROOT / "build-asan" / "bounced"))
START_S = 120  # a sanitized build on a busy machine
SKIP = 77      # ctest: skipped


def free_port():
    """One that no connection gets by chance between now and the server's bind: below those that the kernel gives out."""
    lowest = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(10000, max(lowest, 10100))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def die_with_parent():
    """In a child, before it executes: a test that is killed leaves no server behind."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIP)


def unpacked(name, packages):
    """The folder of the files of Debian's packages, which are not installed and start nothing; None where they cannot be had. Kept
    beside the build."""
    folder = BINARY.resolve().parent / "unpacked" / name
    root = folder / "root"
    if not root.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(["apt-get", "-qq", "download", *packages.split()], cwd=folder, capture_output=True, timeout=120, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"{name}: not tried: {error}")
            return None
        half = folder / "half"
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, half], check=True)
        half.rename(root)
    return root


def tool(name, packages):
    """The program: the machine's, else out of Debian's packages; None: there is none."""
    if shutil.which(name):
        return shutil.which(name)
    root = unpacked(packages.split()[0], packages)
    return next((path for path in (root / "usr/bin" / name, root / "bin" / name) if path.exists()), None) if root else None


class Server:
    """`bounced serve` in a temporary folder. Use as a context manager."""

    def __init__(self, **settings):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bounced-e2e-"))
        self.folder.chmod(0o755)
        self.smtp_port, self.http_port = free_port(), free_port()
        self.settings = {
            "server.data_dir": str(self.folder / "data"),
            "server.log_level": "info",
            "smtp.listen": f"127.0.0.1:{self.smtp_port}",
            "smtp.return_path_domains": "*",
            "smtp.banner_delay_ms": "0",
            "spool.min_free_bytes": str(16 << 20),
            "api.listen": f"127.0.0.1:{self.http_port}",
            "api.loopback_without_key": "true",
            "api.answer_age_s": "0",
            **{key: str(value) for key, value in settings.items()},
        }
        self.config = self.folder / "bounced.conf"
        self.log_path = self.folder / "log"
        self.process = None

    def write_config(self):
        lines, sections = [], {}
        for key, value in self.settings.items():
            section, name = key.split(".")
            sections.setdefault(section, []).append(f"{name} = {value}")
        for section, rows in sections.items():
            lines += [f"[{section}]", *rows, ""]
        self.config.write_text("\n".join(lines))

    def start(self):
        self.write_config()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BOUNCED")}
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen([BINARY, "serve", "--config", self.config], env=environment,
                                        stdout=self.log, stderr=self.log, start_new_session=True,
                                        preexec_fn=die_with_parent)
        return self

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"bounced ended with {self.process.returncode}\n{self.log_tail()}")
            try:
                return self.get("/readyz")[0] == 200 and self.smtp_answers()
            except OSError:
                return False
        wait_for(ready, "the server to be ready", START_S, self)
        return self

    def smtp_answers(self):
        with socket.create_connection(("127.0.0.1", self.smtp_port), 5) as peer:
            return peer.recv(4) == b"220 "

    def stop(self):
        if self.process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.process = None
        self.log.close()
        return code

    def __enter__(self):
        return self.start().wait_ready()

    def __exit__(self, kind, *_):
        try:
            if kind is not None:
                print(self.log_tail(), file=sys.stderr)
            self.stop()
        finally:
            if self.process is not None:
                os.killpg(self.process.pid, signal.SIGKILL)
            shutil.rmtree(self.folder, ignore_errors=True)

    def log_tail(self, n=60):
        lines = self.log_path.read_text(errors="replace").splitlines() if self.log_path.exists() else []
        return "\n".join(lines[-n:])

    # ---- HTTP ----

    def request(self, method, path, body=None, headers=None):
        """(status, headers, body bytes); never raises for a status."""
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        fields = dict(headers or {})
        if data is not None:
            fields.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", data=data,
                                         headers=fields, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def get(self, path):
        status, _, body = self.request("GET", path)
        try:
            return status, json.loads(body)
        except ValueError:
            return status, body

    def events(self, **parameters):
        """Every event, page by page."""
        found, cursor = [], None
        while True:
            query = {"limit": 1000, **parameters, **({"cursor": cursor} if cursor else {})}
            status, page = self.get("/v1/events?" + urllib.parse.urlencode(query))
            assert status == 200, page
            found += page["events"]
            cursor = page.get("next_cursor")
            if not cursor:
                return found

    # ---- the database, by PostgreSQL's own client ----

    def sql(self, statement):
        """Rows of a statement as lists of text, asked as the cluster's own user."""
        folder = self.folder / "data" / "postgres.sock"
        command = ["psql", "-h", str(folder), "-U", "bounced", "-d", "postgres", "-XAtc", statement]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return [line.split("|") for line in done.stdout.splitlines()]

    # ---- processes ----

    def pids(self, role):
        """Processes of a role of this server, by their command line and parent."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError, IndexError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if parent != self.process.pid:
                    continue
                if role == "postgres" and words[0].endswith(b"/postgres"):
                    found.append(int(entry.name))
                elif words[:3] == [b"bounced", b"role", role.encode()]:
                    found.append(int(entry.name))
        return found


def wait_for(condition, what, seconds, server=None, step=0.1):
    """Waits for a condition; a deadline, not a measure: only a hang reaches it."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            tail = server.log_tail() if server else ""
            raise AssertionError(f"waited {seconds} s for {what}\n{tail}")
        time.sleep(step)


def crlf(message):
    """A mail as it goes over SMTP: every line ends with CRLF; a CR inside a line stays."""
    return message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def send(peer, message, sender="", recipient="bounce@news.sender.example"):
    """Sends bytes as they are over an open smtplib connection; returns the reply to the dot."""
    code, text = peer.docmd(f"MAIL FROM:<{sender}>")
    assert code == 250, (code, text)
    code, text = peer.docmd(f"RCPT TO:<{recipient}>")
    assert code == 250, (code, text)
    return peer.data(message)


def connect(server):
    peer = smtplib.SMTP("127.0.0.1", server.smtp_port, local_hostname="client.example", timeout=60)
    peer.ehlo()
    return peer
