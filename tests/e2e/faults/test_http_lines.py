#!/usr/bin/python3
"""How the lines of a request's header end: whatever a proxy in front of us may read in another way (RFC 9112 2.2, 5.2) gets 400 and the
end of the connection, whole and byte by byte, and never what is right. The same rows hold on libmicrohttpd 0.9.75, where
api/http_server_lines tells, and on 1.0 and later, which tells by itself; on a version between them nobody does."""
import ctypes
import os
import random
import re
import socket
import subprocess
import sys

import server as e2e

END = b"\r\nHost: localhost\r\n\r\n"
WRONG = {
    "LF behind the request line": b"GET /healthz HTTP/1.1\nHost: localhost\r\n\r\n",
    "LF behind a field": b"GET /healthz HTTP/1.1\r\nHost: localhost\nAccept: */*\r\n\r\n",
    "LF behind the last field": b"GET /healthz HTTP/1.1\r\nAccept: */*\r\nHost: localhost\n\r\n",
    "LF for the empty line": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\n",
    "LF everywhere": b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
    "LF behind an empty value": b"GET /healthz HTTP/1.1\r\nX-A:\nHost: localhost\r\n\r\n",
    "LF behind a blank": b"GET /healthz HTTP/1.1\r\nX-A: b \nHost: localhost\r\n\r\n",
    "LF without a field": b"GET /healthz HTTP/1.0\n\r\n",
    "LF for the empty line, without a field": b"GET /healthz HTTP/1.0\r\n\n",
    "LF CR LF": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: b\n\r\nX-B: c\r\n\r\n",
    "folded by a space": b"GET /healthz HTTP/1.1\r\nX-A: b\r\n c" + END,
    "folded by a tab": b"GET /healthz HTTP/1.1\r\nX-A: b\r\n\tc" + END,
    "folded without text": b"GET /healthz HTTP/1.1\r\nX-A: b\r\n " + END,
    "folded twice": b"GET /healthz HTTP/1.1\r\nX-A: b\r\n c\r\n d" + END,
    "folded, a short name": b"GET /healthz HTTP/1.1\r\nX:\r\n c" + END,
    "the last field folded": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n c\r\n\r\n",
    "Host folded": b"GET /healthz HTTP/1.1\r\nHost:\r\n localhost\r\n\r\n",
    "folded, a name that ends oddly": b"GET /healthz HTTP/1.1\r\nX-: b\r\n A" + END,
    "a blank before the first field": b"GET /healthz HTTP/1.1\r\n X-A: b" + END,
    "CR in a value": b"GET /healthz HTTP/1.1\r\nX-A: b\rc" + END,
    "CR between two fields": b"GET /healthz HTTP/1.1\r\nX-A: b\rX-B: c" + END,
    "CR behind a value": b"GET /healthz HTTP/1.1\r\nX-A: b\r" + END,
    "CR before a value": b"GET /healthz HTTP/1.1\r\nX-A:\rb" + END,
    "CR in a name": b"GET /healthz HTTP/1.1\r\nX\r-A: b" + END,
    "CR for a line": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\r\n\r\n",
    "NUL in a value": b"GET /healthz HTTP/1.1\r\nX-A: b\0c" + END,
    "NUL behind a value": b"GET /healthz HTTP/1.1\r\nX-A: b\0" + END,
    "NUL as a value": b"GET /healthz HTTP/1.1\r\nX-A: \0" + END,
    "two NUL in a value": b"GET /healthz HTTP/1.1\r\nX-A: b\0\0X-B: c" + END,
    "NUL in a name": b"GET /healthz HTTP/1.1\r\nX\0-A: b" + END,
    "NUL in Host": b"GET /healthz HTTP/1.1\r\nHost: localhost\0x\r\n\r\n",
}
# In the request line: 400 or, by one version or another of the library, the end of the connection.
WRONG_LINE = {
    "CR behind the request line": b"GET /healthz HTTP/1.1\r\r\nHost: localhost\r\n\r\n",
    "NUL in the target": b"GET /healthz\0/x HTTP/1.1" + END,
    "NUL in the query": b"GET /healthz?a=b\0c HTTP/1.1" + END,
    "NUL in the method": b"GET\0X /healthz HTTP/1.1" + END,
}
LINES = (b"Accept: */*", b"X-A:", b"X-A: ", b"X-A:\t", b"X-A: b \t", b"X-A:  \tb c", b"Cookie: a=b; c=\"d\"; e", b"X: \xe2\x82\xac", b"A:b",
         b"X-A: a:b: c", b"Referer: http://x.example/?a=%0A%00", b"X-Long: " + b"l" * 3000, b"Cookie: f=g", b"If-None-Match: \"a\"")
TARGETS = (b"/healthz", b"/healthz?", b"/v1/domains?limit=3&sort=failed", b"/v1/events?recipient=a%2B@b.example", b"http://localhost/healthz", b"//healthz")


def library():
    """The version that the program runs with: by the file that its loader finds."""
    listed = subprocess.run(["ldd", e2e.BINARY], capture_output=True, text=True, check=True).stdout
    loaded = ctypes.CDLL(re.search(r"libmicrohttpd\S* => (\S+)", listed)[1])
    loaded.MHD_get_version.restype = ctypes.c_char_p
    return loaded.MHD_get_version().decode()


def ask(server, pieces):
    """What comes back before the connection ends, or for a good answer its first line."""
    with socket.create_connection(("127.0.0.1", server.http_port), 30) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces:
                peer.sendall(piece)
        except OSError:
            pass  # refused before the last byte: the answer is there all the same
        answer = b""
        try:
            while data := peer.recv(65536):
                answer += data
                if answer.startswith(b"HTTP/1.1 200 "):
                    break
        except ConnectionError:
            pass
        return answer


def split(request, cuts):
    """In pieces, each behind the one before: a server that reads is asked, not a clock."""
    places = [0, *sorted(cuts), len(request)]
    return [request[a:b] for a, b in zip(places, places[1:]) if a < b]


def wrong(server):
    for name, request in (WRONG | WRONG_LINE).items():
        for cuts in ((), range(1, len(request)), (random.randrange(1, len(request)),)):
            answer = ask(server, split(request, cuts))
            refused = answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 ")) or (not answer and name in WRONG_LINE)
            assert refused and b" 200 OK" not in answer, (name, list(cuts)[:3], answer[:200])
    # What comes behind on the same connection is nobody's request.
    for name in ("LF behind a field", "folded by a space"):
        answer = ask(server, [WRONG[name] + b"GET /healthz HTTP/1.1" + END])
        assert answer.startswith(b"HTTP/1.1 400 ") and b" 200 OK" not in answer, (name, answer)


def answers_of(stream, n):
    for _ in range(n):
        status, length = stream.readline(), 0
        while (line := stream.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        yield status, stream.read(length)


def good_request():
    fields = [b"Host: localhost", *random.sample(LINES, random.randrange(len(LINES)))]
    random.shuffle(fields)
    body = b""
    if random.random() < 0.3:
        body = b"{\"addresses\":[]}"
        start = b"POST /v1/suppressions/check HTTP/1.1"
        fields.append(b"content-type:application/json\r\nContent-Length: %d" % len(body))
    else:
        start = b"GET " + random.choice(TARGETS) + b" HTTP/1.1"
    return b"\r\n".join((start, *fields, b"", body))


def right(server, rounds):
    """Many requests on one connection, in pieces of any size: not one of them is taken for a wrong one."""
    assert b" 421 " in ask(server, [b"GET /healthz HTTP/1.0\r\n\r\n"])[:13], "no field: only the name of the host is missed"
    assert ask(server, [b"\r\nGET /healthz HTTP/1.1" + END]).startswith(b"HTTP/1.1 200 "), "an empty line before, RFC 9112 2.2"
    for _ in range(rounds):
        requests = [good_request() for _ in range(8)]
        stream = b"".join(requests)
        with socket.create_connection(("127.0.0.1", server.http_port), 60) as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in split(stream, random.sample(range(1, len(stream)), random.randrange(40))):
                peer.sendall(piece)
            for request, (status, body) in zip(requests, answers_of(peer.makefile("rb"), len(requests))):
                assert status and not status.startswith(b"HTTP/1.1 400 "), (status, body, request)


def main():
    version = library()
    numbers = [int(part) for part in version.split(".")[:3]]
    if numbers[:2] == [0, 9] and numbers != [0, 9, 75]:
        e2e.skip(f"libmicrohttpd {version} is not one of those that are known")
    seed = int(os.environ.get("TEST_SEED", random.randrange(1 << 32)))
    print(f"libmicrohttpd {version}, TEST_SEED={seed}", flush=True)
    random.seed(seed)
    with e2e.Server(**{"api.max_connections_per_address": 100}) as server:
        right(server, 60)
        wrong(server)
        right(server, 10)
        assert server.get("/healthz")[0] == 200
    print(f"{len(WRONG | WRONG_LINE)} kinds of lines refused, and only these")


if __name__ == "__main__":
    sys.exit(main())
