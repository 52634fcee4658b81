#!/usr/bin/python3
"""A clock that jumped deletes nothing, and says so, until somebody has looked."""
import subprocess

import server as e2e

MAIL = b"""From: MAILER-DAEMON@mx.example.net\r
Subject: Undelivered\r
\r
<ann@shop.example>: 550 5.1.1 User unknown\r
"""


def retention(server, *words):
    return subprocess.run([e2e.BINARY, "retention", *words, "--config", server.config], capture_output=True, text=True,
                          timeout=120)


def main():
    with e2e.Server() as server:
        status, _, body = server.request("POST", "/v1/messages?recipient=bounce%40example.org", MAIL,
                                         {"Content-Type": "message/rfc822"})
        assert status == 202, body
        e2e.wait_for(lambda: server.sql("SELECT count(*) FROM message") == [["1"]], "the message", 60, server)
        done = retention(server)
        assert done.returncode == 0 and "goes on" in done.stdout, done
        # As if the clock had been set a month ahead since it was last believed, and the mail's raw bytes were old by it.
        server.sql("UPDATE retention SET dropped_before = now() - interval '30 days' WHERE kept = 'clock'")
        server.sql("INSERT INTO suppression_hold (provider, since, last_at, state, n, limit_n) VALUES "
                   "('shop.example', now() - interval '20 days', now() - interval '20 days', 'open', 9, 1)")
        server.stop()
        server.start().wait_ready()
        e2e.wait_for(lambda: "event=clock_doubted" in server.log_path.read_text(), "the doubt", 60, server)
        done = retention(server)
        assert done.returncode == 3 and "waits" in done.stdout, done
        assert server.log_path.read_text().count("event=clock_doubted") == 1
        # The provider's hold was told of in the same round, and is not over by such a clock.
        e2e.wait_for(lambda: "event=outage_suspected" in server.log_path.read_text(), "the hold", 60, server)
        assert server.sql("SELECT state FROM suppression_hold") == [["open"]]
        done = retention(server, "resume")
        assert done.returncode == 0, done
        assert retention(server).returncode == 0
        assert retention(server, "nonsense").returncode == 2
        e2e.wait_for(lambda: server.sql("SELECT state FROM suppression_hold") == [["discarded"]], "its end", 60, server)
        assert server.sql("SELECT count(*) FROM message_raw") == [["1"]]


if __name__ == "__main__":
    main()
