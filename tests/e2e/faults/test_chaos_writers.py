#!/usr/bin/python3
"""The chaos run with everything going on at once: SMTP, imports, messages and volumes over HTTP, and exports
every second, while processes of every role are killed. Afterwards each message that was acknowledged is in
the database exactly once, each volume counts once, and the last export says what the list says.
CHAOS_MESSAGES, CHAOS_KILLS and CHAOS_SEED as in test_chaos.py.
"""
import csv
import email.utils
import json
import random
import subprocess
import sys
import threading
import time

import server as e2e
import test_chaos as chaos

VICTIMS = ("smtp", "parser", "loader", "postgres", "api", "scheduler")
IMPORTS, IMPORT_MAILS, POSTS = 10, 20, 100


class Writers:
    """Imports and requests that are repeated until they are acknowledged, as a careful client does."""

    def __init__(self, server, stop):
        self.server, self.stop = server, stop
        self.failure, self.imported, self.posted, self.volumes = None, 0, 0, 0
        self.threads = [threading.Thread(target=self.guard, args=(work,), daemon=True)
                        for work in (self.run_imports, self.run_posts)]

    def guard(self, work):
        try:
            work()
        except Exception as error:  # the main thread reports it
            self.failure = f"{work.__name__}: {error!r}"

    def run_imports(self):
        folder = self.server.folder / "mail"
        folder.mkdir()
        folder.chmod(0o755)
        for number in range(IMPORTS):
            mbox = folder / f"{number}.mbox"
            mbox.write_text("".join("From a@example.com Thu Jan  1 00:00:00 1970\n" + email.utils.formatdate().join(("Date: ", "\n")) + bounce(f"import{number}-{i}")
                                    for i in range(IMPORT_MAILS)))
            mbox.chmod(0o644)
            self.until_done(lambda path=mbox: subprocess.run(
                [e2e.BINARY, "import", "--config", self.server.config, path], capture_output=True,
                timeout=120).returncode == 0)
            self.imported += IMPORT_MAILS

    def run_posts(self):
        hour = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime())
        for number in range(POSTS):
            mail = e2e.crlf(bounce(f"http{number}").encode())
            self.until_done(lambda body=mail: self.status(
                "/v1/messages?recipient=bounce@news.sender.example", body, "message/rfc822") == 202)
            self.posted += 1
            body = json.dumps({"volumes": [{"hour": hour, "stream": "default", "campaign": "c", "attempted": 100,
                                            "domain": "example.com", "source": f"s{number}"}]}).encode()
            self.until_done(lambda body=body: self.status("/v1/volumes", body, "application/json") // 100 == 2)
            self.volumes += 100

    def status(self, path, body, kind):
        try:
            return self.server.request("POST", path, body, {"Content-Type": kind})[0]
        except OSError:
            return 0

    def until_done(self, attempt):
        for _ in range(1200):
            if attempt():
                return
            time.sleep(0.1)
        raise AssertionError("never acknowledged")


def bounce(name):
    return chaos.BOUNCE.replace("user{number}", name).format(number=name, padding="x" * 70 + "\n") + "\n"


def check_exports(server, folder):
    """The newest export is whole, and equals the list."""
    def newest():
        try:
            manifest = json.loads((folder / "manifest.json").read_text())
            rows = list(csv.DictReader(open(folder / "suppressions.csv", newline="")))
        except (OSError, ValueError):
            return None
        return manifest, {row["address"] for row in rows if row["state"] == "active"}

    listed = {row[0] for row in server.sql("select address from suppression where state = 'active'")}
    e2e.wait_for(lambda: newest() and newest()[1] == listed, "an export of the whole list", 120, server)
    # An export that runs just now has its temporary files there; what a killed one left must go.
    e2e.wait_for(lambda: not [p for p in folder.iterdir() if "tmp" in p.name], "temporary files to go", 120, server, 0.02)
    return len(listed)


def main():
    source = random.Random(chaos.SEED)
    chaos.VICTIMS = VICTIMS
    print(f"seed {chaos.SEED}: {chaos.MESSAGES} messages, {chaos.KILLS} kills", flush=True)
    server = e2e.Server(**{"suppress.unsigned": "trust", "export.interval_s": 1})
    folder = server.folder / "exports"
    folder.mkdir()
    folder.chmod(0o777)
    server.settings["export.dir"] = str(folder)
    with server:
        clients, writers = chaos.Clients(server), Writers(server, None)
        for thread in clients.threads + writers.threads:
            thread.start()
        killed = chaos.kill_at_random(server, clients, source)
        for thread in clients.threads + writers.threads:
            thread.join(600)
        assert not clients.failure and not writers.failure, (clients.failure, writers.failure)
        wanted = chaos.MESSAGES + writers.imported + writers.posted
        e2e.wait_for(lambda: chaos.settled(server, wanted), f"{wanted} events", 300, server, 0.5)
        rows = server.sql("select count(*), count(distinct recipient) from event")
        assert rows == [[str(wanted), str(wanted)]], rows
        e2e.wait_for(lambda: server.get("/readyz")[0] == 200, "the api", 60, server)
        row, = server.get("/v1/domains?limit=10")[1]["domains"]
        assert (row["failed"], row["attempted"]) == (wanted, writers.volumes), row
        listed = check_exports(server, folder)
        assert listed == wanted, (listed, wanted)
        print(f"{wanted} messages by SMTP, import and HTTP, kills {killed}: none lost, none doubled, "
              f"{listed} addresses exported")


if __name__ == "__main__":
    sys.exit(main())
