#!/usr/bin/python3
"""An upgrade of the packages, by apt, in a tree of its own (tests/packages): settings, user, spool, database and
suppression list of the old one are the new one's, the new packages stand beside it, and a purge deletes no mail.
usage: upgrade.py ROOT OLD.deb NEW.deb..., as root"""
import json
import os
import pathlib
import shutil
import smtplib
import socket
import subprocess
import sys
import time
import urllib.request

READY_S = 180
SMTP, HTTP = 42526, 48081
CONF = f"""# kept by the operator
[smtp]
listen = 127.0.0.1:{SMTP}
return_path_domains = bounces.example.org=news

[api]
listen = 127.0.0.1:{HTTP}
loopback_without_key = true

[spool]
min_free_bytes = 16777216

[suppress]
unsigned = trust
"""
BOUNCE = """From: MAILER-DAEMON@mx.example.com
To: x@bounces.example.org
Subject: failed
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {who}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b--
"""


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.server = None

    def run(self, *words, code=0):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(["chroot", str(self.root), *words], capture_output=True, text=True, timeout=900, env=env)
        assert code is None or done.returncode == code, (words, done.returncode, done.stdout[-3000:], done.stderr[-3000:])
        return done.stdout

    def install(self, *debs):
        """As an administrator who presses no key: an edited file that the package did not change is not asked about."""
        for deb in debs:
            shutil.copy(deb, self.root / "tmp")
        self.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *(f"/tmp/{pathlib.Path(deb).name}" for deb in debs))

    def start(self):
        log = open(self.root / "tmp" / "serve.log", "ab")
        self.server = subprocess.Popen(["chroot", str(self.root), "bounced", "serve", "--user", "bounced"], stdout=log, stderr=log,
                                       env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        for _ in range(READY_S * 2):
            assert self.server.poll() is None, self.log()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{HTTP}/readyz", timeout=5):
                    return
            except OSError:
                time.sleep(0.5)
        raise AssertionError(self.log())

    def log(self):
        return (self.root / "tmp" / "serve.log").read_text()[-3000:]

    def stop(self):
        if self.server and self.server.poll() is None:
            self.server.terminate()
            self.server.wait(90)

    def command(self, *words):
        """As the operator, who is root: settings and socket are found by themselves."""
        return self.run("bounced", *words)


def get(path):
    with urllib.request.urlopen(f"http://127.0.0.1:{HTTP}{path}", timeout=30) as answer:
        return json.load(answer)


def bounce(who):
    with smtplib.SMTP("127.0.0.1", SMTP, timeout=60) as peer:
        peer.sendmail("", ["x@bounces.example.org"], BOUNCE.format(who=who).replace("\n", "\r\n"))


def events(least):
    for _ in range(120):
        found = sorted(event["recipient"] for event in get("/v1/events?limit=100")["events"])
        if len(found) >= least:
            return found
        time.sleep(0.5)
    raise AssertionError(found)


def state(tree):
    """What has to be the same behind an upgrade."""
    conf, data = tree.root / "etc/bounced/bounced.conf", tree.root / "var/lib/bounced"
    passwd = [line for line in (tree.root / "etc/passwd").read_text().splitlines() if line.startswith("bounced:")]
    return {"settings": conf.read_text(), "rights": (conf.stat().st_uid, conf.stat().st_gid, oct(conf.stat().st_mode)),
            "folder": (data.stat().st_uid, data.stat().st_gid, oct(data.stat().st_mode)), "user": passwd}


def before(tree, old):
    tree.install(old)
    tree.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "postgresql")
    assert "return_path_domains =\n" in (tree.root / "etc/bounced/bounced.conf").read_text()
    (tree.root / "etc/bounced/bounced.conf").write_text(CONF)
    tree.start()
    bounce("ann@example.com")
    assert events(1) == ["ann@example.com"]
    tree.command("suppress", "add", "--reason", "asked", "bob@example.com")
    found = get("/v1/suppressions")
    tree.stop()
    return found


def addresses(answer):
    return sorted(entry["address"] for entry in answer["suppressions"])


def after(tree, new, listed):
    then = state(tree)
    tree.install(*new)
    now = state(tree)
    assert now == then, (then, now)
    for name in ("bounced", "bounced-tools", "libbounced-parser0", "libbounced-parser-dev"):
        assert tree.run("dpkg-query", "-W", "-f=${Status}", name) == "install ok installed", name
    assert not tree.run("dpkg", "--audit") and not tree.run("dpkg", "--verify", "bounced", code=None).replace(
        "??5?????? c /etc/bounced/bounced.conf\n", ""), "files are not the package's"
    tree.start()
    assert events(1) == ["ann@example.com"]
    assert addresses(get("/v1/suppressions")) == addresses(listed)
    bounce("carl@example.com")
    assert events(2) == ["ann@example.com", "carl@example.com"]
    tree.command("rollup", "check")
    tree.stop()


def beside(tree):
    """The library for whoever builds, the tools for whoever has no server."""
    assert tree.run("sh", "-c", "ldconfig -p | grep -c libbounced-parser.so.0").strip() == "1"
    out = tree.run("bounced-tools", "classify", "550 5.1.1 no such user")
    assert json.loads(out)["reason"] == "recipient.unknown", out


def gone(tree):
    tree.run("systemctl", "enable", "bounced.service", "bounced-smtp.socket")
    assert list((tree.root / "etc/systemd/system").glob("*.wants/bounced*"))
    tree.run("apt-get", "purge", "-y", "-qq", "bounced", "bounced-tools", "libbounced-parser-dev", "libbounced-parser0")
    assert not (tree.root / "etc/bounced/bounced.conf").exists()
    assert list((tree.root / "var/lib/bounced").iterdir()), "a purge deleted mail"
    left = [path for path in ("usr/bin/bounced", "usr/lib/systemd/system/bounced.service", "usr/lib/tmpfiles.d/bounced.conf")
            if (tree.root / path).exists()]
    assert not left, left
    assert not list((tree.root / "etc/systemd/system").glob("*.wants/bounced*")), "it would be enabled at its next installation"


def main():
    root, old, *new = sys.argv[1:]
    assert os.geteuid() == 0, "chroot needs root"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", SMTP))
    tree = Tree(root)
    for folder in ("proc", "dev"):
        subprocess.run(["mount", "--rbind", f"/{folder}", f"{root}/{folder}"], check=True)
    try:
        listed = before(tree, old)
        assert addresses(listed) == ["ann@example.com", "bob@example.com"], listed
        after(tree, new, listed)
        beside(tree)
        gone(tree)
    finally:
        tree.stop()
        for folder in ("dev", "proc"):
            subprocess.run(["umount", "-l", "-R", f"{root}/{folder}"], check=False)
    print("the upgrade kept settings, user, rights, events, counts and the list; a purge deletes no mail")


if __name__ == "__main__":
    sys.exit(main())
