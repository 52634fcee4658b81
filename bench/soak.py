#!/usr/bin/python3
"""bench/soak.py [MINUTES [RATE]]: a server of its own takes RATE (500) bounces of 4 KB a second for MINUTES (120): the mails of bench/per_mail.py,
each with a recipient and a return path of its own, at 50,000 domains, in four streams. Meanwhile an export runs each minute, raw mail is kept for
ten minutes in the spool, and a dashboard asks ten questions a minute.
Prints a line a minute: what was stored, how far the database is behind, memory and descriptors of each role, sizes, dead rows; and each twenty
minutes, of each table and index over 8 MiB, how full it is (pgstattuple). At the end the middle of the third fifth beside that of the last one:
memory and descriptors that still grow by more than a twentieth are called so. Ends with 1 then, or where a mail that was taken is not stored.
BOUNCED: the program."""
import os
import pathlib
import statistics
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))
os.environ.setdefault("BOUNCED", str(pathlib.Path(__file__).resolve().parents[1] / "build-release" / "bounced"))
import end_to_end  # noqa: E402
import per_mail  # noqa: E402
import server as e2e  # noqa: E402

ROLES = ("smtp", "parser", "loader", "scheduler", "api")
QUESTIONS = ("domains?from=7d&limit=100", "timeseries?from=7d&interval=hour", "reasons?from=7d", "providers?from=7d", "recipients/u1@d1.example")
FULLNESS_MINUTES, LARGE_BYTES = 20, 8 << 20
SIZES = {"message": "message%", "event": "event%", "counts": "rollup%", "others": "%"}
GROWN = 1.05


def memory_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0


def of_role(server, role):
    """MiB and descriptors of all its processes; one that ends meanwhile counts nothing."""
    memory = descriptors = 0
    for pid in server.pids(role):
        try:
            memory += memory_mib(pid)
            descriptors += len(os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            continue
    return memory, descriptors


def sizes(server):
    """MiB of tables and their indexes, by kind; dead rows in a hundred living ones."""
    rows = server.sql("SELECT relname, pg_total_relation_size(relid), n_live_tup, n_dead_tup FROM pg_stat_user_tables")
    found = dict.fromkeys(SIZES, 0.0)
    for name, size, _, _ in rows:
        kind = next(kind for kind, prefix in SIZES.items() if name.startswith(prefix.rstrip("%")))
        found[kind] += int(size) / 1048576
    live, dead = sum(int(row[2]) for row in rows), sum(int(row[3]) for row in rows)
    return found, 100 * dead / max(live, 1)


def behind_s(server):
    return float(server.sql("SELECT coalesce(extract(epoch FROM now() - max(received_at)), 0) FROM message")[0][0])


class Work:
    """Threads that give mail and ask questions; what went wrong in one stands in `wrong`."""

    def __init__(self, server, rate, messages):
        self.server, self.wrong, self.asked, self.done = server, [], 0, threading.Event()
        mails, self.sizes = per_mail.templates(), [0] * per_mail.SESSIONS
        jobs = [(per_mail.give, server, mails, range(n, messages, per_mail.SESSIONS), rate, self.sizes) for n in range(per_mail.SESSIONS)]
        self.threads = [threading.Thread(target=self.run, args=job, daemon=True) for job in (*jobs, (self.ask,))]
        for thread in self.threads:
            thread.start()

    def run(self, work, *arguments):
        try:
            work(*arguments)
        except Exception as error:  # pylint: disable=broad-except
            self.wrong.append(repr(error))

    def ask(self):
        while not self.done.wait(60 / 10):
            self.server.get(f"/v1/{QUESTIONS[self.asked % len(QUESTIONS)]}")
            self.asked += 1

    def wait(self):
        for thread in self.threads[:-1]:
            thread.join()
        self.done.set()
        self.threads[-1].join()


def fullness(server):
    """Of each large table: dead and free bytes in a hundred. Of each large B-tree: how full its leaves are (90 where just built)."""
    tables = server.sql("SELECT relname, pg_relation_size(c.oid) >> 20, round(dead_tuple_percent), round(approx_free_percent) FROM pg_class c, "
                        f"pgstattuple_approx(c.oid) WHERE relkind = 'r' AND pg_relation_size(c.oid) > {LARGE_BYTES} ORDER BY 1")
    trees = server.sql("SELECT c.relname, pg_relation_size(c.oid) >> 20, round(avg_leaf_density) FROM pg_class c JOIN pg_am a ON a.oid = relam, "
                       f"pgstatindex(c.oid) WHERE relkind = 'i' AND amname = 'btree' AND pg_relation_size(c.oid) > {LARGE_BYTES} ORDER BY 1")
    for name, size, dead, free in tables:
        print(f"    table {name} {size} MiB, {dead} % dead, {free} % free")
    for name, size, full in trees:
        print(f"    index {name} {size} MiB, leaves {full} % full", flush=True)


def minute(server, at, rows):
    row = {role: of_role(server, role) for role in (*ROLES, "postgres")}
    found, dead = sizes(server)
    rows.append(row)
    spool = sum(path.stat().st_size for path in (server.folder / "data").glob("spool/**/*") if path.is_file()) / 1048576
    print(f"{at:4d} min {per_mail.loaded(server)} stored, newest {behind_s(server):.1f} s old; MiB "
          + " ".join(f"{role} {row[role][0]:.0f}" for role in row) + "; fd " + " ".join(f"{role} {row[role][1]}" for role in row)
          + "; MiB " + " ".join(f"{kind} {size:.0f}" for kind, size in found.items())
          + f" spool {spool:.0f}; {dead:.1f} % dead; load {os.getloadavg()[0]:.1f}", flush=True)
    if at % FULLNESS_MINUTES == 0:
        fullness(server)


def judged(rows):
    """Roles that grew from the third fifth to the last one."""
    fifth, grown = max(len(rows) // 5, 1), []
    for role in rows[0]:
        for what, name in enumerate(("MiB", "descriptors")):
            middle = statistics.median(row[role][what] for row in rows[2 * fifth:3 * fifth] or rows)
            last = statistics.median(row[role][what] for row in rows[-fifth:])
            print(f"{role}: {middle:.0f} {name} in the middle, {last:.0f} at the end")
            if role != "postgres" and last > GROWN * middle + 1:
                grown.append(f"{role} ({name})")
    return grown


def main():
    minutes = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    rate = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    messages = minutes * 60 * rate
    settings = {"smtp.return_path_domains": ", ".join(f"{name}.sender.example={name}" for name in per_mail.STREAMS),
                "server.log_level": "warn", "spool.retention_s": 600, "export.interval_s": 60}
    rows = []
    server = e2e.Server(**settings)
    server.settings["export.dir"] = str(server.folder / "data" / "export")
    with server:
        print(end_to_end.machine(), f"{rate} a second for {minutes} minutes", flush=True)
        server.sql("CREATE EXTENSION IF NOT EXISTS pgstattuple")
        work, start = Work(server, rate, messages), time.monotonic()
        for at in range(1, minutes + 1):
            time.sleep(max(0, start + 60 * at - time.monotonic()))
            minute(server, at, rows)
            if work.wrong:
                sys.exit(f"{at} min: {work.wrong}")
        work.wait()
        e2e.wait_for(lambda: per_mail.loaded(server) >= messages, "all mail to be stored", 600, server, step=1)
        minute(server, minutes, rows)
        grown = judged(rows)
        print(f"{per_mail.loaded(server)} of {messages} stored, {work.asked} questions answered")
        print(f"grew: {', '.join(grown)}" if grown else "nothing grew")
    return 1 if grown or work.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
