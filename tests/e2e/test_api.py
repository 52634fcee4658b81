#!/usr/bin/python3
"""The whole API of a running server, every answer held against /openapi.json; keys from the command line."""
import csv
import io
import json
import re
import subprocess
import sys
import time

import api_texts as texts
import server as e2e

try:
    import jsonschema
except ImportError:
    e2e.skip("python3-jsonschema is not installed")

BOUNCE = e2e.crlf(b"""From: MAILER-DAEMON@mx.example.net
To: bounce@news.sender.example
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ann@example.com>:
Sorry, no mailbox here by that name. (#5.1.1)

""")
MAIL_TYPE = {"Content-Type": "message/rfc822"}
WINDOW = "from=2020-01-01&to=2040-01-01"


class Checked:
    """Requests whose answers must be what the document says."""

    def __init__(self, server):
        self.server, self.seen = server, set()
        status, self.document = server.get("/openapi.json")
        assert status == 200 and self.document["openapi"].startswith("3.1."), status
        self.root = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": self.document["components"]}

    def operation(self, method, path):
        for template, operations in self.document["paths"].items():
            pattern = re.sub(r"\{\w+\}", "[^/]+", re.escape(template).replace(r"\{", "{").replace(r"\}", "}"))
            if re.fullmatch(pattern, path.split("?")[0]) and method.lower() in operations:
                return template, operations[method.lower()]
        raise AssertionError(f"{method} {path} is not in the document")

    def request(self, method, path, body=None, headers=None, status=200):
        """The answer, decoded where it is JSON; asserts its status and its form."""
        code, fields, text = self.server.request(method, path, body, headers)
        assert code == status, (method, path, code, text[:500])
        template, operation = self.operation(method, path)
        assert str(code) in operation["responses"], (method, path, code, "has no such response")
        response = operation["responses"][str(code)]
        if "$ref" in response:
            response = self.document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
        kind = fields["Content-Type"].split(";")[0]
        assert kind in response["content"], (method, path, code, kind)
        self.seen.add((method, template, code, kind))
        assert fields["X-Content-Type-Options"] == "nosniff" and fields["Cache-Control"].split(",")[0] in ("no-store", "private", "no-cache")
        if kind not in ("application/json", "application/problem+json"):
            return text, fields
        answer = json.loads(text)
        jsonschema.Draft202012Validator({**self.root, **response["content"][kind]["schema"]},
                                        format_checker=jsonschema.FormatChecker()).validate(answer)
        return answer, fields


def check_mail(api):
    answer, _ = api.request("POST", "/v1/messages?recipient=bounce@news.sender.example&stream=news", BOUNCE,
                            MAIL_TYPE, 202)
    path = f"/v1/messages/{answer['message_id']}/raw"
    e2e.wait_for(lambda: api.server.request("GET", path)[0] == 200, "the message to be stored", 60, api.server)
    raw, fields = api.request("GET", path)
    assert raw == BOUNCE, raw
    [[session]] = api.server.sql("SELECT session_id FROM message WHERE message_id = '%s'" % answer["message_id"])
    lines = [line for line in api.server.log_path.read_text().splitlines() if f" id={session} " in line + " "]
    assert [re.search("event=([a-z_]+)", line)[1] for line in lines] == ["message_stored"], lines
    assert fields["Content-Type"] == "message/rfc822" and "attachment" in fields["Content-Disposition"], fields
    api.request("GET", "/v1/messages/00000000-0000-0000-0000-000000000000/raw", status=404)
    api.request("GET", "/v1/messages/none/raw", status=404)
    api.request("POST", "/v1/messages", b"", MAIL_TYPE, 400)
    api.request("POST", "/v1/messages", BOUNCE, {"Content-Type": "text/plain"}, 415)
    api.request("POST", "/v1/messages?recipient=a%0Ab", BOUNCE, MAIL_TYPE, 400)
    api.request("POST", "/v1/messages", b"x" * ((10 << 20) + 1), MAIL_TYPE, 413)
    e2e.wait_for(lambda: api.server.request("POST", "/v1/parse", BOUNCE, MAIL_TYPE)[0] == 200, "a parser", 60,
                 api.server)
    report, _ = api.request("POST", "/v1/parse", BOUNCE, MAIL_TYPE)
    assert report["events"][0]["recipient"] == "ann@example.com", report
    api.request("POST", "/v1/parse", b"", MAIL_TYPE, 400)
    api.request("POST", "/v1/parse", b"x" * (10 << 20), MAIL_TYPE)
    return answer["message_id"]


def check_reports(api):
    volumes = {"volumes": [{"hour": "2021-11-23T10:00:00Z", "domain": "example.com", "stream": "news", "attempted": 9}]}
    assert api.request("POST", "/v1/volumes", volumes)[0] == {"stored": 1}
    api.request("POST", "/v1/volumes", {"volumes": [{}]}, status=400)
    domains, _ = api.request("GET", f"/v1/domains?{WINDOW}")
    assert domains["domains"][0]["domain"] == "example.com" and domains["domains"][0]["failed"] == 1, domains
    api.request("GET", f"/v1/domains/example.com?{WINDOW}&step=day")
    events, _ = api.request("GET", f"/v1/events?{WINDOW}&stream=news")
    assert len(events["events"]) == 1, events
    event, _ = api.request("GET", "/v1/events/" + events["events"][0]["id"])
    assert event["message"]["forward_path"] == "bounce@news.sender.example", event
    api.request("GET", "/v1/events/none", status=404)
    recipient, _ = api.request("GET", "/v1/recipients/ANN@example.com")
    assert recipient["failed"] == 1 and len(recipient["newest"]) == 1, recipient
    recipient, _ = api.request("GET", "/v1/recipients/nobody@example.com")
    assert recipient["events"] == 0 and recipient["first_at"] is None, recipient
    reasons, _ = api.request("GET", f"/v1/reasons?{WINDOW}")
    assert reasons["reasons"][0]["class"] == "hard", reasons
    streams, _ = api.request("GET", f"/v1/streams?{WINDOW}")
    total, _ = api.request("GET", f"/v1/overview?{WINDOW}")
    check_summary(api, total, streams)
    system, _ = api.request("GET", "/v1/system")
    assert {lane["name"] for lane in system["lanes"]} >= {"smtp", "api"}, system
    assert {role["name"] for role in system["roles"] if role["processes"]} >= {"smtp", "api"}, system
    texts.check_silence(api)
    assert api.request("GET", "/v1/key")[0] == {"scope": "admin", "streams": []}
    for count in ("attempted", "failed", "hard", "soft", "block", "delayed", "complaints"):
        assert total[count] == sum(row[count] or 0 for row in streams["streams"]), (count, total, streams)
    assert total["before"]["to"] == total["from"] and total["before"]["failure_rate"] is None, total
    assert [row["stream"] for row in streams["streams"]] == ["news"], streams
    for interval in ("15m", "hour", "day", "week", "month"):
        series, _ = api.request("GET", f"/v1/timeseries?interval={interval}&tz=Asia/Kolkata")
        assert sum(point["failed"] for point in series["points"]) == 1, series
    for wrong in ("interval=15m&" + WINDOW, "tz=Nowhere/Town", "tz=%2B5", "interval=year", "from=x"):
        api.request("GET", f"/v1/timeseries?{wrong}", status=400)


def check_summary(api, total, streams):
    """One answer says what the single ones say."""
    moment = lambda answer: {key: value for key, value in answer.items() if key != "as_of"}
    series, _ = api.request("GET", f"/v1/timeseries?{WINDOW}&interval=month&fill=true")
    for stream in ("", "&stream=news"):
        summary, _ = api.request("GET", f"/v1/summary?{WINDOW}&interval=month&fill=true{stream}")
        assert summary["overview"]["failed"] == total["failed"] == 1 and moment(summary["streams"]) == moment(streams), summary
        assert summary["timeseries"]["points"] == series["points"], summary
        assert [row["reason"] for row in summary["reasons"]] == ["recipient.unknown"], summary
        assert [point["at"] for point in summary["reasons"][0]["points"]] == [point["at"] for point in series["points"]], summary
        assert sum(point["failed"] for point in summary["reasons"][0]["points"]) == 1, summary
    api.request("GET", "/v1/summary?tz=Nowhere/Town", status=400)
    moved, _ = api.request("GET", f"/v1/movers?{WINDOW}")
    assert [(row["domain"], row["difference"], row["before"]["failed"]) for row in moved["domains"]] == [("example.com", 1, 0)], moved
    assert [row["provider"] for row in moved["providers"]] == [""] and moved["before"]["to"] == moved["from"], moved


def check_words(api):
    """By each word, as it is kept, and counted from events by a filter: the same failures."""
    for word in ("domain", "org_domain", "provider", "stream", "campaign", "source", "reason", "class", "outcome", "status",
                 "reporting_mta", "remote_mta"):
        kept, _ = api.request("GET", f"/v1/breakdown?by={word}&from=30d&limit=1000")
        counted, _ = api.request("GET", f"/v1/breakdown?by={word}&from=30d&limit=1000&domain=example.com&source=http")
        assert kept["counted_from"] == ("events" if word.endswith("mta") else "rollups") and counted["counted_from"] == "events", (kept, counted)
        failed = [sum(row["failed"] for row in answer["rows"]) for answer in (kept, counted)]
        assert failed[0] == failed[1] == 1, (word, kept, counted)
        value = next(row["value"] for row in kept["rows"] if row["failed"])
        if word in ("provider", "org_domain", "status") and value:
            for path in ("timeseries?interval=day&", "timeseries?interval=hour&", "reasons?", "streams?", "domains?", "events?"):
                answer, _ = api.request("GET", f"/v1/{path}from=30d&{word}={value}")
                rows = next(answer[key] for key in ("points", "reasons", "streams", "domains", "events") if key in answer)
                assert len(rows) == 1, (path, word, value, answer)
    providers, _ = api.request("GET", "/v1/providers?from=30d")
    assert [row["provider"] for row in providers["providers"]] == [""], providers
    texts, _ = api.request("GET", "/v1/diagnostics?from=30d")
    assert [row["count"] for row in texts["diagnostics"]] == [1], texts
    for message, found in (("1@sender.example", 0), ("", 1)):
        answer, _ = api.request("GET", f"/v1/events?message_id={message}")
        assert len(answer["events"]) == found, answer


def check_forms(api):
    """Lists as NDJSON and CSV, pages of both, and what Accept says."""
    for n in range(3):
        api.request("POST", "/v1/messages?stream=other", BOUNCE.replace(b"<ann@", b"<=ann%d@" % n), MAIL_TYPE, 202)
    e2e.wait_for(lambda: len(api.server.events(stream="other")) == 3, "three events", 60, api.server)
    for path in ("domains", "events", "reasons", "streams", "timeseries", "suppressions"):
        text, fields = api.request("GET", f"/v1/{path}", headers={"Accept": "application/x-ndjson"})
        assert text and all(isinstance(json.loads(line), dict) for line in text.splitlines()), text
        text, fields = api.request("GET", f"/v1/{path}", headers={"Accept": "text/csv"})
        rows = list(csv.reader(io.StringIO(text.decode(), newline="")))
        assert len(rows) > 1 and all(len(row) == len(rows[0]) for row in rows), rows
        api.request("GET", f"/v1/{path}", headers={"Accept": "image/png"}, status=406)
        api.request("GET", f"/v1/{path}", headers={"Accept": "text/html, */*;q=0.1"})
    text, _ = api.request("GET", "/v1/events?stream=other", headers={"Accept": "text/csv"})
    cells = [row["recipient"] for row in csv.DictReader(io.StringIO(text.decode(), newline=""))]
    assert len(cells) == 3 and all(cell.startswith("'=ann") for cell in cells), cells
    seen, path = [], "/v1/events?stream=other&limit=2"
    while path:
        text, fields = api.request("GET", path, headers={"Accept": "application/x-ndjson"})
        seen += [json.loads(line)["id"] for line in text.splitlines()]
        path = re.fullmatch(r"<(.*)>; rel=\"next\"", fields["Link"])[1] if fields["Link"] else None
    assert len(seen) == len(set(seen)) == 3, seen


def check_rest(api):
    api.request("GET", "/healthz")
    api.request("GET", "/readyz")
    api.request("GET", "/readyz?exports")
    assert api.request("GET", "/v1/exports")[0] == {"exports": []}
    assert {row["who"] for row in api.request("GET", "/v1/audit?from=1d")[0]["audit"]} >= {"bounced"}
    api.request("GET", "/openapi.json")
    text, fields = api.request("GET", "/metrics")
    assert "version=0.0.4" in fields["Content-Type"]
    lines = text.decode().splitlines()
    assert "bounced_database_up 1" in lines, lines
    total = sum(int(line.split()[-1]) for line in lines if line.startswith("bounced_messages_stored_total{"))
    assert total == 4, lines
    assert any(re.match(r'bounced_http_requests_total\{method="GET",route="/healthz",status="200"\} [1-9]', line)
               for line in lines), lines
    return text


def key(server, *words):
    done = subprocess.run([e2e.BINARY, "key", *words, "--config", server.config], capture_output=True, text=True,
                          timeout=60)
    return done.returncode, done.stdout.strip(), done.stderr


def bearer(text):
    return {"Authorization": f"Bearer {text}"}


def check_bound_volumes(api, bound):
    """A key of one stream need not name it, and sees no other's."""
    row = {"hour": "2021-11-23T10:00:00Z", "domain": "example.com", "attempted": 1}
    api.request("POST", "/v1/volumes", {"volumes": [{**row, "stream": "other"}]}, bearer(bound))
    api.request("POST", "/v1/volumes", {"volumes": [row]}, bearer(bound))
    kept, _ = api.request("GET", f"/v1/volumes?{WINDOW}", headers=bearer(bound))
    assert [kept_row["stream"] for kept_row in kept["volumes"]] == ["other"], kept
    api.request("GET", f"/v1/volumes?{WINDOW}&stream=news", headers=bearer(bound), status=403)
    deleted, _ = api.request("DELETE", f"/v1/volumes?{WINDOW}", headers=bearer(bound))
    assert deleted == {"deleted": 1}, deleted


def check_keys(api):
    server = api.server
    answers = {scope: key(server, "create", f"a {scope} key", "--scope", scope) for scope in ("read", "write", "admin")}
    created = {scope: text for scope, (_, text, _) in answers.items()}
    assert all(re.fullmatch(r"bk_[0-9a-f]{72}", text) for text in created.values()), answers
    for wrong in (("create",), ("create", "x", "--scope", "all"), ("create", ""), ("create", "x", "--expires", "soon"),
                  ("create", "x", "--expires", "2001-01-01"), ("create", "x", "--stream", ","), ("nothing",)):
        assert key(server, *wrong)[0] == 2, wrong
    empty = {"volumes": []}
    for scope, text in created.items():
        api.request("GET", "/v1/domains", headers=bearer(text))
        api.request("POST", "/v1/volumes", empty, bearer(text), 403 if scope == "read" else 200)
        assert text not in server.sql("SELECT array_agg(k) FROM api_key k")[0][0], "the key itself is stored"
    _, listed, _ = key(server, "list")
    assert listed.count("\n") == 3 and created["read"][3:11] in listed and created["read"] not in listed, listed

    bound = key(server, "create", "bound", "--scope", "write", "--stream", "other")[1]
    seen, _ = api.request("GET", "/v1/events", headers=bearer(bound))
    assert {event["stream"] for event in seen["events"]} == {"other"}, seen
    seen, _ = api.request("GET", "/v1/streams", headers=bearer(bound))
    assert [row["stream"] for row in seen["streams"]] == ["other"], seen
    api.request("GET", "/v1/events?stream=news", headers=bearer(bound), status=403)
    foreign = server.events(stream="news")[0]
    api.request("GET", f"/v1/events/{foreign['id']}", headers=bearer(bound), status=404)
    api.request("GET", f"/v1/messages/{foreign['message_id']}/raw", headers=bearer(bound), status=404)
    assert api.request("GET", "/v1/recipients/ann@example.com", headers=bearer(bound))[0]["events"] == 0
    check_bound_volumes(api, bound)
    api.request("POST", "/v1/messages?stream=news", BOUNCE, {**MAIL_TYPE, **bearer(bound)}, 403)
    api.request("GET", "/metrics", headers=bearer(bound), status=403)
    assert api.request("GET", "/v1/key", headers=bearer(bound))[0] == {"scope": "write", "streams": ["other"]}
    api.request("GET", "/v1/system", headers=bearer(bound), status=403)
    two = key(server, "create", "two", "--stream", "other,news")[1]
    api.request("GET", "/v1/events", headers=bearer(two), status=403)
    api.request("GET", "/v1/events?stream=news", headers=bearer(two))

    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 5))
    short = key(server, "create", "short", "--expires", soon)[1]
    api.request("GET", "/v1/domains", headers=bearer(short))
    server.wait_dead = lambda text: server.request("GET", "/v1/domains", headers=bearer(text))[0] == 401
    e2e.wait_for(lambda: server.wait_dead(short), "the key to expire", 60, server)

    api.request("GET", "/v1/domains", headers=bearer(created["read"]))
    assert key(server, "revoke", created["read"])[0] == 0
    assert key(server, "revoke", created["read"][3:11])[0] == 1
    start = time.monotonic()
    e2e.wait_for(lambda: server.wait_dead(created["read"]), "the key to die", 60, server)
    print(f"a revoked key died after {time.monotonic() - start:.1f} s")
    used = server.sql("SELECT last_used_at IS NOT NULL FROM api_key WHERE name = 'a write key'")
    assert used == [["t"]], used


def check_bad_keys(api):
    """Ten bad keys, then 429; a good key that was there before goes on."""
    server = api.server
    good = key(server, "create", "good")[1]
    api.request("GET", "/v1/domains", headers=bearer(good))
    for text in ("x", "bk_" + "0" * 72, good[:-1] + ("0" if good[-1] != "0" else "1")):
        _, fields = api.request("GET", "/v1/domains", headers=bearer(text), status=401)
        assert fields["WWW-Authenticate"] == "Bearer", fields
    codes = [server.request("GET", "/v1/domains", headers=bearer("y"))[0] for _ in range(12)]
    assert codes[-1] == 429 and set(codes) <= {401, 429}, codes
    _, fields = api.request("GET", "/v1/domains", headers=bearer("y"), status=429)
    assert fields["Retry-After"] == "60", fields
    api.request("GET", "/v1/domains", headers=bearer(good))
    api.request("POST", "/v1/parse", BOUNCE, {**MAIL_TYPE, "Authorization": "Basic eDp5"}, 401)


def check_refused(api):
    """What is no question and no entry."""
    for method, path, body in (("GET", "?state=gone", None), ("GET", "?cursor=abc", None),
                               ("PUT", "/a@b.example", {"note": 1}), ("PUT", "/a@b.example", {"why": "x"}),
                               ("PUT", "/a@b.example", {"note": "x" * 1025}), ("PUT", "/a@b.example", {"note": "\0"}),
                               ("PUT", "/a@b.example", []), ("PUT", "/a@b.example?stream=" + "s" * 129, {}),
                               ("PUT", "/a@b.example", {"state": "removed"}), ("PUT", "/a@b.example", {"state": 1}),
                               ("PUT", "/a@b.example", {"expires_at": "2020-01-01T00:00:00Z"}), ("POST", "/check", {"addresses": "a@b.example"}),
                               ("POST", "/check", {}), ("POST", "/check", {"addresses": [1]}),
                               ("POST", "/check", {"addresses": ["a@b.example"] * 10001})):
        api.request(method, f"/v1/suppressions{path}", body, status=400)


def check_undo(api):
    """A window that had nothing; what is no window."""
    answer, _ = api.request("POST", "/v1/suppressions/undo", {"from": "2020-01-01", "to": "2020-01-02", "provider": "x.example",
                                                              "rule": "r", "reason": "recipient.unknown"})
    assert answer == {"dry_run": True, "events": 0, "entries": 0, "lifted": 0, "suppressed": 0}, answer
    assert not api.request("POST", "/v1/suppressions/undo", {"from": "2020-01-01", "to": "2020-01-02",
                                                             "dry_run": False})[0]["dry_run"]
    for body in ({}, {"from": 1}, {"from": "then"}, {"from": "2020-01-01", "dry_run": "no"}, {"from": "2020-01-01", "x": 1}):
        api.request("POST", "/v1/suppressions/undo", body, status=400)


def open_hold(api, provider, last_at, told):
    """One that is on, and an entry that waits for it."""
    api.request("PUT", f"/v1/suppressions/h@{provider}", {"state": "held"})
    api.server.sql("UPDATE suppression SET source = 'bounce' WHERE domain = '%s'" % provider)
    api.server.sql(f"WITH h AS (INSERT INTO suppression_hold (provider, since, last_at, state, n, limit_n, told) VALUES "
                   f"('{provider}', {last_at}, {last_at}, 'open', 9, 1, {told}) RETURNING hold_id, provider) "
                   "INSERT INTO suppression_evidence (address, stream, event_id, seen_at, origin, network, reason, class, decision, "
                   "complaint, serves, hold_id, provider) SELECT 'h@' || provider, '', gen_random_uuid(), now(), '', '', "
                   "'recipient.unknown', 'hard', 'suppress', false, false, hold_id, provider FROM h")


def check_holds(api):
    """A provider that is not believed: seen, released, discarded once, and by nobody who is bound to a stream."""
    for provider in ("one.example", "two.example"):
        open_hold(api, provider, "now()", "true")
    holds = {row["provider"]: row for row in api.request("GET", "/v1/suppressions/holds")[0]["holds"]}
    assert {(row["state"], row["entries"], row["answers"], row["believed"], row["decided_by"]) for row in holds.values()} == {
        ("open", 1, 9, 1, None)}, holds
    metrics = api.request("GET", "/metrics")[0].decode()
    assert "\nbounced_suppression_holds 2\n" in metrics and "\nbounced_suppression_held_events 2\n" in metrics, metrics
    reader, bound = (bearer(key(api.server, "create", *words)[1]) for words in (
        ("holds-read", "--scope", "read"), ("holds-bound", "--scope", "write", "--stream", "news")))
    path = f"/v1/suppressions/holds/{holds['one.example']['id']}"
    api.request("GET", "/v1/suppressions/holds", headers=reader)
    api.request("GET", "/v1/suppressions/holds", headers=bound, status=403)
    for headers in (reader, bound):
        api.request("POST", f"{path}/release", {}, headers=headers, status=403)
    for body, kind, status in (({"x": 1}, None, 400), (b"a=b", "application/x-www-form-urlencoded", 415), (b"{}", "text/plain", 415)):
        api.request("POST", f"{path}/release", body, kind and {"Content-Type": kind}, status=status)
    answer, _ = api.request("POST", f"{path}/release", {})
    assert (answer["state"], answer["entries"], answer["suppressed"]) == ("released", 1, 1), answer
    answer, _ = api.request("POST", f"/v1/suppressions/holds/{holds['two.example']['id']}/discard", {})
    assert (answer["state"], answer["entries"], answer["suppressed"]) == ("discarded", 1, 0), answer
    for wrong in (path, "/v1/suppressions/holds/0", "/v1/suppressions/holds/x", "/v1/suppressions/holds/9223372036854775808"):
        api.request("POST", f"{wrong}/discard", {}, status=404)
    states = {row["provider"]: (row["state"], row["decided_by"]) for row in api.request("GET", "/v1/suppressions/holds")[0]["holds"]}
    assert states == {"one.example": ("released", "loopback"), "two.example": ("discarded", "loopback")}, states
    for who, answer in (("h@one.example", "suppressed"), ("h@two.example", "clear")):
        checked = api.request("POST", "/v1/suppressions/check", {"addresses": [who]})[0]["answers"]
        assert [row["answer"] for row in checked] == ([answer] if answer != "clear" else []), checked
    assert "\nbounced_suppression_holds 0\n" in api.request("GET", "/metrics")[0].decode()


def check_entries(api):
    """Whole domains, what is allowed, what ends, and an address that a spreadsheet would take for a formula."""
    assert api.request("PUT", "/v1/suppressions/a@wide.example")[0]["note"] is None  # no body, no type
    entry, _ = api.request("PUT", "/v1/suppressions/@Wide.Example", {"note": "closed down"})
    assert (entry["address"], entry["answer"]) == ("@wide.example", "suppressed"), entry
    found, _ = api.request("GET", "/v1/suppressions/b@wide.example?stream=shop")
    assert (found["address"], found["answer"], found["note"]) == ("@wide.example", "suppressed", "closed down"), found
    entry, _ = api.request("PUT", "/v1/suppressions/a@wide.example?stream=news",
                           {"state": "allowed", "expires_at": "2100-01-01T00:00:00Z"})
    assert (entry["answer"], entry["expires_at"], len(entry["entries"])) == ("allowed", "2100-01-01T00:00:00Z", 3), entry
    for stream, answer in (("news", "allowed"), ("shop", "suppressed")):
        path = f"/v1/suppressions/a@wide.example?stream={stream}"
        assert api.request("GET", path)[0]["answer"] == answer
        asked = api.request("POST", f"/v1/suppressions/check?stream={stream}", {"addresses": ["a@wide.example"]})[0]
        assert asked["answers"][0]["answer"] == answer, asked
        rows = api.request("GET", f"/v1/suppressions?domain=wide.example&stream={stream}")[0]["suppressions"]
        assert {row["answer"] for row in rows if row["address"] == "a@wide.example"} == {answer}, rows
    api.request("PUT", "/v1/suppressions/%3D1+2@wide.example")
    text, _ = api.request("GET", "/v1/suppressions?domain=wide.example", headers={"Accept": "text/csv"})
    assert {row["address"] for row in csv.DictReader(io.StringIO(text.decode()))} == {
        "=1+2@wide.example", "@wide.example", "a@wide.example"}, text


def check_bound(api):
    """A key bound to a stream gets the same answers from list, get and check, and sees no note of others."""
    server = api.server
    bound = bearer(key(server, "create", "bound", "--scope", "write", "--stream", "news")[1])
    api.request("PUT", "/v1/suppressions/g@bound.example", {"note": "ours alone"})
    api.request("PUT", "/v1/suppressions/n@bound.example?stream=news", {"note": "of news"})
    api.request("PUT", "/v1/suppressions/s@bound.example?stream=shop", {"note": "of shop"})
    rows = api.request("GET", "/v1/suppressions?domain=bound.example", headers=bound)[0]["suppressions"]
    assert [(row["address"], row["answer"], row["note"], row["changed_by"]) for row in rows] == [
        ("g@bound.example", "suppressed", None, None),
        ("n@bound.example", "suppressed", "of news", "loopback")], rows
    asked = {"addresses": [f"{who}@bound.example" for who in "gns"]}
    answer = api.request("POST", "/v1/suppressions/check", asked, headers=bound)[0]
    assert [row["address"] for row in answer["suppressed"]] == ["g@bound.example", "n@bound.example"], answer
    assert "ours alone" not in json.dumps(answer), answer
    assert api.request("GET", "/v1/suppressions/g@bound.example", headers=bound)[0]["diagnostic"] is None
    api.request("GET", "/v1/suppressions/s@bound.example", headers=bound, status=404)
    api.request("PUT", "/v1/suppressions/g@bound.example", {"state": "allowed"}, headers=bound, status=403)
    entry = api.request("DELETE", "/v1/suppressions/n@bound.example", headers=bound)[0]
    assert entry["state"] == "removed" and entry["changed_by"].startswith("key:"), entry
    assert api.request("DELETE", "/v1/suppressions/g@bound.example", headers=bound)[0]["answer"] == "suppressed"


def check_suppressions(api):
    """By hand on and off, asked one by one, as a list, and for many at once."""
    entry, _ = api.request("PUT", "/v1/suppressions/Zoe@Example.NET", {"note": "asked on the phone"})
    assert (entry["address"], entry["state"], entry["source"]) == ("zoe@example.net", "active", "manual"), entry
    assert entry["diagnostic"] == "asked on the phone" and entry["events"] == [] and entry["stream"] is None, entry
    api.request("PUT", "/v1/suppressions/yan@example.net?stream=news", {})
    known, _ = api.request("GET", "/v1/recipients/zoe@example.net")
    assert known["suppression"]["answer"] == "suppressed" and known["suppression"]["entry"]["source"] == "manual", known
    assert api.request("GET", "/v1/suppressions/zoe%40example.net")[0] == entry
    assert api.request("GET", "/v1/suppressions/yan@example.net")[0]["answer"] == "suppressed"
    api.request("GET", "/v1/suppressions/yan@example.net?stream=shop", status=404)
    assert api.request("GET", "/v1/suppressions/yan@example.net?stream=news")[0]["stream"] == "news"
    page, fields = api.request("GET", "/v1/suppressions?limit=1&domain=example.net&state=active")
    assert [row["address"] for row in page["suppressions"]] == ["yan@example.net"], page
    assert 'rel="next"' in fields["Link"], fields
    cursor = page["next_cursor"]
    api.request("GET", f"/v1/suppressions?limit=1&domain=example.net&state=held&cursor={cursor}", status=400)
    page, _ = api.request("GET", f"/v1/suppressions?limit=1&domain=example.net&state=active&cursor={cursor}")
    assert [row["address"] for row in page["suppressions"]] == ["zoe@example.net"] and not page["next_cursor"], page
    assert len(api.request("GET", "/v1/suppressions?stream=news")[0]["suppressions"]) == 2
    assert len(api.request("GET", "/v1/suppressions?stream=shop")[0]["suppressions"]) == 1
    text, _ = api.request("GET", "/v1/suppressions", headers={"Accept": "text/csv"})
    assert [row["address"] for row in csv.DictReader(io.StringIO(text.decode()))] == ["yan@example.net", "zoe@example.net"]
    question = {"addresses": ["ZOE@example.net", "yan@example.net", "free@example.net"]}
    answer, _ = api.request("POST", "/v1/suppressions/check", question)
    assert answer["checked"] == 3 and [row["address"] for row in answer["suppressed"]] == \
        ["zoe@example.net", "yan@example.net"], answer
    answer, _ = api.request("POST", "/v1/suppressions/check?stream=news", question)
    assert len(answer["suppressed"]) == 2, answer
    answer, _ = api.request("POST", "/v1/suppressions/check?stream=shop",
                            {"addresses": question["addresses"] + ["no address"]})
    assert [(row["address"], row["at"], row["answer"]) for row in answer["answers"]] == [
        ("ZOE@example.net", 0, "suppressed"), ("no address", 3, "invalid")], answer
    for _ in range(2):  # a client that lost the answer asks again
        assert api.request("DELETE", "/v1/suppressions/zoe@example.net")[0]["state"] == "removed"
    api.request("DELETE", "/v1/suppressions/nobody@example.net", status=404)
    assert api.request("POST", "/v1/suppressions/check?stream=shop", question)[0]["suppressed"] == []
    page, _ = api.request("GET", "/v1/suppressions?state=removed")
    assert [row["address"] for row in page["suppressions"]] == ["zoe@example.net"], page
    check_refused(api)
    assert api.request("POST", "/v1/suppressions/check", {"addresses": ["a@b.example"] * 10000})[0]["checked"] == 10000
    api.request("PUT", "/v1/suppressions/a@b.example", {"note": "x" * 1024})
    api.request("PUT", "/v1/suppressions/no-address", {}, status=400)
    check_entries(api)
    check_undo(api)
    assert api.server.request("POST", "/v1/suppressions/a@b.example", {})[0] == 405
    answer, _ = api.request("POST", "/v1/suppressions/import", b"listed@b.example\nnobody\n", headers={"Content-Type": "text/plain"})
    assert answer["entries"] == 1 and answer["refusals"][0]["line"] == 2, answer
    api.request("POST", "/v1/suppressions/import?all_or_nothing=true", b"nobody@\n", status=422, headers={"Content-Type": "text/plain"})
    assert b"listed@b.example" in api.request("GET", "/v1/suppressions/export?format=plain")[0]


def main():
    with e2e.Server() as server:
        api = Checked(server)
        check_mail(api)
        check_reports(api)
        check_suppressions(api)
        check_words(api)
        check_forms(api)
        texts.check_classify(api)
        text = check_rest(api)
        check_keys(api)
        check_bound(api)
        check_holds(api)
        check_bad_keys(api)
        wanted = {(method.upper(), path) for path, row in api.document["paths"].items() for method in row}
        missing = wanted - {(method, path) for method, path, code, _ in api.seen if code < 300}
        assert not missing, f"never answered well: {sorted(missing)}"
        print(f"{len(api.seen)} kinds of answer to {len(wanted)} operations are as /openapi.json says")
        if len(sys.argv) > 1:
            with open(sys.argv[1], "w", encoding="utf-8") as out:
                json.dump(api.document, out, indent=1)
            with open(sys.argv[1] + ".metrics", "wb") as out:
                out.write(text)


if __name__ == "__main__":
    main()
