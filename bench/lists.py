#!/usr/bin/python3
"""bench/lists.py [ROWS]: a list of so many plain addresses (default 1,000,000) in no order, two thirds of them at 40 large domains, onto an
empty suppression list of a server of its own, and back out in each of FORMATS. Beside it, in the same run: PostgreSQL copying those rows into
a table with the same keys, in the order of its primary key, and out of it as CSV; that is what it would cost without us."""
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/e2e"))
import server as e2e  # noqa: E402

FORMATS = ("csv", "ndjson", "postfix", "plain")


def write_list(path, rows):
    numbers = random.Random(5)
    with open(path, "w", encoding="ascii") as out:
        for i in range(rows):
            place = numbers.random()
            domain = f"mail{int(place * 60)}.example" if place < 2 / 3 else f"d{int(numbers.random() ** 2 * 300000)}.example"
            out.write(f"p{numbers.getrandbits(32):x}.{i}@{domain}\n")


def timed(what, argv, out):
    start = time.monotonic()
    pid = subprocess.Popen(argv, stdout=out).pid
    _, status, used = os.wait4(pid, 0)
    assert status == 0, (what, status)
    print(f"{what}: {time.monotonic() - start:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of processor time of its own, "
          f"{used.ru_maxrss // 1024} MiB", flush=True)


def sql(server, what, statement):
    start = time.monotonic()
    folder = server.folder / "data" / "postgres.sock"
    done = subprocess.run(["psql", "-h", str(folder), "-U", "bounced", "-d", "postgres", "-XAtc", statement], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    if what:
        print(f"PostgreSQL, {what}: {time.monotonic() - start:.1f} s", flush=True)


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    with tempfile.TemporaryDirectory() as folder, e2e.Server() as server:
        path = os.path.join(folder, "list.txt")
        write_list(path, rows)
        config = ["--config", str(server.config)]
        print(f"{rows} rows, load average {os.getloadavg()[0]:.2f}")
        with open(os.devnull, "wb") as out:
            timed("import", [e2e.BINARY, "suppress", "import", path, *config], out)
        for name in FORMATS:
            with open(os.path.join(folder, name), "wb") as out:
                timed(f"export as {name}", [e2e.BINARY, "suppress", "export", "--format", name, *config], out)
        sql(server, None, "CREATE TABLE beside (LIKE suppression INCLUDING ALL)")
        sql(server, "the sorted rows into a table with the same keys",
            "INSERT INTO beside SELECT * FROM suppression ORDER BY address, stream")
        sql(server, "the same out of it as CSV",
            f"COPY (SELECT * FROM beside ORDER BY address, stream) TO '{server.folder}/data/postgres/beside.csv' (FORMAT csv)")
        print(f"load average {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
