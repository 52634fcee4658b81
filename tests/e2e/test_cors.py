#!/usr/bin/python3
"""Pages of other sites: only those of api.cors_origins may ask by a browser, after a question that needs no key, and never with cookies.
A header that is too large is refused in words that a program knows, and counted."""
import contextlib
import json
import socket
import subprocess

import server as e2e

PAGE = "https://dash.example.com"
OTHER = "https://dash.example.com.evil.example"


def fields(headers):
    return {name.lower(): value for name, value in headers.items()}


def preflight(server, origin, path="/v1/suppressions/ann@example.com", method="PUT"):
    status, headers, _ = server.request("OPTIONS", path, headers={
        "Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,content-type"})
    return status, fields(headers)


def asked_first(server):
    status, got = preflight(server, PAGE)
    assert status == 204 and got["access-control-allow-origin"] == PAGE, (status, got)
    assert {word.strip() for word in got["access-control-allow-methods"].split(",")} >= {"GET", "PUT", "DELETE"}, got
    assert {"authorization", "content-type"} <= {word.strip().lower() for word in got["access-control-allow-headers"].split(",")}, got
    assert "access-control-allow-credentials" not in got and int(got["access-control-max-age"]) > 0, got
    assert "origin" in got["vary"].lower(), got
    for origin in (OTHER, "null", "*", PAGE + ":443", PAGE.upper(), ""):
        status, got = preflight(server, origin)
        assert status == 405 and not [name for name in got if name.startswith("access-control")], (origin, status, got)
        assert "origin" in got["vary"].lower(), "caches keep them apart"
    assert preflight(server, PAGE, "/v1/nowhere")[0] == 404
    # OPTIONS of no page is what it was.
    status, headers, body = server.request("OPTIONS", "/v1/domains", headers={"Origin": PAGE})
    assert status == 405 and json.loads(body)["type"].endswith("method-not-allowed") and "GET" in headers["Allow"], body


def asked(server, key):
    for path, authorization, want in (("/v1/domains", f"Bearer {key}", 200), ("/v1/domains", "Bearer nonsense", 401),
                                      ("/v1/domains?nothing=1", f"Bearer {key}", 400), ("/healthz", "", 200)):
        for origin, allowed in ((PAGE, True), (OTHER, False), (None, False)):
            sent = {"Authorization": authorization} if authorization else {}
            status, headers, _ = server.request("GET", path, headers={**sent, **({"Origin": origin} if origin else {})})
            got = fields(headers)
            assert status == want, (path, status)
            assert got.get("access-control-allow-origin") == (PAGE if allowed else None), (path, origin, got)
            assert "origin" in got["vary"].lower() and "access-control-allow-credentials" not in got, got
            if allowed:
                assert {"etag", "link", "retry-after"} <= {word.strip().lower() for word in
                                                           got["access-control-expose-headers"].split(",")}, got


def raw(server, data):
    with socket.create_connection(("127.0.0.1", server.http_port), 30) as peer:
        peer.sendall(data)
        with contextlib.suppress(OSError):  # a server that has refused what came may be gone
            peer.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: peer.recv(65536), b""))


def counted(server, status):
    for line in server.request("GET", "/metrics", headers=server.bearer)[2].decode().splitlines():
        if line.startswith(f'bounced_http_requests_total{{method="",route="none",status="{status}"}} '):
            return int(line.split()[-1])
    return 0


def too_large(server):
    def ask(n):
        return raw(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Long: " + b"x" * n + b"\r\n\r\n")
    assert ask(15 << 10).startswith(b"HTTP/1.1 200 ")
    for i, n in enumerate((17 << 10, 40 << 10)):
        head, _, body = ask(n).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 431 ") and b"application/problem+json" in head, head
        assert json.loads(body)["type"] == "urn:bounced:problem:header-too-large", body
        assert counted(server, 431) == i + 1
    # Beyond what there is room for the library answers, and that is counted as well.
    answer = ask(100 << 10)
    assert answer[:13] in (b"HTTP/1.1 431 ", b"HTTP/1.0 431 "), answer[:100]
    e2e.wait_for(lambda: counted(server, 431) == 3, "the library's own to be counted", 60, server)
    assert server.request("GET", "/healthz")[0] == 200
    assert raw(server, b"GET /healthz?" + b"x" * (20 << 10) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.1 431 ")


def config_check(server):
    for bad in ("*", "dash.example.com", PAGE + "/"):
        server.settings["api.cors_origins"] = bad
        server.write_config()
        done = subprocess.run([e2e.BINARY, "config", "check", "--config", server.config], capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and "api.cors_origins" in done.stderr, done


def main():
    with e2e.Server(**{"api.cors_origins": f"http://localhost:5173, {PAGE}", "api.loopback_without_key": "false"}) as server:
        key = subprocess.run([e2e.BINARY, "key", "create", "page", "--scope", "admin", "--config", server.config], capture_output=True,
                             text=True, timeout=60).stdout.strip()
        server.bearer = {"Authorization": f"Bearer {key}"}
        asked_first(server)
        asked(server, key)
        too_large(server)
        config_check(server)
    with e2e.Server() as server:
        status, got = preflight(server, PAGE)
        assert status == 405 and "access-control-allow-origin" not in got and "origin" not in got["vary"].lower(), got


if __name__ == "__main__":
    main()
