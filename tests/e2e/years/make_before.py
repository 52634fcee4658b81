#!/usr/bin/python3
"""make_before.py BOUNCED OUT.tar.xz: what an earlier commit's program leaves behind, for test_before.py.

BOUNCED is that commit's program (git worktree add --detach DIR COMMIT; cmake --preset release; ninja bounced). It takes a fixed set of mails of
tests/golden in two lanes, smtp and api. Its loaders are stopped before the second half comes: so the archive has a database that ends in the middle
of two lanes, the lanes (with a second segment behind the position, and what a kill leaves), and what the program answered of the first half."""
import io
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

if __name__ == "__main__":
    os.environ["BOUNCED"] = sys.argv[1]
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import server as e2e  # noqa: E402

SETTINGS = {"server.log_level": "warn", "smtp.hostname": "mx.sender.example", "smtp.return_path_domains": "*=news",
            "smtp.max_message_bytes": 2 << 20, "suppress.unsigned": "trust", "spool.segment_bytes": 4 << 20,
            "spool.quota_bytes": 128 << 20, "spool.min_free_bytes": 1 << 20, "database.fsync": "false"}
EVERY = 7  # of the golden mails by name
QUESTIONS = ("/v1/events?limit=1000&from=FROM&to=TO", "/v1/suppressions?limit=1000", "/v1/streams?from=FROM&to=TO",
             "/v1/domains?limit=1000&from=FROM&to=TO", "/v1/reasons?from=FROM&to=TO", "/v1/timeseries?interval=hour&from=FROM&to=TO")
VOLUMES = {"example.com": 1000, "example.net": 500}


def mails():
    """Of each which way it comes; so many that there are two halves of some dozens."""
    paths = sorted((e2e.ROOT / "tests" / "golden").glob("*.eml"), key=lambda path: path.name)[::EVERY]
    small = [path.read_bytes() for path in paths if path.stat().st_size < 20000]
    return [small[n::4] for n in range(4)]


def large(word):
    """So large that its lane gets a second segment, and packs to nothing."""
    text = f"From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail\n\n<{word}@example.net>: 550 5.1.1 User unknown\n\n"
    return text.encode() + b"It goes on and on, and says no more.\n" * 50000


def give(server, way, numbered):
    with e2e.connect(server) as peer:
        for number, mail in numbered:
            return_path = f"bounce-{way}-{number:03d}@news.sender.example"
            if way == "smtp":
                code, text = e2e.send(peer, e2e.crlf(mail), recipient=return_path)
                assert code == 250, text
            else:
                status, _, body = server.request("POST", f"/v1/messages?recipient={return_path}&stream=news", e2e.crlf(mail),
                                                 {"Content-Type": "message/rfc822"})
                assert status == 202, body


def loaded(server):
    return int(server.sql("SELECT coalesce(sum(messages), 0) FROM spool_position")[0][0])


def answers(server, window):
    found = {}
    for question in QUESTIONS:
        question = question.replace("FROM", window[0]).replace("TO", window[1])
        status, body = server.get(question)
        assert status == 200, (question, body)
        found[question] = body
    return found


def window():
    """Whole days around now, by the hours that all answers go by."""
    return [time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + days * 86400)) for days in (-1, 2)]


def first_half(server, smtp, api):
    hour = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime())
    volumes = [{"hour": hour, "stream": "news", "campaign": "c1", "domain": domain, "source": "mta1", "attempted": n}
               for domain, n in VOLUMES.items()]
    assert server.request("POST", "/v1/volumes", {"volumes": volumes})[0] == 200
    give(server, "smtp", enumerate([*smtp, large("first")]))
    give(server, "api", enumerate(api))
    e2e.wait_for(lambda: loaded(server) == len(smtp) + 1 + len(api), "the first half", 60, server)
    status, _, body = server.request("PUT", "/v1/suppressions/by-hand@example.org", {"note": "asked on the phone"})
    assert status in (200, 201), body


def second_half(server, smtp, api, again):
    """`again`: one of the first half, as a peer sends it that did not hear our 250."""
    for pid in server.pids("loader"):
        os.kill(pid, signal.SIGSTOP)
    give(server, "smtp", enumerate([*smtp, large("second"), large("third")], 100))
    give(server, "smtp", [again])
    give(server, "api", enumerate(api, 100))


def dump(server):
    return subprocess.run(["pg_dump", "-h", server.folder / "data" / "postgres.sock", "-U", "bounced", "-Fc", "-Z0", "postgres"],
                          capture_output=True, check=True).stdout


def kill(server):
    """Without a chance to tidy up."""
    for role in ("loader", "smtp", "api", "scheduler"):
        for pid in server.pids(role):
            os.kill(pid, signal.SIGKILL)


def put(archive, name, data):
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def pack(out, told, database, spool):
    parts = {"told.json": json.dumps(told, sort_keys=True).encode(), "bounced.dump": database}
    parts |= {f"spool/{path.relative_to(spool)}": path.read_bytes() for path in sorted(spool.rglob("*")) if path.is_file()}
    words = [os.uname().nodename.encode(), b"/work", b"/root/", tempfile.gettempdir().encode() + b"/"]
    for name, data in parts.items():
        found = [word for word in words if re.search(rb"(?<![\w.])" + re.escape(word) + rb"(?!\w)", data)]
        assert not found, f"{name} names this machine: {found}"
    with tarfile.open(out, "w:xz", preset=9) as archive:
        for name, data in parts.items():
            put(archive, name, data)


def main():
    smtp_first, smtp_second, api_first, api_second = mails()
    server = e2e.Server(**SETTINGS)
    del server.settings["api.answer_age_s"]  # earlier programs do not know it
    with server:
        asked = window()
        first_half(server, smtp_first, api_first)
        told = {"answers": answers(server, asked), "window": asked, "first": loaded(server),
                "second": len(smtp_second) + 2 + len(api_second)}
        second_half(server, smtp_second, api_second, (0, smtp_first[0]))
        database = dump(server)
        assert loaded(server) == told["first"], "a loader went on"
        kill(server)
        pack(sys.argv[2], told, database, server.folder / "data" / "spool")
    print(f"{told['first']} loaded, {told['second']} not; {pathlib.Path(sys.argv[2]).stat().st_size} bytes")


if __name__ == "__main__":
    main()
