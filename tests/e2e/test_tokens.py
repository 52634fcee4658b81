#!/usr/bin/python3
"""docs/tokens.md: each program makes the vector's return path, the keys rotate, and a return path without a signature says
whom the mail was for."""
import datetime
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import server as e2e
import test_suppress

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/tokens.md").read_text()
PROGRAMS = {"python": ("python3", "py"), "js": ("node", "js"), "php": ("php", "php")}


def vector(name):
    return re.search(rf"^\| {name} \| `([^`]*)`", PAGE, re.M).group(1)


ADDRESSES = ("ann@example.com", "Ann.Lee@Example.COM", "a+b=c@d.example", "o'neil@example.org", "x" * 64 + "@example.com",
             "b\u00fccher@b\u00fccher.example", "B\u00dcCHER@B\u00dcCHER.example", "\u0391\u03a3@example.gr", "%s@example.com")


def check_addresses(server, interpreter, path):
    """What a program makes for addresses of many kinds is theirs: only ASCII letters have a lower case."""
    day = (datetime.datetime.now(datetime.timezone.utc).date() - datetime.date(2020, 1, 1)).days + 14
    for address in ADDRESSES:
        made = subprocess.run([interpreter, path, server.settings["token.keys"], address, "b.example", str(day)], capture_output=True, text=True,
                              timeout=60, check=True).stdout.strip()
        assert f"recipient {address}" in token(server, "verify", made, "b.example", address), (interpreter, address)


def check_programs():
    """Those whose interpreter is there; Python is always."""
    ran = []
    server = e2e.Server(**{"token.keys": f"7:{'4d' * 32}"})
    server.write_config()
    for language, (interpreter, ending) in PROGRAMS.items():
        text = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S).group(1)
        if not shutil.which(interpreter):
            print(f"{language}: no {interpreter} here")
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"sign.{ending}"
            path.write_text(text)
            done = subprocess.run([interpreter, path, vector("key"), vector("recipient"), vector("return-path domain"),
                                   "2532"], capture_output=True, text=True, timeout=60, check=True)
            check_addresses(server, interpreter, path)
        assert done.stdout.strip() == vector("token") + "@" + vector("return-path domain"), (language, done)
        ran.append(language)
    assert "python" in ran
    server.__exit__(None)
    print(f"made the vector: {', '.join(ran)}")


def token(server, *words, code=0):
    done = subprocess.run([e2e.BINARY, "token", *words, "--config", server.config], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == code, (words, done)
    return done.stdout


def check_rotation():
    """A new key signs, the one before verifies, and one whose tokens are over goes."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    old = today - datetime.timedelta(days=200)
    middle = today - datetime.timedelta(days=100)
    keys = [f"1:{'1a' * 32}@{old}", f"2:{'2b' * 32}@{middle}", f"5:{'3c' * 32}@{today}"]
    server = e2e.Server(**{"token.keys": ", ".join(keys)})
    server.write_config()
    rows = [line.split("\t") for line in token(server, "keys").splitlines()]
    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("1", str(old), "over"), ("2", str(middle), "verifies"), ("5", str(today), "signs")], rows
    assert "1a1a" not in str(rows)
    line = token(server, "rotate")
    name, value = line.strip().split(" = ")
    items = value.split(", ")
    assert name == "keys" and items[:2] == keys[1:] and re.fullmatch(rf"6:[0-9a-f]{{64}}@{today}", items[2]), line
    path = token(server, "sign", "ann@example.com", "b.example").strip()
    for wrapped in (path, path.upper(), "news+" + path, "prvs=2123abcdef=" + path,
                    "SRS0=AbCd=XY=b.example=" + path.split("@")[0] + "@forwarder.example"):
        assert "recipient ann@example.com" in token(server, "verify", wrapped, "b.example", "ann@example.com"), wrapped
    token(server, "verify", "SRS0=AbCd=XY=c.example=" + path.split("@")[0] + "@b.example", "b.example", code=1)
    server.__exit__(None)


def check_wrapped():
    """A signed stream believes a token through what others wrote around it; a template is read and not believed."""
    settings = {"token.keys": "1:" + "5a" * 32, "suppress.signed_streams": "default",
                "smtp.return_path_domains": "news.sender.example, verp.sender.example=verp",
                "token.verp": "bounce+{local}={domain}@verp.sender.example"}
    with test_suppress.Server(**settings) as server:
        local, domain = token(server, "sign", "ann@example.com", "news.sender.example").strip().split("@")
        test_suppress.deliver(server, test_suppress.dsn("bob@example.com"), recipient=f"x+{local}@{domain}")
        assert server.sql("select recipient, proof from event") == [["bob@example.com", "unbound"]]
        test_suppress.deliver(server, test_suppress.dsn("Ann@example.com"), recipient=f"prvs=2123abcdef={local.upper()}@{domain}")
        assert server.active() == {"ann@example.com"}
        test_suppress.deliver(server, test_suppress.dsn("forward@example.net"),
                              recipient="bounce+eve=example.com@verp.sender.example")
        rows = server.sql("select recipient, final_recipient, proof from event where stream = 'verp'")
        assert rows == [["eve@example.com", "forward@example.net", "none"]], rows
        # Where another stream signs, it stays within its own.
        rows = server.sql("select address, stream, state from suppression where address like 'eve@%'")
        assert rows == [["eve@example.com", "verp", "strikes"]], rows


def returned(report, to):
    """The report with the headers of the mail that bounced."""
    boundary = re.search(rb'boundary="([^"]+)"', report).group(1)
    part = b"Content-Type: text/rfc822-headers\r\n\r\nFrom: news@sender.example\r\nTo: " + to.encode() + b"\r\n\r\n"
    return report.replace(b"--" + boundary + b"--", b"--" + boundary + b"\r\n" + part + b"\r\n--" + boundary + b"--")


def check_conflicts():
    """A token and a report that disagree: both recipients are kept, shown and erased."""
    settings = {"token.keys": "1:" + "5a" * 32, "suppress.signed_streams": "default", "smtp.return_path_domains": "news.sender.example"}
    with test_suppress.Server(**settings) as server:
        path = token(server, "sign", "Ann@example.com", "news.sender.example").strip()
        dsn = test_suppress.dsn
        test_suppress.deliver(server, returned(dsn("bob@example.com"), "Ann <ann@example.com>"), recipient=path)
        test_suppress.deliver(server, returned(dsn("cid@example.com"), "eve@example.com"), recipient=path)
        test_suppress.deliver(server, dsn("dan@example.com", "ann@example.com"), recipient=path)
        test_suppress.deliver(server, returned(dsn("fay@example.com"), "ann@example.com"), recipient="bounce@news.sender.example")
        told = {event["recipient"]: (event["proof"], event["token_recipient"]) for event in server.events()}
        assert told == {"bob@example.com": ("unbound", "ann@example.com"), "cid@example.com": ("unbound", None),
                        "dan@example.com": ("unbound", "ann@example.com"), "ann@example.com": ("valid", None),
                        "fay@example.com": ("none", None)}, told
        bob, = server.events(recipient="bob@example.com")
        assert server.get("/v1/events/" + bob["id"])[1]["token_recipient"] == "ann@example.com"
        newest = server.get("/v1/recipients/bob@example.com")[1]["newest"]
        assert [event["token_recipient"] for event in newest] == ["ann@example.com"], newest
        assert server.active() == {"ann@example.com"}
        done = subprocess.run([e2e.BINARY, "erase", "ann@example.com", "--config", server.config], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done
        assert server.sql("SELECT count(*) FROM event WHERE token_recipient <> ''") == [["0"]]


def main():
    check_programs()
    check_rotation()
    check_wrapped()
    check_conflicts()
    print("tokens are made, rotated, and read through what others write")


if __name__ == "__main__":
    sys.exit(main())
