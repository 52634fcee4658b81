#!/usr/bin/python3
"""Each role in a unit of its own, beside each other on one data folder, as their units start them: without a capability, without a
network where the unit has none, with the sockets that are handed over, and held to the system calls and address families that the unit
allows. Mail goes in at one end and out at the other; two units of one role, and the unit of all, exclude each other."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

import server as e2e

UNITS = e2e.BINARY.parent / "units"
# systemd-analyze security, lower is better: what each is at most.
EXPOSURE = {"smtp": 0.8, "postgres": 0.8, "loader": 1.5, "api": 1.5, "scheduler": 1.5, "hook": 1.5, "resolver": 1.5, "log": 1.6}
TOGETHER = ("postgres", "loader", "smtp", "api", "scheduler", "hook", "resolver", "log")
# A program is started, and has a clock and an end, whatever a unit allows: systemd.exec(5).
ALWAYS = ("@default",)


def read(path):
    """Directive -> its values, in order."""
    found = {}
    for line in path.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


# ---- what systemd says of them ----

def judged():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for program in ("usr/bin/bounced", "bin/kill"):
            (root / program).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy("/bin/true", root / program)
        place = root / "usr/lib/systemd/system"
        shutil.copytree("/usr/lib/systemd/system", place, symlinks=True)
        for file in [*UNITS.iterdir(), *(e2e.ROOT / "docker").glob("bounced.*et"), e2e.ROOT / "docker/bounced.service"]:
            shutil.copy(file, place)
        names = sorted(path.name for path in place.glob("bounced*"))
        assert len(names) == len(EXPOSURE) + 4, names
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--root", folder, *(f"{place}/{name}" for name in names)],
                              capture_output=True, text=True, timeout=120)
        ours = [line for line in done.stderr.splitlines() if "bounced" in line]
        assert not ours, ours
        figures = {}
        for name, most in EXPOSURE.items():
            out = subprocess.run(["systemd-analyze", "security", "--offline=true", UNITS / f"bounced-{name}.service"], capture_output=True,
                                 text=True, timeout=120, check=True).stdout
            figures[name] = float(re.search(r"exposure level for [^:]*: ([0-9.]+)", out)[1])
            assert figures[name] <= most, (name, figures[name], out)
        print("exposure", figures, flush=True)


def exclude_each_other():
    services = {path.name[8:-8]: read(path) for path in UNITS.glob("*.service")}
    assert set(services) == set(EXPOSURE)
    roles = [role for unit in services.values() for role in unit["ExecStart"][0].split()[-1].split(",")]
    known = re.findall(r'^ROLE\(\w+, +"(\w+)"', (e2e.ROOT / "serve/role.def").read_text(), re.M)
    assert sorted(roles) == sorted(set(known) - {"parser", "deliver"}), "each role is in one unit; these two come along"
    whole = read(e2e.ROOT / "docker/bounced.service")
    for name, unit in services.items():
        assert unit["SystemCallFilter"] == whole["SystemCallFilter"], "one list of calls: what is tried of one holds for the other"
        assert "bounced.service" in unit["Conflicts"][0].split(), name
        # A start waits for the other's stop, whichever way round the two are in order (systemd.unit(5), Before=).
        assert "bounced.service" in " ".join(unit["After"]).split(), name
        assert unit["CapabilityBoundingSet"] == [""] and "AmbientCapabilities" not in unit, name
        has_socket = (UNITS / f"bounced-{name}.socket").exists()
        if has_socket:
            assert read(UNITS / f"bounced-{name}.socket")["Before"] == ["bounced.service"], name
        assert has_socket == (f"bounced-{name}.socket" in unit.get("Requires", [""])[0]), name


# ---- the manager ----

def allowed_calls(unit):
    groups, group = {}, None
    for line in subprocess.run(["systemd-analyze", "syscall-filter"], capture_output=True, text=True, check=True).stdout.splitlines():
        if line.startswith("@"):
            group = groups.setdefault(line.strip(), [])
        elif line.strip() and not line.strip().startswith("#"):
            group.append(line.strip())

    def expand(names):
        return set().union(*(expand(groups[name]) if name.startswith("@") else {name} for name in names))

    allowed = set()
    for value in unit["SystemCallFilter"]:
        if value.startswith("~"):
            allowed -= expand(value[1:].split())
        else:
            allowed |= expand(value.split())
    return allowed | expand(ALWAYS), expand(["@known"])


class Unit:
    """One that runs as its file says."""

    def __init__(self, name, server, listening=()):
        self.name, self.server, self.listening = name, server, listening
        self.unit = read(UNITS / f"bounced-{name}.service")
        self.trace = server.folder / f"trace.{name}"
        self.log_path = server.folder / f"log.{name}"
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.told.bind(str(server.folder / f"notify.{name}"))
        os.chmod(server.folder / f"notify.{name}", 0o777)
        self.words, self.process = [], None
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            self.words += self.told.recv(4096).decode().split("\n")

    def confined(self):
        """The words before the program: no network where the unit has none, nobody's rights, and every call told that it forbids."""
        words = []
        if self.unit.get("PrivateNetwork") == ["yes"] and os.geteuid() == 0:
            words += ["unshare", "--net"]
        if os.geteuid() == 0:
            words += ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--bounding-set", "-all", "--inh-caps", "-all",
                      "--no-new-privs"]
        allowed, known = allowed_calls(self.unit)
        calls = ",".join(f"?{call}" for call in sorted(known - allowed) + ["socket", "bind"])
        return words + ["strace", "-f", "-qq", "--seccomp-bpf", "-o", str(self.trace), "-e", f"trace={calls}"]

    def start(self):
        words = self.unit["ExecStart"][0].split()
        assert words[0] == "/usr/bin/bounced"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BOUNCED")}
        environment.update(NOTIFY_SOCKET=str(self.server.folder / f"notify.{self.name}"), BOUNCED_CONFIG=str(self.server.config),
                           ASAN_OPTIONS="detect_leaks=0")
        given = "".join(f"exec {3 + i}<&{one.fileno()}; " for i, one in enumerate(self.listening))
        if self.listening:
            given += f'export LISTEN_FDS={len(self.listening)} LISTEN_PID=$$; '
        command = " ".join(f"'{word}'" for word in (str(e2e.BINARY), *words[1:]))
        self.trace.touch()
        os.chmod(self.trace, 0o666)
        self.log = open(self.log_path, "ab")
        # strace has a process id of its own, so that the shell behind it says whose sockets these are.
        self.process = subprocess.Popen([*self.confined(), "bash", "-c", f"{given}exec {command}"], env=environment, stdout=self.log,
                                        stderr=self.log, pass_fds=[one.fileno() for one in self.listening], start_new_session=True,
                                        preexec_fn=e2e.die_with_parent)
        return self

    def supervisor(self):
        """The process below strace."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def ready(self):
        assert self.process.poll() is None, self.log_path.read_text()[-3000:]
        return "READY=1" in self.words

    def stop(self):
        if self.process and self.process.poll() is None:
            os.kill(self.supervisor(), signal.SIGTERM)
            self.process.wait(90)
        return self.process.returncode if self.process else 0

    def forbidden(self):
        """What it called that its unit does not allow; systemd would have said EPERM."""
        families = set(self.unit["RestrictAddressFamilies"][0].split())
        found = []
        for line in self.trace.read_text().splitlines():
            call = re.match(r"\d+ +(\w+)\((\w*)", line)
            if not call or "resumed" in line:
                continue
            if call[1] == "socket":
                # getaddrinfo asks by netlink which addresses there are, and does without.
                if call[2] not in families | {"AF_NETLINK"}:
                    found.append(line)
            elif call[1] != "bind" or ("SocketBindDeny" in self.unit and "AF_INET" in line):
                found.append(line)
        return found


def listener(port):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", port))
    one.listen(64)
    return one


BOUNCE = e2e.crlf(b"""From: MAILER-DAEMON@mx.example.net
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ann@example.com
Action: failed
Status: 5.1.1
--b--
""")


def one_node(server):
    text = subprocess.run([e2e.BINARY, "node", "list", "--config", server.config], capture_output=True, text=True, timeout=60).stdout
    return text.count("node ") == 1 and all(role in text for role in ("loader", "api", "scheduler (acting)", "hook", "resolver", "log"))


def works(server, units):
    """From the socket unit of one role to that of another, through the spool and the database."""
    code, text = e2e.send(e2e.connect(server), BOUNCE)
    assert code == 250, text
    e2e.wait_for(lambda: [event["recipient"] for event in server.events()] == ["ann@example.com"], "the mail's event", 120)
    status, answer = server.get("/v1/suppressions")
    assert status == 200, answer
    e2e.wait_for(lambda: one_node(server), "one node of all of them", 60)
    again = subprocess.run([e2e.BINARY, "serve", "--config", server.config, "--roles", "loader"], capture_output=True, text=True, timeout=60)
    assert again.returncode == 1 and re.search(r"process \d+ serves", again.stderr), again
    # A reload, and one role that starts anew while the others go on.
    os.kill(units["smtp"].supervisor(), signal.SIGHUP)
    e2e.wait_for(lambda: any(word.startswith("RELOADING") for word in units["smtp"].words), "the reload", 60)
    assert units["loader"].stop() == 0
    assert e2e.send(e2e.connect(server), BOUNCE.replace(b"ann@", b"bob@"))[0] == 250, "mail is taken while the loader is away"
    units["loader"].start()
    e2e.wait_for(lambda: len(server.events()) == 2, "the mail that waited", 120)


def serve():
    with e2e_server() as server:
        listening = {"smtp": (listener(server.smtp_port),), "api": (listener(server.http_port),)}
        units = {name: Unit(name, server, listening.get(name, ())) for name in TOGETHER}
        try:
            for unit in units.values():  # all at once: systemd does not wait for a schema either
                unit.start()
            for unit in units.values():
                e2e.wait_for(unit.ready, f"bounced-{unit.name} to be ready", e2e.START_S)
            e2e.wait_for(lambda: server.get("/readyz")[0] == 200, "the schema", e2e.START_S)
            works(server, units)
            stopped = {name: units[name].stop() for name in reversed(TOGETHER)}
            assert set(stopped.values()) == {0}, (stopped, [unit.log_path.read_text()[-2000:] for unit in units.values()])
            for unit in units.values():
                assert not unit.forbidden(), (unit.name, unit.forbidden()[:5], len(unit.forbidden()))
                said = unit.log_path.read_text()
                assert "sandbox_incomplete" not in said, said
                assert "does not exist (SQLSTATE" not in said, said  # nobody works on a schema that is halfway there
        finally:
            for unit in units.values():
                if unit.process and unit.process.poll() is None:
                    os.killpg(unit.process.pid, signal.SIGKILL)


class e2e_server(e2e.Server):
    """The folder, its settings and questions; units serve it."""

    def __init__(self):
        super().__init__(**{"webhook.targets": "shop url=http://127.0.0.1:9/hook private=allowed", "webhook.events": "true",
                            "domain.mx_lookups": "true", "domain.dns_servers": "127.0.0.1:9"})
        self.mail_log = self.folder / "mail.log"
        self.mail_log.write_text("")
        self.settings["log.files"] = str(self.mail_log)

    def __enter__(self):
        self.write_config()
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(data, "postgres", "postgres")
            for path in (self.folder, self.config, self.mail_log):
                shutil.chown(path, "postgres", "postgres")
        return self


def main():
    exclude_each_other()
    if not shutil.which("systemd-analyze"):
        e2e.skip("no systemd-analyze")
    judged()
    if not shutil.which("strace"):
        e2e.skip("no strace")
    serve()
    print("eight units on one folder: mail came in by one and out by another, and none did what its unit forbids")


if __name__ == "__main__":
    sys.exit(main())
