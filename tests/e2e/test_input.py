#!/usr/bin/python3
"""Wrong input at every door gets a clear answer, and loses nothing."""
import json
import pathlib
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile

import server as e2e

MAIL = e2e.crlf(b"""From: MAILER-DAEMON@mx.example.net
To: bounce@news.sender.example
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ann@example.com>:
Sorry, no mailbox here by that name. (#5.1.1)

""")

# command -> code and enhanced status that the answer starts with
SMTP_CASES = (
    ("FOO", "500 5.5.2"), ("MAIL", "501 5.5.4"), ("RCPT TO:<a@b.example>", "503 5.5.1"),
    ("DATA", "503 5.5.1"), ("VRFY ann", "252"), ("NOOP", "250"), ("EXPN list", "502 5.5.1"),
    ("MAIL FROM:<> SIZE=99999999999", "552 5.3.4"), ("MAIL FROM:<> FOO=1", "555 5.5.4"),
    ("MAIL FROM:<a@b", "501 5."), ("X" * 3000, "500 5.5."), ("NOOP", "250"),
)


def problem(answer, status):
    """The answer is a problem document of this status; returns it."""
    code, fields, body = answer
    assert code == status, (code, body)
    assert fields["Content-Type"].startswith("application/problem+json"), fields["Content-Type"]
    document = json.loads(body)
    assert document["status"] == status and document["title"] and document["detail"], document
    return document


def check_http(server):
    text = json.dumps(problem(server.request("GET", "/v1/domains?form=2026-01-01"), 400))
    assert "form" in text and "from" in text, text
    assert "limit" in json.dumps(problem(server.request("GET", "/v1/domains?limit=x"), 400))
    assert "from" in json.dumps(problem(server.request("GET", "/v1/domains?from=yesterday"), 400))
    problem(server.request("GET", "/v1/nothing"), 404)
    problem(server.request("GET", "/v1/events/00000000-0000-0000-0000-000000000000"), 404)
    answer = server.request("DELETE", "/v1/domains")
    problem(answer, 405)
    assert "GET" in answer[1]["Allow"], answer[1]
    problem(server.request("POST", "/v1/volumes", b"{\"volumes\": [{]}"), 400)
    wrong = {"volumes": [{"hour": "2026-11-23T10:00:00Z", "domain": "example.com", "attempted": "many"}]}
    assert "attempted" in json.dumps(problem(server.request("POST", "/v1/volumes", wrong), 400))
    problem(server.request("POST", "/v1/volumes", b" " * (2 << 20)), 413)
    problem(server.request("POST", "/v1/volumes", b"a=1", {"Content-Type": "text/plain"}), 415)
    foreign = server.request("GET", "/v1/domains", headers={"Host": "evil.example"})
    assert foreign[0] in (403, 421), foreign
    assert server.get("/healthz")[0] == 200


def check_smtp(server):
    with socket.create_connection(("127.0.0.1", server.smtp_port), 30) as peer:
        stream = peer.makefile("rwb", buffering=0)
        assert stream.readline().startswith(b"220 ")
        stream.write(b"EHLO client.example\r\n")
        while stream.readline()[3:4] == b"-":
            pass
        for command, expected in SMTP_CASES:
            stream.write(command.encode() + b"\r\n")
            answer = stream.readline().decode()
            assert answer.startswith(expected), (command[:40], answer)
    with socket.create_connection(("127.0.0.1", server.smtp_port), 30) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
        answer = peer.makefile("rb").read()
        assert b"554 " in answer, answer


def check_too_large(server):
    """552 at MAIL with SIZE, and at the end of data for who did not say; the session goes on."""
    peer = e2e.connect(server)
    size = int(peer.esmtp_features["size"])
    code, _ = peer.docmd(f"MAIL FROM:<> SIZE={size + 1}")
    assert code == 552
    code, text = e2e.send(peer, MAIL + b"x" * 70 + (b"\r\n" + b"x" * 70) * (size // 70))
    assert code == 552 and text.startswith(b"5.3.4"), (code, text)
    code, text = e2e.send(peer, MAIL)
    assert code == 250, text
    peer.quit()


def check_swaks(server):
    """A client that others wrote, with and without pipelining, as HELO and EHLO."""
    if not shutil.which("swaks"):
        print("swaks is not installed: not tried")
        return 0
    variants = (["--pipeline"], ["--protocol", "SMTP"], [])
    for number, extra in enumerate(variants):
        done = subprocess.run(["swaks", "--server", f"127.0.0.1:{server.smtp_port}", "--from", "<>",
                               "--to", f"bounce{number}@news.sender.example", "--data", "-", *extra],
                              input=MAIL.replace(b"\r\n", b"\n"), capture_output=True, timeout=60)
        assert done.returncode == 0, done.stdout.decode(errors="replace")
    return len(variants)


def check_commands():
    """One line on standard error that names the cause, and the exit code."""
    def run(*words, **more):
        return subprocess.run([e2e.BINARY, *words], capture_output=True, text=True, timeout=60, **more)

    with tempfile.NamedTemporaryFile("w", suffix=".conf") as wrong:
        wrong.write("[smtp]\nlisten = 127.0.0.1:2525\nlisen = x\n")
        wrong.flush()
        cases = (
            (run("nonsense"), 2, "nonsense"), (run("parse"), 2, "FILE"),
            (run("parse", "--bogus"), 2, "--bogus"), (run("parse", "/does/not/exist"), 1, "/does/not/exist"),
            (run("config", "check", "--config", wrong.name), 2, "lisen"),
            (run("config", "check", "--config", "/does/not/exist"), 2, "/does/not/exist"),
            (run("config", "print", env={"BOUNCED_SMTP_LISEN": "x"}), 2, "BOUNCED_SMTP_LISEN"),
            (run("config", "print", env={"BOUNCED_SMTP_MAX_RECIPIENTS": "many"}), 2, "max_recipients"),
            (run("parse", "--taxonomy", "x", "-"), 2, "sisimai"), (run("serve", "extra"), 2, "extra"),
        )
    cases += (wrong_rules(run),)
    for done, code, word in cases:
        assert done.returncode == code, (done.args, done.returncode, done.stderr)
        assert word in done.stderr, (done.args, done.stderr)
    for words in (("help",), ("--help",), ("parse", "--help"), ("help", "serve"), ("version",)):
        done = run(*words)
        assert done.returncode == 0 and done.stdout and not done.stderr, (words, done)
    own_frame(run)
    done = run("classify", "550 5.1.1 <ann@example.com>: User unknown")
    verdict = json.loads(done.stdout)
    assert verdict["reason"] == "recipient.unknown" and verdict["class"] == "hard", verdict


OWN_FRAME = """frame own.retired = recipient.moved 0.95
    thing mailbox
    state disabled
"""
RETIRED = "550 this inbox has been retired"


def own_frame(run):
    """What an operator wrote decides against words and likeness, which are both sure of something else."""
    verdict = json.loads(run("classify", RETIRED).stdout)
    assert verdict["reason"] == "recipient.disabled" and verdict["confidence"] > 0.9, verdict
    assert "is like recipient.disabled (1." in run("classify", "--explain", RETIRED).stdout
    with tempfile.NamedTemporaryFile("w", suffix=".rules") as rules:
        rules.write(OWN_FRAME)
        rules.flush()
        verdict = json.loads(run("classify", "--rules", rules.name, RETIRED).stdout)
    assert (verdict["reason"], verdict["rule"]["id"]) == ("recipient.moved", "meaning.own.retired"), verdict


def own_rules(folder):
    """The file, where the service's user may read it."""
    pathlib.Path(folder).chmod(0o755)
    path = pathlib.Path(folder, "own.rules")
    path.write_text(OWN_FRAME)
    return path


def check_own_frame(server):
    """The same of a mail: SMTP, a parser with `parser.rules_file`, the database."""
    mail = MAIL.replace(b"Sorry, no mailbox here by that name. (#5.1.1)", RETIRED.encode()).replace(b"ann@", b"retired@")
    with smtplib.SMTP("127.0.0.1", server.smtp_port, local_hostname="client.example", timeout=60) as peer:
        peer.ehlo()
        assert e2e.send(peer, mail)[0] == 250
    e2e.wait_for(lambda: server.events(recipient="retired@example.com"), "the event", 60, server)
    event, = server.events(recipient="retired@example.com")
    assert (event["reason"], event["rule"]["id"]) == ("recipient.moved", "meaning.own.retired"), event


def wrong_rules(run):
    """A rules file with a mistake stops the start, with the line."""
    with tempfile.NamedTemporaryFile("w", suffix=".rules") as rules, \
            tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
        rules.write("# mine\nthis is no rule\n")
        config.write(f"[smtp]\nreturn_path_domains = *\n[parser]\nrules_file = {rules.name}\n")
        rules.flush()
        config.flush()
        return run("config", "check", "--config", config.name), 2, f"{rules.name}:2"


def main():
    check_commands()
    with tempfile.TemporaryDirectory() as folder, e2e.Server(**{"parser.rules_file": own_rules(folder)}) as server:
        check_smtp(server)
        check_too_large(server)
        sent = 1 + check_swaks(server)
        check_http(server)
        e2e.wait_for(lambda: len(server.events()) == sent, f"{sent} events", 60, server)
        event = server.events()[0]
        assert (event["recipient"], event["reason"], event["class"]) == \
            ("ann@example.com", "recipient.unknown", "hard"), event
        status, one = server.get(f"/v1/events/{event['id']}")
        assert status == 200 and one["recipient"] == "ann@example.com", one
        check_own_frame(server)
    print(f"wrong input was answered, and {sent} right mails are stored")


if __name__ == "__main__":
    sys.exit(main())
