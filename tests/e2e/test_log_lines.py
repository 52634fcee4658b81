#!/usr/bin/python3
"""What an operator reads who wonders why no mail comes: what was started, who was refused at the door, which recipients were
refused, and that there is no room."""
import contextlib
import re
import smtplib
import sys
import time

import server as e2e


def lines(server, event):
    return [line for line in server.log_path.read_text().splitlines() if f" event={event} " in line + " "]


def wait_for_line(server, event, *words):
    def there():
        return any(all(word in line for word in words) for line in lines(server, event))
    e2e.wait_for(there, f"{event} {words}", 60, server)


def metrics(server):
    rows = server.request("GET", "/metrics")[2].decode().splitlines()
    return {row.split(" ")[0]: float(row.split(" ")[1]) for row in rows if not row.startswith("#")}


def started_and_refused():
    with e2e.Server(**{"smtp.return_path_domains": "bounces.example", "smtp.exempt_networks": "192.0.2.1",
                       "smtp.max_sessions_per_network": "1"}) as server:
        wait_for_line(server, "starting", "version=", f"smtp=127.0.0.1:{server.smtp_port}",
                      f"api=127.0.0.1:{server.http_port}", "database=private", "user=")
        wait_for_line(server, "session_end", "messages=0")  # the one that asked whether the server is ready
        peer = e2e.connect(server)
        for _ in range(3):
            with contextlib.suppress(smtplib.SMTPException, OSError):
                e2e.connect(server)
        wait_for_line(server, "connections_refused", "count=1", "code=421", "status=4.7.0", "peer=-")
        assert len(lines(server, "connections_refused")) == 1, "a flood of connections must not be one of lines"
        assert peer.docmd("MAIL FROM:<>")[0] == 250
        assert peer.docmd("RCPT TO:<x@elsewhere.example>")[0] == 550
        assert peer.docmd("FOO")[0] == 500
        assert peer.docmd("RCPT TO:<x@elsewhere.example>")[0] == 550
        peer.quit()
        wait_for_line(server, "session_end", "refusals=3", 'last_refusal="550 5.7.1"', "code=221")
        peer = e2e.connect(server)
        peer.docmd("NOOP")
        peer.quit()
        wait_for_line(server, "session_end", "refusals=0", "last_refusal=-", "code=221")
        peer = e2e.connect(server)
        assert e2e.send(peer, b"Subject: x\r\n\r\nx\r\n", recipient="b@bounces.example")[0] == 250
        e2e.wait_for(lambda: metrics(server)["bounced_smtp_messages_total"] == 1, "the metrics", 30, server)
        now = metrics(server)
        assert now["bounced_smtp_connections_refused_total"] == 3, now
        assert now["bounced_smtp_refusals_total"] == 3, now
        assert now["bounced_smtp_connections_total"] >= 6 and now["bounced_smtp_sessions"] == 1, now
        assert now["bounced_smtp_messages_rejected_total"] == now["bounced_smtp_no_room"] == 0, now
        assert server.stop() == 0
        assert re.search(r'session_end.*why="is being stopped', server.log_path.read_text())


def quiet_where_nothing_is_wrong():
    """Whoever waits for the start by /readyz fills no log; a refused message has no error where no call failed."""
    with e2e.Server() as server:
        asked, starts = 0, 0
        while not asked and starts < 10:  # a start may be over before the first question
            server.stop()
            server.start()
            starts += 1
            while server.process.poll() is None:
                with contextlib.suppress(OSError):
                    if server.get("/readyz")[0] == 200:
                        break
                    asked += 1
                time.sleep(0.01)
        told = [line for line in server.log_path.read_text().splitlines() if "readyz" in line or "request_failed" in line]
        assert asked and not told, (asked, told[:3])
        server.wait_ready()
        peer = e2e.connect(server)
        loop = b"".join(b"Received: by a.example\r\n" for _ in range(101)) + b"\r\nx\r\n"
        assert e2e.send(peer, loop)[0] == 554
        peer.quit()
        wait_for_line(server, "message_refused", "code=554", "status=5.4.6")
        log = server.log_path.read_text()
        assert "error=" not in lines(server, "message_refused")[0] and "no error" not in log, lines(server, "message_refused")
        print(f"{asked} polls of /readyz before the start was over, no line of them")


def no_room():
    with e2e.Server(**{"spool.min_free_bytes": 1 << 40}) as server:
        peer = e2e.connect(server)
        code, text = peer.docmd("MAIL FROM:<>")
        assert (code, text[:5]) == (452, b"4.3.1"), (code, text)
        peer.quit()
        wait_for_line(server, "mail_refused", "level=error", 'error="no space')
        assert metrics(server)["bounced_smtp_no_room"] == 1
        wait_for_line(server, "session_end", "refusals=1", 'last_refusal="452 4.3.1"')


if __name__ == "__main__":
    started_and_refused()
    no_room()
    quiet_where_nothing_is_wrong()
    print("the log says what was started, who was refused, and why")
    sys.exit(0)
