#!/usr/bin/python3
"""Rates that can be believed: what anybody can send moves none of a stream that signs, one mail moves no other by much,
a failure that is told twice counts once, and an archive counts at the time that it is of."""
import datetime
import random
import subprocess

import server as e2e

WINDOW = "from=2000-01-01&to=2100-01-01"
SETTINGS = {"token.keys": "1:" + "5a" * 32,
            "smtp.return_path_domains": "news.sender.example=news, shop.sender.example=shop"}


def report(recipients, action="failed", original="", received=""):
    groups = "\n".join(f"Final-Recipient: rfc822; {who}\nAction: {action}\nStatus: 5.1.1\n"
                       "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n" for who in recipients)
    number = random.randrange(1 << 60)
    returned = f"\n--b{number}\nContent-Type: text/rfc822-headers\n\n{original}\n" if original else ""
    return e2e.crlf(f"""{received}From: MAILER-DAEMON@mx.example.net
To: bounce@news.sender.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <{number}@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b{number}"

--b{number}
Content-Type: text/plain

Your message was not delivered.

--b{number}
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

{groups}{returned}
--b{number}--
""".encode())


def deliver(server, messages, recipient="bounce@news.sender.example"):
    before = int(server.sql("select count(*) from message")[0][0])
    peer = e2e.connect(server)
    for message in messages:
        assert e2e.send(peer, message, recipient=recipient)[0] == 250
    peer.quit()
    e2e.wait_for(lambda: int(server.sql("select count(*) from message")[0][0]) == before + len(messages),
                 "the messages", 120, server)


def sign(server):
    """A signed return path for ann, and the same with another letter in it."""
    path = subprocess.run([e2e.BINARY, "token", "sign", "ann@example.com", "news.sender.example", "--config",
                           server.config], capture_output=True, text=True, timeout=60, check=True).stdout.strip()
    return path, path[:20] + ("b" if path[20] != "b" else "c") + path[21:]


def domain(server, name="example.com", **parameters):
    query = "&".join([WINDOW, "step=day", *(f"{key}={value}" for key, value in parameters.items())])
    status, answer = server.get(f"/v1/domains/{name}?{query}")
    assert status == 200, answer
    return answer


def sent_today(server, name, stream, n):
    hour = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:00:00Z")
    body = {"volumes": [{"hour": hour, "stream": stream, "domain": name, "attempted": n}]}
    assert server.request("POST", "/v1/volumes", body)[0] == 200


def check_forged():
    """300 reports without a token, 300 with a forged one, one that names another recipient, one with 900."""
    with e2e.Server(**SETTINGS, **{"suppress.signed_streams": "news"}) as server:
        path, forged = sign(server)
        deliver(server, [report([f"u{n}@example.com"]) for n in range(300)])
        deliver(server, [report([f"f{n}@example.com"]) for n in range(300)], forged)
        sent_today(server, "example.com", "news", 1000)
        found = domain(server)
        assert (found["failed"], found["failure_rate"], found["unproven"], found["forged_share"]) == (0, 0, 600, 1), found
        deliver(server, [report(["bob@example.com"]), report(["Ann@example.com"])], path)
        found = domain(server)
        assert (found["failed"], found["unproven"]) == (1, 601) and abs(found["forged_share"] - 601 / 602) < 1e-5, found
        assert domain(server, proof="all")["forged_share"] is None
        counts = {proof: domain(server, proof=proof)["failed"]
                  for proof in ("valid", "unbound", "invalid", "none", "log", "all")}
        assert counts == {"valid": 1, "unbound": 1, "invalid": 300, "none": 300, "log": 0, "all": 602}, counts
        proofs = {event["recipient"]: event["proof"] for event in server.events(domain="example.com")}
        assert (proofs["bob@example.com"], proofs["u1@example.com"]) == ("unbound", "none"), proofs
        deliver(server, [report([f"u{n}@shop.example" for n in range(900)])], "bounce@shop.sender.example")
        found = domain(server, "shop.example")
        assert (found["failed"], found["unproven"], found["forged_share"]) == (20, 0, 0), found
        assert domain(server, "nothing.example")["forged_share"] is None
        events = server.events(domain="shop.example")
        assert (len(events), sum(event["counts"] for event in events)) == (900, 20), len(events)


def check_required():
    """Refused before its data."""
    with e2e.Server(**SETTINGS, **{"smtp.require_token": "news"}) as server:
        path, forged = sign(server)
        peer = e2e.connect(server)
        for who, wanted in (("bounce@news.sender.example", 550), (forged, 550), (path, 250), (path.upper(), 250),
                            ("bounce@shop.sender.example", 250)):
            peer.docmd("RSET")
            peer.docmd("MAIL FROM:<>")
            assert peer.docmd(f"RCPT TO:<{who}>")[0] == wanted, who
        peer.quit()
        deliver(server, [report(["ann@example.com"])], path)
        assert domain(server)["failed"] == 1


def check_once():
    """A delay, the failure, and the same failure from another relay."""
    original = "Message-ID: <one@sender.example>\nFrom: news@sender.example\nSubject: x\n"
    with e2e.Server() as server:
        deliver(server, [report(["ann@example.com"], "delayed", original)])
        assert domain(server)["delayed"] == 1
        deliver(server, [report(["ann@example.com"], "failed", original)])
        deliver(server, [report(["Ann@example.com"], "failed", original),
                         report(["ann@example.com"], "delayed", original)])
        found = domain(server)
        assert (found["failed"], found["delayed"]) == (1, 0), found
        events = server.events(recipient="ann@example.com")
        assert (len(events), sum(event["counts"] for event in events)) == (4, 1), events


def check_archive():
    """Three years of bounces, imported now; of one nobody knows when it was."""
    with e2e.Server() as server:
        folder = server.folder / "archive"
        folder.mkdir()
        for year in (2021, 2022, 2023):
            received = f"Received: from mx.example.net by mail.sender.example;\n\t15 Mar {year} 10:00:00 +0100\n"
            original = f"Message-ID: <{year}@sender.example>\nDate: 14 Mar {year} 10:00:00 +0000\n"
            (folder / f"{year}.eml").write_bytes(report([f"u{year}@example.com"], "failed", original, received))
        (folder / "undated.eml").write_bytes(report(["undated@example.com"]))
        folder.chmod(0o755)
        done = subprocess.run([e2e.BINARY, "import", *sorted(folder.iterdir()), "--config", server.config],
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done
        e2e.wait_for(lambda: len(server.events()) == 4, "four events", 60, server)
        for basis, key, moment in (("event", "happened_at", "03-15T09"), ("send", "sent_at", "03-14T10")):
            status, series = server.get(f"/v1/timeseries?from=2020-01-01&to=2040-01-01&interval=month&basis={basis}")
            assert status == 200, series
            points = {point["at"][:7]: point["failed"] for point in series["points"]}
            assert points == {f"{year}-03": 1 for year in (2021, 2022, 2023)}, (basis, points)
            moments = {event["recipient"]: event[key] for event in server.events()}
            assert moments == {"undated@example.com": None, **{
                f"u{year}@example.com": f"{year}-{moment}:00:00Z" for year in (2021, 2022, 2023)}}, moments


def main():
    check_forged()
    check_required()
    check_once()
    check_archive()
    print("forged, told twice, long ago: each counted as what it is")


if __name__ == "__main__":
    main()
