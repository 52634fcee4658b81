#!/usr/bin/python3
"""The operator's rules are laid over the built-in ones and read again on SIGHUP; wrong ones change nothing."""
import pathlib
import signal
import sys
import tempfile

import server as e2e

MAIL = """From: MAILER-DAEMON@mx.example.net
To: bounce@news.sender.example
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{name}@example.com>:
192.0.2.1 does not like recipient.
Remote host said: 550 the flux capacitor is empty
Giving up on 192.0.2.1.
"""


def rules(reason):
    return f"rule text.flux = {reason} 0.99\n    1  flux capacitor is empty\n"


def verdict(server, name):
    """What a mail that comes in now is judged to be."""
    peer = e2e.connect(server)
    assert e2e.send(peer, e2e.crlf(MAIL.format(name=name).encode()))[0] == 250
    peer.quit()
    e2e.wait_for(lambda: server.events(recipient=f"{name}@example.com"), f"the event of {name}", 60, server)
    event, = server.events(recipient=f"{name}@example.com")
    return event["reason"], event["rule"]["id"]


def reload(server, file, text, word, times):
    file.write_text(text)
    server.process.send_signal(signal.SIGHUP)
    e2e.wait_for(lambda: server.log_path.read_text().count(f"event={word}") == times, word, 60, server)


def main():
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder).chmod(0o755)
        file = pathlib.Path(folder, "mine.rules")
        file.write_text(rules("recipient.moved"))
        with e2e.Server(**{"parser.rules_file": file}) as server:
            assert verdict(server, "one") == ("recipient.moved", "text.flux.1")
            reload(server, file, rules("policy.refused"), "rules_reloaded", 1)
            # The other parsers get the new rules when their message is answered.
            e2e.wait_for(lambda: server.log_path.read_text().count("event=role_ended name=parser") >=
                         len(server.pids("parser")), "every parser to be a new one", 60, server)
            assert verdict(server, "two") == ("policy.refused", "text.flux.1")
            reload(server, file, "this is no rule\n", "rules_kept", 1)
            assert verdict(server, "three") == ("policy.refused", "text.flux.1")
    print("rules were read again, and wrong ones were not")


if __name__ == "__main__":
    sys.exit(main())
