#!/usr/bin/python3
"""Bodies that are packed, up to where they are unpacked; and how often a key may ask."""
import gzip
import json
import subprocess
import zlib

import server as e2e

LIMIT = 5


def post(server, path, body, coding=None, key=None):
    fields = {"Content-Type": "application/json"}
    if coding:
        fields["Content-Encoding"] = coding
    if key:
        fields["Authorization"] = f"Bearer {key}"
    status, headers, answer = server.request("POST", path, body, fields)
    return status, headers, json.loads(answer)


def packed(server):
    question = json.dumps({"addresses": [f"a{i}@example.com" for i in range(1000)]}).encode()
    for coding in ("gzip", "GZIP", "x-gzip"):
        status, _, answer = post(server, "/v1/suppressions/check", gzip.compress(question), coding)
        assert (status, answer["checked"]) == (200, 1000), answer
    assert post(server, "/v1/suppressions/check", question, "identity")[0] == 200
    two = gzip.compress(question[:100]) + gzip.compress(question[100:])
    assert post(server, "/v1/suppressions/check", two, "gzip")[2]["checked"] == 1000, "members one behind the other, RFC 1952 2.2"
    bounce = (e2e.ROOT / "tests/golden/dsn-postfix-user-unknown.eml").read_bytes()
    status, _, body = server.request("POST", "/v1/parse", gzip.compress(bounce),
                                     {"Content-Type": "message/rfc822", "Content-Encoding": "gzip"})
    assert status == 200 and json.loads(body)["kind"] == "bounce", body


def wrong(server):
    good = gzip.compress(b'{"addresses":["ann@example.com"]}')
    for body in (b"no gzip", good[:-1], good[:5], good + b"x", good[:-8] + b"\0" * 8, b"", zlib.compress(b"{}")):
        status, _, answer = post(server, "/v1/suppressions/check", body, "gzip")
        assert status == 400 and answer["type"].startswith("urn:bounced:problem:"), (body, answer)
    for coding in ("br", "deflate", "gzip, gzip", "gzip;q=1"):
        status, headers, answer = post(server, "/v1/suppressions/check", good, coding)
        assert status == 415 and answer["type"].endswith("unsupported-media-type"), (coding, answer)
        assert headers["Accept-Encoding"] == "gzip", coding


def bomb(server):
    """Ten million times smaller than it is: ended at the limit of the route, whatever is packed in it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    bytes_packed = b"".join(packer.compress(zeros) for _ in range(1024)) + packer.flush()
    assert len(bytes_packed) < 2 << 20
    status, _, answer = post(server, "/v1/suppressions/check", bytes_packed, "gzip")
    assert status == 413 and answer["type"].endswith("too-large"), answer
    assert server.get("/healthz")[0] == 200
    text = server.request("GET", "/metrics")[2].decode()
    assert 'bounced_http_requests_total{method="",route="none",status="413"} 1' in text, "a 413 is counted"


def too_many(server):
    keys = [subprocess.run([e2e.BINARY, "key", "create", name, "--config", server.config], capture_output=True, text=True,
                           timeout=60).stdout.strip() for name in ("one", "two")]
    statuses = []
    for _ in range(LIMIT + 3):
        status, headers, body = server.request("GET", "/v1/exports", headers={"Authorization": f"Bearer {keys[0]}"})
        statuses.append(status)
    # A minute may have ended between: then it began anew once.
    assert statuses[:LIMIT] == [200] * LIMIT and 429 in statuses[LIMIT:] or statuses.count(200) > LIMIT, statuses
    if status == 429:
        assert 1 <= int(headers["Retry-After"]) <= 60, headers["Retry-After"]
        assert json.loads(body)["type"] == "urn:bounced:problem:too-many-requests", body
    assert server.request("GET", "/v1/exports", headers={"Authorization": f"Bearer {keys[1]}"})[0] == 200, "of each key apart"
    assert server.get("/v1/exports")[0] == 200, "who needs no key is not counted"


def main():
    with e2e.Server(**{"api.key_requests_per_minute": LIMIT}) as server:
        packed(server)
        wrong(server)
        bomb(server)
        too_many(server)


main()
