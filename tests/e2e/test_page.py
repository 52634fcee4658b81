#!/usr/bin/env python3
"""The page in a browser, over a server with the demo's month: page/browse.js looks, page/journeys.js clicks.

TEST_PAGE_SHOTS=FOLDER keeps a screenshot of each view at each width in both themes. TEST_PAGE_MEASURE=N tells instead how long the
first view takes, the middle of N times, beside what any page takes (page/measure.js), and beside that of another program with
TEST_PAGE_BESIDE=PROGRAM."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import server as e2e
from test_demo import SETTINGS, sent

PAGE = pathlib.Path(__file__).resolve().parent / "page"
HOSTILE = b"""From: MAILER-DAEMON@mx.example.com
To: bounce@news.sender.example
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; "<img/src=x/onerror=alert(1)>LONG"@LABEL.LABEL.hostile.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <img src=x onerror=alert(1)> user unknown </pre><script>alert(2)</script> WIDE

--b--
""".replace(b"LONG", b"l" * 30).replace(b"LABEL", b"d" * 60).replace(b"WIDE", b"w" * 400)
HOLD = ("INSERT INTO suppression_hold (provider, since, last_at, state, n, limit_n, told) VALUES ('harbour', now() - interval '2 hours', now(), 'open', 410, 59, true)")


def node_modules():
    """The two packages of the lock file, in the build folder. Nothing of them stands in the repository."""
    folder = pathlib.Path(os.environ.get("TEST_PAGE_FOLDER", e2e.BINARY.parent / "page-test"))
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (PAGE / "package-lock.json").read_text()
    for file in PAGE.iterdir():
        shutil.copy(file, folder / file.name)
    mark = folder / "node_modules" / "lock"
    if not mark.exists() or mark.read_text() != wanted:
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, capture_output=True, text=True, timeout=300)
        if done.returncode:
            e2e.skip("npm has no packages: " + done.stderr.strip()[-300:])
        mark.write_text(wanted)
    return folder


def key(server, *words):
    done = subprocess.run([e2e.BINARY, "key", *words, "--config", server.config], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[0]


def hostile_event(server):
    status, _, body = server.request("POST", "/v1/messages?stream=news", HOSTILE.replace(b"\n", b"\r\n"), {"Content-Type": "message/rfc822"})
    assert status == 202, body
    e2e.wait_for(lambda: server.events(org_domain="hostile.example"), "the hostile mail", 60, server)
    return server.events(org_domain="hostile.example")[0]


def browse(folder, spec, script="browse.js"):
    path = folder / "spec.json"
    path.write_text(json.dumps(spec))
    done = subprocess.run(["node", script, path], cwd=folder, capture_output=True, text=True, timeout=600)
    print(done.stdout + done.stderr)
    assert done.returncode == 0, "the page has faults"


def programs():
    """Chromium; skips where it, npm, or a node that is new enough is missing."""
    chromium = shutil.which("chromium")
    if not chromium or not shutil.which("node") or not shutil.which("npm"):
        e2e.skip("no chromium, node or npm")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=60).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < 20:
        e2e.skip(f"node {version} is older than 20")
    return chromium


@contextlib.contextmanager
def demo_of(program):
    """The address of a server of the program, with the demo's month."""
    ours, e2e.BINARY = e2e.BINARY, pathlib.Path(program)
    try:
        with e2e.Server(**SETTINGS) as server:
            mails = sent(server)
            e2e.wait_for(lambda: len(server.events()) >= mails, "the month's events", 120, server)
            yield f"http://127.0.0.1:{server.http_port}/"
    finally:
        e2e.BINARY = ours


def measure(chromium, folder, times):
    with contextlib.ExitStack() as stack:
        which = {"the page": e2e.BINARY, **({"the page beside": os.environ["TEST_PAGE_BESIDE"]} if "TEST_PAGE_BESIDE" in os.environ else {})}
        pages = {name: stack.enter_context(demo_of(program)) for name, program in which.items()}
        browse(folder, {"pages": pages, "chromium": chromium, "times": times}, "measure.js")


def main():
    chromium = programs()
    folder = node_modules()
    if os.environ.get("TEST_PAGE_MEASURE"):
        measure(chromium, folder, int(os.environ["TEST_PAGE_MEASURE"]))
        return
    server = e2e.Server(**SETTINGS)
    (server.folder / "lists").mkdir()
    (server.folder / "lists").chmod(0o777)
    server.settings["export.jobs"] = f"mta format=postfix path={server.folder}/lists/access every=60"
    with server, e2e.Server(**{"api.loopback_without_key": "false"}) as locked:
        mails = sent(server)
        e2e.wait_for(lambda: len(server.events()) >= mails, "the month's events", 120, server)
        spec = {"url": f"http://127.0.0.1:{server.http_port}", "chromium": chromium,
                "shots": os.environ.get("TEST_PAGE_SHOTS"),
                "event": server.events(reason="mailbox.full")[0]["id"], "recipient": "reader1@example.com", "hostile": hostile_event(server)}
        server.sql(HOLD)
        spec["locked"] = f"http://127.0.0.1:{locked.http_port}"
        spec["keys"] = {"read": key(locked, "create", "reads", "--scope", "read"), "revoked": key(locked, "create", "gone", "--scope", "read")}
        key(locked, "revoke", spec["keys"]["revoked"][3:11])
        browse(folder, spec)


if __name__ == "__main__":
    sys.exit(main())
