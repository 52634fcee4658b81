#!/usr/bin/python3
"""The processes of `bounced serve`: ready, restarted, stopped in order, each with its own settings only.
And the walk of the README: demo, then rates."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import server as e2e

ROLES = ("smtp", "parser", "loader", "api", "scheduler", "postgres")


def check_demo(server):
    done = subprocess.run([e2e.BINARY, "demo", "--days", "0", "--config", server.config], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    e2e.wait_for(lambda: len(server.events()) == 61, "the demo's 61 events", 60, server)
    status, page = server.get("/v1/domains")
    assert status == 200
    rows = {row["domain"]: row for row in page["domains"]}
    got = {name: (row["attempted"], row["hard"], row["soft"], row["block"], row["delayed"], row["complaints"])
           for name, row in rows.items()}
    assert got == {
        "example.com": (4000, 12, 5, 0, 0, 0), "example.net": (1500, 3, 0, 25, 4, 0),
        "example.org": (600, 9, 0, 0, 0, 2), "shop.example": (None, 1, 0, 0, 0, 0),
    }, got
    assert abs(rows["example.com"]["failure_rate"] - 17 / 4000) < 1e-9, rows["example.com"]
    assert rows["shop.example"]["failure_rate"] is None
    status, one = server.get("/v1/domains/example.com")
    assert status == 200 and one["reasons"], one


def check_log(server):
    """A first start, and mail: nobody's statement is refused, and nothing wants a person."""
    wrong = [line for line in server.log_path.read_text().splitlines()
             if "severity=ERROR" in line or " ERROR: " in line or "level=error" in line or "SQLSTATE" in line]
    assert not wrong, wrong


def check_one_server_a_folder(server):
    """Another one, on other ports, ends before it touches anything, and says who is there."""
    second = e2e.Server(**{"server.data_dir": server.settings["server.data_dir"]})
    try:
        second.write_config()
        before = sorted(p.name for p in pathlib.Path(server.settings["server.data_dir"]).iterdir())
        done = subprocess.run([e2e.BINARY, "serve", "--config", second.config], capture_output=True, text=True, timeout=60)
        assert done.returncode == 1, done
        assert f"process {server.process.pid} serves" in done.stderr, done.stderr
        assert before == sorted(p.name for p in pathlib.Path(server.settings["server.data_dir"]).iterdir())
    finally:
        shutil.rmtree(second.folder, ignore_errors=True)
    assert server.get("/readyz")[0] == 200


def in_sandbox(pid):
    """Seccomp in force and no way to gain a privilege; test_sandbox tells what that leaves to each role."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return "\nSeccomp:\t2\n" in text and "\nNoNewPrivs:\t1\n" in text


def check_sandboxes(server):
    """Every role but PostgreSQL is in its sandbox; a parser when it has read its rules."""
    if "event=sandbox_incomplete" in server.log_path.read_text():
        return  # this kernel lacks it, and the log says so
    for role in ROLES:
        pids = server.pids(role)
        assert pids, role
        if role == "postgres":
            assert not any(in_sandbox(pid) for pid in pids)
        else:
            e2e.wait_for(lambda: all(in_sandbox(pid) for pid in pids), f"the sandbox of {role}", 60, server)


def check_report(server):
    """The terminal's view, as another user than the service's where the test runs as root."""
    done = subprocess.run([e2e.BINARY, "report", "domains", "--config", server.config], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    rows = {line.split()[0]: line.split()[1:7] for line in done.stdout.splitlines()[1:]}
    assert rows["example.com"] == ["4000", "17", "12", "5", "0", "0.42%"], done.stdout
    assert rows["shop.example"][:2] == ["-", "1"], done.stdout
    done = subprocess.run([e2e.BINARY, "report", "recipient", "reader61@shop.example", "--config",
                           server.config], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "recipient.unknown" in done.stdout, done


def check_second_delivery(server):
    """The same envelope and bytes again count once; another envelope counts again."""
    message = e2e.crlf(b"From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\n\n"
                       b"Hi. This is the qmail-send program at mx.example.net.\n\n"
                       b"<twice@example.com>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n")
    peer = e2e.connect(server)
    for recipient in ("one@news.sender.example", "one@news.sender.example", "two@news.sender.example"):
        assert e2e.send(peer, message, recipient=recipient)[0] == 250
    peer.quit()
    e2e.wait_for(lambda: len(server.events(recipient="twice@example.com")) == 2, "two events", 60, server)


def files_of(pid):
    names = []
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            names.append(os.readlink(entry))
    return names


def check_roles(server):
    """A parser holds no socket but its client's and no file; no role's environment has a setting."""
    for role in ("smtp", "parser", "loader", "api", "scheduler"):
        pids = server.pids(role)
        assert pids, role
        for pid in pids:
            environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
            assert b"BOUNCED" not in environment and b"secret" not in environment, (role, environment)
            ignored = int(re.search(r"\nSigIgn:\t([0-9a-f]+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1), 16)
            assert not ignored >> (signal.SIGINT - 1) & 1, f"{role} ignores what PostgreSQL, started the same way, is stopped by"
    for pid in server.pids("parser"):
        files = [name for name in files_of(pid) if not name.startswith(("pipe:", "socket:", "anon_inode:"))]
        assert set(files) <= {str(server.log_path), "/dev/null"}, files
        sockets = [name for name in files_of(pid) if name.startswith("socket:")]
        assert len(sockets) == 2, sockets  # its control socket and its client's
    if os.geteuid() == 0:
        status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
        assert "\nUid:\t0\t" not in status, "still root"


def check_restart(server):
    for role in ROLES:
        before = set(server.pids(role))
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        e2e.wait_for(lambda: len(set(server.pids(role)) - {victim}) == len(before), f"{role} again", 60,
                     server)
    e2e.wait_for(lambda: server.get("/readyz")[0] == 200, "ready again", 60, server)


def check_supervisor_killed(server):
    """Nobody outlives the supervisor, and the next start finds everything."""
    pids = [pid for role in ROLES for pid in server.pids(role)]
    server.process.kill()
    server.process.wait(60)
    e2e.wait_for(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids), "the roles to end", 60,
                 server)
    server.log.close()
    server.start().wait_ready()
    assert len(server.events()) == 63


def check_rollups(server):
    """The counts behind the rates are those of the events."""
    rows = server.sql("select count(*), count(distinct event_id) from event")
    assert rows[0][0] == rows[0][1], rows


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell starts what it puts into the background
    with e2e.Server() as server:
        check_demo(server)
        check_sandboxes(server)
        check_one_server_a_folder(server)
        check_log(server)
        check_report(server)
        check_second_delivery(server)
        check_roles(server)
        check_restart(server)
        check_second_delivery_after_restart(server)
        check_supervisor_killed(server)
        check_erase(server)
        check_rollups(server)
        counts = age(server)
        started = server.stop()
        assert started == 0, started
        log = server.log_tail(400)
        assert "event=stopped" in log and "Sanitizer" not in log, log
        # Everything is there again after a stop and a start.
        server.start().wait_ready()
        assert len(server.events()) == 63
        check_retention(server, counts)
        # A second server on the same folder is refused and disturbs nothing.
        twin = subprocess.run([e2e.BINARY, "serve", "--config", server.config], capture_output=True,
                              text=True, timeout=60)
        assert twin.returncode == 1 and "listen" in twin.stderr, twin
    print("served, restarted, stopped and started again")


def check_erase(server):
    """Nothing tells any more whose the event is, and the counts hold."""
    before = {row["domain"]: row["failed"] for row in server.get("/v1/domains")[1]["domains"]}
    done = subprocess.run([e2e.BINARY, "erase", "READER61@shop.example", "--config", server.config],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "Emptied 1 events and 1 messages, deleted the bytes of 1" in done.stdout, done
    for table in ("event", "message", "message_raw"):
        rows = server.sql(f"select count(*) from {table} t where t::text ilike '%reader61@%'")
        assert rows == [["0"]], (table, rows)
    assert not server.events(recipient="reader61@shop.example")
    assert {row["domain"]: row["failed"] for row in server.get("/v1/domains")[1]["domains"]} == before


def age(server):
    """A mail of two months ago, and its bytes, as if they had come then."""
    for table in ("message", "message_raw"):
        server.sql(f"insert into {table} select (r).* from (select jsonb_populate_record(null::{table}, "
                   f"to_jsonb(t) || jsonb_build_object('received_at', t.received_at - interval '60 days')) r "
                   f"from {table} t order by message_id limit 1) x")
    return "select (select count(*) from message), (select count(*) from message_raw)"


def check_retention(server, counts):
    """At the start the scheduler drops raw bytes after 30 days and leaves the message, which has 400."""
    messages = server.sql(counts)[0][0]
    e2e.wait_for(lambda: server.sql(counts) == [[messages, str(int(messages) - 2)]], "old bytes to go", 60, server)


def check_second_delivery_after_restart(server):
    assert len(server.events(recipient="twice@example.com")) == 2


if __name__ == "__main__":
    sys.exit(main())
