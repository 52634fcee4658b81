#!/usr/bin/env python3
"""`bounced demo`: a month of bounces and volumes; a second run adds nothing, and streams are those of the settings. docs/answers.md is what
the API says of it: UPDATE_DOCS=1 writes it anew, else each of its answers has the fields that the server's have."""
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

import server as e2e

SETTINGS = {"smtp.return_path_domains": "*, news.sender.example=news, shop.sender.example=shop", "suppress.unsigned": "trust",
            "domain.providers": "northmail.example=northmail, northmail.test=northmail, harbour.example=harbour"}


def demo(server, *options):
    return subprocess.run([e2e.BINARY, "demo", "--config", server.config, *options], capture_output=True, text=True, timeout=300)


def sent(server):
    done = demo(server)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[1])


def loaded(server):
    """Messages that were read, those that came a second time with them."""
    return sum(float(line.split()[1]) for line in server.get("/metrics")[1].decode().splitlines()
               if line.startswith(("bounced_messages_stored_total", "bounced_second_deliveries_total")))


def counted(server):
    """What does not depend on the moment: all whole days of the month, by stream and day, and how many are suppressed."""
    window = "from=29d&to=today&"
    pages = [server.get(f"/v1/{path}{'&' if '?' in path else '?'}{window}") for path in
             ("streams", "timeseries?interval=day", "providers", "domains", "reasons")]
    assert all(status == 200 for status, _ in pages), pages
    return [{key: value for key, value in page.items() if key not in ("as_of", "next_cursor")} for _, page in pages]


# ---- docs/answers.md ----

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/answers.md"
INTRO = """# Answers of the demo

What the API says when `bounced demo` has run: `tests/e2e/test_demo.py` asks, writes this page (`UPDATE_DOCS=1`) and compares its fields. Of a
list the first row is shown; what a field means is in [api.md](api.md#fields).
"""
ROWS = 1


def questions(server):
    """Method, target and body of each."""
    event = server.get("/v1/events?limit=1&reason=recipient.unknown")[1]["events"][0]
    entry = server.get("/v1/suppressions?limit=1")[1]["suppressions"][0]["address"]
    who = urllib.parse.quote(entry, safe="@")
    gets = ["overview?from=7d", "domains?from=7d&limit=1", "domains/harbour.example?from=7d", "providers?from=7d&limit=1",
            "breakdown?by=status&from=7d&limit=1", "reasons?from=7d", "streams?from=7d", "timeseries?interval=day&from=7d",
            "diagnostics?from=7d&limit=1", "events?limit=1&reason=recipient.unknown", f"events/{event['id']}", f"recipients/{who}",
            "suppressions?limit=1", f"suppressions/{who}", "suppressions/holds", "exports", "volumes?from=7d&limit=1", "audit?limit=1", "key",
            "system"]
    return [("GET", "/v1/" + target, None) for target in gets] + [
        ("POST", "/v1/suppressions/check", {"addresses": [entry, "clear@example.com", "no address"]}),
        ("POST", "/v1/suppressions/undo", {"from": "2026-01-01T00:00:00Z", "provider": "harbour", "dry_run": True}),
        ("POST", "/v1/classify", {"text": "550 5.1.1 no mailbox of that name here"})]


def short(value):
    """The first row of each list of rows; lists of words as they are."""
    if isinstance(value, dict):
        return {key: short(inner) for key, inner in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [short(row) for row in value[:ROWS]]
    return value


def answers(server):
    for method, target, body in questions(server):
        status, _, text = server.request(method, target, body)
        assert status == 200, (method, target, text)
        yield method, target, body, short(json.loads(text))


def page(server):
    text = INTRO
    for method, target, body, answer in answers(server):
        text += f"\n## {method} {target}\n\n"
        if body:
            text += f"```json\n{json.dumps(body)}\n```\n\nis answered with\n\n"
        text += f"```json\n{json.dumps(answer, indent=1, ensure_ascii=False)}\n```\n"
    return text


def differences(told, now, where):
    """Fields that one of two answers has alone. null, empty lists and texts say nothing of what else may stand there."""
    if isinstance(told, dict) and isinstance(now, dict):
        found = [f"{where}.{key}" for key in told.keys() ^ now.keys()]
        return found + [one for key in told.keys() & now.keys() for one in differences(told[key], now[key], f"{where}.{key}")]
    if isinstance(told, list) and isinstance(now, list) and told and now:
        return differences(told[0], now[0], where + "[]")
    return []


def told_answers():
    """Of the page, by what was asked: ids and addresses in a path differ each time."""
    for part in PAGE.read_text().split("\n## ")[1:]:
        yield part.split("\n")[0], json.loads(re.findall(r"```json\n(.*?)\n```", part, re.S)[-1])


def check_page(server):
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(page(server))
    told, now = list(told_answers()), list(answers(server))
    assert len(told) == len(now), "docs/answers.md is old: run UPDATE_DOCS=1 tests/e2e/test_demo.py"
    for (heading, old), (method, target, _, answer) in zip(told, now):
        assert heading.split("?")[0].split("/")[:3] == f"{method} {target}".split("?")[0].split("/")[:3], (heading, target)
        assert not differences(old, answer, target), (heading, differences(old, answer, target))


def main():
    with e2e.Server(**SETTINGS) as server:
        mails = sent(server)
        e2e.wait_for(lambda: len(server.events()) >= mails, "the month's events", 120, server)
        before = counted(server)
        assert {row["stream"] for row in before[0]["streams"]} == {"news", "shop"}, before[0]
        assert all(row["failure_rate"] for row in before[0]["streams"]), before[0]
        days = before[1]["points"]
        assert len(days) >= 28 and all(point["failed"] and point["attempted"] for point in days), days
        assert {row["provider"] for row in before[2]["providers"]} == {"", "northmail", "harbour"}
        again = sent(server)
        assert again >= mails
        e2e.wait_for(lambda: loaded(server) >= mails + again, "the second run to be read", 120, server)
        assert counted(server) == before
        assert len(server.events()) == again, (len(server.events()), again)
        assert demo(server, "--days", "30").returncode == 2
        check_page(server)
    print(f"{mails} mails, and not one more")


if __name__ == "__main__":
    sys.exit(main())
