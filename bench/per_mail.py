#!/usr/bin/python3
"""bench/per_mail.py [MAILS [OUT.json]]: what a mail costs, measured: processor time of each role, bytes of each table and its indexes, rows, WAL.
A server of its own takes MAILS (50,000) by SMTP, as fast as it goes: every second one a report of 4 KB, the others the mails of tests/golden with
trace fields up to 4 KB; each with a recipient of its own at one of 50,000 domains (Zipf's law) and a return path of its own, in four streams. Then SLOW_MAILS at SLOW_RATE a second, which is a day of 1 M: batches
are small then. Writes bench/per_mail.json, which bench/scale.py makes the tables of docs/operating.md and docs/scale.md of.
BOUNCED: the program."""
import collections
import json
import os
import pathlib
import random
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
os.environ.setdefault("BOUNCED", str(ROOT / "build-release" / "bounced"))
import end_to_end  # noqa: E402
import server as e2e  # noqa: E402

DOMAINS, STREAMS, SESSIONS = 50000, ("news", "shop", "system", "alerts"), 6
SESSION_MAILS = 20000  # then it begins another: none may last for more than half an hour (smtp.session_timeout_s)
SLOW_MAILS, SLOW_RATE = 360, 12
LARGEST = 65536
ROLES = ("smtp", "parser", "loader", "api", "scheduler", "postgres")
TICK_US = 1000000 // os.sysconf("SC_CLK_TCK")
KEY = "stream, domain, outcome, reason, class, proof, rated"


def padded(mail):
    """With fields of its way up to the size of a bounce, as mail systems write them: many are here for one odd line alone."""
    dice, trace = random.Random(len(mail)), b""
    while len(mail) + len(trace) < end_to_end.MESSAGE_BYTES - 100:
        trace += b"Received: from mx%d.example.net (mx%d.example.net [192.0.2.%d])\r\n\tby mx.example.org with ESMTPS id %s\r\n" % (
            dice.randrange(100), dice.randrange(100), dice.randrange(256), dice.randbytes(12).hex().encode())
    return trace + mail


def templates():
    report = end_to_end.payload().encode()
    mails = [path.read_bytes() for path in sorted((ROOT / "tests" / "golden").glob("*.eml"))]
    return [mail for other in mails if len(other) < LARGEST for mail in (e2e.crlf(report), padded(e2e.crlf(other)))]


def mail_of(template, number, domain):
    """Another recipient, at another domain, of another mail."""
    name = f"d{domain}.example".encode()
    mail = template.replace(b"ann@example.com", b"u%d@" % number + name).replace(b"example.com", name)
    return mail.replace(b"essage-ID: <", b"essage-ID: <%d." % number).replace(b"essage-Id: <", b"essage-Id: <%d." % number)


def zipf(dice):
    return int(DOMAINS ** dice.random()) - 1


def give(server, mails, numbers, rate, sizes):
    dice, start = random.Random(numbers.start), time.monotonic()
    for first in range(0, len(numbers), SESSION_MAILS):
        give_in_session(server, mails, numbers, range(first, min(first + SESSION_MAILS, len(numbers))), rate, sizes, dice, start)


def give_in_session(server, mails, numbers, places, rate, sizes, dice, start):
    with e2e.connect(server) as peer:
        for n, number in zip(places, numbers[places.start:places.stop]):
            mail = mail_of(mails[number % len(mails)], number, zipf(dice))
            sizes[number % SESSIONS] += len(mail)
            code, text = e2e.send(peer, mail, recipient=f"b-{number}@{STREAMS[number // len(mails) % 4]}.sender.example")
            assert code == 250, text
            if rate:
                time.sleep(max(0, start + (n + 1) * SESSIONS / rate - time.monotonic()))


def give_all(server, mails, first, count, rate):
    """Mean bytes of a mail."""
    sizes = [0] * SESSIONS
    threads = [threading.Thread(target=give, args=(server, mails, range(first + n, first + count, SESSIONS), rate, sizes)) for n in range(SESSIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    e2e.wait_for(lambda: loaded(server) == first + count, "all to be stored", 3600, server, step=0.5)
    return sum(sizes) / count


def loaded(server):
    return int(server.sql("SELECT coalesce(sum(messages + second_deliveries), 0) FROM spool_position")[0][0])


# ---- what it takes ----

def ticks(pid, fields):
    try:
        words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return sum(int(words[n]) for n in fields)


def children(pid):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and ticks(entry.name, (1,)) == pid:
            found.append(int(entry.name))
    return found


def cpu_us(server):
    """Of each role, of all its processes; of PostgreSQL with those that have ended."""
    own, ended = (11, 12), (11, 12, 13, 14)
    used = {role: sum(ticks(pid, own) for pid in server.pids(role)) * TICK_US for role in ROLES}
    used["postgres"] = sum(ticks(pid, ended) + sum(ticks(child, own) for child in children(pid)) for pid in server.pids("postgres")) * TICK_US
    return used


def wal_bytes(server):
    return int(server.sql("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")[0][0])


def sizes(server):
    """table -> bytes, with what is toasted; bytes of indexes; rows."""
    found = collections.defaultdict(lambda: [0, 0, 0])
    server.sql("ANALYZE")
    for name, *numbers in server.sql(
            "SELECT coalesce(i.inhparent::regclass::text, c.relname), pg_table_size(c.oid), pg_indexes_size(c.oid), c.reltuples::bigint "
            "FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"):
        found[name] = [a + max(int(b), 0) for a, b in zip(found[name], numbers)]
    return found


def in_place(server):
    """table -> updates, in hundred of them in place; dead rows at the end, vacuums."""
    rows = server.sql("SELECT relname, n_tup_upd, n_tup_hot_upd, n_dead_tup, autovacuum_count FROM pg_stat_user_tables WHERE n_tup_upd > 100")
    return {row[0]: [int(row[1]), round(100 * int(row[2]) / int(row[1])), int(row[3]), int(row[4])] for row in rows}


def phase(server, mails, first, count, rate):
    before, wal, start = cpu_us(server), wal_bytes(server), time.monotonic()
    mean = give_all(server, mails, first, count, rate)
    after = cpu_us(server)
    return {"mails": count, "mail_bytes": round(mean), "a_second": round(count / (time.monotonic() - start)),
            "wal_bytes": round((wal_bytes(server) - wal) / count),
            "cpu_us": {role: round((after[role] - before[role]) / count) for role in ROLES}}


def measure(server, count):
    mails, empty = templates(), sizes(server)
    give_all(server, mails, 0, SESSIONS, 0)  # what is done once
    told = {"machine": end_to_end.machine(), "fast": phase(server, mails, SESSIONS, count, 0)}
    tables = sizes(server)
    events = int(server.sql("SELECT count(*) FROM event")[0][0])
    told["events"] = round(events / (count + SESSIONS), 3)
    told["tables"] = {name: [(a - b) / (count + SESSIONS) for a, b in zip(now, empty[name])] for name, now in sorted(tables.items())}
    told["tables"] = {name: [round(n, 3) for n in row] for name, row in told["tables"].items() if row[2] > 0}
    told["unclassified"] = float(server.sql("SELECT round(avg((reason = 'unknown.unclassified')::int), 4) FROM event")[0][0])
    told["words"] = [int(n) for n, in server.sql(f"SELECT count(*) FROM event WHERE domain LIKE 'd%' GROUP BY {KEY.replace('domain, ', '')} ORDER BY 1 DESC")]
    told["keys"] = int(server.sql(f"SELECT count(*) FROM (SELECT DISTINCT {KEY} FROM event) k")[0][0])
    told["updates"] = in_place(server)
    told["slow"] = phase(server, mails, SESSIONS + count, SLOW_MAILS, SLOW_RATE)
    return told


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50000
    out = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "bench" / "per_mail.json"
    settings = {"smtp.return_path_domains": ", ".join(f"{name}.sender.example={name}" for name in STREAMS), "server.log_level": "warn"}
    with e2e.Server(**settings) as server:
        told = measure(server, count)
    out.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
