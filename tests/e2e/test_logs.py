#!/usr/bin/python3
"""The mail system's own logs become volumes and events: imported, imported again under other names, compressed, followed
through rotations, by the command and by the role, with the database or the reader killed in between."""
import gzip
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import server as e2e

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden-log"
WAIT_S = 60


def volume(server, *words, stdin=None, code=0):
    done = subprocess.run([e2e.BINARY, "volume", "import", "--config", server.config, "--zone", "UTC", *words],
                          capture_output=True, timeout=120, input=stdin)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout.decode()


def sums(server, stream=""):
    """Attempted, accepted, deferred of all volumes; events."""
    where = f"WHERE stream = '{stream}'" if stream else ""
    (volumes,) = server.sql("SELECT coalesce(sum(attempted), 0), coalesce(sum(accepted), 0), coalesce(sum(deferred), 0) "
                            f"FROM volume {where}")
    ((failed,),) = server.sql(f"SELECT count(*) FROM event {where}")
    return tuple(int(n) for n in volumes), int(failed)


def delivery(number, outcome="sent", domain="far.example", at="Nov 29 10:00:00"):
    queue_id = f"4cX{number:08d}z"
    status = {"sent": "dsn=2.0.0, status=sent (250 2.0.0 Ok)",
              "bounced": f"dsn=5.1.1, status=bounced (host mx.{domain}[192.0.2.25] said: 550 5.1.1 <u{number}@{domain}>: User unknown "
                         "(in reply to RCPT TO command))"}[outcome]
    head = f"{at} mx postfix/"
    return (f"{head}cleanup[2]: {queue_id}: message-id=<{number}@sender.example>\n"
            f"{head}qmgr[1]: {queue_id}: from=<bounce+{number}@news.sender.example>, size=9, nrcpt=1 (queue active)\n"
            f"{head}smtp[3]: {queue_id}: to=<u{number}@{domain}>, relay=mx.{domain}[192.0.2.25]:25, delay=1, delays=0/0/0/1, {status}\n"
            f"{head}qmgr[1]: {queue_id}: removed\n")


def test_golden(server, folder):
    """Every golden log gives attempted = accepted + failed; the same again, under another name or compressed, gives nothing."""
    for path in sorted(GOLDEN.glob("*.log")):
        before, failed_before = sums(server)
        wanted = {line.split(" ", 1)[1]: int(line.split(" ", 1)[0]) for line in
                  path.with_suffix(".read").read_text().splitlines() if line.split(" ", 1)[0].isdigit()}
        out = volume(server, path)
        after, failed_after = sums(server)
        accepted, failed = wanted.get("recipients were accepted", 0), wanted.get("recipients failed", 0)
        if "rows counted recipients" not in wanted:
            assert after[0] - before[0] == accepted + failed, (path, before, after, out)
            assert after[1] - before[1] == accepted, (path, before, after, out)
        for other in ("again.log", "again.gz", "again.zst"):
            copy = folder / other
            if other.endswith("gz"):
                copy.write_bytes(gzip.compress(path.read_bytes()))
            elif other.endswith("zst"):
                subprocess.run(["zstd", "-qf", path, "-o", copy], check=True)
            else:
                shutil.copy(path, copy)
            out = volume(server, copy)
            assert "had been counted before" in out, out
            assert sums(server) == (after, failed_after), (path, other, out)
    print(f"{len(list(GOLDEN.glob('*.log')))} golden logs, each four times: {sums(server)}")


def test_verp(server, folder):
    """A log that has no campaign has it in the return path."""
    path = folder / "verp.log"
    path.write_text(delivery(901, domain="verp.example").replace("bounce+901@", "news-spring-901@")
                    + delivery(902, "bounced", "verp.example").replace("bounce+902@", "news-spring-902@")
                    + delivery(903, domain="verp.example"))
    volume(server, path)
    assert server.sql("SELECT campaign, sum(attempted) FROM volume WHERE domain = 'verp.example' GROUP BY 1 ORDER BY 1") == [
        ["", "1"], ["spring", "2"]]
    assert server.sql("SELECT campaign FROM event WHERE domain = 'verp.example'") == [["spring"]]


def test_events(server):
    """A failure of the log is an event with its reply's verdict; its report adds nothing to the rate."""
    events = server.events(recipient="refused1@far.example")
    assert len(events) >= 8, events
    for event in events:
        status, event = server.get(f"/v1/events/{event['id']}")
        assert status == 200 and event["reason"] == "recipient.unknown" and event["class"] == "hard", event
        assert event["reply_code"] == 550 and event["status"] == "5.1.1" and event["source"] == "log", event
    status, answer = server.get("/v1/suppressions/refused1@far.example")
    assert status == 200, answer


def test_growing(server, folder):
    """A log that grows in pieces, also within a line, counts what is new."""
    path = folder / "growing.log"
    before, _ = sums(server)
    text = "".join(delivery(n) for n in range(100, 120))
    for end in (1, 700, 701, 3000, len(text)):
        path.write_text(text[:end])
        volume(server, path)
    after, _ = sums(server)
    assert after[0] - before[0] == 20, (before, after)
    # The same beginning and another text behind it is not the same log.
    path.write_text(text[:3000] + "x" * 4000 + "\n")
    volume(server, path, code=1)
    assert sums(server)[0] == after
    volume(server, "-", stdin=text.encode())
    assert sums(server)[0] == after


def append(path, text):
    with open(path, "a") as log:
        log.write(text)


def attempted(server):
    return sums(server)[0][0]


def counted(server):
    """The same, while there may be no database."""
    try:
        return attempted(server)
    except AssertionError:
        return None


def expect(server, start, n, what):
    e2e.wait_for(lambda: (counted(server) or 0) >= start + n, what, WAIT_S, server)
    assert attempted(server) == start + n, (what, attempted(server) - start, n)


def rotations(server, log, base):
    """Renamed, compressed, cut short, dated: each delivery counts once, and a mail that began in one file ends in the next."""
    start, n = attempted(server), 0
    expect(server, start, 0, "nothing")
    append(log, delivery(base + n))
    n += 1
    expect(server, start, n, "the first line")
    head, tail = delivery(base + n).split("\n", 2)[:2], delivery(base + n).split("\n", 2)[2]
    append(log, "\n".join(head) + "\n")
    log.rename(log.with_name(log.name + ".1"))
    append(log, tail)
    n += 1
    expect(server, start, n, "a mail over a rotation")
    append(log.with_name(log.name + ".1"), delivery(base + n))  # who writes has not heard of it yet
    append(log, delivery(base + n + 1))
    n += 2
    expect(server, start, n, "both files")
    copy = log.with_name(log.name + "-20261129")
    shutil.copy(log, copy)
    append(copy, delivery(base + n))  # written between the last look and the copy
    log.write_text(delivery(base + n + 1))
    n += 2
    expect(server, start, n, "copytruncate")
    log.rename(log.with_name(log.name + ".2"))
    append(log, delivery(base + n))
    subprocess.run(["gzip", log.with_name(log.name + ".1")], check=True)
    n += 1
    expect(server, start, n, "gzip of what was counted")
    append(log, delivery(base + n)[:50])
    time.sleep(1.5)
    append(log, delivery(base + n)[50:])
    n += 1
    expect(server, start, n, "a line in two pieces")


def test_follow_command(server, folder):
    log = folder / "mail.log"
    append(log, delivery(999))
    command = subprocess.Popen([e2e.BINARY, "volume", "import", "--follow", "--config", server.config, "--zone", "UTC", log],
                               stdout=subprocess.PIPE, text=True)
    try:
        assert "Following" in command.stdout.readline()
        e2e.wait_for(lambda: attempted(server) > 0, "the first", WAIT_S, server)
        time.sleep(1)
        rotations(server, log, 3000)
    finally:
        command.send_signal(signal.SIGINT)
        out, _ = command.communicate(timeout=30)
    assert command.returncode == 0 and "were accepted" in out, out


def test_role(server, log):
    rotations(server, log, 1000)
    # Killed, with a rotation while nobody looked.
    start = attempted(server)
    (pid,) = server.pids("log")
    os.kill(pid, signal.SIGSTOP)
    append(log, delivery(5000))
    log.rename(log.with_name(log.name + ".3"))
    append(log, delivery(5001))
    os.kill(pid, signal.SIGKILL)
    expect(server, start, 2, "what was written while nobody looked")
    # The database dies: what was not committed is read again.
    (pid,) = server.pids("postgres")[:1]
    os.kill(pid, signal.SIGKILL)
    for n in range(6000, 6100):
        append(log, delivery(n, "bounced" if n % 10 == 0 else "sent"))
    e2e.wait_for(lambda: counted(server) == start + 102, "the database again", WAIT_S, server)
    assert attempted(server) == start + 102, attempted(server) - start


def test_killed_imports(server, folder):
    """kill -9 again and again: the sum is that of one run."""
    path = folder / "long.log"
    path.write_text("".join(delivery(n, "bounced" if n % 20 == 0 else "sent", f"d{n % 500}.example") for n in range(20000, 80000)))
    start, failed = sums(server)
    kills = 0
    for delay in (0.05, 0.3, 0.6, 0.9, 1.2):
        process = subprocess.Popen([e2e.BINARY, "volume", "import", "--config", server.config, "--zone", "UTC", path],
                                   stdout=subprocess.DEVNULL)
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
    volume(server, path)
    after, failed_after = sums(server)
    assert after[0] - start[0] == 60000 and after[1] - start[1] == 57000, (start, after)
    assert failed_after - failed == 3000, (failed, failed_after)
    print(f"60000 recipients once, with {kills} kills")


def main():
    with tempfile.TemporaryDirectory(prefix="bounced-logs-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o777)
        log = folder / "role.log"
        log.write_text(delivery(9))
        log.chmod(0o666)
        with e2e.Server(**{"smtp.return_path_domains": "news.sender.example=news", "log.files": f"postfix:{log}",
                           "token.verp": "{stream}-{campaign}-{id}@news.sender.example",
                           "log.interval_ms": "200", "log.zone": "UTC"}) as server:
            e2e.wait_for(lambda: counted(server) == 1, "the role's first line", WAIT_S, server)
            test_role(server, log)
            test_golden(server, folder)
            test_verp(server, folder)
            test_events(server)
            test_growing(server, folder)
            test_follow_command(server, folder)
            test_killed_imports(server, folder)


if __name__ == "__main__":
    sys.exit(main())
