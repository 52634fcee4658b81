#!/usr/bin/python3
"""bench/scale.py [--check | --write]: what a year takes on disk and what 1 M, 100 M and 1 B bounces a day want, made from bench/per_mail.json, which
bench/per_mail.py measured. The tables stand in docs/operating.md and docs/scale.md between marks; --check exits 1 where one is not what this prints."""
import json
import math
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
TOLD = json.loads((ROOT / "bench" / "per_mail.json").read_text())
DOMAINS, DAY_S, YEAR_DAYS = 50000, 86400, 365
DAYS = (1_000_000, 100_000_000, 1_000_000_000)
PEAK = 3  # of the mean of a day
NODE_CORES, BUSY = 8, 0.5
GIB = 1 << 30
# As configured where nothing is said (core/config.def; store/store.h); weeks are dropped whole, so some are kept a week more. None: for ever.
KEPT_DAYS = {"message": 407, "event": 407, "message_raw": 14, "seen_message": 10, "failure": 31, "rollup_15m": None, "rollup_day": None,
             "rollup_diagnostic": None, "rollup_dimension": None, "total_15m": None, "total_day": None}
UNCLASSIFIED_DAYS = 90
# Rows that events share, by how long: as many as there are keys among the events of that time.
SHARED_S = {"rollup_15m": 900, "rollup_day": DAY_S, "rollup_diagnostic": DAY_S, "rollup_dimension": DAY_S, "total_15m": 900, "total_day": DAY_S}


def domains():
    """(how many, the share of one), by Zipf's law as per_mail.py draws them."""
    at, found = 1, []
    while at < DOMAINS:
        to = min(DOMAINS, at + max(1, at // 20))
        found.append((to - at, math.log(to / at) / math.log(DOMAINS) / (to - at)))
        at = to
    return found


def keys(events):
    """How many of domain and words (reason, outcome, stream) are different, of so many events."""
    every = sum(TOLD["words"])
    words = {n: TOLD["words"].count(n) for n in set(TOLD["words"])}
    return sum(many * times * -math.expm1(events * math.log1p(-share * n / every)) for many, share in domains() for n, times in words.items())


def rows(table, a_day):
    """Bytes of the table and of its indexes, and rows, of a day."""
    size, index, n = (value * a_day for value in TOLD["tables"][table])
    if table not in SHARED_S:
        return size, index, n
    spans, measured = DAY_S / SHARED_S[table], TOLD["fast"]["mails"]
    share = spans * keys(a_day / spans) / a_day / (keys(measured) / measured)
    return size * share, index * share, n * share


def kept_bytes(table, a_day, days):
    return sum(rows(table, a_day)[:2]) * min(days, KEPT_DAYS[table] or days)


def unclassified_bytes(a_day, days):
    return sum(rows("message_raw", a_day)[:2]) * TOLD["unclassified"] * min(days, UNCLASSIFIED_DAYS)


def gib(n):
    return f"{n / GIB:,.1f}" if n < 10 * GIB else f"{n / GIB:,.0f}"


def lines_of(head, body):
    return "\n".join(["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *body)])


def disk():
    a_day, body = DAYS[0], []
    for table, kept in KEPT_DAYS.items():
        size, index, n = rows(table, a_day)
        body.append([f"`{table}`", f"{size / a_day:,.0f}", f"{index / a_day:,.0f}", f"{n / a_day:.2f}", f"{kept} days" if kept else "for ever",
                     gib(kept_bytes(table, a_day, YEAR_DAYS)), gib(kept_bytes(table, a_day, 3 * YEAR_DAYS))])
    body.append(["`message_raw_kept`", "", "", f"{TOLD['unclassified']:.2f}", f"{UNCLASSIFIED_DAYS} days",
                 *[gib(unclassified_bytes(a_day, days * YEAR_DAYS)) for days in (1, 3)]])
    body.append(["all", "", "", "", "", *[gib(held(a_day, years * YEAR_DAYS)) for years in (1, 3)]])
    return lines_of(["table", "bytes a mail", "of indexes", "rows", "kept", "GiB after a year", "after three"], body)


def held(a_day, days):
    return sum(kept_bytes(table, a_day, days) for table in KEPT_DAYS) + unclassified_bytes(a_day, days)


def measured():
    head = ["", "mails", "a second", "bytes of a mail", "smtp", "parser", "loader", "PostgreSQL", "WAL bytes a mail"]
    body = [[name, f"{phase['mails']:,}", str(phase["a_second"]), f"{phase['mail_bytes']:,}", *[f"{phase['cpu_us'][role]} µs" for role in
             ("smtp", "parser", "loader", "postgres")], f"{phase['wal_bytes']:,}"] for name, phase in (("as it goes", TOLD["fast"]), ("paced", TOLD["slow"]))]
    return lines_of(head, body)


def cores(role, a_day):
    return TOLD["fast"]["cpu_us"][role] / 1e6 * PEAK * a_day / DAY_S


def nodes(a_day):
    return max(2, math.ceil(sum(cores(role, a_day) for role in ("smtp", "parser", "loader")) / (NODE_CORES * BUSY)))


def model():
    ways = [("mails a second, mean", lambda n: f"{n / DAY_S:,.0f}"), (f"at a peak of {PEAK} times that", lambda n: f"{PEAK * n / DAY_S:,.0f}"),
            *[(f"cores at the peak: {role}", lambda n, role=role: f"{cores(role, n):,.2f}") for role in ("smtp", "parser", "loader", "postgres")],
            (f"nodes of {NODE_CORES} cores, at most half busy, at least two", lambda n: f"{nodes(n)}"),
            ("WAL, GiB a day", lambda n: gib(TOLD["fast"]["wal_bytes"] * n)),
            ("WAL, MB/s at the peak", lambda n: f"{TOLD['fast']['wal_bytes'] * PEAK * n / DAY_S / 1e6:,.1f}"),
            ("rows of `rollup_15m` a mail", lambda n: f"{rows('rollup_15m', n)[2] / n:.3f}"),
            ("counts, GiB a year", lambda n: gib(sum(kept_bytes(table, n, YEAR_DAYS) for table in SHARED_S))),
            ("bytes of mails, GiB held", lambda n: gib(kept_bytes("message_raw", n, YEAR_DAYS) + unclassified_bytes(n, YEAR_DAYS))),
            ("all, GiB after a year", lambda n: gib(held(n, YEAR_DAYS)))]
    return lines_of(["a day", *[f"{n:,}" for n in DAYS]], [[name, *[way(n) for n in DAYS]] for name, way in ways])


TABLES = {"disk": ("operating.md", disk), "measured": ("scale.md", measured), "model": ("scale.md", model)}


def main():
    wrong = 0
    for name, (file, make) in TABLES.items():
        path, text = ROOT / "docs" / file, make()
        if "--check" not in sys.argv and "--write" not in sys.argv:
            print(f"{file}: {name}\n{text}\n")
            continue
        mark = re.compile(rf"(<!-- bench/scale.py: {name} -->\n).*?(<!-- end -->)", re.S)
        was = path.read_text()
        now = mark.sub(lambda found: found.group(1) + text + "\n" + found.group(2), was)
        assert mark.search(was), f"docs/{file} has no place for {name}"
        if "--write" in sys.argv:
            path.write_text(now)
        elif now != was:
            print(f"docs/{file}: {name} is not what bench/scale.py makes; --write renews it")
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
