#!/usr/bin/python3
"""Webhooks: a receiver that fails, goes away and comes back is told of every event and of every change of the suppression list,
signed; the sender is killed meanwhile; nobody of a private network is told unless that is allowed; what was given up is replayed."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import signal
import subprocess
import sys
import threading

import server as e2e
from test_suppress import dsn

SECRET = base64.b64encode(bytes(range(32))).decode()


class Receiver:
    """Takes what is posted; answers 500 while `failing`."""

    def __init__(self, port=0):
        self.failing, self.requests, self.refused = False, [], 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                code = 500 if outer.failing else 200
                outer.refused += outer.failing
                if not outer.failing:
                    outer.requests.append((self.path, dict(self.headers), body))
                self.send_response(code)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def told(self, path, key):
        """Rows of all messages on the path, signatures checked."""
        rows = []
        for where, headers, body in list(self.requests):
            message = json.loads(body)
            if where != path or message.get("type") != key:
                continue
            signed = b"%s.%s.%s" % (headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body)
            digest = hmac.new(bytes(range(32)), signed, hashlib.sha256).digest()
            assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode(), headers
            rows += message["data"][key]
        return rows


def webhook(server, *words, code=0):
    done = subprocess.run([e2e.BINARY, "webhook", *words, "--config", server.config], capture_output=True, timeout=120)
    assert done.returncode == code, done
    return [line.split("\t") for line in done.stdout.decode().splitlines()]


def send(server, *recipients):
    peer = e2e.connect(server)
    for recipient in recipients:
        assert e2e.send(peer, dsn(recipient))[0] == 250
    peer.quit()


def main():
    receiver = Receiver()
    base = f"http://127.0.0.1:{receiver.port}"
    targets = (f"crm url={base}/crm secret=whsec_{SECRET} private=allowed; lm kind=listmonk url={base}/webhooks/bounce "
               f"user=api:token private=allowed; inside url=https://localhost:{receiver.port}/inside tell=suppressions")
    with e2e.Server(**{"webhook.targets": targets, "webhook.events": "true", "suppress.unsigned": "trust"}) as server:
        e2e.wait_for(lambda: server.pids("hook"), "the hook role", 60, server)
        send(server, "one@x.example", "two@x.example")
        e2e.wait_for(lambda: {"one@x.example", "two@x.example"} <= {e["recipient"] for e in receiver.told("/crm", "events")},
                     "two events", 60, server)
        event = receiver.told("/crm", "events")[0]
        assert event["reason"] == "recipient.unknown" and event["class"] == "hard" and event["stream"], event
        e2e.wait_for(lambda: {"one@x.example", "two@x.example"} <= {s["address"] for s in receiver.told("/crm", "suppressions")},
                     "two entries", 60, server)
        bounces = [json.loads(body) for path, _, body in receiver.requests if path == "/webhooks/bounce"]
        assert {"email": "one@x.example", "source": "bounced", "type": "hard"} in bounces, bounces
        headers = next(h for p, h, _ in receiver.requests if p == "/webhooks/bounce")
        assert headers["Authorization"] == "Basic " + base64.b64encode(b"api:token").decode()
        # The receiver fails, the sender is killed, the receiver goes and comes back.
        receiver.failing = True
        send(server, "three@x.example")
        e2e.wait_for(lambda: receiver.refused, "a refusal", 60, server)
        assert any(row[1] == "crm" and row[3] == "waiting" and "500" in row[7] for row in webhook(server, "list"))
        os.kill(server.pids("hook")[0], signal.SIGKILL)
        send(server, "four@x.example")
        receiver.failing = False
        e2e.wait_for(lambda: {"three@x.example", "four@x.example"} <= {e["recipient"] for e in receiver.told("/crm", "events")},
                     "what failed", 120, server)
        e2e.wait_for(lambda: not [row for row in webhook(server, "list") if row[1] != "inside"], "an empty outbox", 120, server)
        ids = [e["id"] for e in receiver.told("/crm", "events")]
        assert len(set(ids)) == 4, ids
        # A private network by its name: refused, waiting, then given up, and back again.
        e2e.wait_for(lambda: any(row[1] == "inside" and "private network" in row[7] for row in webhook(server, "list")), "a refusal", 60, server)
        assert not [path for path, _, _ in receiver.requests if path == "/inside"]
        server.sql("UPDATE webhook_message SET state = 'dead' WHERE target = 'inside'")
        n = sum(row[3] == "dead" for row in webhook(server, "list"))
        assert n and webhook(server, "replay", "all") == [[f"{n} due again"]]
        webhook(server, "replay", "all", code=1)
        webhook(server, "test", "crm")
        e2e.wait_for(lambda: any(json.loads(b).get("type") == "test" for _, _, b in receiver.requests), "the test", 60, server)
        webhook(server, "test", "nobody", code=2)
        server.request("DELETE", "/v1/suppressions/one@x.example")
        e2e.wait_for(lambda: any(s["address"] == "one@x.example" and s["state"] == "removed" for s in receiver.told("/crm", "suppressions")),
                     "a removal", 60, server)
    receiver.stop()
    print(f"{len(receiver.requests)} messages taken, {receiver.refused} refused first")


if __name__ == "__main__":
    sys.exit(main())
