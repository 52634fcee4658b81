#!/usr/bin/python3
"""A fleet on one database: three ingest nodes, two nodes with the API and a scheduler, a primary and its synchronous standby, each a
machine of its own in a network namespace. While mail is sent to every ingest node without a pause, one node is killed and comes
back, one is cut off from the database (for FLEET_CUT_SECONDS, 10 more than it takes to be called away), the machine of the
scheduler that acts is lost, the primary is lost and the standby promoted, and one node is lost for good with mail in its spool
that another one adopts. Peers never hear a 5xx, another scheduler acts within 30 s, `bounced node list` is right at each stage,
and in the end what was acknowledged is in the database, once, and the counts agree."""
import contextlib
import glob
import json
import os
import pathlib
import shutil
import signal
import smtplib
import subprocess
import sys
import threading
import time

import net
import server as e2e
from test_external_database import PASSWORD
from test_failover import Node

CUT_S = float(os.environ.get("FLEET_CUT_SECONDS", "0"))
AWAY_S = 30    # after which a node that is silent is called away
ACTING_S = 30  # within which another scheduler acts
PORT = 5432
started = time.monotonic()


def say(text):
    print(f"{time.monotonic() - started:6.1f} s  {text}", flush=True)


class Database(Node):
    """PostgreSQL on a machine of its own."""

    def __init__(self, machine):
        super().__init__()
        self.machine, self.port = machine, PORT
        self.url = f"host={machine.data} port={PORT} dbname=postgres user=bounced password={PASSWORD}"

    def run(self, *words):
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run([*self.machine.inside, *user, *map(str, words)], capture_output=True, text=True, timeout=120,
                              cwd=self.folder)
        assert done.returncode == 0, (words, done.stdout, done.stderr)

    def start(self):
        rules = self.folder / "data" / "pg_hba.conf"
        if net.DATA not in rules.read_text():
            with open(rules, "a") as file:
                file.write(f"host all all {net.DATA}.0/24 scram-sha-256\nhost replication all {net.DATA}.0/24 scram-sha-256\n")
        self.run(self.bin / "pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o",
                 f"-c port={PORT} -c listen_addresses={self.machine.data} -c unix_socket_directories={self.folder} -c fsync=off "
                 "-c wal_sender_timeout=5s -c max_connections=200", "start")


class Member(e2e.Server):
    """`bounced serve` with some roles, on a machine of its own."""

    def __init__(self, machine, roles, url):
        super().__init__(**{"smtp.listen": f"{machine.mail}:2525", "api.listen": f"{machine.mail}:8080", "database.url": url,
                            "parser.workers": 1, "api.loopback_without_key": "false", "smtp.max_connections_per_minute": 100000,
                            "database.migrate_on_start": "false"})
        self.machine, self.roles = machine, roles

    def start(self):
        self.write_config()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BOUNCED")}
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen([*self.machine.inside, e2e.BINARY, "serve", "--config", self.config, "--roles", self.roles],
                                        env=environment, stdout=self.log, stderr=self.log, start_new_session=True,
                                        preexec_fn=e2e.die_with_parent)
        return self

    def id(self):
        return (self.folder / "data" / "node.id").read_text().strip()

    def kill(self):
        """Every process at once, as with its machine."""
        roles = [pid for role in ("smtp", "api", "loader", "scheduler", "parser") for pid in self.pids(role)]
        os.kill(self.process.pid, signal.SIGSTOP)  # it starts no more
        for pid in [*roles, self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(60)
        self.process = None
        self.log.close()


class Sender(threading.Thread):
    """Sends one mail after the other to a node, each again until it was acknowledged, as a mail system would."""

    def __init__(self, name, machine):
        super().__init__(daemon=True)
        self.prefix, self.machine = name, machine
        self.acknowledged, self.later, self.failure = 0, 0, None
        self.ending, self.giving_up = threading.Event(), threading.Event()

    def run(self):
        while not self.ending.is_set() and not self.failure:
            mail = (f"From: MAILER-DAEMON@mx.example.net\r\nSubject: Undelivered Mail\r\nMIME-Version: 1.0\r\n"
                    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
                    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n"
                    f"Final-Recipient: rfc822; {self.prefix}{self.acknowledged + 1}@example.com\r\nAction: failed\r\n"
                    "Status: 5.1.1\r\n--b--\r\n").encode()
            while not self.try_once(mail):
                if self.giving_up.is_set():
                    return
                time.sleep(0.3)
            self.acknowledged += 1
            time.sleep(0.02)

    def try_once(self, mail):
        """True when it was acknowledged. A connection that fails is no answer; a 5xx is never one."""
        try:
            if self.peer is None:
                self.peer = smtplib.SMTP(self.machine.mail, 2525, local_hostname="client.example", timeout=20)
                self.peer.ehlo()
            for word in ("MAIL FROM:<>", "RCPT TO:<bounce@news.sender.example>"):
                if not self.good(self.peer.docmd(word)):
                    return False
            return self.good(self.peer.data(mail))
        except smtplib.SMTPResponseException as answer:
            return self.good((answer.smtp_code, answer.smtp_error))
        except (OSError, smtplib.SMTPException):
            self.peer = None
            return False

    peer = None

    def good(self, answer):
        if answer[0] >= 500:
            self.failure = f"{self.prefix}: {answer}"
        if answer[0] >= 400:
            self.later += 1
            self.peer = None
        return answer[0] < 400

    def wait_more(self, n):
        goal = self.acknowledged + n
        e2e.wait_for(lambda: self.acknowledged >= goal or self.failure, f"mail to {self.prefix}", 120)
        assert not self.failure, self.failure


class Fleet:
    def __init__(self, stack):
        self.stack, machines = stack, {}
        for number, name in enumerate(("db1", "db2", "mx1", "mx2", "mx3", "api1", "api2"), 11):
            machines[name] = net.Machine(number)
            stack.callback(machines[name].end)
        self.primary, self.standby = Database(machines["db1"]), Database(machines["db2"])
        stack.enter_context(self.primary)
        stack.callback(Node.__exit__, self.standby)
        self.standby.prepare()
        self.standby.follow(self.primary)
        self.primary.set("synchronous_standby_names", "*")
        self.primary.wait_streaming("sync")
        url = (f"host={machines['db1'].data},{machines['db2'].data} port={PORT},{PORT} dbname=postgres user=bounced "
               f"password={PASSWORD}")
        self.members = {name: Member(machines[name], roles, url) for name, roles in
                        {"mx1": "smtp,loader", "mx2": "smtp,loader", "mx3": "smtp,loader", "api1": "api,loader,scheduler",
                         "api2": "api,loader,scheduler"}.items()}
        self.outside = self.members["api2"]  # whose settings commands go by
        for member in self.members.values():
            member.write_config()
            stack.callback(self.clean, member)
        self.command("migrate")
        for member in self.members.values():
            member.start()
        self.senders = {name: Sender(name + "-", machines[name]) for name in ("mx1", "mx2", "mx3")}

    @staticmethod
    def clean(member):
        member.__exit__(None)

    def command(self, *words, code=0):
        # Asked of the primary alone: with both in the list each call would wait for the one that is cut off first.
        environment = {**os.environ, "BOUNCED_DATABASE_URL": self.primary.url}
        done = subprocess.run([e2e.BINARY, *map(str, words), "--config", self.outside.config], capture_output=True, text=True,
                              timeout=300, env=environment)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def list(self):
        """What `bounced node list` tells, by the names of the nodes here."""
        told = {node["id"]: node for node in json.loads(self.command("node", "list", "--format", "json"))["nodes"]}
        return {name: told.get(member.id(), {"state": "none"}) for name, member in self.members.items()
                if (member.folder / "data" / "node.id").exists()}

    def acting(self):
        """Names of the nodes whose scheduler acts."""
        return [name for name, node in self.list().items()
                if any(role["role"] == "scheduler" and role["acting"] for role in node.get("roles", []))]

    def wait_states(self, seconds=90, **states):
        last = {}

        def right():
            last.update({name: node["state"] for name, node in self.list().items()})
            return all(last.get(name) == state for name, state in states.items())
        try:
            e2e.wait_for(right, f"{states}", seconds, step=0.5)
        except AssertionError:
            for name, member in self.members.items():
                print(f"--- {name}: {last.get(name)}\n{member.log_tail(15)}", file=sys.stderr)
            raise

    def wait_loaded(self, *names):
        def loaded():
            nodes = self.list()
            return all(nodes[name]["backlog"] < 200 for name in names)
        e2e.wait_for(loaded, f"the backlog of {names}", 180, step=0.5)

    def stored(self):
        return int(self.primary.sql("select count(*) from event"))


def begin(fleet):
    for sender in fleet.senders.values():
        sender.start()
    fleet.wait_states(**{name: "up" for name in fleet.members})
    e2e.wait_for(lambda: len(fleet.acting()) == 1, "one scheduler to act", ACTING_S, step=0.5)
    nodes = fleet.list()
    for name, node in nodes.items():
        roles = {role["role"] for role in node["roles"]}
        assert roles == ({"loader"} if name.startswith("mx") else {"api", "loader", "scheduler"}), (name, node)
    for sender in fleet.senders.values():
        sender.wait_more(50)
    say(f"all nodes are up, {fleet.acting()[0]} acts")


def lose_scheduler(fleet):
    """The machine is gone without a word: its connection to the database is not even closed."""
    name, = fleet.acting()
    other, = {"api1", "api2"} - {name}
    fleet.outside = fleet.members[other]
    lost = fleet.members[name]
    lost.machine.cut("mail", "data")
    since = time.monotonic()
    lost.kill()
    e2e.wait_for(lambda: fleet.acting() == [other], "another scheduler to act", ACTING_S, step=0.2)
    say(f"{name} was lost, and {other} acts {time.monotonic() - since:.1f} s later")
    return name


def lose_and_cut(fleet):
    """One node is killed, one cut off from the database; both are called away; mail to the latter is taken all the while."""
    killed, cut = fleet.members["mx1"], fleet.members["mx2"]
    fleet.senders["mx1"].wait_more(20)
    killed.kill()
    cut.machine.cut("data")
    since = time.monotonic()
    before = fleet.senders["mx2"].acknowledged
    gone = lose_scheduler(fleet)
    fleet.wait_states(mx1="away", mx2="away", mx3="up", **{gone: "away"})
    fleet.senders["mx3"].wait_more(20)
    say("the node that was killed, the one that is cut off, and the scheduler's are away")
    killed.start()
    fleet.wait_states(mx1="up", mx2="away")
    fleet.senders["mx1"].wait_more(20)
    time.sleep(max(0, CUT_S - (time.monotonic() - since)))
    took = fleet.senders["mx2"].acknowledged - before
    assert took > 100, took
    cut.machine.heal("data")
    since_heal = time.monotonic()
    fleet.wait_states(mx1="up", mx2="up", mx3="up")
    fleet.wait_loaded("mx1", "mx2", "mx3")
    say(f"mx2 was cut off for {since_heal - since:.0f} s, took {took} mails meanwhile, "
        f"and had loaded them {time.monotonic() - since_heal:.1f} s after it was back")
    lost = fleet.members[gone]
    lost.machine.heal("mail", "data")
    lost.start()


def lose_primary(fleet):
    primary, standby = fleet.primary, fleet.standby
    e2e.wait_for(lambda: primary.sql("select sync_state from pg_stat_replication") == "sync", "the standby", 60)
    primary.machine.cut("data", "mail")
    primary.kill()
    since = time.monotonic()
    for sender in fleet.senders.values():
        sender.wait_more(30)
    standby.promote()
    standby.set("synchronous_standby_names", "")
    fleet.primary = standby
    promoted = time.monotonic()
    e2e.wait_for(lambda: len(fleet.acting()) == 1, "a scheduler to act on the new primary", 60, step=0.2)
    say(f"the primary was lost, the standby promoted after {promoted - since:.1f} s; {fleet.acting()[0]} acts on it "
        f"{time.monotonic() - promoted:.1f} s later")
    fleet.wait_states(**{name: "up" for name in fleet.members})
    fleet.wait_loaded("mx1", "mx2", "mx3")
    say("all nodes are up on it, and the backlog is loaded")


def lose_for_good(fleet):
    """A node is cut off, takes mail, and dies; its disk is all that is left."""
    lost, sender = fleet.members["mx3"], fleet.senders["mx3"]
    lost.machine.cut("data")
    sender.wait_more(100)
    sender.ending.set()
    sender.join(30)
    lost.kill()
    copy = lost.folder / "copy"
    subprocess.run(["cp", "-a", lost.folder / "data", copy], check=True)
    before = fleet.stored()
    fleet.command("node", "adopt", "--force", copy)
    assert fleet.list()["mx3"]["state"] == "adopted", fleet.list()["mx3"]
    assert fleet.list()["mx3"]["backlog"] == 0
    say(f"mx3 was lost for good, and adopted: {fleet.stored() - before} events came in meanwhile")


def settle(fleet):
    for sender in fleet.senders.values():
        sender.ending.set()
    for sender in fleet.senders.values():
        sender.join(60)
        assert not sender.failure, sender.failure
        assert not sender.is_alive(), f"{sender.prefix} still waits for an answer"
    total = sum(sender.acknowledged for sender in fleet.senders.values())
    e2e.wait_for(lambda: fleet.stored() >= total, "all that was acknowledged", 180, step=0.5)
    told = fleet.primary.sql("select count(*), count(distinct recipient) from event")
    assert told == f"{total}|{total}", (told, total)
    for sender in fleet.senders.values():
        n = fleet.primary.sql(f"select count(distinct recipient) from event where recipient like '{sender.prefix}%'")
        assert int(n) == sender.acknowledged, (sender.prefix, n, sender.acknowledged)
    fleet.command("rollup", "check")
    nodes = fleet.list()
    assert {name: node["state"] for name, node in nodes.items()} == {
        "mx1": "up", "mx2": "up", "mx3": "adopted", "api1": "up", "api2": "up"}, nodes
    e2e.wait_for(lambda: not any(node["backlog"] for node in fleet.list().values()), "no backlog", 60, step=0.5)
    later = sum(sender.later for sender in fleet.senders.values())
    say(f"{total} mails were acknowledged, and each is stored once; no 5xx, {later} times a 4xx; counts agree")


def main():
    if not glob.glob("/usr/lib/postgresql/*/bin/pg_basebackup"):
        e2e.skip("no PostgreSQL where Debian has it")
    if not all(shutil.which(name) for name in ("ip", "unshare", "nsenter")):
        e2e.skip("no ip, unshare or nsenter")
    net.enter()
    with contextlib.ExitStack() as stack:
        fleet = Fleet(stack)
        begin(fleet)
        lose_and_cut(fleet)
        lose_primary(fleet)
        lose_for_good(fleet)
        settle(fleet)


if __name__ == "__main__":
    sys.exit(main())
