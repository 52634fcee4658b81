#!/usr/bin/python3
"""Our SMTP endpoint beside smtp-sink, which keeps nothing, and Postfix's accept into its queue; then the way to the
committed row, and what each role costs. usage: bench/run smtp (which builds first)

The client is bench_smtp for all of them: it waits for each reply, and knows how long the one to the dot took.
BENCH_ROUNDS (default 1) measures each row so many times and prints the best: for a machine that is not idle.
BENCH_SCALE (default 1) multiplies the messages of a row.
"""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

import end_to_end
from end_to_end import ROOT, bare_loop, machine, payload, stored, warm_up
import server as e2e

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "1"))
SCALE = float(os.environ.get("BENCH_SCALE", "1"))
MTAS = ROOT / "build-bench" / "mtas"
ENTER = ROOT / "tests" / "e2e" / "mtas" / "enter.sh"
# sessions: messages of a row; Postfix is slower, so it gets a tenth and the same time.
ROWS = {1: 1000, 10: 5000, 50: 20000, 100: 20000}
POSTFIX_PART = 0.1
# The rate at which the spool must not grow, and for how long it is kept up.
PACED_RATE, PACED_SECONDS = 3000, 10
TICKS = os.sysconf("SC_CLK_TCK")
ROLES = ("smtp", "loader", "parser", "postgres")


def cpu_s(pids):
    """CPU seconds of processes and of what they started and waited for."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS


def tree(root):
    """A process and all below it."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


class Load:
    """The client; every run has recipients of its own, so that no message is a second delivery."""
    runs = 0

    def __init__(self, mail):
        self.mail = mail

    def start(self, port, sessions, messages, way, *rate):
        Load.runs += 1
        return subprocess.Popen([ROOT / "build-bench" / "bench" / "bench_smtp", str(port), str(sessions), str(messages),
                                 way, self.mail, "", f"-{Load.runs}@news.sender.example", *map(str, rate)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *what):
        """accepted a second, median and p99 of the reply to the dot in ms, CPU s of the client"""
        client = self.start(*what)
        out, err = client.communicate(timeout=600)
        assert client.returncode == 0, err
        return [float(word) for word in out.split()]


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as peer:
        return peer.recv(4) == b"220 "
    return False


@contextlib.contextmanager
def process(*command, port, **options):
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             **options)
    try:
        e2e.wait_for(lambda: answers(port), f"{command[0]} on port {port}", 120)
        yield child.pid
    finally:
        child.kill()
        child.wait(60)


@contextlib.contextmanager
def sink():
    """smtp-sink: (port, pids)"""
    port = e2e.free_port()
    with process("smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "1000", port=port) as pid:
        yield port, lambda: tree(pid)


@contextlib.contextmanager
def postfix(folder):
    port = e2e.free_port()
    queue = pathlib.Path(folder) / "queue"
    queue.mkdir(mode=0o755)
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NAME": "queue", "OURS": str(port), "QUEUE": str(queue)}
    with process("unshare", "-mpuf", "--kill-child", "bash", ENTER, "queue", MTAS / "postfix", port=port,
                 env=environment) as pid:
        yield port, lambda: tree(pid)


def best(measure):
    return max((measure() for _ in range(ROUNDS)), key=lambda row: row[0])


def rows(name, load, port, pids, part=1.0, after=lambda: None):
    """One line for each way and number of sessions; {(way, sessions): accepted a second}"""
    rates = {}
    for way in ("kept", "single"):
        for sessions, messages in ROWS.items():
            n = max(int(messages * SCALE * part), 2 * sessions)

            def measure():
                before = cpu_s(pids())
                rate, median, p99, _ = load.run(port, sessions, n, way)
                cpu_us = (cpu_s(pids()) - before) / n * 1e6
                after()
                return rate, median, p99, cpu_us
            rate, median, p99, cpu_us = best(measure)
            rates[way, sessions] = rate
            print(f"{name:24}{way:8}{sessions:9}{rate:12.0f}{median:10.2f}{p99:10.2f}{cpu_us:12.0f}", flush=True)
    return rates


def ours(server, load):
    """The smtp role alone: the loader sleeps while a row is measured, and stores it before the next."""
    loader = server.pids("loader")[0]

    def drain():
        os.kill(loader, signal.SIGCONT)
        e2e.wait_for(lambda: backlog(server) == 0, "the last commit", 300, server, 0.05)
        os.kill(loader, signal.SIGSTOP)
    os.kill(loader, signal.SIGSTOP)
    try:
        return rows("bounced", load, server.smtp_port, lambda: server.pids("smtp"), after=drain)
    finally:
        os.kill(loader, signal.SIGCONT)


def backlog(server):
    """Records of the smtp lane on stable storage that the database does not have yet; at most, as more come meanwhile."""
    have = stored(server)
    lane = next((server.folder / "data").glob("**/smtp/durable")).read_bytes()
    return int.from_bytes(lane[:8], "little") - have


def to_the_row(server, load, way):
    """All roles at once, 50 sessions: rates, what was behind at the last 250, and CPU per message of each role."""
    n = int(ROWS[50] * SCALE)
    pids = {role: [pid for root in server.pids(role) for pid in tree(root)] for role in ROLES}
    before, have = {role: cpu_s(pids[role]) for role in ROLES}, stored(server)
    start = time.monotonic()
    rate, _, p99, client_s = load.run(server.smtp_port, 50, n, way)
    behind = have + n - stored(server)
    e2e.wait_for(lambda: stored(server) >= have + n, "the last commit", 300, server, 0.02)
    committed = n / (time.monotonic() - start)
    cost = {role: (cpu_s(pids[role]) - before[role]) / n * 1e6 for role in ROLES}
    return committed, rate, p99, behind, {**cost, "client": client_s / n * 1e6}


def end_to_end_rows(server, load):
    print(f"\n{'to the committed row':24}{'way':8}{'committed/s':>13}{'accepted/s':>12}{'p99 ms':>9}{'behind':>8}   "
          "CPU us per message")
    for way in ("kept", "single"):
        committed, rate, p99, behind, cost = best(lambda: to_the_row(server, load, way))
        text = " ".join(f"{role} {value:.0f}" for role, value in cost.items())
        print(f"{'50 sessions':24}{way:8}{committed:13.0f}{rate:12.0f}{p99:9.2f}{behind:8}   {text}", flush=True)


def paced(server, load, way):
    """At the rate that is aimed at: what the loader is behind half way through, and at the end."""
    n = int(PACED_SECONDS * PACED_RATE * SCALE)
    have = stored(server)
    client = load.start(server.smtp_port, 50, n, way, PACED_RATE)
    e2e.wait_for(lambda: stored(server) >= have + n // 2, "half of the messages", 300, server, 0.25)
    middle = backlog(server)
    out, err = client.communicate(timeout=600)
    end = backlog(server)
    assert client.returncode == 0, err
    e2e.wait_for(lambda: stored(server) >= have + n, "the last commit", 300, server, 0.25)
    rate, _, p99, _ = [float(word) for word in out.split()]
    return rate, p99, middle, end


def paced_rows(server, load):
    print(f"\n{f'{PACED_RATE} messages/s offered':24}{'way':8}{'accepted/s':>13}{'p99 ms':>12}{'behind: half way':>18}"
          f"{'at the end':>12}")
    for way in ("kept", "single"):
        rate, p99, middle, end = min((paced(server, load, way) for _ in range(ROUNDS)), key=lambda row: row[3])
        print(f"{'50 sessions':24}{way:8}{rate:13.0f}{p99:12.2f}{middle:18}{end:12}", flush=True)


def aims(own, sinks, queue):
    for way, times in (("kept", 10), ("single", 5)):
        rate = own[way, 50]
        print(f"{way}, 50 sessions: {rate / queue[way, 50]:.1f} times Postfix (aim {times}), "
              f"{100 * rate / sinks[way, 50]:.0f} % of smtp-sink (aim 70)")


def main():
    print(f"machine: {machine()}; load {os.getloadavg()[0]:.1f} at the start; best of {ROUNDS}")
    print(f"{end_to_end.MESSAGE_BYTES} bytes a message; client and server share the machine\n")
    print(f"{'server':24}{'way':8}{'sessions':>9}{'accepted/s':>12}{'dot ms':>10}{'p99 ms':>10}{'CPU us/msg':>12}")
    with tempfile.TemporaryDirectory(prefix="bounced-bench-") as folder:
        mail = pathlib.Path(folder) / "mail.eml"
        mail.write_text(payload())
        load = Load(mail)
        with sink() as (port, pids):
            sinks = rows("smtp-sink", load, port, pids)
        with postfix(folder) as (port, pids):
            queue = rows("Postfix, queued", load, port, pids, POSTFIX_PART)
        with e2e.Server(**{"server.log_level": "warn", "smtp.max_messages_per_minute": 10000000}) as server:
            warm_up(server)
            print(f"{'bare group commit loop':24}{'-':8}{end_to_end.SESSIONS:9}{bare_loop(server.folder):12.0f}")
            own = ours(server, load)
            end_to_end_rows(server, load)
            paced_rows(server, load)
    print()
    aims(own, sinks, queue)


if __name__ == "__main__":
    sys.exit(main())
