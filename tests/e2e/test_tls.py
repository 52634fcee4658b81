#!/usr/bin/python3
"""What else a server on port 25 speaks, seen by clients that are not ours: STARTTLS and TLS from the start, new
certificates on SIGHUP, BDAT, LMTP over TCP and Unix sockets, PROXY headers, messages per minute."""
import os
import signal
import smtplib
import socket
import ssl
import struct
import subprocess
import sys
import warnings

import server as e2e

NAMES = ("one.mx.example", "two.mx.example")
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
STALL_S = 20  # of a handshake: long for a busy machine, short for the test


def make_certificate(folder, name, key="ec"):
    """A new key and certificate, put where the server looks for them; the key is its owner's alone."""
    new = folder / "new"
    new.mkdir(exist_ok=True)
    curve = ["-pkeyopt", "ec_paramgen_curve:prime256v1"] if key == "ec" else []
    subprocess.run(["openssl", "req", "-x509", "-newkey", key, *curve, "-nodes", "-days", "3", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName=DNS:{name}", "-keyout", new / "key.pem", "-out", new / "cert.pem"], check=True, capture_output=True)
    (new / "key.pem").chmod(0o600)
    for file in ("key.pem", "cert.pem"):
        os.replace(new / file, folder / file)


def trusting(folder, name=None):
    """A context that trusts the server's certificate, and whom it must name."""
    context = ssl.create_default_context(cafile=folder / "cert.pem")
    context.check_hostname = name is not None
    return context


class Raw:
    """A connection without a library between: bytes out, lines in."""

    def __init__(self, port, source=None, greeted=True):
        self.socket = socket.create_connection(("127.0.0.1", port), 60, source_address=(source, 0) if source else None)
        self.file = self.socket.makefile("rb")
        if greeted:
            self.wants("220")

    def say(self, data):
        self.socket.sendall(data)

    def hear(self):
        """The last line of an answer; empty at the end of the connection."""
        while True:
            try:
                line = self.file.readline()
            except ConnectionResetError:
                return b""
            if line[3:4] != b"-":
                return line

    def wants(self, code):
        line = self.hear()
        assert line.startswith(code.encode()), (code, line)
        return line

    def talk(self, *pairs):
        for text, code in pairs:
            self.say(text.encode() + b"\r\n")
            self.wants(code)
        return self

    def secure(self, context, name):
        """After the 220: TLS from here on."""
        self.file.close()
        self.socket = context.wrap_socket(self.socket, server_hostname=name)
        self.file = self.socket.makefile("rb")
        return self

    def close(self):
        self.file.close()
        self.socket.close()


def bounce(name):
    return e2e.crlf(b"From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\n\n"
                    b"Hi. This is the qmail-send program at mx.example.net.\n\n"
                    b"<" + name.encode() + b"@example.com>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n")


def row_of(server, name):
    """peer, helo, envelope_id of the message that brought this recipient's bounce."""
    e2e.wait_for(lambda: server.events(recipient=f"{name}@example.com"), f"the event of {name}", 180, server)
    query = ("select m.peer, m.helo, m.envelope_id, m.session_id from message m join event e using (message_id) "
             f"where e.recipient = '{name}@example.com'")
    return server.sql(query)[0]


def log_line(server, *words):
    for line in server.log_path.read_text(errors="replace").splitlines():
        if all(word in line for word in words):
            return line
    return None


def check_starttls(server, port):
    peer = smtplib.SMTP("127.0.0.1", port, local_hostname="client.example", timeout=60)
    peer.ehlo()
    for word in ("starttls", "chunking", "dsn", "8bitmime", "smtputf8", "pipelining", "size", "enhancedstatuscodes"):
        assert peer.has_extn(word), word
    peer._host = NAMES[0]  # whom the certificate must name
    peer.starttls(context=trusting(server.folder, NAMES[0]))
    peer.ehlo()
    assert not peer.has_extn("starttls") and peer.has_extn("chunking")
    code, text = e2e.send(peer, bounce("tls"))
    assert code == 250, text
    assert peer.quit()[0] == 221  # the last word arrives
    session = row_of(server, "tls")[3]
    assert "TLSv1.3" in log_line(server, "event=message_stored", f"id={session}"), session
    text = server.log_path.read_text()
    assert text.count(f"id={session.split('-')[0]}") == 1, "one line a mail that came as it should"


def check_versions(server, port):
    warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
    for version, good in ((ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_1, False)):
        context = trusting(server.folder)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        try:
            Raw(port, greeted=False).secure(context, None).wants("220")
            assert good, version
        except ssl.SSLError:
            assert not good, version


def check_required(server, port):
    peer = Raw(port).talk(("EHLO a", "250"), ("MAIL FROM:<>", "530 5.7.0"), ("STARTTLS", "220"))
    peer.secure(trusting(server.folder, NAMES[0]), NAMES[0])
    peer.talk(("MAIL FROM:<>", "503"), ("EHLO a", "250"), ("MAIL FROM:<>", "250"), ("QUIT", "221"))
    assert peer.hear() == b""
    peer.close()


def check_implicit(server, port):
    peer = smtplib.SMTP_SSL("127.0.0.1", port, context=trusting(server.folder), timeout=60)
    assert peer.ehlo()[0] == 250
    assert e2e.send(peer, bounce("implicit"))[0] == 250
    assert peer.quit()[0] == 221


def check_injection(port):
    """What stands behind STARTTLS in the same packet, or comes before the handshake, is not answered under TLS."""
    peer = Raw(port).talk(("EHLO a", "250"))
    peer.say(b"STARTTLS\r\nMAIL FROM:<evil@example.net>\r\n")
    peer.wants("554 5.5.0")
    assert peer.hear() == b""
    peer.close()
    peer = Raw(port).talk(("EHLO a", "250"), ("STARTTLS", "220"))
    peer.say(b"MAIL FROM:<evil@example.net>\r\n")
    assert b"250" not in peer.hear()  # an alert, and the end
    peer.close()
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-starttls", "smtp", "-quiet",
                           "-crlf"], input=b"EHLO b\nQUIT\n", capture_output=True, timeout=60)
    assert b"221 2.0.0" in done.stdout and b"STARTTLS" not in done.stdout, done


def check_swaks(server, port):
    done = subprocess.run(["swaks", "--server", f"127.0.0.1:{port}", "--tls", "--from", "<>", "--helo",
                           "swaks.example", "--to", "bounce@news.sender.example", "--data", "-"],
                          input=bounce("swaks"), capture_output=True, timeout=60)
    assert done.returncode == 0, done
    assert row_of(server, "swaks")[1] == "swaks.example"


def bdat(peer, body, cut):
    """A message in two chunks, sent as one group (RFC 3030 4.2)."""
    peer.say(b"MAIL FROM:<a@example.net> ENVID=id+2B7\r\nRCPT TO:<b@news.sender.example> NOTIFY=NEVER\r\nBDAT %d\r\n" % cut +
             body[:cut] + b"BDAT %d LAST\r\n" % (len(body) - cut) + body[cut:])
    for code in ("250 2.1.0", "250 2.1.5", "250 2.0.0 chunk"):
        peer.wants(code)
    peer.wants("250 2.0.0 stored")


def check_bdat(server, port):
    binary = bounce("chunk{}").replace(b"\r\n\r\n", b"\r\n\r\n\0\r\n.\r\nQUIT\r\n", 1)
    plain = Raw(port).talk(("EHLO a", "250"))
    bdat(plain, binary.replace(b"{}", b"1"), 30)
    secure = Raw(port).talk(("EHLO a", "250"), ("STARTTLS", "220")).secure(trusting(server.folder), None)
    secure.talk(("EHLO a", "250"))
    bdat(secure, binary.replace(b"{}", b"2") + b"\xff\0" * 200000, 300000)
    for peer in (plain, secure):
        peer.talk(("QUIT", "221"))
        peer.close()
    for name, size in (("chunk1", len(binary) - 1), ("chunk2", len(binary) - 1 + 400000)):
        assert row_of(server, name)[2] == "id+7"
        rows = server.sql("select m.size, position('\\x000d0a2e0d0a51554954'::bytea in r.raw) > 0 from message m join "
                          "message_raw r using (message_id) join event e using (message_id) where e.recipient = "
                          f"'{name}@example.com'")
        assert rows == [[str(size), "t"]], (rows, size)


def check_lmtp(server, port, path):
    for name, peer in (("lmtptcp", smtplib.LMTP("127.0.0.1", port)), ("lmtpunix", smtplib.LMTP(str(path)))):
        peer.ehlo_or_helo_if_needed()
        assert not peer.has_extn("starttls")
        refused = peer.sendmail("a@example.net", [f"{name}@news.sender.example", f"x{name}@news.sender.example"],
                                bounce(name))
        assert refused == {}, refused
        peer.quit()
    assert row_of(server, "lmtpunix")[0] == "unix"
    assert row_of(server, "lmtptcp")[0] == "127.0.0.1"


def v2(command, family, block):
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(block)) + block


def check_proxy(server, port, implicit_port):
    """The peer that a listed proxy names is the one of the log and of the row; from others a header is no SMTP."""
    four = socket.inet_aton("192.0.2.33") + socket.inet_aton("127.0.0.1") + struct.pack("!HH", 1, 25)
    six = socket.inet_pton(socket.AF_INET6, "2001:db8::7") + bytes(15) + b"\1" + struct.pack("!HH", 1, 25)
    headers = {
        "proxya": (b"PROXY TCP4 192.0.2.31 127.0.0.1 1000 25\r\n", "192.0.2.31"),
        "proxyb": (b"PROXY UNKNOWN\r\n", "127.0.0.2"),
        "proxyc": (v2(0x21, 0x11, four), "192.0.2.33"),
        "proxyd": (v2(0x21, 0x21, six + b"\x04\0\2hi"), "2001:db8::7"),
        "proxye": (v2(0x20, 0, b""), "127.0.0.2"),
    }
    for name, (header, address) in headers.items():
        peer = Raw(port, "127.0.0.2", greeted=False)
        peer.say(header)
        peer.wants("220")
        peer.talk(("HELO a", "250"), ("MAIL FROM:<>", "250"), ("RCPT TO:<b@news.sender.example>", "250"), ("DATA", "354"))
        peer.say(bounce(name) + b".\r\n")
        peer.wants("250")
        peer.talk(("QUIT", "221"))
        peer.close()
        row = row_of(server, name)
        assert row[0] == address, (name, row)
        session = row[3].rsplit("-", 1)[0]
        e2e.wait_for(lambda: log_line(server, "event=message_stored", f"id={session}", f"peer={address}"),
                     f"the end of {name}'s session", 60, server)
    # A TLS hello in the same packet as the header.
    peer = Raw(implicit_port, "127.0.0.2", greeted=False)
    hello, incoming = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trusting(server.folder).wrap_bio(incoming, hello)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        peer.say(headers["proxya"][0] + hello.read())
    assert peer.socket.recv(1) == b"\x16"
    peer.close()
    # Malformed, or none: closed without a word. Not listed: the header is a wrong command.
    for text in (b"PROXY TCP4 x y 1 2\r\n", b"EHLO a\r\n"):
        peer = Raw(port, "127.0.0.2", greeted=False)
        peer.say(text)
        assert peer.hear() == b""
        peer.close()
    peer = Raw(port, "127.0.0.3").talk(("PROXY TCP4 192.0.2.31 127.0.0.1 1 25", "500"), ("QUIT", "221"))
    peer.close()


def check_sessions_per_network(port):
    """The limits are those of the peer behind the proxy."""
    def session(address):
        peer = Raw(port, "127.0.0.2", greeted=False)
        peer.say(b"PROXY TCP6 " + address + b" ::1 1 25\r\n")
        return peer

    peers = [session(b"2001:db8:0:9::%x" % i) for i in range(20)]
    for peer in peers:
        peer.wants("220")
    refused, other = session(b"2001:db8:0:9::ffff"), session(b"2001:db8:0:a::1")
    refused.wants("421 4.7.0")
    assert refused.hear() == b""
    other.wants("220")
    for peer in (*peers, refused, other):
        peer.close()


def check_messages_per_minute(port):
    """Three are taken; then MAIL gets 450, in this session and in the next, and other networks go on."""
    def session(address):
        peer = Raw(port, "127.0.0.2", greeted=False)
        peer.say(b"PROXY TCP4 " + address + b" 127.0.0.1 1 25\r\n")
        peer.wants("220")
        return peer.talk(("HELO a", "250"))

    def send_until_refused(peer, number):
        for i in range(10):
            peer.say(b"MAIL FROM:<>\r\n")
            if peer.hear().startswith(b"450 4.7.1"):
                return i
            peer.talk(("RCPT TO:<b@news.sender.example>", "250"), ("DATA", "354"))
            peer.say(b"Subject: number %d %d\r\n\r\n.\r\n" % (number, i))
            peer.wants("250")
        raise AssertionError("never refused")

    # A minute may end meanwhile: then the count begins again, once.
    peer = session(b"198.51.100.9")
    assert send_until_refused(peer, 1) in range(3, 7)
    second = session(b"198.51.100.9")
    assert send_until_refused(second, 2) in (0, 3)
    other = session(b"198.51.100.10").talk(("MAIL FROM:<>", "250"))
    for one in (peer, second, other):
        one.talk(("QUIT", "221"))
        one.close()


def presented(folder, port):
    """The certificate that the server shows, as PEM."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    peer = Raw(port, greeted=False).secure(context, None)
    try:
        return ssl.DER_cert_to_PEM_cert(peer.socket.getpeercert(True)).strip()
    finally:
        peer.close()


def handshake(port, *options):
    """Does OpenSSL's client get through with these?"""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-starttls", "smtp", "-brief", *options],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return done.returncode == 0


def check_reload(server, port):
    folder = server.folder
    first = (folder / "cert.pem").read_text().strip()
    assert presented(folder, port) == first
    open_before = Raw(port, greeted=False).secure(trusting(folder), None)
    open_before.wants("220")
    # One that does not work changes nothing, even for an smtp role that starts again.
    good_key = (folder / "key.pem").read_bytes()
    (folder / "key.pem").write_text("no key\n")
    server.process.send_signal(signal.SIGHUP)
    e2e.wait_for(lambda: log_line(server, "event=tls_kept"), "the old certificate to be kept", 60, server)
    assert presented(folder, port) == first
    victim, = server.pids("smtp")
    open_before.talk(("NOOP", "250"), ("QUIT", "221"))
    open_before.close()
    os.kill(victim, signal.SIGKILL)
    e2e.wait_for(lambda: victim not in server.pids("smtp") and server.pids("smtp"), "another smtp role", 60, server)
    assert presented(folder, port) == first
    (folder / "key.pem").write_bytes(good_key)
    # A new pair. Where the server was started as root, only root can read the key.
    make_certificate(folder, NAMES[1])
    second = (folder / "cert.pem").read_text().strip()
    server.process.send_signal(signal.SIGHUP)
    e2e.wait_for(lambda: log_line(server, "event=tls_reloaded"), "the new certificate", 60, server)
    e2e.wait_for(lambda: presented(folder, port) == second, "it to be shown", 60, server)
    victim, = server.pids("smtp")
    os.kill(victim, signal.SIGKILL)
    e2e.wait_for(lambda: victim not in server.pids("smtp") and server.pids("smtp"), "another smtp role", 60, server)
    assert presented(folder, port) == second


def check_strength(server, port, implicit_port):
    """No key exchange without forward secrecy, which an RSA certificate would bring, and none that costs us much more
    than the peer (finite fields of up to 8192 bits)."""
    make_certificate(server.folder, NAMES[0], "rsa:2048")
    third = (server.folder / "cert.pem").read_text().strip()
    server.process.send_signal(signal.SIGHUP)
    e2e.wait_for(lambda: presented(server.folder, implicit_port) == third, "it to be shown", 60, server)
    for options in (("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"), ("-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA"),
                    ("-tls1_3", "-groups", "X25519"), ("-tls1_3", "-groups", "P-256"), ("-tls1_2", "-curves", "P-384")):
        assert handshake(port, *options), options
    for options in (("-tls1_2", "-cipher", "AES128-GCM-SHA256"), ("-tls1_2", "-cipher", "AES256-SHA"),
                    ("-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"), ("-tls1_3", "-groups", "ffdhe2048"),
                    ("-tls1_3", "-groups", "ffdhe8192")):
        assert not handshake(port, *options), options


def check_bad_start(server):
    """Told at the start, not at the first handshake."""
    wrong = server.folder / "wrong.conf"
    wrong.write_text(server.config.read_text().replace("key.pem", "missing.pem"))
    done = subprocess.run([e2e.BINARY, "serve", "--config", wrong], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "missing.pem" in done.stderr, done
    wrong.write_text(server.config.read_text().replace("key.pem", "cert.pem"))
    done = subprocess.run([e2e.BINARY, "serve", "--config", wrong], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "the key cannot be read" in done.stderr, done


def main():
    ports = {name: e2e.free_port() for name in ("required", "implicit", "lmtp")}
    with_tls = e2e.Server()
    folder = with_tls.folder
    path = folder / "lmtp.sock"
    make_certificate(folder, NAMES[0])
    with_tls.settings.update({
        "smtp.listen": f"127.0.0.1:{with_tls.smtp_port}, 127.0.0.1:{ports['required']} tls=required, "
                       f"127.0.0.1:{ports['implicit']} tls=implicit, 127.0.0.1:{ports['lmtp']} lmtp tls=off, "
                       f"unix:{path} lmtp",
        "smtp.tls_certificate": str(folder / "cert.pem"), "smtp.tls_key": str(folder / "key.pem"),
        "smtp.tls_timeout_s": str(STALL_S), "smtp.proxy_timeout_s": str(STALL_S),
        "smtp.proxy_networks": "127.0.0.2", "smtp.max_messages_per_minute": "3", "server.log_addresses": "true",
    })
    with with_tls as server:
        # These three say nothing more, and are ended without being answered.
        stalled = [Raw(server.smtp_port).talk(("EHLO a", "250"), ("STARTTLS", "220")),
                   Raw(ports["implicit"], greeted=False), Raw(server.smtp_port, "127.0.0.2", greeted=False)]
        check_starttls(server, server.smtp_port)
        check_versions(server, ports["implicit"])
        check_required(server, ports["required"])
        check_implicit(server, ports["implicit"])
        check_injection(server.smtp_port)
        check_swaks(server, server.smtp_port)
        check_bdat(server, server.smtp_port)
        check_lmtp(server, ports["lmtp"], path)
        check_proxy(server, server.smtp_port, ports["implicit"])
        check_sessions_per_network(server.smtp_port)
        check_messages_per_minute(server.smtp_port)
        for peer in stalled:
            assert peer.hear() == b""
            peer.close()
        check_reload(server, ports["implicit"])
        check_strength(server, server.smtp_port, ports["implicit"])
        check_bad_start(server)
        # Whoever cannot read an answer is no reason to wait, and gets none.
        stalled = [Raw(server.smtp_port).talk(("EHLO a", "250"), ("STARTTLS", "220")),
                   Raw(server.smtp_port, "127.0.0.2", greeted=False)]
        assert server.stop() == 0
        for peer in stalled:
            assert peer.hear() == b""
            peer.close()
        assert "Sanitizer" not in server.log_path.read_text(errors="replace")
    print("TLS, BDAT, LMTP and PROXY were spoken, and certificates read again")


if __name__ == "__main__":
    sys.exit(main())
