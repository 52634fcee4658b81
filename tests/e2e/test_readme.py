#!/usr/bin/python3
"""The lines of README.md that a reader types, run one after the other as they stand there, against a server with quickstart.conf. Only
ports and the paths of the programs are others: ./run builds, which the tests have done already."""
import os
import re
import shutil
import subprocess
import sys

import server as e2e

README = (e2e.ROOT / "README.md").read_text()
# Lines that need what a test has not: ./run alone and tests/run stand in a table without a `$`.
ANSWERS = {"curl -s 'http://127.0.0.1:8080/v1/domains?limit=1'": r'"failure_rate":0\.\d+',
           "curl -s 'http://127.0.0.1:8080/v1/events?limit=1'": r'"events":\[\{"id":"',
           "./run demo": r"^Sent \d+ bounces by SMTP and posted \d+ volumes\. Now look at http://127\.0\.0\.1:\d+/ or ask:",
           "./run report domains": r"harbour\.example",
           "./run report recipient reader61@shop.example": r"recipient\.unknown",
           "./build-release/bounced classify '550 5.7.1 Service unavailable; client host [192.0.2.1] blocked'": r'"class":"block"',
           "./build-release/bounced parse --pretty bounce.eml": r'"recipient": "',
           "./build-release/bounced parse mailbox.mbox | jq -r '.events[].recipient'": r"^\S+@\S+$",
           "bounced suppress check ann@example.com && echo may be mailed": r"clear[\s\S]*may be mailed"}


class Quickstart(e2e.Server):
    """quickstart.conf with ports and a folder of its own."""

    def write_config(self):
        text = (e2e.ROOT / "quickstart.conf").read_text()
        text = text.replace("127.0.0.1:2525", f"127.0.0.1:{self.smtp_port}").replace("127.0.0.1:8080", f"127.0.0.1:{self.http_port}")
        self.config.write_text(text.replace("[server]\n", f"[server]\ndata_dir = {self.folder / 'data'}\n"))


def lines():
    """What stands behind a prompt, and the one command that has none: volumes, over several lines."""
    typed = re.findall(r"^    \$ (.+)$", README, re.M)
    volume = re.search(r"^       (curl -s http://127\.0\.0\.1:8080/v1/volumes (?:.|\n)+?\}\]\}')$", README, re.M)
    return typed + [re.sub(r"\n +", "\n", volume.group(1))]


def main():
    if not shutil.which("jq") or not shutil.which("swaks"):
        e2e.skip("jq or swaks is missing")
    typed = lines()
    assert len(typed) >= 14 and set(ANSWERS) <= set(typed), sorted(set(ANSWERS) - set(typed))
    with Quickstart() as server:
        here = server.folder
        (here / "run").write_text(f"#!/bin/sh\nexec {e2e.BINARY} \"$@\"\n")
        (here / "run").chmod(0o755)
        (here / "build-release").mkdir()
        for name in ("bounced", "build-release/bounced"):
            (here / name).symlink_to(e2e.BINARY)
        mail = (e2e.ROOT / "tests" / "golden" / "dsn-postfix-user-unknown.eml").read_bytes().replace(b"ann@", b"reader@")
        (here / "bounce.eml").write_bytes(mail)
        (here / "mailbox.mbox").write_bytes(b"From MAILER-DAEMON Sun Nov 29 10:00:00 2026\n" + mail + b"\n")
        environment = {**os.environ, "PATH": f"{here}:{os.environ['PATH']}", "BOUNCED_CONFIG": str(server.config)}
        for line in typed:
            command = line.replace(":8080", f":{server.http_port}").replace(":2525", f":{server.smtp_port}")
            done = subprocess.run(["bash", "-c", command], cwd=here, env=environment, capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, (line, done)
            assert re.search(ANSWERS.get(line, ""), done.stdout, re.M), (line, done.stdout[:2000])
            if line == "./run demo":
                e2e.wait_for(lambda: server.get("/v1/recipients/reader61@shop.example")[1].get("events"), "the last mail", 300, server)
        status, answer = server.get("/v1/domains/example.com?from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z")
        assert status == 200 and answer["attempted"] == 1000, answer
    print(f"{len(typed)} lines of the README")


if __name__ == "__main__":
    sys.exit(main())
