#!/usr/bin/python3
"""The package's units under a systemd that is PID 1, in a Debian that debootstrap makes and systemd-nspawn boots (tests/packages):
started, reloaded, killed, hung, upgraded, stopped, one unit for each role, a reboot and a cut of the power. What had its 250 is there.
usage: boot.py BOUNCED.deb, as root. TREE: a tree that is kept, and used again."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PACKAGES = "systemd,systemd-sysv,dbus,ca-certificates,python3-minimal"
SPAWN = ("systemd-nspawn", "--register=no", "--keep-unit", "--private-network", "--console=pipe", "-b")
READY_S = 120
ROLES = ("postgres", "loader", "smtp", "api", "scheduler")
CONF = """[smtp]
listen = 0.0.0.0:25, [::]:25
return_path_domains = bounces.example.org=news

[api]
listen = 127.0.0.1:8080
loopback_without_key = true

[spool]
min_free_bytes = 16777216

[domain]
mx_lookups = true

[log]
files = postfix:/var/log/mail.log

[webhook]
targets = crm url=http://127.0.0.1:1/x private=allowed
events = true
"""
# Within the machine: no module but those of python3-minimal, and none of ours.
TALK = r'''
import socket, sys

def send(who):
    text = ("From: MAILER-DAEMON@mx.example.com\r\nTo: x@bounces.example.org\r\nSubject: failed\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
            "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
            "Final-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n.") % who
    with socket.create_connection(("127.0.0.1", 25), 60) as peer:
        lines = peer.makefile("rb")
        for words, code in ((None, b"220"), ("HELO mx.example.com", b"250"), ("MAIL FROM:<>", b"250"),
                            ("RCPT TO:<x@bounces.example.org>", b"250"), ("DATA", b"354"), (text, b"250")):
            if words is not None:
                peer.sendall(words.encode() + b"\r\n")
            line = lines.readline()
            assert line.startswith(code), (words, line)

def get(path):
    with socket.create_connection(("127.0.0.1", 8080), 60) as peer:
        peer.sendall(b"GET %s HTTP/1.0\r\nHost: 127.0.0.1:8080\r\n\r\n" % path.encode())
        head, _, body = b"".join(iter(lambda: peer.recv(65536), b"")).partition(b"\r\n\r\n")
        sys.stdout.write(body.decode())
        sys.exit(b" 200 " not in head.split(b"\r\n")[0])

(send if sys.argv[1] == "send" else get)(sys.argv[2])
'''


def run(*words, code=0, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=900, **more)
    assert code is None or done.returncode == code, (words, done.returncode, done.stdout[-3000:], done.stderr[-3000:])
    return done.stdout


class Machine:
    def __init__(self, tree):
        self.tree, self.process, self.leader, self.sent = tree, None, None, []

    # ---- the machine ----

    def boot(self):
        with open(self.tree.parent / "nspawn.log", "ab") as log:
            self.process = subprocess.Popen([*SPAWN, "-D", self.tree], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        self.wait(lambda: children.read_text().split(), "a first process")
        self.leader = children.read_text().split()[0]
        self.wait(lambda: self.inside("systemctl", "is-system-running", code=None).strip() in ("running", "degraded"), "the boot")

    def cut(self):
        """The power goes."""
        os.kill(int(self.leader), signal.SIGKILL)
        self.process.wait(60)

    def off(self):
        self.inside("systemctl", "poweroff", code=None)
        self.process.wait(120)

    def inside(self, *words, code=0):
        return run("nsenter", "-t", self.leader, "-m", "-p", "-n", "-u", "-i", "-C", *words, code=code)

    def wait(self, done, what):
        for _ in range(READY_S * 4):
            assert self.process.poll() is None, what
            if done():
                return
            time.sleep(0.25)
        raise AssertionError((what, self.inside("journalctl", "--no-pager", "-n", "30", code=None)))

    # ---- what stands in it ----

    def show(self, name, unit="bounced"):
        return self.inside("systemctl", "show", "-p", name, "--value", unit).strip()

    def ready(self):
        self.wait(lambda: '"ready"' in self.talk("get", "/readyz", code=None), "an answer")

    def talk(self, *words, code=0):
        return self.inside("python3", "/root/talk.py", *words, code=code)

    def bounce(self, who):
        """Sent once and told once that it was taken."""
        self.talk("send", who)
        self.sent.append(who)

    def there(self):
        """All that was taken, each once."""
        def found():
            answer = self.talk("get", "/v1/events?limit=100", code=None)
            return sorted(event["recipient"] for event in json.loads(answer)["events"]) if answer.startswith("{\"") else None
        self.wait(lambda: found() == sorted(self.sent), f"{sorted(self.sent)}")

    def nothing_failed(self):
        failed = self.inside("systemctl", "list-units", "--state=failed", "--no-legend", "--plain", "bounced*")
        assert not failed, (failed, self.inside("journalctl", "--no-pager", "-n", "30"))


def make(tree, deb):
    mirror = run("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages").split()[0]
    if not (tree / "etc/debian_version").exists():
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", tree, mirror)
    shutil.copy(deb, tree / "root/bounced.deb")
    policy = tree / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run("chroot", tree, "apt-get", "update", "-qq", env=environment)
    run("chroot", tree, "apt-get", "install", "-y", "-qq", "/root/bounced.deb", "postgresql-15", "--no-install-recommends", env=environment)
    policy.unlink()
    run("chroot", tree, "sh", "-c", "systemctl disable bounced.service bounced-smtp.socket bounced-api.socket 'bounced-*.service' 2>/dev/null; "
        "rm -rf /var/lib/bounced/* /etc/systemd/system/*/bounced*")
    # Debian's own cluster is somebody else's here.
    run("chroot", tree, "systemctl", "disable", "postgresql")
    (tree / "etc/bounced/bounced.conf").write_text(CONF)
    (tree / "root/talk.py").write_text(TALK)


# ---- what is asked of it ----

def one_unit(machine):
    machine.inside("systemctl", "enable", "--now", "bounced")
    machine.ready()
    machine.bounce("start@example.com")
    first = machine.show("MainPID")
    machine.inside("systemctl", "reload", "bounced")
    assert machine.show("MainPID") == first and machine.show("ActiveState") == "active"
    machine.inside("kill", "-9", first)
    machine.wait(lambda: machine.show("NRestarts") == "1" and machine.show("ActiveState") == "active", "a start anew")
    machine.ready()
    machine.bounce("killed@example.com")
    machine.there()


def hangs(machine):
    """A supervisor that says nothing any more is started anew by the watchdog."""
    machine.inside("sh", "-c", "mkdir -p /run/systemd/system/bounced.service.d && printf '[Service]\\nWatchdogSec=6\\n' "
                   ">/run/systemd/system/bounced.service.d/watchdog.conf && systemctl daemon-reload && systemctl restart bounced")
    machine.ready()
    machine.bounce("hung@example.com")
    machine.inside("kill", "-STOP", machine.show("MainPID"))
    machine.wait(lambda: machine.show("NRestarts") == "1" and machine.show("ActiveState") == "active", "a start by the watchdog")
    machine.inside("sh", "-c", "rm -r /run/systemd/system/bounced.service.d && systemctl daemon-reload")
    machine.ready()
    machine.there()


def upgraded(machine):
    first = machine.show("MainPID")
    machine.inside("apt-get", "install", "-y", "-qq", "--reinstall", "/root/bounced.deb")
    assert machine.show("MainPID") not in (first, "0"), "the package does not start anew what runs"
    machine.ready()
    machine.bounce("upgraded@example.com")
    machine.there()
    machine.inside("systemctl", "stop", "bounced")
    assert machine.show("Result") == "success"


def by_socket(machine):
    """Nobody is refused while all of it starts; a socket that the settings do not name ends the start and is named."""
    machine.inside("systemctl", "start", "bounced.socket")
    machine.bounce("socket@example.com")
    machine.ready()
    machine.inside("systemctl", "restart", "bounced")
    machine.bounce("restarted@example.com")
    machine.ready()
    machine.there()
    machine.inside("systemctl", "stop", "bounced.socket", "bounced")
    conf = machine.tree / "etc/bounced/bounced.conf"
    conf.write_text(CONF.replace(", [::]:25", ""))
    machine.inside("systemctl", "start", "bounced.socket")
    machine.inside("systemctl", "start", "bounced", code=1)
    time.sleep(5)
    assert machine.show("ExecMainStatus") == "2" and machine.show("NRestarts") == "0"
    assert "[::]:25, which the service manager" in machine.inside("journalctl", "-u", "bounced", "--no-pager", "-n", "20")
    conf.write_text(CONF)
    machine.inside("systemctl", "reset-failed", "bounced.service", "bounced.socket")
    machine.inside("systemctl", "stop", "bounced.socket", "bounced")


def never_given_up(machine):
    """Somebody has the port, and an administrator tries again and again: once it is free, it goes on by itself."""
    other = subprocess.Popen(["nsenter", "-t", machine.leader, "-m", "-p", "-n", "-u", "-i", "-C", "python3", "-c",
                              "import socket, sys; one = socket.create_server(('0.0.0.0', 25)); sys.stdin.read()"],
                             stdin=subprocess.PIPE)
    machine.wait(lambda: ":0019 " in machine.inside("cat", "/proc/net/tcp"), "the other's port")
    for _ in range(7):
        machine.inside("systemctl", "restart", "bounced", code=1)
    assert other.poll() is None
    other.stdin.close()
    other.wait(30)
    machine.wait(lambda: machine.show("ActiveState") == "active", "a start once the port is free")
    machine.ready()
    machine.inside("systemctl", "stop", "bounced")


def by_role(machine):
    machine.inside("systemctl", "disable", "bounced")
    machine.inside("systemctl", "enable", "--now", "bounced-smtp.socket", "bounced-api.socket", *(f"bounced-{role}" for role in ROLES))
    machine.ready()
    machine.bounce("roles@example.com")
    machine.there()
    machine.inside("systemctl", "start", "bounced-hook", "bounced-resolver", "bounced-log")
    machine.nothing_failed()
    # Each takes over from the other at the first try, with the folder of its sockets.
    machine.inside("systemctl", "start", "bounced")
    assert machine.show("NRestarts") == "0" and machine.show("ActiveState") == "active"
    assert machine.show("ActiveState", "bounced-smtp") == "inactive"
    machine.inside("systemctl", "start", "bounced-smtp.socket", "bounced-api.socket", *(f"bounced-{role}" for role in ROLES))
    assert machine.show("ActiveState") == "inactive"
    machine.nothing_failed()
    machine.ready()


def again(machine):
    machine.bounce("reboot@example.com")
    machine.off()
    machine.boot()
    machine.ready()
    machine.there()
    machine.bounce("power@example.com")
    machine.cut()
    machine.boot()
    machine.ready()
    machine.there()
    machine.nothing_failed()


def main():
    deb, = sys.argv[1:]
    assert os.geteuid() == 0, "a machine is made and booted by root"
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(os.environ.get("TREE", f"{folder}/tree"))
        tree.mkdir(parents=True, exist_ok=True)
        make(tree, deb)
        machine = Machine(tree)
        machine.boot()
        try:
            for asked in (one_unit, hangs, upgraded, by_socket, never_given_up, by_role, again):
                asked(machine)
                print(asked.__name__, "ok", flush=True)
        except AssertionError:
            print(machine.inside("journalctl", "-b", "-u", "bounced*", "--no-pager", "-n", "30", code=None), file=sys.stderr)
            raise
        finally:
            if machine.process.poll() is None:
                machine.cut()
    print(f"units under systemd as PID 1: {len(machine.sent)} bounces taken, each there once")


if __name__ == "__main__":
    sys.exit(main())
