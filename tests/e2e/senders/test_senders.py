#!/usr/bin/python3
"""docs/senders.md: each statement that its table makes is tried on the mail servers that it names, from Debian's packages, each in a root of its
own (mtas/enter.sh), and on Haraka from npm. A letter goes in by SMTP, the next server refuses its recipient, and what comes back is looked at. Skips are those of
test_mtas.py."""
import contextlib
import email
import email.policy
import os
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import server as e2e  # noqa: E402
import test_mtas as mtas  # noqa: E402

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "senders.md")
DOMAIN = "news.sender.example"
SERVERS = ("postfix", "exim", "opensmtpd", "sendmail", "haraka")
HARAKA = "3.3.4"
# 200 octets with letters of both cases, as VERP makes them.
LONG = "Bounces+" + "Id-Long.Name=" * 14 + "Example.Co"


class Peer(socketserver.StreamRequestHandler):
    """The next server: knows nobody at far.example but those called `fine`; takes whatever comes to the sender."""

    def answer(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        path, paths, words = "", [], self.server.offers
        self.answer("220 peer.example ESMTP")
        while line := self.rfile.readline(4096).decode("utf-8", "replace").rstrip("\r\n"):
            verb = line.split()[0].upper()
            if verb == "EHLO":
                self.wfile.write("".join(f"250-{word}\r\n" for word in ("peer.example", *words)).encode() + b"250 8BITMIME\r\n")
            elif verb == "MAIL":
                path, paths = line, []
                self.answer("250 2.1.0 fine")
            elif verb == "RCPT":
                name = re.search(r"<(.*?)>", line).group(1)
                if name.endswith("far.example") and not name.startswith("fine"):
                    self.answer(f"550 5.1.1 <{name}>: Recipient address rejected: User unknown")
                else:
                    paths.append(line)
                    self.answer("250 2.1.5 fine")
            elif verb == "DATA" and paths:
                self.answer("354 go on")
                data = b""
                while (more := self.rfile.readline(65536)) not in (b".\r\n", b""):
                    data += more
                self.server.taken.append((path, paths, data))
                self.answer("250 2.0.0 fine")
            elif verb == "QUIT":
                return self.answer("221 2.0.0 bye")
            else:
                self.answer("250 2.0.0 fine" if verb != "DATA" else "554 5.5.1 no valid recipients")


@contextlib.contextmanager
def peer(*offers):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Peer) as listener:
        listener.daemon_threads, listener.taken, listener.offers = True, [], offers
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield listener
        listener.shutdown()


class Client:
    """A sender's connection to a mail server."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.settimeout(120)
        self.file = self.socket.makefile("rwb")
        self.reply()
        self.offers = {line[4:].split()[0].upper() for line in self.say("EHLO client.example")}

    def reply(self):
        lines = []
        while True:
            lines.append(self.file.readline().decode().rstrip("\r\n"))
            assert lines[-1][:3].isdigit(), lines
            if lines[-1][3:4] != "-":
                return lines

    def say(self, line, wanted="2"):
        self.file.write(line.encode() + b"\r\n")
        self.file.flush()
        lines = self.reply()
        assert lines[-1].startswith(wanted), (line, lines)
        return lines

    def send(self, case):
        """False: its return path is refused."""
        try:
            self.say(f"MAIL FROM:<{case.path}>{case.mail}")
        except AssertionError:
            return False
        self.say(f"RCPT TO:<{case.recipient}>{case.rcpt}")
        self.say("DATA", "3")
        self.say(f"From: News <news@sender.example>\r\nTo: {case.recipient}\r\nSubject: {case.name}\r\n"
                 f"Message-ID: <{case.name}@sender.example>\r\n{case.fields}\r\nThe body of {case.name}.\r\n{case.more}.")
        return True


class Case:
    """A letter, and what comes back of it."""

    def __init__(self, name, path=None, mail="", rcpt="", fields="", recipient=None, dsn=False, more="", at=SERVERS):
        self.name, self.mail, self.rcpt, self.fields, self.more, self.dsn, self.at = name, mail, rcpt, fields, more, dsn, at
        self.path = f"b-{name}@{DOMAIN}" if path is None else path
        self.recipient = recipient or f"{name}@far.example"


CASES = [
    Case("plain"), Case("null", path=""), Case("long", path=f"{LONG}@{DOMAIN}"),
    Case("never", rcpt=" NOTIFY=NEVER", dsn=True), Case("success", rcpt=" NOTIFY=SUCCESS,FAILURE", recipient="fine-success@far.example", dsn=True),
    Case("hdrs", mail=" RET=HDRS", dsn=True), Case("full", mail=" RET=FULL", dsn=True),
    Case("envid", mail=" ENVID=Campaign-7.Ann", dsn=True), Case("orcpt", rcpt=" ORCPT=rfc822;Ann@first.example", dsn=True),
    Case("auto", fields="Auto-Submitted: auto-generated\r\n"), Case("oof", fields="X-Auto-Response-Suppress: All\r\n"),
    Case("bulk", fields="Precedence: bulk\r\nList-Id: <news.sender.example>\r\nList-Unsubscribe: <mailto:u@sender.example>\r\n"),
    Case("errors", fields=f"Errors-To: other@{DOMAIN}\r\nReturn-Path: <other@{DOMAIN}>\r\nSender: other@{DOMAIN}\r\n"),
    Case("large", more="A line of a newsletter that goes on and on for a while.\r\n" * 4000),
    Case("limit", recipient="limit@small-far.example", more="A line of a newsletter.\r\n" * 100, at=("exim",)),
    Case("last"),
]
SILENT = {"null", "never"}


def bounces(listener, name):
    """What came back of a case: (MAIL, RCPTs, message)."""
    for mail, rcpts, data in listener.taken:
        if f"<{name}@sender.example>".encode() in data:
            yield mail, rcpts, data


def text_of(message):
    """What a report says: its parts but the message that came back."""
    parts = message.get_payload() if message.is_multipart() else [message]
    return "".join(part.as_string() for part in parts if part.get_content_type() in ("text/plain", "message/delivery-status"))


def facts_of(listener, case):
    found = list(bounces(listener, case.name))
    if not found:
        return {"n": 0}
    mail, rcpts, data = found[0]
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    report = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    text = "\n".join(part.as_string() for part in report)
    field = lambda name: (re.search(rf"^{name}:\s*(.*)$", text, re.M | re.I) or [None, None])[1]  # noqa: E731
    return {"n": len(found), "mail": mail, "rcpts": rcpts, "type": message.get_content_type(), "report": bool(report),
            "auto": message["Auto-Submitted"], "action": field("Action"), "status": field("Status"), "diagnostic": field("Diagnostic-Code"),
            "envid": field("Original-Envelope-Id"), "orcpt": field("Original-Recipient"), "body": f"The body of {case.name}.".encode() in data,
            "why": bool(re.search("large|big|size|limit of", text_of(message), re.I)), "bytes": len(data)}


# ---- Haraka, which Debian has not: as npm brings it, with a plugin that says where mail goes ----

HARAKA_HOME = e2e.BINARY.resolve().parent / "unpacked" / f"haraka-{HARAKA}"
HARAKA_PLUGIN = """exports.register = function () {
    this.register_hook('mail', 'take');
    this.register_hook('rcpt', 'take');
    this.register_hook('get_mx', 'where');
};
exports.take = function (next, connection) { connection.relaying = true; next(OK); };
exports.where = function (next, mail, domain) {
    next(OK, { exchange: '127.0.0.1', priority: 0, port: Number(domain.endsWith('far.example') ? process.env.HOP : process.env.OURS) });
};
"""


def haraka_fetched():
    """False where there is no node that it runs on, or no registry."""
    try:
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
        if int(version.lstrip("v").split(".")[0]) < 20:
            return False
        if not (HARAKA_HOME / "whole").exists():
            HARAKA_HOME.mkdir(parents=True, exist_ok=True)
            (HARAKA_HOME / "package.json").write_text("{}")
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", f"Haraka@{HARAKA}"],
                           cwd=HARAKA_HOME, capture_output=True, timeout=300, check=True)
            (HARAKA_HOME / "whole").touch()
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        print(f"haraka: not tried: {error}")
        return False
    return True


def haraka_started(stack, hop, ours, folder):
    port, home = e2e.free_port(), folder / "haraka"
    for place in ("config", "plugins", "queue"):
        (home / place).mkdir(parents=True)
    files = {"config/plugins": "hop\n", "config/me": "mx.haraka.example\n", "config/smtp.ini": f"listen=127.0.0.1:{port}\nnodes=0\n",
             "plugins/hop.js": HARAKA_PLUGIN}
    for name, text in files.items():
        (home / name).write_text(text)
    for name in ("connection.ini", "outbound.bounce_message"):  # as it is installed
        shutil.copy(HARAKA_HOME / "node_modules/Haraka/config" / name, home / "config")
    log = stack.enter_context(open(folder / "haraka.log", "wb"))
    environment = {**os.environ, "HOP": str(hop.server_address[1]), "OURS": str(ours.server_address[1])}
    process = subprocess.Popen(["node", HARAKA_HOME / "node_modules/Haraka/bin/haraka", "-c", home], env=environment, cwd=home,
                               stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=e2e.die_with_parent)
    stack.callback(process.wait, 60)
    stack.callback(process.kill)
    return port


def started(stack, name, hop, ours, folder):
    if name == "haraka":
        return haraka_started(stack, hop, ours, folder)
    port = e2e.free_port()
    log = stack.enter_context(open(folder / f"{name}.log", "wb"))
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NAME": name, "PORT": str(port), "LC_ALL": "C",
                   "OURS": str(ours.server_address[1]), "HOP": str(hop.server_address[1])}
    process = subprocess.Popen([*mtas.ENTER, "bash", mtas.SCRIPTS / "enter.sh", f"sender-{name}", mtas.CACHE / name], env=environment,
                               stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    stack.callback(process.wait, 60)
    stack.callback(process.kill)
    return port


# ---- what the page says, by the first column of its table: from the facts of a server to the words in its cell ----

def came(name):
    """A report came to the return path, from the null sender, once."""
    def word(facts, _):
        fact = facts[name]
        if fact.get("refused"):
            return "refused"
        wanted = next(case for case in CASES if case.name == name).path
        return "yes" if fact["n"] == 1 and "<>" in fact["mail"] and f"<{wanted}>" in fact["rcpts"][0] and len(fact["rcpts"]) == 1 else "no"
    return word


def dsn(name, word):
    return lambda facts, offers: word(facts[name]) if "DSN" in offers else "not offered"


STATEMENTS = {
    "plain": came("plain"), "long": came("long"), "errors": came("errors"), "auto": came("auto"), "oof": came("oof"), "bulk": came("bulk"),
    "null": lambda facts, _: "no" if facts["null"]["n"] else "yes",
    "type": lambda facts, _: facts["plain"]["type"],
    "status": lambda facts, _: facts["plain"]["status"],
    "diagnostic": lambda facts, _: "yes" if "550 5.1.1" in (facts["plain"]["diagnostic"] or "") else "no",
    "field": lambda facts, _: facts["plain"]["auto"] or "none",
    "large": lambda facts, _: "yes" if facts["large"]["bytes"] > 200000 else "no",
    "never": dsn("never", lambda fact: "no" if fact["n"] else "yes"),
    "success": dsn("success", lambda fact: (fact["action"] or "none").split()[0]),
    "hdrs": dsn("hdrs", lambda fact: "no" if fact["body"] else "yes"),
    "full": dsn("full", lambda fact: "yes" if fact["body"] else "no"),
    "envid": dsn("envid", lambda fact: "yes" if fact["envid"] == "Campaign-7.Ann" else "no"),
    "limit": lambda facts, _: ("yes" if facts["limit"]["why"] else "no") if facts["limit"]["n"] else "not tried",
    "orcpt": dsn("orcpt", lambda fact: "yes" if "Ann@first.example" in (fact["orcpt"] or "") else "no"),
}


def version(name):
    """Of the package that is tried; empty for Haraka, which is pinned."""
    package = mtas.MTAS[name].package.split()[0] if name in mtas.MTAS else ""
    return next((path.name.split("_")[1] for path in (mtas.CACHE / name).glob(f"{package}_*.deb")), "")


def column(head, name):
    """Of the version that is tried, where the page knows it ("Exim 4.96, 4.98"), else of the newest."""
    found = [i for i, cell in enumerate(head) if cell.split()[0].lower() == name]
    assert found, head
    return next((i for i in found if version(name).startswith(tuple(head[i].split(None, 1)[1].split(", ")))), found[-1])


def told():
    """The table of the page: (id, server) to its word."""
    rows = [[cell.strip().strip("`") for cell in line.strip("| \n").split(" | ")] for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    head = next(row for row in rows if row[0] == "name")
    columns = {name: column(head, name) for name in SERVERS}
    table = {(row[0], name): row[i] for row in rows for name, i in columns.items() if row[0] in STATEMENTS}
    assert len(table) == len(STATEMENTS) * len(SERVERS), "each statement that is tried has its row, and each row a trial"
    return table


def connected(name, port, log):
    clients = []

    def answers():
        with contextlib.suppress(OSError, AssertionError, IndexError):
            clients.append(Client(port))
        return clients
    with mtas.told(name, log):
        e2e.wait_for(answers, f"{name} to take mail", 300)
    return clients[0]


def facts_by_name(name, ours, client, log):
    sent = [case for case in CASES if name in case.at and (not case.dsn or "DSN" in client.offers)]
    refused = {case.name for case in sent if not client.send(case)}
    wanted = {case.name for case in sent} - SILENT - refused
    with mtas.told(name, log):  # what is not to come was sent long before the last that is
        e2e.wait_for(lambda: all(any(bounces(ours, word)) for word in wanted), f"the reports of {name}", 300)
    return {case.name: facts_of(ours, case) | {"refused": case.name in refused} for case in CASES}


def main():
    if not mtas.shutil.which("apt-get") or not mtas.may_mount():
        e2e.skip("mail servers in roots of their own need apt-get and the right to mount")
    names = [name for name in SERVERS if (haraka_fetched() if name == "haraka" else mtas.MTAS.get(name) and mtas.fetch(name))]
    if not names:
        e2e.skip("no package of a mail server could be had")
    table, wrong = told(), []
    with tempfile.TemporaryDirectory(prefix="bounced-senders-") as folder, contextlib.ExitStack() as stack:
        hop, peers = stack.enter_context(peer()), {name: stack.enter_context(peer()) for name in names}
        ports = {name: started(stack, name, hop, peers[name], Path(folder)) for name in names}
        for name in names:
            log = Path(folder) / f"{name}.log"
            client = connected(name, ports[name], log)
            facts = facts_by_name(name, peers[name], client, log)
            seen = {row: word(facts, client.offers) for row, word in STATEMENTS.items()}
            print(f"{name}: " + ", ".join(f"{row} {word}" for row, word in seen.items()), flush=True)
            wrong += [f"{name}: {row}: the page says {table[row, name]}, seen was {word}" for row, word in seen.items() if table[row, name] != word]
    assert not wrong, "\n".join(wrong)


if __name__ == "__main__":
    sys.exit(main())
