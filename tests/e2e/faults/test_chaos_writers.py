#!/usr/bin/python3
"""The chaos run with everything going on at once: SMTP, imports, messages and volumes over HTTP, lists that come in and addresses
that people put on and take off, exports and an export job every second, and webhooks, while processes of every role are killed.
Afterwards each message that was acknowledged is in the database exactly once, each volume counts once, a list is there whole, and
the last export, the job's file, what a receiver was told and the policy judged anew all say what the list says.
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
import test_webhooks as webhooks

VICTIMS = ("smtp", "parser", "loader", "postgres", "api", "scheduler", "hook")
IMPORTS, IMPORT_MAILS, POSTS = 10, 20, 100
LISTS, LIST_LINES = 12, 50


class Writers:
    """Imports and requests that are repeated until they are acknowledged, as a careful client does."""

    def __init__(self, server, stop):
        self.server, self.stop = server, stop
        self.failure, self.imported, self.posted, self.volumes, self.listed = None, 0, 0, 0, 0
        self.threads = [threading.Thread(target=self.guard, args=(work,), daemon=True)
                        for work in (self.run_imports, self.run_posts, self.run_lists)]

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

    def run_lists(self):
        """Of each list one address is taken off again, and one is put there by hand."""
        for number in range(LISTS):
            lines = "".join(f"list{number}-{i}@example.com\n" for i in range(LIST_LINES)).encode()
            self.until_done(lambda body=lines: self.status(
                "/v1/suppressions/import?all_or_nothing=true&name=chaos", body, "text/plain") == 200)
            self.until_done(lambda path=f"/v1/suppressions/list{number}-0@example.com": self.status(path, method="DELETE") == 200)
            self.until_done(lambda path=f"/v1/suppressions/hand{number}@example.com": self.status(path, method="PUT") == 200)
            self.listed += LIST_LINES

    def status(self, path, body=None, kind=None, method="POST"):
        try:
            return self.server.request(method, path, body, {"Content-Type": kind} if kind else {})[0]
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


def target_of(receiver):
    return f"all url=http://127.0.0.1:{receiver.port}/all private=allowed secret=whsec_{webhooks.SECRET} tell=suppressions"


def check_told(server, receiver, job):
    """The job's file, the receiver and the policy judged anew say what the list says."""
    rows = server.sql("select address, source from suppression where state = 'active'")
    listed = {row[0] for row in rows}
    e2e.wait_for(lambda: set(job.read_text().split()) == listed, "the job to write the list", 120, server)

    def told():
        """By the last that was said of each: other policies may have told of some before."""
        last = {row["address"]: row["state"] for row in sorted(receiver.told("/all", "suppressions"), key=lambda row: row["seq"])}
        return {who for who, state in last.items() if state == "active"}
    e2e.wait_for(lambda: told() == listed, "the receiver to be told", 240, server, 0.5)
    done = subprocess.run([e2e.BINARY, "policy", "backtest", "--format", "json", "--config", server.config], capture_output=True,
                          text=True, timeout=120, check=True)
    assert json.loads(done.stdout)["total"]["suppressed"] == sum(row[1] == "bounce" for row in rows), done.stdout[-300:]


def main():
    source = random.Random(chaos.SEED)
    chaos.VICTIMS = VICTIMS
    print(f"seed {chaos.SEED}: {chaos.MESSAGES} messages, {chaos.KILLS} kills", flush=True)
    receiver = webhooks.Receiver()
    server = e2e.Server(**{"suppress.unsigned": "trust", "export.interval_s": 1,
                           "webhook.targets": target_of(receiver)})
    folder = server.folder / "exports"
    folder.mkdir()
    folder.chmod(0o777)
    job = server.folder / "data" / "lists" / "plain.txt"
    server.settings["export.jobs"] = f"plain format=plain path={job} every=1"
    server.settings["export.dir"] = str(folder)
    with server:
        # A target is told of what changes from its first round on.
        e2e.wait_for(lambda: server.sql("select count(*) from webhook_target") == [["1"]], "the target to be known", 60, server)
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
        # Each list is one address short, and has one by hand.
        assert listed == wanted + writers.listed, (listed, wanted, writers.listed)
        check_told(server, receiver, job)
        print(f"{wanted} messages by SMTP, import and HTTP, kills {killed}: none lost, none doubled, "
              f"{listed} addresses exported")


if __name__ == "__main__":
    sys.exit(main())
