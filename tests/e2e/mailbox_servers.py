"""Mailboxes on other servers, for test_fetch.py: Debian's dovecot where it is installed, and a small IMAP and POP3
server of our own whose connections break and whose answers lie on command. Loopback alone."""
import contextlib
import os
import pathlib
import pwd
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
import time

import server as e2e

USER, PASSWORD = "ann@mail.example", "a secret of \"quotes\" and \\"


def make_certificate(folder):
    """A certificate for 127.0.0.1 that is its own authority: (certificate, key)."""
    certificate, key = folder / "mail.crt", folder / "mail.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=60)
    certificate.chmod(0o644)
    return certificate, key


class Dovecot:
    """dovecot in a folder of its own, with one maildir. Use as a context manager."""

    def __init__(self, folder, certificate, key):
        self.folder = folder / "dovecot"
        self.folder.mkdir()
        self.imaps, self.pop3s = e2e.free_port(), e2e.free_port()
        owner = pwd.getpwuid(os.getuid()) if os.getuid() else pwd.getpwnam("nobody")
        self.mail = self.folder / "mail"
        for path in (self.mail, self.mail / "new", self.mail / "cur", self.mail / "tmp"):
            path.mkdir()
            os.chown(path, owner.pw_uid, owner.pw_gid)
        self.owner = owner
        (self.folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}:{owner.pw_uid}:{owner.pw_gid}::{self.folder}::\n")
        self.config = self.folder / "dovecot.conf"
        self.config.write_text(self.settings(certificate, key))

    def settings(self, certificate, key):
        owner = self.owner
        internal = "" if os.getuid() == 0 else (f"default_internal_user = {owner.pw_name}\n"
                                                f"default_login_user = {owner.pw_name}\n")
        return f"""{internal}base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.folder}/log
protocols = imap pop3
listen = 127.0.0.1
ssl = required
ssl_cert = <{certificate}
ssl_key = <{key}
first_valid_uid = 1
mail_location = maildir:{self.mail}
passdb {{
  driver = passwd-file
  args = username_format=%u {self.folder}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {self.folder}/users
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {self.imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = 0
  }}
  inet_listener pop3s {{
    port = {self.pop3s}
    ssl = yes
  }}
}}
"""

    def put(self, name, mail):
        path = self.mail / "new" / name
        path.write_text(mail)
        os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    def files(self):
        return sorted(f.name for sub in ("new", "cur") for f in (self.mail / sub).iterdir())

    def __enter__(self):
        self.process = subprocess.Popen(["dovecot", "-F", "-c", self.config], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        e2e.wait_for(self.answers, "dovecot to answer", 60)
        return self

    def answers(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.imaps), 5):
            return True
        return False

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)


def have_dovecot():
    return shutil.which("dovecot") and pathlib.Path("/usr/lib/dovecot/imap").exists() \
        and pathlib.Path("/usr/lib/dovecot/pop3").exists()


class Breaks(Exception):
    pass


class Session(socketserver.StreamRequestHandler):
    """One connection. The server's `plan` says what goes wrong: {what: value}."""

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def line(self):
        text = self.rfile.readline(65536)
        if not text:
            raise Breaks
        self.server.heard.append(text.decode().strip())
        return text.decode().strip()

    def handle(self):
        with contextlib.suppress(Breaks, OSError, ssl.SSLError):
            self.imap() if self.server.protocol == "imap" else self.pop3()

    def imap(self):
        box, plan = self.server.box, self.server.plan
        self.say("* OK ready")
        while True:
            tag, verb, *rest = self.line().split(" ", 2)
            rest = rest[0] if rest else ""
            if verb == "CAPABILITY":
                self.say("* CAPABILITY IMAP4rev1" + plan.get("capabilities", " UIDPLUS"))
            elif verb == "LOGIN" and plan.get("denied"):
                self.say(f"{tag} NO [AUTHENTICATIONFAILED] no")
                continue
            elif verb in ("SELECT", "EXAMINE"):
                self.say(f"* {len(box)} EXISTS")
                self.say(f"{tag} OK [{'READ-ONLY' if plan.get('read_only') or verb == 'EXAMINE' else 'READ-WRITE'}] open")
                continue
            elif verb == "LOGOUT":
                self.say("* BYE")
                self.say(f"{tag} OK")
                return
            elif verb == "UID":
                self.uid(box, plan, rest)
            self.say(f"{tag} OK done")

    def uid(self, box, plan, rest):
        verb, *words = rest.split(" ")
        if verb == "SEARCH":
            self.say("* SEARCH " + " ".join(str(uid) for uid, mail in box.items()
                                            if not mail["flags"] & ({"\\Deleted"} | ({"\\Seen"} if "UNSEEN" in words else set()))))
        elif verb == "FETCH":
            uid = int(words[0])
            bytes_ = box[uid]["bytes"]
            if plan.get("break_in") == uid:
                self.wfile.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(bytes_)}}}\r\n".encode() + bytes_[:len(bytes_) // 2])
                raise Breaks
            if plan.get("no_body") == uid:
                return
            self.say("* 7 FETCH (FLAGS (\\Recent) UID 7)")
            self.say('* OK [ALERT] {3}')
            self.wfile.write(b"abc\r\n")
            said = plan.get("wrong_uid", uid)
            self.wfile.write(f"* 1 FETCH (BODY[]<0> {{{len(bytes_)}}}\r\n".encode() + bytes_ + f" UID {said})\r\n".encode())
        elif verb == "STORE":
            box[int(words[0])]["flags"].add(words[2].strip("()"))
            if plan.get("break_after_store") == int(words[0]):
                raise Breaks
        elif verb == "EXPUNGE":
            del box[int(words[0])]

    def pop3(self):
        plan, marked = self.server.plan, set()
        numbers = dict(enumerate(sorted(self.server.box), 1))
        self.say("+OK ready")
        while True:
            verb, *words = self.line().split(" ")
            if verb == "CAPA":
                self.say("+OK\r\nUSER\r\n.")
            elif verb == "LIST":
                self.say("+OK\r\n" + "".join(f"{n} 1\r\n" for n in numbers) + ".")
            elif verb == "RETR":
                number = int(words[0])
                text = self.server.box[numbers[number]]["bytes"].replace(b"\r\n.", b"\r\n..")
                text = b"." + text if text.startswith(b".") else text
                if plan.get("break_in") == number:
                    self.wfile.write(b"+OK\r\n" + text[:len(text) // 2])
                    raise Breaks
                self.wfile.write(b"+OK\r\n" + text + b".\r\n")
            elif verb == "DELE":
                marked.add(numbers[int(words[0])])
                self.say("+OK")
            elif verb == "QUIT":
                for uid in marked:
                    del self.server.box[uid]
                self.say("-ERR not all" if plan.get("quit_fails") else "+OK")
                return
            else:
                self.say("+OK")


class SmallServer(socketserver.ThreadingTCPServer):
    """IMAP or POP3 over TLS. box: {uid: {"bytes", "flags"}}; heard: every line that clients said."""
    allow_reuse_address = daemon_threads = True

    def __init__(self, protocol, certificate, key):
        super().__init__(("127.0.0.1", 0), Session)
        self.protocol, self.box, self.plan, self.heard = protocol, {}, {}, []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.port = self.server_address[1]

    def handle_error(self, request, address):
        pass

    def fill(self, mails, **plan):
        self.box = {uid: {"bytes": mail.replace("\n", "\r\n").encode(), "flags": set()} for uid, mail in mails.items()}
        self.plan, self.heard = plan, []

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
