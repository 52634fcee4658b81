#!/usr/bin/python3
"""What cannot work is said at once, in one line, with an exit code: no process is started again and again for it. `config check`
says all of it, with the file and the line, and starts nothing."""
import os
import pathlib

import shutil
import socket
import subprocess
import tempfile

import server as e2e


def ends(server, code, *words):
    """The server ends by itself, says why, and no role died for it."""
    server.start()
    try:
        got = server.process.wait(e2e.START_S)
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.log.close()
    text = server.log_path.read_text()
    assert got == code, (got, text)
    for word in words:
        assert word in text, (word, text)
    assert "event=role_died" not in text, text
    return text


def with_server(code, *words, **settings):
    server = e2e.Server(**settings)
    try:
        return ends(server, code, *words)
    finally:
        shutil.rmtree(server.folder, ignore_errors=True)


def port_in_use():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with_server(1, f"api.listen: cannot listen on 127.0.0.1:{port}: Address already in use",
                    **{"api.listen": f"127.0.0.1:{port}"})


def no_postgresql():
    with tempfile.TemporaryDirectory() as folder:
        text = with_server(2, "database.bin_dir", folder, **{"database.bin_dir": folder})
        assert len(text.strip().splitlines()) == 1, text


def unreadable_url():
    text = with_server(2, "database.url", **{"database.url": "host=/nowhere passwort=geheim"})
    assert "passwort" not in text and "geheim" not in text, "what stands in a connection string may be a secret"
    assert len(text.strip().splitlines()) == 1, text
    with_server(2, "database.url", **{"database.url": "postgresql://u:geheim@[::1/d"})


def newer_schema():
    server = e2e.Server()
    try:
        server.start().wait_ready()
        # Until all roles were ready once, one that finds a newer schema ends the server.
        e2e.wait_for(lambda: "role=supervisor event=ready" in server.log_path.read_text(), "all roles", 120, server)
        done = subprocess.run([e2e.BINARY, "report", "domains", "--config", server.config], capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        server.sql("INSERT INTO schema_migration (version, name, checksum) VALUES (9000, '9000_later.sql', '\\x00')")
        done = subprocess.run([e2e.BINARY, "report", "domains", "--config", server.config], capture_output=True, timeout=60)
        assert done.returncode == 1 and b"9000" in done.stderr and b"newer" in done.stderr, done
        done = subprocess.run([e2e.BINARY, "migrate", "--config", server.config], capture_output=True, timeout=60)
        assert done.returncode == 1 and b"9000" in done.stderr, done
        server.stop()
        server.log_path.unlink()
        text = ends(server, 2, "schema is at version 9000", "knows")
        assert text.count("event=role_died") == 0
        assert text.count("level=error") <= 2, text
    finally:
        shutil.rmtree(server.folder, ignore_errors=True)


def first_start_is_quiet():
    with e2e.Server() as server:
        server.stop()
        text = server.log_path.read_text()
        # While the private cluster is being made, which a slow machine takes its time for, it is away.
        before, ready, behind = text.partition("database system is ready to accept connections")
        said = "\n".join(line for line in before.split("\n") if "event=database_away" not in line) + behind
        assert ready and "level=warn" not in said and "level=error" not in said, text


# ---- config check ----

def check(text, code, environment=None):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "b.conf"
        path.write_text(text.replace("FOLDER", folder))
        env = {**{k: v for k, v in os.environ.items() if not k.startswith("BOUNCED")}, **(environment or {})}
        done = subprocess.run([e2e.BINARY, "config", "check", "--config", path], capture_output=True, text=True, timeout=60, env=env)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert str(path) in done.stdout, ("which file was read", done.stdout)
        assert sorted(os.listdir(folder)) == ["b.conf"], "config check makes nothing"
        return [line.replace(folder, "FOLDER") for line in (done.stdout + done.stderr).splitlines()]


def has(lines, *words):
    assert any(all(word in line for word in words) for line in lines), (words, lines)


def units_are_meant():
    """What a unit makes at its start is missing before it."""
    lines = check("[smtp]\nlisten = unix:/run/bounced-of-a-test/lmtp.sock lmtp\nreturn_path_domains = *\n", 0)
    has(lines, "warning", "unix:/run/bounced-of-a-test/lmtp.sock", "is made at the start")


def all_findings():
    lines = check("""[server]
data_dir = FOLDER/data
log_level = loud
[smtp]
lisen = 127.0.0.1:1
max_recipients = many
listen = 127.0.0.1:4025
tls_certificate = /nowhere/c.pem
tls_key = /nowhere/k.pem
[api]
listen = 127.0.0.1:4025
[database]
url = host=x passwort=y
[token]
keys = nonsense
[retention]
event_days = 10
raw_days = 20
[parser]
rules_file = /nowhere/rules
""", 2, {"BOUNCED_SPOOL_QUOTA_BYTES": "16777216", "BOUNCED_SPOOL_SEGMENT_BYTES": "lots"})
    has(lines, "b.conf:3:", "log_level")
    has(lines, "b.conf:5:", "lisen")
    has(lines, "b.conf:6:", "max_recipients")
    has(lines, "b.conf:8:", "/nowhere/c.pem")
    has(lines, "b.conf:11:", "api.listen", "smtp.listen")
    has(lines, "b.conf:13:", "database.url")
    has(lines, "b.conf:15:", "token.keys")
    has(lines, "b.conf:18:", "warning", "retention.raw_days")
    has(lines, "parser.rules_file", "/nowhere/rules")
    has(lines, "environment BOUNCED_SPOOL_SEGMENT_BYTES")
    has(lines, "smtp.return_path_domains")
    assert not any("passwort" in line for line in lines), lines


def right():
    lines = check("[server]\ndata_dir = FOLDER/data\n[smtp]\nreturn_path_domains = b.example\nlisten = 127.0.0.1:0\n"
                  "[api]\nlisten = 127.0.0.1:0\n", 0)
    has(lines, "The configuration is right")


def folders_and_user():
    lines = check("[server]\ndata_dir = /etc/passwd/data\nuser = nobodyatall\n[smtp]\nreturn_path_domains = b.example\n"
                  "listen = 127.0.0.1:0\n[api]\nlisten = 127.0.0.1:0\n[export]\ndir = /nowhere/exports\n", 2)
    has(lines, "b.conf:2:", "/etc/passwd/data")
    has(lines, "b.conf:10:", "export.dir", "/nowhere/exports")
    if os.geteuid() == 0:
        has(lines, "b.conf:3:", "nobodyatall")


def files_of_lists():
    """Where export jobs write, Unix sockets, logs."""
    with tempfile.TemporaryDirectory() as given:
        here = pathlib.Path(given)
        here.chmod(0o755)
        (here / "no folder").touch()
        (here / "a.log").touch()
        (here / "secret.log").touch(0o600)
        (here / "full").mkdir()
        (here / "full" / "sock").mkdir()
        lines = check(f"""[server]
data_dir = FOLDER/data
[smtp]
return_path_domains = b.example
listen = unix:{here}/good, unix:/{"x" * 110}, unix:/nowhere/sock, unix:{here}/full/sock
[api]
listen = 127.0.0.1:0
[export]
jobs = way format=plain every=60 path="{here}/no folder/l.txt"; gone format=plain every=60 path=/nowhere/lists/l.txt; fresh format=plain every=60 path=FOLDER/data/lists/l.txt
[log]
files = {here}/a.log, postfix:{here}/gone.log, exim:{here}/secret.log
""", 2)
        has(lines, "b.conf:5:", "smtp.listen", "107 bytes at most")
        has(lines, "b.conf:5:", "smtp.listen", "unix:/nowhere/sock", "No such file")
        has(lines, "b.conf:5:", "full/sock", "no socket")
        has(lines, "b.conf:9:", "export.jobs: job way", "is no folder")
        has(lines, "b.conf:9:", "export.jobs: job gone", "/nowhere/lists", "cannot be made")
        has(lines, "b.conf:11:", "warning", "log.files", "gone.log")
        if os.geteuid() == 0:
            has(lines, "b.conf:11:", "log.files", "secret.log", "cannot read it")
        for word in ("good", "fresh", "a.log"):
            assert not any(word in line for line in lines), (word, lines)


def in_use():
    """Of a server that runs, say: told, and no mistake."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        lines = check(f"[server]\ndata_dir = FOLDER/data\n[smtp]\nreturn_path_domains = b.example\nlisten = 127.0.0.1:{port}\n"
                      "[api]\nlisten = 127.0.0.1:0\n", 0)
        has(lines, "b.conf:5:", "warning", "in use")


def main():
    right()
    all_findings()
    units_are_meant()
    folders_and_user()
    files_of_lists()
    in_use()
    port_in_use()
    no_postgresql()
    unreadable_url()
    first_start_is_quiet()
    newer_schema()


main()
