#!/usr/bin/python3
"""Mails that kill their parser, in the middle of a batch of others: each is set aside after two crashes, with its
bytes kept, and no other mail pays for it. The parser aborts on a marker that is compiled into test builds."""
import os
import re
import signal
import sys

import server as e2e

GOOD, POISON = 120, 3


def good(number):
    return (f"From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
            "--b\nContent-Type: message/delivery-status\n\n"
            "Reporting-MTA: dns; mx.example.net\n\n"
            f"Final-Recipient: rfc822; u{number}@example.com\nAction: failed\nStatus: 5.1.1\n--b--\n").encode()


def poison(number):
    return f"From: MAILER-DAEMON@mx.example.net\nX-Bounced-Crash-Parser: {number}\n\npoison {number}\n".encode()


def send_all(server):
    peer = e2e.connect(server)
    for number in range(GOOD):
        mails = [good(number)]
        if number % (GOOD // POISON) == GOOD // POISON // 2:
            mails.append(poison(number))
        for mail in mails:
            code, text = e2e.send(peer, e2e.crlf(mail))
            assert code == 250, text
    peer.quit()


def main():
    if os.environ.get("TEST_CRASH_MARKER") != "ON":
        e2e.skip("this build has no marker to crash on")
    with e2e.Server() as server:
        e2e.wait_for(lambda: server.pids("loader"), "the loader", 60, server)
        loader, = server.pids("loader")
        os.kill(loader, signal.SIGSTOP)  # so that all of them wait together when it goes on
        send_all(server)
        os.kill(loader, signal.SIGCONT)
        counts = "select kind, count(*) from message group by kind order by kind"
        e2e.wait_for(lambda: server.sql(counts) == [["bounce", str(GOOD)], ["unknown", str(POISON)]],
                     "every mail to be stored", 300, server, 0.5)
        raw = server.sql("select count(*) from message_raw r join message m using (message_id, received_at) where "
                         "m.kind = 'unknown' and position('X-Bounced-Crash-Parser' in encode(r.raw, 'escape')) > 0")
        assert raw == [[str(POISON)]], raw
        assert len(server.events()) == GOOD
        # The lane goes on, and the loader never died of it.
        peer = e2e.connect(server)
        assert e2e.send(peer, e2e.crlf(good(GOOD)))[0] == 250
        e2e.wait_for(lambda: len(server.events()) == GOOD + 1, "the mail behind them", 120, server)
        assert server.pids("loader") == [loader], "the loader died"
        log = server.log_path.read_text()
        aside = re.findall(r"event=message_set_aside id=(\S+) bytes=\d+ crashes=2", log)
        assert len(set(aside)) == POISON == log.count("event=message_set_aside"), aside
        assert log.count("event=role_died name=parser") == 2 * POISON, log
    print(f"{POISON} mails killed their parsers twice and were set aside; {GOOD + 1} others are stored")


if __name__ == "__main__":
    sys.exit(main())
