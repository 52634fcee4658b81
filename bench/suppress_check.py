#!/usr/bin/python3
"""How many addresses a second POST /v1/suppressions/check answers: 10,000 of them a question, a tenth on the list, against a
list of 100,000; and single ones over CONNECTIONS that are kept. Prints questions a second of clock, and of processor time of the
api role and its database together."""
import json
import os
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/e2e"))
import server as e2e  # noqa: E402

QUESTIONS, ROWS = 20, 100000
CONNECTIONS, SINGLES = 32, 200000


def cpu(pids):
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def descendants(pid):
    found = [pid]
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found += descendants(int(path.parent.name))
    return found


def main():
    with e2e.Server() as server:
        server.sql("insert into suppression (address, stream, domain, state, reason, class, source, first_seen, last_seen, "
                   "changed_at, count, status, diagnostic, dirty) select 'u' || n || '@d' || n % 3000 || '.example', '', "
                   "'d' || n % 3000 || '.example', 'active', 'recipient.unknown', 'hard', 'manual', now(), now(), now(), 0, "
                   f"'', '', false from generate_series(1, {ROWS}) n")
        server.sql("analyze suppression")
        asked = [f"u{n}@d{n % 3000}.example" for n in range(1, 1001)]
        asked += [f"free{n}@d{n % 3000}.example" for n in range(9000)]
        question = {"addresses": asked}
        status, _, text = server.request("POST", "/v1/suppressions/check", question)
        assert status == 200 and len(json.loads(text)["suppressed"]) == 1000, text[:300]
        pids = descendants(os.getpid())
        used, start = cpu(pids), time.monotonic()
        me = time.process_time()
        for _ in range(QUESTIONS):
            assert server.request("POST", "/v1/suppressions/check", question)[0] == 200
        seconds, used = time.monotonic() - start, cpu(pids) - used - (time.process_time() - me)
        n = QUESTIONS * len(asked)
        print(f"load average {os.getloadavg()[0]:.2f}")
        print(f"{n} addresses in {seconds:.2f} s: {n / seconds:.0f} a second, {n / used:.0f} a second of processor")
        singles(server, pids)


def read_answer(peer, rest):
    """Bytes behind one whole answer."""
    while b"\r\n\r\n" not in rest:
        rest += peer.recv(65536)
    head, rest = rest.split(b"\r\n\r\n", 1)
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    assert head.startswith(b"HTTP/1.1 200"), head
    while len(rest) < length:
        rest += peer.recv(65536)
    return rest[length:]


def singles(server, pids):
    """One address a question: each connection has one under way, all are written to before any is read."""
    peers = [socket.create_connection(("127.0.0.1", server.http_port)) for _ in range(CONNECTIONS)]
    questions = []
    for n in range(CONNECTIONS):
        body = json.dumps({"addresses": [f"u{n + 1}@d{(n + 1) % 3000}.example" if n % 2 else f"free{n}@d{n}.example"]}).encode()
        questions.append(b"POST /v1/suppressions/check HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    rests = [b""] * CONNECTIONS
    used, start, me = cpu(pids), time.monotonic(), time.process_time()
    for _ in range(SINGLES // CONNECTIONS):
        for peer, question in zip(peers, questions):
            peer.sendall(question)
        for i, peer in enumerate(peers):
            rests[i] = read_answer(peer, rests[i])
    seconds, me = time.monotonic() - start, time.process_time() - me
    used = cpu(pids) - used - me
    print(f"{SINGLES} single checks over {CONNECTIONS} connections in {seconds:.2f} s: {SINGLES / seconds:.0f} a second, "
          f"{SINGLES / used:.0f} a second of processor; the client used {me:.2f} s")


if __name__ == "__main__":
    main()
