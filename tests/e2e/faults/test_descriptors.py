#!/usr/bin/python3
"""Few descriptors: the smtp role takes as many as its sessions need and may have, and where it may not have so many it has
fewer sessions, with a word to each that is too many, and keeps what the spool needs."""
import contextlib
import resource
import socket
import sys
import unittest.mock

import server as e2e

SESSIONS = 300


class Limited(e2e.Server):
    """Started under limits of RLIMIT_NOFILE."""

    def __init__(self, soft, hard):
        super().__init__(**{"smtp.max_sessions": SESSIONS, "spool.segment_bytes": 4 << 20,
                            "smtp.max_message_bytes": 1 << 20})
        self.limits = soft, hard

    def start(self):
        before = e2e.die_with_parent

        def prepare():
            before()
            resource.setrlimit(resource.RLIMIT_NOFILE, self.limits)

        with unittest.mock.patch.object(e2e, "die_with_parent", prepare):
            return super().start()


def greetings(server, n, stack):
    """The first four octets that each of n connections hears."""
    peers = [stack.enter_context(socket.create_connection(("127.0.0.1", server.smtp_port), 30)) for _ in range(n)]
    return [peer.recv(4) for peer in peers]


def main():
    with Limited(256, 4096) as server, contextlib.ExitStack() as stack:
        assert greetings(server, 290, stack) == [b"220 "] * 290, server.log_tail()
    with Limited(128, 128) as server, contextlib.ExitStack() as stack:
        first = e2e.connect(server)
        heard = greetings(server, 290, stack)
        served = heard.count(b"220 ")
        assert served >= 40 and heard == [b"220 "] * served + [b"421 "] * (290 - served), heard
        assert "role=smtp event=connections_limited" in server.log_path.read_text(), server.log_tail()
        for number in range(8):  # over the end of a segment: a file has to be opened
            code, text = e2e.send(first, b"Subject: %d\r\n\r\n" % number + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 12000)
            assert code == 250, (number, code, text)
    print("290 sessions beyond a low limit, and fewer where it cannot be raised")


if __name__ == "__main__":
    sys.exit(main())
