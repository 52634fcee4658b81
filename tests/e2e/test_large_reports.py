#!/usr/bin/python3
"""Small mails that speak of a thousand recipients each: their rows are many times their size, and more than one
batch holds. All are stored, and the loader lives."""
import os
import signal
import sys

import server as e2e

MAILS, RECIPIENTS = 130, 1000


def report(number):
    groups = "".join(f"Final-Recipient:rfc822;u{i}@{number}.example\nAction:failed\nStatus:5.1.1\n\n"
                     for i in range(RECIPIENTS))
    return ("From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
            "--b\nContent-Type: message/delivery-status\n\n"
            f"Reporting-MTA: dns; {'m' * 1000}.example\n\n{groups}--b--\n").encode()


def main():
    with e2e.Server() as server:
        e2e.wait_for(lambda: server.pids("loader"), "the loader", 60, server)
        loader, = server.pids("loader")
        os.kill(loader, signal.SIGSTOP)  # so that all of them wait when it goes on
        peer = e2e.connect(server)
        for number in range(MAILS):
            code, text = e2e.send(peer, e2e.crlf(report(number)), recipient=f"b{number}@news.sender.example")
            assert code == 250, text
        peer.quit()
        os.kill(loader, signal.SIGCONT)
        e2e.wait_for(lambda: server.sql("select sum(messages), sum(events) from spool_position")
                     == [[str(MAILS), str(MAILS * RECIPIENTS)]], "every recipient to be stored", 400, server, 0.5)
        assert server.pids("loader") == [loader], "the loader died"
        assert "event=message_set_aside" not in server.log_path.read_text()
    print(f"{MAILS} mails about {MAILS * RECIPIENTS} recipients are stored")


if __name__ == "__main__":
    sys.exit(main())
