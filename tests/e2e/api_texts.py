"""Parts of test_api: texts that are judged, and sources of volumes that fell silent."""
import datetime

import server as e2e


def check_silence(api):
    """Who told volumes each hour until two days ago is missed; who does once a week, and did three days ago, is not."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)
    hours = {"hourly": range(50, 60), "weekly": (72, 72 + 7 * 24), "today": range(2, 60)}
    rows = [{"hour": (now - datetime.timedelta(hours=n)).isoformat().replace("+00:00", "Z"), "stream": "quiet", "domain": "quiet.example",
             "source": source, "attempted": 1} for source, ago in hours.items() for n in ago]
    api.request("POST", "/v1/volumes", {"volumes": rows})
    told = {row["source"]: row["silent"] for row in api.request("GET", "/v1/system")[0]["volumes"] if row["stream"] == "quiet"}
    assert told == {"hourly": True, "weekly": False, "today": False}, told
    api.request("DELETE", "/v1/volumes?stream=quiet&from=20d&to=1h")


def check_classify(api):
    """A text by today's rules, and by one that is typed in; a rule that cannot be, or that takes for ever, harms nobody."""
    text = "554 5.0.0 Relation unclear, see form 7731"
    answer, _ = api.request("POST", "/v1/classify", {"text": text})
    assert answer["event"]["reason"] == "unknown.unclassified" and answer["with_rule"] is None, answer
    rule = "rule text.local.relation = policy.refused 0.9\n    1  relation unclear\n"
    answer, _ = api.request("POST", "/v1/classify", {"text": text, "rule": rule})
    event = answer["with_rule"]["event"]
    assert answer["event"]["reason"] == "unknown.unclassified" and event["reason"] == "policy.refused", answer
    assert event["rule"]["id"] == "text.local.relation.1" and text[slice(*event["rule"]["span"])] == "Relation unclear", answer
    assert any("decides" in line for line in answer["with_rule"]["account"]), answer
    full, _ = api.request("POST", "/v1/classify", {"text": "550 5.7.1 blocked, mailbox full", "remote_mta": "mx.example.com"})
    assert any("outvoted" in line for line in full["account"]), full
    api.request("POST", "/v1/classify", {"text": text, "rule": "rule text.a = nonsense\n    1 a\n"}, status=400)
    api.request("POST", "/v1/classify", {"text": text, "rule": "rule text.a = policy.refused\n    1 ((a{1,999}b{1,999}){1,99}c){1,99}x\n"}, status=503)
    e2e.wait_for(lambda: api.server.request("POST", "/v1/classify", {"text": text})[0] == 200, "another parser", 60, api.server)
