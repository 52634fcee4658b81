#!/usr/bin/python3
"""The schema `report`: its views say what the API says, docs/report-schema.md names each column, and its role reads nothing else."""
import json
import re
from pathlib import Path

import server as e2e

BOARD = Path(__file__).resolve().parents[2] / "docker" / "grafana" / "mail.json"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "report-schema.md"
BOUNCE = e2e.crlf(b"""From: MAILER-DAEMON@mx.example.net
To: bounce@news.sender.example
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ann@gmail.com>:
550 5.1.1 no such user

""")


def check_columns(server):
    documented = {}
    for view, columns in re.findall(r"^\| `(report\.\w+)` \| [^|]* \| ([^|]*) \|$", DOCS.read_text(), re.M):
        documented[view] = re.findall(r"`(\w+)`", columns)
    there = {}
    for view, column in server.sql("SELECT 'report.' || table_name, column_name FROM information_schema.columns "
                                   "WHERE table_schema = 'report' ORDER BY table_name, ordinal_position"):
        there.setdefault(view, []).append(column)
    assert documented == there, (documented, there)
    return there


def check_role(server, views):
    """All of the views, and none of the tables."""
    refused = 0
    for view in views:
        server.sql(f"SET ROLE bounced_report; SELECT count(*) FROM {view}")
    tables = [name for [name] in server.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    assert len(tables) > 20, tables
    for table in tables:
        for sql in (f'SELECT count(*) FROM public."{table}"', f'DELETE FROM public."{table}"'):
            try:
                server.sql(f"SET ROLE bounced_report; {sql}")
            except AssertionError:
                refused += 1
    assert refused == 2 * len(tables), f"{refused} of {2 * len(tables)}"


def check_numbers(server):
    for view in ("domain_day", "provider_day", "stream_day"):
        row = server.sql(f"SELECT attempted, failed, hard, unproven FROM report.{view} WHERE basis = 'event' AND stream = 'default'")
        assert row == [["40", "1", "1", "0"]], (view, row)
    assert server.sql("SELECT provider FROM report.provider_day WHERE basis = 'event'") == [["google"]]
    assert server.sql("SELECT status, failed FROM report.status_day WHERE basis = 'event'") == [["5.1.1", "1"]]
    assert server.sql("SELECT reason, about, n FROM report.reason_day WHERE basis = 'event'") == [["recipient.unknown", "recipient", "1"]]
    assert server.sql("SELECT template, n FROM report.diagnostic_day") == [["550 5.1.1 no such user", "1"]]
    assert server.sql("SELECT domain, org_domain, provider, outcome FROM report.event") == [["gmail.com", "gmail.com", "google", "failed"]]
    for view in ("domain_day", "event", "diagnostic_day", "suppression_state"):
        assert "ann@" not in str(server.sql(f"SELECT * FROM report.{view}")), view


def as_grafana_asks(sql):
    """Its variables and its macro for the window (Grafana documentation, PostgreSQL data source)."""
    sql = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 BETWEEN now() - interval '30 days' AND now()", sql)
    sql = sql.replace("${stream:sqlstring}", "'default'").replace("$basis", "event")
    assert "$" not in sql, sql
    return sql


def asked(server, sql):
    first, *rows = server.sql(f"SET ROLE bounced_report; {sql}")
    assert first == ["SET"], first
    return rows


def check_dashboard(server):
    """Each panel has data, by the role that may read no more; what is drawn over time has a time; none covers another."""
    board = json.loads(BOARD.read_text())
    taken = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
        for target in panel["targets"]:
            sql = as_grafana_asks(target["rawSql"])
            rows = asked(server, sql)
            assert rows and any(value for value in rows[0]), (panel["title"], rows)
            if target["format"] == "time_series":
                drawn = asked(server, f"SELECT DISTINCT pg_typeof(q.time) FROM ({sql}) q")
                assert drawn == [["timestamp with time zone"]], (panel["title"], drawn)
    assert asked(server, board["templating"]["list"][1]["query"]) == [["default"]]
    [rate] = [asked(server, as_grafana_asks(panel["targets"][0]["rawSql"]))[0][0] for panel in board["panels"]
              if panel["title"] == "Failure rate"]
    assert float(rate) == 1 / 40, rate
    return len(board["panels"])


def main():
    with e2e.Server() as server:
        status, _, text = server.request("POST", "/v1/messages?recipient=bounce@news.sender.example", BOUNCE,
                                         {"Content-Type": "message/rfc822"})
        assert status == 202, text
        e2e.wait_for(lambda: server.sql("SELECT count(*) FROM event") == [["1"]], "the event", 60, server)
        [[hour]] = server.sql("SELECT to_char(date_trunc('hour', happened_at), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM event")
        status, _, text = server.request("POST", "/v1/volumes", {"volumes": [
            {"hour": hour, "domain": "gmail.com", "attempted": 40}]})
        assert status == 200, text
        views = check_columns(server)
        check_numbers(server)
        check_role(server, views)
        panels = check_dashboard(server)
        print(f"{panels} panels of the dashboard have data; {len(views)} views are documented, and their role reads nothing else")


main()
