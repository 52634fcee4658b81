#!/usr/bin/python3
"""/metrics of a server that took, parsed, stored and refused mail: by the rules that `promtool check metrics` has (and by promtool
where it is installed), with numbers that are those of what was done."""
import json
import re
import subprocess
import time
import urllib.parse
import urllib.request

import server as e2e

BOUNCE = e2e.crlf((e2e.ROOT / "tests/golden/dsn-postfix-user-unknown.eml").read_bytes())
LINE = re.compile(r'^([a-z_:][a-z0-9_:]*)(?:\{((?:[^}"]|"[^"]*")*)\})? (-?[0-9.e+]+|\+Inf|NaN)$')
LABEL = re.compile(r'([a-z_]+)="([^"\\\n]*)"')


def family_of(name, types):
    """The family that a line belongs to: of a histogram it has one of three ends."""
    for end in ("_bucket", "_sum", "_count"):
        if name.endswith(end) and types.get(name[:-len(end)]) == "histogram":
            return name[:-len(end)]
    return name


def read(text):
    """{family: type}, {(name, labels): value}; fails where the text is not as it must be."""
    helps, types, rows, last = {}, {}, {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, words = line[7:].split(" ", 1)
            assert name not in helps and words, f"{name} is told of twice, or without a word"
            helps[name] = words
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert name in helps and name not in types, name
            assert kind in ("counter", "gauge", "histogram"), line
            types[name], last = kind, name
        else:
            match = LINE.match(line)
            assert match, line
            family = family_of(match[1], types)
            assert family == last, f"{line}: stands below {last}"
            key = match[1], match[2] or ""
            assert key not in rows, f"twice: {key}"
            rows[key] = float(match[3])
    return types, rows


def check(types, rows):
    """What promtool's linter and the conventions of Prometheus ask for."""
    for name, kind in types.items():
        assert (kind == "counter") == name.endswith("_total"), f"{name} is a {kind}"
        assert not re.search(r"[A-Z]|_(counter|gauge|histogram|bucket|count|sum|info_total|ms|millis|minutes|kb|mb)$", name), name
        assert not re.search(r"_(milliseconds|kilobytes|megabytes|percent)", name), name
    for (name, labels), value in rows.items():
        assert len(LABEL.findall(labels)) == labels.count("="), labels
        if types[family_of(name, types)] == "counter":
            assert value >= 0, (name, value)
    for family in (name for name, kind in types.items() if kind == "histogram"):
        series = {}
        for (name, labels), value in rows.items():
            if name == family + "_bucket":
                pairs = LABEL.findall(labels)
                rest = ",".join(f'{k}="{v}"' for k, v in pairs if k != "le")
                series.setdefault(rest, []).append((float(dict(pairs)["le"].replace("+Inf", "inf")), value))
        for rest, buckets in series.items():
            bounds, counts = zip(*buckets)
            assert list(bounds) == sorted(set(bounds)) and bounds[-1] == float("inf"), (family, bounds)
            assert list(counts) == sorted(counts), (family, rest, counts)
            assert rows[family + "_count", rest] == counts[-1], (family, rest)
            assert (family + "_sum", rest) in rows, (family, rest)


def scrape(server):
    status, _, body = server.request("GET", "/metrics")
    assert status == 200
    types, rows = read(body.decode())
    check(types, rows)
    return body, types, rows


def promtool(body):
    tool = e2e.tool("promtool", "prometheus")
    if tool:
        done = subprocess.run([tool, "check", "metrics"], input=body, capture_output=True, timeout=60)
        assert done.returncode == 0 and not done.stderr, done.stderr.decode()
        rules = e2e.ROOT / "docker/prometheus"
        for words in (["check", "rules", rules / "bounced.rules.yml"], ["test", "rules", rules / "bounced.rules.test.yml"]):
            done = subprocess.run([tool, *words], capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, (words, done.stdout, done.stderr)
    else:
        print("promtool is not installed: its rules as this test has them")


def total(rows, name, **labels):
    want = {(k, v) for k, v in labels.items()}
    return sum(value for (n, text), value in rows.items() if n == name and want <= set(LABEL.findall(text)))


def send(peer, number):
    answer = e2e.send(peer, BOUNCE.replace(b"Subject:", b"X-Number: %d\r\nSubject:" % number, 1), recipient="b@bounces.example")
    assert answer[0] == 250, answer


def take_and_refuse(server):
    for i in range(3):
        with e2e.connect(server) as peer:
            send(peer, i)
    with e2e.connect(server) as peer:
        peer.docmd("MAIL FROM:<>")
        assert peer.docmd("RCPT TO:<x@elsewhere.example>")[0] == 550
        assert peer.docmd("NONSENSE")[0] == 500


def loaded(server):
    return total(scrape(server)[2], "bounced_loaded_messages_total") == 3


def check_numbers(rows):
    assert total(rows, "bounced_loaded_messages_total", kind="bounce", lane="smtp") == 3
    assert total(rows, "bounced_loaded_events_total", outcome="failed") == total(rows, "bounced_loaded_reasons_total") >= 3
    assert total(rows, "bounced_loaded_layers_total") == total(rows, "bounced_loaded_events_total")
    assert total(rows, "bounced_loaded_tokens_total", verdict="none") == 3
    assert total(rows, "bounced_set_aside_total") == 0
    for name in ("bounced_parse_seconds", "bounced_commit_age_seconds"):
        assert total(rows, name + "_count", lane="smtp") == 3, name
    assert total(rows, "bounced_store_batch_seconds_count", lane="smtp") >= 1
    assert total(rows, "bounced_smtp_acknowledge_seconds_count") == 3
    assert 0 < total(rows, "bounced_smtp_acknowledge_seconds_sum") < 600
    assert total(rows, "bounced_smtp_session_seconds_count") >= 4
    assert total(rows, "bounced_smtp_refusal_replies_total", code="550", status="5.7.1") == 1, rows
    assert total(rows, "bounced_smtp_refusal_replies_total", code="500", status="5.5.2") == 1
    assert total(rows, "bounced_spool_backlog") == total(rows, "bounced_spool_oldest_seconds") == 0
    assert total(rows, "bounced_spool_records_total", lane="smtp") == 3
    assert 0 < total(rows, "bounced_spool_used_bytes", lane="smtp") <= total(rows, "bounced_spool_quota_bytes", lane="smtp")
    assert total(rows, "bounced_spool_free_bytes", lane="smtp") > 0
    assert total(rows, "bounced_tls_certificate_expiry_timestamp_seconds") == 0
    assert total(rows, "bounced_build_info") == 1
    assert total(rows, "bounced_database_connections") >= 1
    assert total(rows, "bounced_http_request_seconds_count", route="/metrics") >= 1
    for role in ("smtp", "api", "loader", "scheduler", "parser", "postgres"):
        assert total(rows, "bounced_role_processes", role=role) >= 1, role
        assert total(rows, "process_resident_memory_bytes", role=role) > 1 << 20, role
        assert total(rows, "process_open_fds", role=role) > 2, role
        assert abs(total(rows, "process_start_time_seconds", role=role) - time.time()) < 3600, role
    assert total(rows, "process_cpu_seconds_total") > 0
    assert total(rows, "bounced_suppressions", state="active") == 2 and total(rows, "bounced_suppressions") == 3, rows
    assert abs(total(rows, "bounced_retention_run_timestamp_seconds") - time.time()) < 3600
    for of in ("raw", "raw_unclassified", "events"):
        assert 0 < total(rows, "bounced_retention_dropped_before_timestamp_seconds", of=of) < time.time(), of
        assert total(rows, "bounced_retention_dropped_rows_total", of=of) == 0, of
    assert total(rows, "bounced_role_restarts_total") == 0


def loader_of(server):
    pids = subprocess.run(["pgrep", "-P", str(server.process.pid), "-f", "role loader"], capture_output=True, text=True).stdout.split()
    assert len(pids) == 1, pids
    return pids[0]


def restarts(server):
    subprocess.run(["kill", "-KILL", loader_of(server)], check=True)
    e2e.wait_for(lambda: total(scrape(server)[2], "bounced_role_restarts_total", role="loader") == 1, "a restart to be told", 60, server)


def oldest(server):
    """A loader that stands: what waits, and since when."""
    loader = loader_of(server)
    subprocess.run(["kill", "-STOP", loader], check=True)
    try:
        with e2e.connect(server) as peer:
            send(peer, 3)
        e2e.wait_for(lambda: total(scrape(server)[2], "bounced_spool_oldest_seconds", lane="smtp") >= 1, "the age of what waits",
                     60, server)
        assert total(scrape(server)[2], "bounced_spool_backlog", lane="smtp") == 1
    finally:
        subprocess.run(["kill", "-CONT", loader], check=True)
    e2e.wait_for(lambda: total(scrape(server)[2], "bounced_spool_backlog") == 0, "the loader to go on", 60, server)
    assert total(scrape(server)[2], "bounced_spool_oldest_seconds") == 0


# ---- what the alert rules and the dashboard ask for ----

def queries():
    """(where, query) of the files that are shipped."""
    rules = (e2e.ROOT / "docker/prometheus/bounced.rules.yml").read_text()
    rows = [("rule", " ".join(text.replace("|", "", 1).split()))
            for text in re.findall(r"expr: (.*?)\n        (?=for:|labels:)", rules, re.S)]
    assert len(rows) == rules.count("- alert:")
    panels = json.loads((e2e.ROOT / "docker/grafana/bounced.json").read_text())["panels"]
    return rows + [(panel["title"], target["expr"].replace("$__rate_interval", "1m"))
                   for panel in panels for target in panel["targets"]]


def check_queries(types, rows):
    """Each name exists. Those of exports are there only where there is a job."""
    known = {name for name, _ in rows} | set(types) | {"bounced_export_failures", "bounced_export_delivery_failures", "up"}
    for where, query in queries():
        names = set(re.findall(r"\b(?:bounced|process)_[a-z0-9_]+|\bup\b", query))
        assert names and names <= known, (where, names - known)


def ask(port, query):
    url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=20) as answer:
        return json.load(answer)["data"]["result"]


def check_prometheus(server):
    """A real one, where it is installed: every query of the dashboard has data."""
    tool = e2e.tool("prometheus", "prometheus")
    if not tool:
        print("prometheus is not installed: the dashboard's names were checked, its queries not run")
        return
    port, folder = e2e.free_port(), server.folder / "prometheus"
    folder.mkdir()
    (folder / "p.yml").write_text("global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: bounced\n    static_configs:"
                                  f" [{{targets: ['127.0.0.1:{server.http_port}']}}]\n")
    with open(folder / "log", "wb") as log, subprocess.Popen(
            [tool, f"--config.file={folder}/p.yml", f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"],
            stdout=log, stderr=log, preexec_fn=e2e.die_with_parent) as process:
        def scraped():
            try:
                return ask(port, "count_over_time(bounced_database_up[1m]) > 4")
            except OSError:
                return False
        try:
            e2e.wait_for(scraped, "Prometheus to have scraped", 120, server)
            for where, query in queries():
                if where != "rule":
                    assert ask(port, query), (where, query)
        finally:
            process.kill()


def main():
    with e2e.Server(**{"smtp.return_path_domains": "bounces.example", "smtp.exempt_networks": "127.0.0.0/8"}) as server:
        for address, state in (("ann@list.example", "active"), ("bob@list.example", "active"), ("cat@list.example", "allowed")):
            assert server.request("PUT", f"/v1/suppressions/{address}", {"state": state})[0] == 200
        take_and_refuse(server)
        e2e.wait_for(lambda: loaded(server), "three mails to be loaded", 120, server)
        e2e.wait_for(lambda: total(scrape(server)[2], "bounced_smtp_refusal_replies_total") == 2
                     and total(scrape(server)[2], "bounced_role_processes", role="loader") == 1, "the end of sessions", 60, server)
        body, types, rows = scrape(server)
        promtool(body)
        check_numbers(rows)
        check_queries(types, rows)
        check_prometheus(server)
        oldest(server)
        restarts(server)


main()
