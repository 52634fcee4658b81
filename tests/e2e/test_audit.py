#!/usr/bin/python3
"""Who asked for what, and who changed what: a line of the log for each request, rows of the audit for what changes the list, keys and
whom is forgotten, the log as JSON, and nothing of a client's in PostgreSQL's."""
import csv
import io
import json
import subprocess

import server as e2e


def run(server, *words, code=0):
    done = subprocess.run([e2e.BINARY, *words, "--config", server.config], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, (words, done)
    return done.stdout


def lines(server, event):
    rows = [json.loads(line) for line in server.log_path.read_text().splitlines() if line.startswith("{")]
    return [row for row in rows if row["event"] == event]


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def audit(server, key, query=""):
    status, _, body = server.request("GET", f"/v1/audit?from=1d{query}", headers=bearer(key))
    assert status == 200, body
    return json.loads(body)["audit"]


def changes(server, key, who):
    def ask(method, path, body=None, status=200):
        got = server.request(method, path, body, bearer(key))
        assert got[0] == status, got
        return got[2]
    ask("PUT", "/v1/suppressions/ann@example.com", {"note": "asked for it"})
    ask("PUT", "/v1/suppressions/bob@example.com", {"state": "allowed"})
    ask("DELETE", "/v1/suppressions/ann@example.com?note=" + "x" * 1025, status=400)
    ask("DELETE", "/v1/suppressions/ann@example.com?note=is%20back")
    ask("DELETE", "/v1/suppressions/nobody@example.com", status=404)  # was not there: nothing changed
    ask("POST", "/v1/suppressions/undo", {"from": "2020-01-01T00:00:00Z"})  # tried only
    ask("POST", "/v1/suppressions/undo", {"from": "2020-01-01T00:00:00Z", "dry_run": False})
    rows = [(row["action"], row["address"]) for row in audit(server, key) if row["who"] == who]
    assert rows == [("suppression.undo", None), ("suppression.remove", "ann@example.com"),
                    ("suppression.allow", "bob@example.com"), ("suppression.put", "ann@example.com")], rows
    notes = [row["note"] for row in audit(server, key) if row["who"] == who]
    assert notes == [None, "is back", None, "asked for it"], notes


def scopes(server, admin):
    for scope in ("read", "write"):
        key = run(server, "key", "create", scope, "--scope", scope).strip()
        assert server.request("GET", "/v1/audit", headers=bearer(key))[0] == 403, scope
    bound = run(server, "key", "create", "bound", "--scope", "admin", "--stream", "news").strip()
    assert server.request("GET", "/v1/audit", headers=bearer(bound))[0] == 403
    keys = audit(server, admin, "&action=key")
    assert [row["action"] for row in keys] == ["key.create"] * 4, keys
    assert all(row["who"].startswith("cli:") for row in keys)
    assert keys[0]["subject"].split(" ")[0] == bound[3:11] and "bound" in keys[0]["subject"]
    assert bound not in json.dumps(keys), "no key stands in the audit"
    run(server, "key", "revoke", bound[3:11])
    assert audit(server, admin, "&action=key.revoke")[0]["subject"] == bound[3:11]


def pages(server, admin):
    seen, cursor = [], ""
    for _ in range(100):
        status, _, body = server.request("GET", f"/v1/audit?from=1d&limit=2{cursor}", headers=bearer(admin))
        assert status == 200, body
        page = json.loads(body)
        seen += [row["id"] for row in page["audit"]]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [row["id"] for row in audit(server, admin)] and len(seen) > 6, seen
    status, _, body = server.request("GET", "/v1/audit?from=1d&format=csv", headers=bearer(admin))
    assert status == 200, body
    table = list(csv.DictReader(io.StringIO(body.decode())))
    assert [row["id"] for row in table] == [str(n) for n in seen] and table[0]["action"] == audit(server, admin)[0]["action"], table


def by_command(server, admin):
    run(server, "suppress", "add", "--reason", "cat wrote to us", "cat@example.com")
    run(server, "suppress", "add", "--reason", "x", "dan@example.com")
    assert "cat wrote to us" in run(server, "audit")
    run(server, "suppress", "remove", "--reason", "is back", "dan@example.com")
    run(server, "erase", "cat@example.com")
    text = run(server, "audit", "--limit", "4")
    actions = [line.split("\t")[2] for line in text.splitlines()]
    assert actions == ["erase", "suppression.remove", "suppression.put", "suppression.put"], text
    assert "cat@example.com" not in run(server, "audit"), "an erased address is gone from the audit, too"
    assert "cat wrote to us" not in run(server, "audit"), "and so is what was written to it"
    assert "dan@example.com" in run(server, "audit")
    e2e.wait_for(lambda: subjects(server) == ["suppress.strikes=3"], "the settings to be noted", 60, server)


def both_or_neither(server, admin):
    """What cannot be noted is not done: by the API and by commands."""
    run(server, "suppress", "add", "eve@example.com")
    kept = run(server, "key", "create", "kept").strip()

    def state():
        rows = run(server, "suppress", "list").splitlines()
        keys = [line for line in run(server, "key", "list").splitlines() if not line.startswith(admin[3:11])]  # "last used" moves
        return [row.split("\t")[0] for row in rows], keys
    before = state()
    server.sql("ALTER TABLE audit ADD CONSTRAINT never CHECK (at < '2000-01-01') NOT VALID")
    for method, path, body in (("PUT", "/v1/suppressions/fay@example.com", {"note": "x"}), ("DELETE", "/v1/suppressions/eve@example.com", None),
                               ("PUT", "/v1/suppressions/eve@example.com", {"state": "allowed"})):
        status, _, answer = server.request(method, path, body, bearer(admin))
        assert status == 500 and json.loads(answer)["type"].endswith("internal"), (method, path, status, answer)
    status, _, answer = server.request("POST", "/v1/suppressions/import", b"gus@example.com\nhal@example.com\n",
                                       {"Content-Type": "text/csv", **bearer(admin)})
    assert status == 500, answer
    listed = server.folder / "list.txt"
    listed.write_text("ida@example.com\njoe@example.com\n")
    for words in (("suppress", "add", "kim@example.com"), ("suppress", "allow", "eve@example.com"), ("suppress", "remove", "eve@example.com"),
                  ("suppress", "import", str(listed)), ("key", "create", "lost"), ("key", "revoke", kept[3:11]),
                  ("erase", "--hash-entry", "eve@example.com"), ("suppress", "undo", "--since", "2020-01-01", "--yes"), ("retention", "resume")):
        run(server, *words, code=1)
    assert state() == before, (state(), before)
    assert server.request("GET", "/v1/key", headers=bearer(kept))[0] == 200, "revoked it is not"
    server.sql("ALTER TABLE audit DROP CONSTRAINT never")
    # Of an address that was erased it is the digest that stands on the list: the first try, by the address, found nothing.
    run(server, "erase", "--hash-entry", "eve@example.com")
    status, _, answer = server.request("DELETE", "/v1/suppressions/eve@example.com", headers=bearer(admin))
    assert status == 200, answer
    assert audit(server, admin)[0]["action"] == "suppression.remove"
    run(server, "suppress", "import", str(listed))
    assert [(row["action"], row["n"]) for row in audit(server, admin)][0] == ("suppression.import", 2), audit(server, admin)[0]
    assert "ida@example.com" in state()[0]


def access(server, admin):
    server.request("GET", "/v1/recipients/ann@example.com", headers=bearer(admin))
    server.request("GET", "/v1/recipients/ann@example.com")
    server.request("POST", "/v1/volumes", b"x" * (9 << 20), bearer(admin))
    server.request("GET", "/no/such")
    e2e.wait_for(lambda: any(row["path"] == "none" for row in lines(server, "request")), "access lines", 30, server)
    rows = lines(server, "request")
    assert not any("example.com" in json.dumps(row) or row["peer"] != "-" for row in rows), "addresses are off"
    one = [row for row in rows if row["path"] == "/v1/recipients/{address}"]
    assert [(row["status"], row["who"]) for row in one] == [(200, f"key:{admin[3:11]}"), (401, "-")], one
    assert all(isinstance(row["ms"], int) and row["bytes"] > 0 for row in one)
    assert any(row["action"] == "suppression.put" and row["changed"] == 1 for row in rows)
    assert any(row["status"] == 413 for row in rows), rows
    assert not any(row["path"] in ("/healthz", "/readyz", "/metrics") and row["status"] == 200 for row in rows)


def nothing_of_a_client(server, admin):
    """What a client sends is no text of an error in PostgreSQL's log."""
    for query in ("tz=Nowhere/Secretville", "tz=%27%3B+secretville", "tz=Secretville%0A"):
        status = server.request("GET", f"/v1/timeseries?from=1d&{query}", headers=bearer(admin))[0]
        assert status == 400, status
    assert server.request("GET", "/v1/timeseries?from=1d&tz=Europe/Berlin", headers=bearer(admin))[0] == 200
    assert "ecretville" not in server.log_path.read_text()


def subjects(server):
    return [line.split("\t")[4] for line in run(server, "audit", "--action", "settings").splitlines()]


def restarted(server):
    """The same settings are told once; others are."""
    server.stop()
    server.settings["suppress.strikes"] = "4"
    server.start().wait_ready()
    e2e.wait_for(lambda: subjects(server) == ["suppress.strikes=4", "suppress.strikes=3"], "the settings to be noted", 60, server)


def main():
    with e2e.Server(**{"server.log_format": "json", "api.loopback_without_key": "false", "suppress.strikes": "3"}) as server:
        admin = run(server, "key", "create", "admin", "--scope", "admin").strip()
        changes(server, admin, f"key:{admin[3:11]}")
        scopes(server, admin)
        pages(server, admin)
        by_command(server, admin)
        both_or_neither(server, admin)
        access(server, admin)
        nothing_of_a_client(server, admin)
        restarted(server)
    done = subprocess.run([e2e.BINARY, "audit", "--limit", "0", "--config", "/dev/null"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "--limit" in done.stderr, done


main()
