#!/usr/bin/python3
"""SMTP clients that others wrote: smtplib, swaks, msmtp, smtp-source, sslscan; and the slow and the half-open.

Every client that says it was answered 250 finds its mail in the database, once; whoever leaves before the end of
its message leaves nothing. No time is measured: the slow ones are slow because they wait for the others here.
"""
import os
import pathlib
import smtplib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import server as e2e
from test_mtas import fetch
from test_tls import NAMES, Raw, bounce, make_certificate, row_of, trusting

RECIPIENT = "bounce@news.sender.example"
SOURCE_SESSIONS, SOURCE_MESSAGES = 100, 300
SLOW, HALF_OPEN, GOOD, SLOW_STEPS = 200, 100, 20, 40
NEEDED = ("TLSv1.2", "TLSv1.3")
FORBIDDEN = ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1")


def messages(server):
    return int(server.sql("select count(*) from message")[0][0])


def run(*command, data=b"", code=0, environment=None):
    done = subprocess.run(command, input=data, capture_output=True, timeout=600, env=environment)
    assert done.returncode == code, (command, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout.decode(errors="replace")


def check_smtplib(server, tls_port):
    """The library's own way: EHLO, MAIL with its parameters, several recipients, one refused."""
    with smtplib.SMTP("127.0.0.1", server.smtp_port, local_hostname="client.example", timeout=60) as peer:
        refused = peer.sendmail("", [RECIPIENT, "other@news.sender.example", "stranger@else.example"],
                                bounce("smtplib"), mail_options=["BODY=8BITMIME"])
        codes = {name: code for name, (code, _) in refused.items()}
        assert codes == {"other@news.sender.example": 452, "stranger@else.example": 550}, refused  # RFC 3464: one each
        peer.rset()
        assert peer.noop()[0] == 250 and peer.verify(RECIPIENT)[0] == 252
    row_of(server, "smtplib")
    with smtplib.SMTP_SSL("127.0.0.1", tls_port, timeout=60, context=trusting(server.tls)) as peer:
        assert peer.sendmail("", RECIPIENT, bounce("smtps")) == {}
    row_of(server, "smtps")


SWAKS_WAYS = {
    "plain": (), "starttls": ("--tls",), "helo": ("--protocol", "SMTP"), "implicit": ("--tlsc",),
    "pipelined": ("--pipeline",), "pipelined-tls": ("--pipeline", "--tls"),
}
# Where swaks says QUIT, or drops the connection with no word: nothing may be stored.
SWAKS_EXITS = (("--quit-after", "EHLO"), ("--quit-after", "TLS", "--tls"), ("--quit-after", "MAIL"),
               ("--quit-after", "RCPT"), ("--drop-after", "CONNECT"), ("--drop-after", "RCPT"),
               ("--drop-after", "DATA"), ("--drop-after-send", "DATA"), ("--drop-after", "RCPT", "--pipeline"))


def swaks(port, *extra, data=b"", code=0):
    return run("swaks", "--server", "127.0.0.1", "--port", str(port), "--helo", "client.example", "--from", "<>",
               "--to", RECIPIENT, "--timeout", "300s", "--data", "-", *extra, data=data, code=code)


def check_swaks(server, tls_port):
    for name, extra in SWAKS_WAYS.items():
        port = tls_port if "--tlsc" in extra else server.smtp_port
        swaks(port, *extra, data=bounce(f"swaks-{name}"))
        row_of(server, f"swaks-{name}")
    before = messages(server)
    for extra in SWAKS_EXITS:
        swaks(server.smtp_port, *extra, data=bounce("swaks-leaves"))
    swaks(server.smtp_port, data=bounce("swaks-stays"))
    row_of(server, "swaks-stays")
    assert messages(server) == before + 1


def check_msmtp(server, tls_port):
    ways = {"starttls": (server.smtp_port, "--tls-starttls=on"), "implicit": (tls_port, "--tls-starttls=off")}
    for name, (port, starttls) in ways.items():
        run("msmtp", "--host=127.0.0.1", f"--port={port}", "--tls=on", starttls, "--auth=off", "--from=",
            f"--tls-trust-file={server.tls / 'cert.pem'}", "--tls-host-override=" + NAMES[0], "--", RECIPIENT,
            data=bounce(f"msmtp-{name}").replace(b"\r\n", b"\n"))
        row_of(server, f"msmtp-{name}")


def check_odd_orders(server):
    """What no polite client does; each answered, none stored but the last."""
    peer = Raw(server.smtp_port)
    peer.talk(("RCPT TO:<a@news.sender.example>", "503"), ("DATA", "503"), ("MAIL FROM:<>", "503"),
              ("HELO client.example", "250"), ("MAIL FROM:<>", "250"), ("MAIL FROM:<>", "503"), ("DATA", "503"),
              ("EHLO client.example", "250"), ("RCPT TO:<a@news.sender.example>", "503"), ("MAIL FROM:<>", "250"),
              ("RCPT TO:<" + RECIPIENT + ">", "250"), ("RSET", "250"), ("DATA", "503"), ("STARTTLS now", "501"))
    # One segment holds a whole session.
    peer.say(b"mail from:<>\r\nrcpt to:<" + RECIPIENT.encode() + b">\r\nNOOP\r\nDATA\r\n")
    for code in ("250", "250", "250", "354"):
        peer.wants(code)
    peer.say(bounce("odd") + b".\r\nMAIL FROM:<>\r\nQUIT\r\n")
    for code in ("250", "250", "221"):
        peer.wants(code)
    peer.close()
    row_of(server, "odd")


def smtp_source(folder):
    """Postfix's load source, unpacked and not installed; None where the package cannot be had."""
    root = folder / "postfix-root"
    packages = fetch("postfix")
    if packages is None:
        return None
    for package in packages.glob("*.deb"):
        run("dpkg-deb", "-x", str(package), str(root))
    libraries = [str(root / "usr/lib/postfix"), *(str(path) for path in root.glob("usr/lib/*-linux-gnu"))]
    return [str(root / "usr/sbin/smtp-source")], {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)}


def check_smtp_source(server, folder):
    found = smtp_source(folder)
    if found is None:
        print("smtp-source: Debian's postfix package cannot be had here")
        return
    command, environment = found
    for kept in ((), ("-d",)):
        before = messages(server)
        run(*command, *kept, "-s", str(SOURCE_SESSIONS), "-m", str(SOURCE_MESSAGES), "-N", "-f", "", "-l", "4096",
            "-t", RECIPIENT, f"127.0.0.1:{server.smtp_port}", environment=environment)
        e2e.wait_for(lambda: messages(server) >= before + SOURCE_MESSAGES, "every message of smtp-source", 300, server)
        assert messages(server) == before + SOURCE_MESSAGES


def check_sslscan(server, tls_port):
    """Only TLS 1.2 and 1.3, and our certificate, on both ways into TLS."""
    for port, extra in ((tls_port, ()), (server.smtp_port, ("--starttls-smtp",))):
        text = run("sslscan", "--xml=-", "--no-colour", *extra, f"--sni-name={NAMES[0]}", f"127.0.0.1:{port}")
        test = xml.etree.ElementTree.fromstring(text[text.index("<?xml"):].encode()).find("ssltest")
        on = {("TLSv" if row.get("type") == "tls" else "SSLv") + row.get("version")
              for row in test.findall("protocol") if row.get("enabled") == "1"}
        assert on == set(NEEDED), text
        assert not [row for row in test.findall("cipher") if row.get("sslversion") in FORBIDDEN], text
        assert not [row for row in test.findall("cipher") if row.get("strength") in ("null", "weak", "anonymous")], text
        assert test.findtext(".//certificate/subject") == NAMES[0], text
        for row in test.findall("heartbleed"):
            assert row.get("vulnerable") == "0", text
        for row in test.findall("compression"):
            assert row.get("supported") == "0", text


def check_slow(server):
    """Drippers inside a message, peers that say nothing and peers that stop in a command, all at once."""
    before = messages(server)
    slow = [Raw(server.smtp_port) for _ in range(SLOW)]
    for peer in slow:
        peer.talk(("EHLO slow.example", "250"), ("MAIL FROM:<>", "250"), (f"RCPT TO:<{RECIPIENT}>", "250"),
                  ("DATA", "354"))
    silent = [Raw(server.smtp_port) for _ in range(HALF_OPEN)]
    for peer in silent[::2]:
        peer.say(b"MAIL FR")
    texts = [bounce(f"slow-{n}") for n in range(SLOW)]
    for step in range(SLOW_STEPS):
        for peer, text in zip(slow, texts):
            peer.say(text[step:step + 1])
        if step % 2 == 0:
            good = e2e.connect(server)
            code, text = e2e.send(good, bounce(f"good-{step // 2}"))
            assert code == 250, text
            good.quit()
    assert SLOW_STEPS // 2 == GOOD
    for n, (peer, text) in enumerate(zip(slow, texts)):
        if n % 2:
            peer.close()  # leaves without the dot
            continue
        peer.say(text[SLOW_STEPS:] + b".\r\n")
        peer.wants("250")
        peer.close()
    for peer in silent:
        peer.close()
    wanted = before + GOOD + SLOW // 2
    e2e.wait_for(lambda: messages(server) >= wanted, "the messages of good and slow clients", 300, server)
    assert server.smtp_answers() and messages(server) == wanted
    for name in ("good-0", f"good-{GOOD - 1}", "slow-0", f"slow-{SLOW - 2}"):
        row_of(server, name)
    assert not server.events(recipient="slow-1@example.com")


def main():
    with tempfile.TemporaryDirectory(prefix="bounced-clients-") as folder:
        folder = pathlib.Path(folder)
        make_certificate(folder, NAMES[0])
        tls_port = e2e.free_port()
        server = e2e.Server(**{
            "smtp.return_path_domains": "news.sender.example", "smtp.tls_certificate": folder / "cert.pem",
            "smtp.tls_key": folder / "key.pem", "smtp.command_timeout_s": 3600, "smtp.data_timeout_s": 3600})
        server.settings["smtp.listen"] += f", 127.0.0.1:{tls_port} tls=implicit"
        server.tls = folder
        with server:
            check_smtplib(server, tls_port)
            check_swaks(server, tls_port)
            check_msmtp(server, tls_port)
            check_odd_orders(server)
            check_sslscan(server, tls_port)
            check_smtp_source(server, folder)
            check_slow(server)


if __name__ == "__main__":
    sys.exit(main())
