#!/usr/bin/python3
"""Lists in and out of the running program: every format that it writes is read back by it, and by the programs that it is for,
where Debian or npm has them: Postfix, Exim, OpenSMTPD, Haraka's reader of lists, Python's and PHP's readers of CSV. Hostile lines are refused by number."""
import csv
import hashlib
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import server as e2e

ADDRESSES = ['"a b"@quoted.example', "#hash@plain.example", "/slash@plain.example", "ann@plain.example",
             "bob+tag@plain.example", "jürgen@bücher.example", "zoe@[192.0.2.7]"]
HARAKA_CONFIG = "1.7.0"
DIGESTS = ("sha256", "md5")
PACKAGES = {"postfix": "postfix", "exim": "exim4-daemon-light exim4-base", "opensmtpd": "opensmtpd"}


def suppress(server, *words, stdin=None, code=0):
    done = subprocess.run([e2e.BINARY, "suppress", *words, "--config", server.config], capture_output=True,
                          input=stdin, timeout=300)
    assert done.returncode == code, (words, done)
    return done.stdout, done.stderr.decode()


def active(server, stream=None):
    out, _ = suppress(server, "list", "--state", "active")
    rows = [line.split("\t") for line in out.decode().splitlines()]
    return {row[0] for row in rows if stream is None or row[1] == stream}


def export(server, name, *words):
    return suppress(server, "export", "--format", name, *words)[0]


def formats(server, way):
    out, _ = suppress(server, "formats")
    return [line.split("\t")[1] for line in out.decode().splitlines() if line.startswith(way + "\t")]


def check_import(server):
    text = "created,email,reason,status\n" + "".join(
        f'1795000000,"{a.replace(chr(34), chr(34) * 2)}",550 5.1.1 no such user,5.1.1\n' for a in ADDRESSES)
    out, _ = suppress(server, "import", "-", stdin=text.encode())
    assert b"format sendgrid, 8 lines, 7 entries, 0 refused, 7 on the list now" in out, out
    assert active(server) == set(ADDRESSES), active(server)
    row = {r["address"]: r for r in csv.DictReader(io.StringIO(export(server, "csv").decode()))}["ann@plain.example"]
    assert row["source"] == "import:sendgrid" and row["reason"] == "recipient.unknown" and row["status"] == "5.1.1", row
    assert row["first_seen"] == "2026-11-18T11:06:40Z" and row["diagnostic"] == "550 5.1.1 no such user", row


def check_round_trip(server):
    for name in formats(server, "out"):
        text = export(server, name)
        if name in DIGESTS:
            assert hashlib.new(name, b"ann@plain.example").hexdigest().encode() in text.split(b"\n")
            _, told = suppress(server, "import", "-", stdin=text, code=1)
            assert "say which it is with --format" in told, told
            continue
        stream = "back-" + name
        written = {a for a in ADDRESSES if a.encode() in text or json.dumps(a, ensure_ascii=False).encode() in text
                   or a.replace('"', '""').encode() in text or a.replace('"', '\\"').encode() in text}
        if name in ("csv", "ndjson"):  # these say for themselves that their entries are for every stream
            stream = None
        words = ["--stream", stream] if stream else []
        if name.startswith("mailgun-") and name != "mailgun-bounces":
            assert text.count(b"\n") == 1, text
            continue
        suppress(server, "import", *words, "-", stdin=text)
        if name == "ses":
            written = {a for a in written if a.isascii()}
        assert not stream or active(server, stream) == written, (name, active(server, stream), written)
        assert len(written) >= 3, (name, written)


HOSTILE = {
    b"=cmd|' /C calc'!A0@x.example": "begins like a formula",
    b"@SUM(1+1)*cmd|' /C calc'!A0": "begins like a formula",
    b"ann\0@x.example": "NUL",
    b"ann\r@x.example": "control character",
    b"x" * (10 << 20) + b"@x.example": "longer than a line",
    b"\xff\xfea\0@\0": "NUL",
    b"ann@x.example\xff": "not UTF-8",
    b"ann": "no local@domain",
    b"ann@": "at every domain",
    b"ann@x.example, bob@x.example": "a character that no address has",
}


def check_hostile(server):
    before = active(server)
    text = b"first@hostile.example\n" + b"\n".join(HOSTILE) + b"\nlast@hostile.example\n"
    out, told = suppress(server, "import", "-", stdin=text, code=3)
    lines = told.splitlines()
    assert len(lines) == len(HOSTILE), lines
    for number, (line, why) in enumerate(HOSTILE.items(), 2):
        assert lines[number - 2].startswith(f"standard input:{number}: ") and why in lines[number - 2], (line[:40], lines[number - 2])
    assert active(server) - before == {"first@hostile.example", "last@hostile.example"}
    # The same, all or nothing: nothing.
    out, _ = suppress(server, "import", "--all-or-nothing", "-", stdin=text.replace(b"hostile", b"other"), code=1)
    assert b"nothing was imported" in out and not any("other" in a for a in active(server)), out
    out, _ = suppress(server, "import", "--dry-run", "-", stdin=b"dry@hostile.example\n")
    assert b"nothing was imported" in out and "dry@hostile.example" not in active(server), out
    for text, why in ((b"Email Address,First Name,OPTIN_TIME\nann@x.example,Ann,\n", "subscribers"),
                      (b"address,domain\nann@x.example,\n", "may be mailed"),
                      ("ann@x.example\n".encode("utf-16"), "UTF-16"), (b"name,phone\nann,1\n", "--format")):
        out, told = suppress(server, "import", "-", stdin=text, code=1)
        assert why in told and b"nothing was imported" in out, (text, told)
    assert "ann@x.example" not in active(server)


def check_removed(server):
    """A list without dates does not bring back what a person removed; one with a later date does."""
    suppress(server, "remove", "ann@plain.example")
    suppress(server, "import", "-", stdin=b"ann@plain.example\n")
    assert "ann@plain.example" not in active(server, "global")
    suppress(server, "import", "-", stdin=b"created,email\n4000000000,ann@plain.example\n")
    assert "ann@plain.example" in active(server, "global")
    suppress(server, "import", "--stream", "later", "-", stdin=b"created,email,ip\n1795000000,cleo@plain.example,\n")
    seen = json.loads(export(server, "ndjson", "--stream", "later").decode().splitlines()[0])
    assert seen["source"].startswith("import:"), seen


def check_changes(server):
    last = max(json.loads(line)["seq"] for line in export(server, "ndjson").splitlines())
    suppress(server, "add", "new@change.example")
    suppress(server, "add", "--stream", "one", "both@change.example")
    suppress(server, "add", "--stream", "two", "both@change.example")
    middle = max(json.loads(line)["seq"] for line in export(server, "ndjson").splitlines())
    assert export(server, "plain", "--since", str(last)) == b"both@change.example\nnew@change.example\n"
    suppress(server, "remove", "new@change.example")
    suppress(server, "remove", "--stream", "one", "both@change.example")
    assert export(server, "plain", "--since", str(middle)) == b"both@change.example\n"  # stream two still has it
    assert export(server, "plain", "--since", str(middle), "--removed") == b"new@change.example\n"
    assert export(server, "plain", "--since", str(middle), "--removed", "--stream", "one") == \
        b"both@change.example\nnew@change.example\n"


# ---- other programs ----

def unpacked(name):
    """With the libraries that apt would install beside it."""
    planned = subprocess.run(["apt-get", "-s", "install", "--no-install-recommends", *PACKAGES[name].split()], capture_output=True, text=True,
                             timeout=120).stdout
    libraries = [line.split()[1] for line in planned.splitlines() if line.startswith("Inst lib")]
    return e2e.unpacked("list-" + name, " ".join([PACKAGES[name], *libraries]))


def libraries_of(root):
    folders = [root / "usr/lib/postfix", *(root / "usr/lib").glob("*-linux-gnu*")]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, folders))}


def as_installed(folder, *command, group=0):
    """Runs a program that looks for the user and the group which its package would have made."""
    for name, line in (("passwd", "Debian-exim:x:64998:64998::/:/bin/false\n"), ("group", "opensmtpq:x:64999:\nDebian-exim:x:64998:\n")):
        (folder / name).write_text(pathlib.Path("/etc", name).read_text() + line)
    script = 'mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group && shift && exec setpriv --regid "$@"'
    return subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", folder, str(group), "--clear-groups", *command],
                          capture_output=True, timeout=60)


def not_tried(name, done):
    """True where the program did not come as far as the list: a library or a right is missing here."""
    missing = any(word in done.stderr for word in (b"shared librar", b"unshare:", b"mount:", b"setpriv:"))
    if missing:
        print(f"{name}: not tried: {done.stderr.decode()[:200]}")
    return missing


def by_postfix(server, folder):
    root = unpacked("postfix")
    if root is None:
        return
    (folder / "main.cf").write_text("compatibility_level = 3.6\nsmtputf8_enable = yes\nmail_owner = mail\nsetgid_group = games\n")
    environment = libraries_of(root)
    path = folder / "access"
    path.write_bytes(export(server, "postfix"))

    def postmap(*words):
        return subprocess.run([root / "usr/sbin/postmap", "-c", folder, *words], env=environment, capture_output=True, timeout=60)

    for kind in ("texthash", "hash"):
        if kind == "hash":
            done = postmap(f"hash:{path}")
            assert done.returncode == 0 and not done.stderr, done
        for address in ADDRESSES:
            done = postmap("-q", address, f"{kind}:{path}")
            if not_tried("postfix", done):
                return
            held = not address.startswith("#")
            assert (done.returncode == 0) == held and not done.stderr, (kind, address, done)
            assert not held or done.stdout.startswith(b"550 5.1.1 suppressed: "), done
        assert postmap("-q", "nobody@plain.example", f"{kind}:{path}").returncode == 1
    print("postfix: texthash and hash answer for every key")


def by_exim(server, folder):
    root = unpacked("exim")
    if root is None:
        return
    path = folder / "lsearch"
    path.write_bytes(export(server, "exim"))
    (folder / "exim.conf").write_text("keep_environment =\nprimary_hostname = mx.exim.example\nlog_file_path = " + str(folder) + "/%s\n")
    for address in ADDRESSES:
        literal = address.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}")
        done = as_installed(folder, root / "usr/sbin/exim4", "-C", folder / "exim.conf", "-be",
                            "${lookup{" + literal + "}lsearch{" + str(path) + "}{$value}{none}}")
        if not_tried("exim", done):
            return
        assert done.stdout.decode().strip() == "recipient.unknown", (address, done)
    print("exim: lsearch answers for every key")


def by_opensmtpd(server, folder):
    root = unpacked("opensmtpd")
    if root is None:
        return
    path = folder / "table"
    path.write_bytes(export(server, "opensmtpd"))
    done = as_installed(folder, root / "usr/sbin/makemap", "-t", "set", "-o", folder / "table.db", path, group=64999)
    if not_tried("opensmtpd", done):
        return
    assert done.returncode == 0 and (folder / "table.db").stat().st_size, done
    print("opensmtpd: makemap takes the table")


def haraka_modules():
    """The folder in which npm puts Haraka's reader of its files; None where it cannot be had. Kept beside the build."""
    folder = e2e.BINARY.resolve().parent / "unpacked" / "list-haraka"
    if not shutil.which("npm") or not shutil.which("node"):
        return None
    if not (folder / "node_modules/haraka-config/config.js").exists():
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "haraka-config@" + HARAKA_CONFIG], cwd=folder,
                              capture_output=True, timeout=300)
        if done.returncode:
            print(f"haraka: not tried: {done.stderr.decode()[-200:]}")
            return None
    return folder


def by_haraka(server, folder):
    """Haraka's plugins get a list from haraka-config: each address that we wrote, as it is, and no other text."""
    modules = haraka_modules()
    if modules is None:
        return
    config = folder / "config"
    config.mkdir()
    (config / "suppressed").write_bytes(export(server, "haraka"))
    code = "const config = require('haraka-config').module_config(process.argv[1]); console.log(JSON.stringify(config.get('suppressed', 'list')));"
    done = subprocess.run(["node", "-e", code, folder], cwd=modules, capture_output=True, timeout=60)
    assert done.returncode == 0, done
    held = [address for address in ADDRESSES if not address.startswith(("#", '"'))]
    assert sorted(json.loads(done.stdout)) == sorted(held), done
    print(f"haraka: its reader has the {len(held)} addresses that a line can hold")


def by_readers(server):
    """Each CSV by Python's reader, and by PHP's where there is one."""
    php = shutil.which("php")
    for name in ("csv", "ses", "mailgun-bounces", "mailchimp", "listmonk"):
        text = export(server, name)
        rows = list(csv.reader(io.StringIO(text.decode(), newline="")))
        assert len({len(row) for row in rows}) == 1 and rows[-1][0].count("@") == 1, (name, rows[:2])
        if php is None:
            continue
        code = "while (($r = fgetcsv(STDIN, null, ',', '\"', '')) !== false) echo json_encode($r, JSON_UNESCAPED_UNICODE), \"\\n\";"
        done = subprocess.run([php, "-n", "-r", code], input=text, capture_output=True, timeout=60)
        assert [json.loads(line) for line in done.stdout.splitlines()] == rows, (name, done.stdout[:300])
    print("csv: read as it was written")


def check_http(server):
    """The same over HTTP, page by page."""
    text = b"created,email\n1795000000,http1@web.example\n1795000000,nobody\n1795000000,http2@web.example\n"
    status, _, body = server.request("POST", "/v1/suppressions/import?all_or_nothing=true", text, {"Content-Type": "text/csv"})
    assert status == 422 and b"line 3" in body, body
    status, _, body = server.request("POST", "/v1/suppressions/import?dry_run=true", text, {"Content-Type": "text/csv"})
    assert status == 200 and not json.loads(body)["imported"] and not active(server) & {"http1@web.example"}, body
    status, _, body = server.request("POST", "/v1/suppressions/import?stream=web&name=crm", text, {"Content-Type": "text/csv"})
    answer = json.loads(body)
    assert status == 200 and (answer["entries"], answer["refused"], answer["on_list"], answer["format"]) == (2, 1, 2, "sendgrid-unsubscribes"), body
    assert answer["refusals"] == [{"line": 3, "reason": "no_address", "detail": "no local@domain stands here"}], answer
    assert {"http1@web.example", "http2@web.example"} == active(server, "web")
    many = b"".join(b"many%03d@page.example\n" % i for i in range(120))
    assert server.request("POST", "/v1/suppressions/import?stream=many", many, {"Content-Type": "text/plain"})[0] == 200
    path, found, pages = "/v1/suppressions/export?format=postmark&stream=many", [], 0
    while path:
        status, headers, body = server.request("GET", path)
        rows = [row["EmailAddress"] for row in json.loads(body)["Suppressions"]]
        assert status == 200 and len(rows) <= 50, (status, body[:200])
        found, pages = found + rows, pages + 1
        path = headers["Link"].split(">")[0][1:] if headers["Link"] else None
    whole = export(server, "plain", "--stream", "many").decode().split()
    assert [a for a in found if a.startswith("many")] == [a for a in whole if a.startswith("many")] and pages >= 3, (pages, found)
    assert len(set(found)) == len(found)
    assert server.request("GET", "/v1/suppressions/export?format=xls")[0] == 400
    status, headers, body = server.request("GET", "/v1/suppressions/export")
    assert status == 200 and headers["Content-Type"].startswith("text/csv") and body == export(server, "csv"), body[:300]


def check_numbers(server, folder):
    """Imports give numbers to their rows as they come, beside each other, beside people and the scheduler: none twice, none that the
    counter does not know yet, and what changed since is told once."""
    counter = "SELECT last, (SELECT count(*) FROM suppression WHERE dirty) FROM suppression_counter"
    e2e.wait_for(lambda: server.sql(counter)[0][1] == "0", "all to be numbered", 60, server)
    before = server.sql(counter)[0][0]
    lists = [folder / f"numbers{i}.txt" for i in range(3)]
    for i, path in enumerate(lists):
        path.write_text("".join(f"n{k}@numbers.example\n" for k in range(i * 500, i * 500 + 2000)))
    running = [subprocess.Popen([e2e.BINARY, "suppress", "import", "--name", path.stem, path, "--config", server.config],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for path in lists]
    for i in range(5):
        suppress(server, "add", f"hand{i}@numbers.example")
    suppress(server, "remove", "hand0@numbers.example")
    for process in running:
        assert process.wait(120) == 0, process.stderr.read()
    e2e.wait_for(lambda: server.sql(counter)[0][1] == "0", "all to be numbered", 60, server)
    rows = server.sql("SELECT count(*), count(DISTINCT changed_seq), max(changed_seq) <= (SELECT last FROM suppression_counter), "
                      f"count(*) FILTER (WHERE changed_seq > {before}) FROM suppression WHERE domain = 'numbers.example'")
    assert rows[0] == ["3005", "3005", "t", "3005"], rows
    told = export(server, "plain", "--since", before).decode().split()
    assert len(told) == len(set(told)) == 3004 and "hand0@numbers.example" not in told, len(told)
    assert export(server, "plain", "--since", server.sql(counter)[0][0]) == b""


def check_jobs(server):
    """Jobs run on time, go on where they were after a kill, and a failing one is told of."""
    lists = server.folder / "data" / "lists"

    def jobs():
        return {job["name"]: job for job in server.get("/v1/exports")[1]["exports"]}

    def done(name, address):
        return lambda: any(address in path.read_text() for path in lists.glob(name)) and jobs()["mx"]["completed_at"] is not None
    suppress(server, "add", "first@job.example")
    e2e.wait_for(done("access", "first@job.example"), "the job of Postfix", 60, server)
    e2e.wait_for(done("inc.*.added.txt", "first@job.example") if list(lists.glob("inc.*.full.txt")) else done("inc.*.txt", "first@job.example"),
                 "the incremental job", 60, server)
    manifest = json.loads((lists / "mx.manifest.json").read_text())
    assert manifest["files"][0]["file"] == "access" and manifest["job"] == "mx", manifest
    assert set(manifest["left_out"]) == {"character"}, manifest
    os.kill(server.pids("scheduler")[0], signal.SIGKILL)
    suppress(server, "remove", "first@job.example")
    e2e.wait_for(done("inc.*.removed.txt", "first@job.example"), "a removal after a kill", 60, server)
    e2e.wait_for(lambda: "first@job.example" not in (lists / "access").read_text(), "the full list without it", 60, server)
    assert server.get("/readyz?exports")[0] == 200
    assert {job["state"] for job in jobs().values()} == {"good"} and all(job["age_s"] is not None for job in jobs().values()), jobs()
    # A folder that cannot be written to.
    (lists / "access").unlink()
    (lists / "access").mkdir()
    (lists / "access" / "in the way").touch()
    e2e.wait_for(lambda: jobs()["mx"]["failures"] > 0, "the failure to be told of", 60, server)
    status, body = server.get("/readyz?exports")
    assert status == 503 and "mx" in body["detail"] and server.get("/readyz")[0] == 200, body
    metrics = server.get("/metrics")[1].decode()
    assert 'bounced_export_failures{job="mx"}' in metrics and 'bounced_export_completed_timestamp_seconds{job="inc"}' in metrics
    assert jobs()["mx"]["state"] == "failed" and jobs()["mx"]["error"] and jobs()["inc"]["failures"] == 0, jobs()
    (lists / "access" / "in the way").unlink()
    (lists / "access").rmdir()


class Server(e2e.Server):
    def __init__(self, **settings):
        super().__init__(**settings)
        lists = self.folder / "data" / "lists"
        self.settings["export.jobs"] = (f"mx format=postfix path={lists}/access every=1; inc format=plain mode=incremental every=1 "
                                        f"path={lists}/inc.{{from}}-{{to}}.{{change}}.txt")


def main():
    with Server(**{"export.interval_s": 3600}) as server:
        folder = server.folder / "lists"
        folder.mkdir()
        check_import(server)
        by_postfix(server, folder)
        by_exim(server, folder)
        by_opensmtpd(server, folder)
        by_haraka(server, folder)
        by_readers(server)
        check_round_trip(server)
        check_hostile(server)
        check_removed(server)
        check_changes(server)
        check_http(server)
        check_numbers(server, folder)
        check_jobs(server)


if __name__ == "__main__":
    sys.exit(main())
