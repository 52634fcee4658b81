#!/usr/bin/python3
"""The chaos run with another policy every few moments: suppress.rules change, the server is killed and started with them, and processes of
every role are killed in between, while mail comes, lists come in, people put addresses on and take them off, exports run, and a receiver is told by webhooks.
Then each address bounces once more under the last policy: the list, the exports, the job's file and the last that the receiver was told
of each address are what that policy says of all that came, judged anew, and nothing of those before it is left.
CHAOS_MESSAGES, CHAOS_KILLS and CHAOS_SEED as in test_chaos.py.
"""
import json
import random
import signal
import subprocess
import sys
import threading

import server as e2e
import test_chaos as chaos
import test_chaos_writers as writers
import test_webhooks as webhooks

ADDRESSES = chaos.MESSAGES // 2
VICTIMS = ("loader", "policy", "postgres", "parser", "policy", "smtp", "scheduler", "hook", "policy", "supervisor")
# What a server says, by the number of an address: user is not known, mailbox full, content refused.
ANSWERS = (("recipient.unknown", "5.1.1", "550 5.1.1 User unknown"), ("mailbox.full", "5.2.2", "552 5.2.2 Mailbox full"),
           ("block", "5.7.1", "554 5.7.1 Message rejected as spam"))
# Rules, and whom they suppress after strikes of one day. Nobody is suppressed for what the receiver blocks.
POLICIES = (("", {"recipient.unknown"}),
            ("hard=2/1, mailbox.full=1", {"mailbox.full"}),
            ("hard=9/30", set()),
            ("hard=1, mailbox.full=1, soft=1", {"recipient.unknown", "mailbox.full"}))


class Bounce:
    """Mails of chaos.Clients: the second half of the numbers is of the addresses of the first."""

    @staticmethod
    def format(number, padding):
        _, status, text = ANSWERS[number % ADDRESSES % len(ANSWERS)]
        text = chaos_bounce.replace("user{number}@", f"user{number % ADDRESSES}@").replace("550 5.1.1 User unknown", text)
        return text.replace("Status: 5.1.1", f"Status: {status}").format(number=number, padding=padding)


chaos_bounce, chaos.BOUNCE = chaos.BOUNCE, Bounce


class Clients(chaos.Clients):
    """Numbers from `first` up to `end`."""

    def __init__(self, server, first, end):
        super().__init__(server)
        self.next, self.end = first, end

    def take(self):
        with self.lock:
            if self.next == self.end or self.failure:
                return None
            self.next += 1
            return self.next - 1


def change_policy(server, source):
    """Another one than now: SIGHUP, which does not read it, then a start that does."""
    rules = server.settings.get("suppress.rules", "")
    policy = source.choice([one for one in POLICIES if one[0] != rules])
    server.settings["suppress.rules"] = policy[0]
    server.write_config()
    server.process.send_signal(signal.SIGHUP)
    chaos.restart_supervisor(server)
    return policy


def half(server, source, clients, victims):
    """Runs the clients to their end, with a kill or a change for each of the victims; the policy that is in force then."""
    first, policy, counts = clients.next, None, {}
    for thread in clients.threads:
        thread.start()
    for number, victim in enumerate(victims):
        goal = int((number + source.random()) * (clients.end - first) / (len(victims) + 1))
        e2e.wait_for(lambda: clients.progress() >= goal or clients.failure, "progress", 300, server, 0.005)
        if victim == "policy":
            policy = change_policy(server, source)
        else:
            e2e.wait_for(lambda: chaos.kill_one(server, victim, source), f"a process of {victim}", 120, server, 0.01)
        counts[victim] = counts.get(victim, 0) + 1
    for thread in clients.threads:
        thread.join(600)
    assert not clients.failure, clients.failure
    return policy, counts


def loaded(server, wanted):
    e2e.wait_for(lambda: chaos.settled(server, wanted), f"{wanted} events", 300, server, 0.5)


def check_list(server, suppressing, by_hand):
    """Exactly those whom the policy in force suppresses, and what people and lists put there."""
    wanted = {f"user{number}@example.com" for number in range(ADDRESSES) if ANSWERS[number % len(ANSWERS)][0] in suppressing}
    rows = server.sql("SELECT address, source FROM suppression WHERE state = 'active'")
    assert len(rows) == len({address for address, _ in rows}), "an address has two entries"
    found = {address for address, source in rows if source == "bounce"}
    assert found == wanted, (len(found), len(wanted), sorted(found ^ wanted)[:20])
    assert len(rows) - len(found) == by_hand, (len(rows), len(found), by_hand)
    done = subprocess.run([e2e.BINARY, "policy", "backtest", "--format", "json", "--config", server.config], capture_output=True,
                          text=True, timeout=120, check=True)
    total = json.loads(done.stdout)["total"]
    states = dict(server.sql("SELECT state, count(*) FROM suppression WHERE source = 'bounce' GROUP BY state"))
    assert total["suppressed"] == len(wanted) and total["strikes"] == int(states.get("strikes", 0)), (total, states)
    return wanted


def noted(server):
    """What of the policy the last scheduler that started wrote into the audit."""
    subject = server.sql("SELECT subject FROM audit WHERE action = 'settings.set' ORDER BY audit_id DESC LIMIT 1")[0][0]
    return next((part for part in subject.split("; ") if part.startswith("suppress.rules=")), subject)


def main():
    source = random.Random(chaos.SEED)
    print(f"seed {chaos.SEED}: {chaos.MESSAGES} messages, {chaos.KILLS} kills and changes", flush=True)
    receiver = webhooks.Receiver()
    server = e2e.Server(**{"suppress.unsigned": "trust", "suppress.rules": "", "export.interval_s": 1, "webhook.targets": writers.target_of(receiver),
                           "smtp.max_connections_per_minute": 1000000, "smtp.max_sessions_per_network": 1000})
    folder = server.folder / "exports"
    folder.mkdir()
    folder.chmod(0o777)
    job = server.folder / "data" / "lists" / "plain.txt"
    server.settings["export.jobs"] = f"plain format=plain path={job} every=1"
    server.settings["export.dir"] = str(folder)
    with server:
        # A target is told of what changes from its first round on.
        e2e.wait_for(lambda: server.sql("SELECT count(*) FROM webhook_target") == [["1"]], "the target to be known", 60, server)
        others = writers.Writers(server, None)
        lists = threading.Thread(target=others.guard, args=(others.run_lists,), daemon=True)
        lists.start()
        victims = [VICTIMS[i % len(VICTIMS)] for i in range(max(chaos.KILLS, len(VICTIMS)))]
        _, changed = half(server, source, Clients(server, 0, ADDRESSES), victims)
        loaded(server, ADDRESSES)
        policy = change_policy(server, source)
        e2e.wait_for(lambda: server.get("/readyz")[0] == 200, "the api", 120, server)
        # The last one stays; the kills go on.
        half(server, source, Clients(server, ADDRESSES, 2 * ADDRESSES), [one for one in victims[:12] if one != "policy"])
        loaded(server, 2 * ADDRESSES)
        lists.join(600)
        assert not others.failure, others.failure
        e2e.wait_for(lambda: server.get("/readyz")[0] == 200, "the api", 120, server)
        wanted = check_list(server, policy[1], others.listed)
        e2e.wait_for(lambda: (f"suppress.rules={policy[0]}" if policy[0] else "suppress.unsigned=trust") == noted(server), "the policy to be noted", 60, server)
        listed = writers.check_exports(server, folder)
        assert listed == len(wanted) + others.listed, (listed, len(wanted), others.listed)
        # By its members: a file of the policy before may hold as many, until the job runs once more.
        writers.check_told(server, receiver, job)
        print(f"{2 * ADDRESSES} messages, {changed}, last policy \"{policy[0]}\": {len(wanted)} suppressed by it, {listed} exported")


if __name__ == "__main__":
    sys.exit(main())
