#!/usr/bin/python3
"""bench/soak.py [MINUTES [RATE]]: a server of its own takes RATE (500) bounces of 4 KB a second for MINUTES (120), of eight domains, while an
export job runs each minute and raw mail is kept for ten minutes in the spool. Prints a line a minute: what was stored, how far the database is
behind, memory and descriptors of each role, sizes, dead rows. At the end the middle of the third fifth beside that of the last one: memory and
descriptors that still grow by more than a twentieth are called so. Ends with 1 then, or where a mail that was taken is not stored.
BOUNCED: the program; its folder has bench/bench_smtp (cmake -DBOUNCED_BENCH=ON)."""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))
os.environ.setdefault("BOUNCED", str(pathlib.Path(__file__).resolve().parents[1] / "build-release" / "bounced"))
import end_to_end  # noqa: E402
import server as e2e  # noqa: E402

ROLES = ("smtp", "parser", "loader", "scheduler", "api")
DOMAINS = [f"d{n}.example" for n in range(8)]
SESSIONS = 10
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


def stored(server):
    return int(server.sql("SELECT coalesce(sum(messages), 0) FROM spool_position")[0][0])


def behind_s(server):
    return float(server.sql("SELECT coalesce(extract(epoch FROM now() - max(received_at)), 0) FROM message")[0][0])


def clients(server, folder, rate, messages):
    started = []
    for n, domain in enumerate(DOMAINS):
        mail = pathlib.Path(folder, domain)
        mail.write_text(end_to_end.payload().replace("ann@example.com", f"ann@{domain}"))
        program = e2e.BINARY.parent / "bench" / "bench_smtp"
        started.append(subprocess.Popen([program, str(server.smtp_port), str(SESSIONS), str(messages // len(DOMAINS)), "kept", mail, "",
                                         f"-{n}@news.sender.example", str(rate // len(DOMAINS))], stdout=subprocess.DEVNULL))
    return started


def minute(server, at, rows):
    row = {role: of_role(server, role) for role in (*ROLES, "postgres")}
    found, dead = sizes(server)
    rows.append(row)
    spool = sum(path.stat().st_size for path in (server.folder / "data").glob("spool/**/*") if path.is_file()) / 1048576
    print(f"{at:4d} min {stored(server)} stored, newest {behind_s(server):.1f} s old; MiB "
          + " ".join(f"{role} {row[role][0]:.0f}" for role in row) + "; fd " + " ".join(f"{role} {row[role][1]}" for role in row)
          + "; MiB " + " ".join(f"{kind} {size:.0f}" for kind, size in found.items())
          + f" spool {spool:.0f}; {dead:.1f} % dead; load {os.getloadavg()[0]:.1f}", flush=True)


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
    messages = minutes * 60 * rate // len(DOMAINS) * len(DOMAINS)
    settings = {"server.log_level": "warn", "spool.retention_s": 600, "export.interval_s": 60}
    rows = []
    server = e2e.Server(**settings)
    server.settings["export.dir"] = str(server.folder / "data" / "export")
    with tempfile.TemporaryDirectory() as folder, server:
        print(end_to_end.machine(), f"{rate} a second for {minutes} minutes", flush=True)
        running, start = clients(server, folder, rate, messages), time.monotonic()
        for at in range(1, minutes + 1):
            time.sleep(max(0, start + 60 * at - time.monotonic()))
            minute(server, at, rows)
        codes = [client.wait(600) for client in running]
        e2e.wait_for(lambda: stored(server) >= messages, "all mail to be stored", 600, server, step=1)
        minute(server, minutes, rows)
        grown = judged(rows)
        print(f"clients ended with {sorted(set(codes))}; {stored(server)} of {messages} stored")
        print(f"grew: {', '.join(grown)}" if grown else "nothing grew")
    return 1 if grown or any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
