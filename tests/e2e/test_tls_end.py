#!/usr/bin/python3
"""A peer that ends its side of TLS right behind its last word, by close_notify, by FIN or by both, hears all that it is
owed."""
import socket
import ssl
import sys

import server as e2e
import test_tls as tls


class HalfClosed:
    """TLS over a socket, by hand: a peer that says its last word and the end of its side in one write."""

    def __init__(self, port, context):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.end = context.wrap_bio(self.incoming, self.outgoing, server_hostname=tls.NAMES[0])
        self.until(self.end.do_handshake)

    def until(self, call):
        while True:
            try:
                done = call()
            except ssl.SSLWantReadError:
                self.flush()
                self.receive()
                continue
            self.flush()
            return done

    def flush(self):
        data = self.outgoing.read()
        if data:
            self.socket.sendall(data)

    def receive(self):
        data = self.socket.recv(65536)
        if data:
            self.incoming.write(data)
        else:
            self.incoming.write_eof()

    def hear(self, end):
        text = b""
        while end not in text:
            text += self.until(lambda: self.end.read(65536)) or b""
        return text

    def last_word(self, text, notify, fin):
        self.end.write(text)
        if notify:
            try:
                self.end.unwrap()
            except ssl.SSLWantReadError:
                pass
        self.flush()
        if fin:
            self.socket.shutdown(socket.SHUT_WR)

    def rest(self):
        """All that still comes; ends with the connection, or with the other side's close_notify."""
        text = b""
        try:
            while True:
                data = self.until(lambda: self.end.read(65536))
                if not data:
                    return text
                text += data
        except (ssl.SSLError, ConnectionError):
            return text


def check_half_closed(server, port):
    """A mail that is stored is answered, also where nothing more will come: else it is sent again."""
    for number, (notify, fin) in enumerate(((True, False), (True, True), (False, True))):
        for tail in (b"", b"QUIT\r\n"):
            name = f"half{number}{len(tail)}"
            peer = HalfClosed(port, tls.trusting(server.folder))
            peer.hear(b"\r\n")
            peer.end.write(b"EHLO a\r\n")
            peer.flush()
            peer.hear(b"250 ")
            peer.end.write(b"MAIL FROM:<>\r\nRCPT TO:<b@news.sender.example>\r\nDATA\r\n")
            peer.flush()
            peer.hear(b"354 ")
            peer.last_word(tls.bounce(name) + b".\r\n" + tail, notify, fin)
            text = peer.rest()
            assert b"250 2.0.0" in text, (notify, fin, tail, text)
            assert (b"221 " in text) == bool(tail), text
            peer.socket.close()
            tls.row_of(server, name)


def main():
    server, port = e2e.Server(), e2e.free_port()
    tls.make_certificate(server.folder, tls.NAMES[0])
    server.settings.update({
        "smtp.listen": f"127.0.0.1:{server.smtp_port}, 127.0.0.1:{port} tls=implicit",
        "smtp.tls_certificate": str(server.folder / "cert.pem"), "smtp.tls_key": str(server.folder / "key.pem"),
    })
    with server:
        check_half_closed(server, port)
        assert "event=message_stored_unanswered" not in server.log_path.read_text()
    print("six ends of TLS, each behind its answers")


if __name__ == "__main__":
    sys.exit(main())
