#!/usr/bin/python3
"""`bounced doctor`: nothing is found of a server that is well; each finding of its table is provoked once, by a real cause where
loopback has one; without --offline nothing is asked of the DNS."""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import dns_server
import server as e2e
import test_tls as tls

ME = "mx.sender.example"
DOMAIN = "bounces.sender.example"
KNOWN = dict(re.findall(r'^AILMENT\(\w+, "([a-z_.]+)", (\w+)', (e2e.ROOT / "cli/doctor/ailment.def").read_text(), re.M))
MACHINE = {"disk.low"}  # of the machine that tests run on
seen = set()


def zone():
    return {DOMAIN: [("MX", 10, ME)], ME: [("A", "127.0.0.1")], dns_server.reverse("127.0.0.1"): [("PTR", ME)]}


class Greeter:
    """Something else at the same port of another address of loopback."""

    def __init__(self, address, port, greeting):
        self.socket = socket.create_server((address, port))
        self.greeting = greeting
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            peer, _ = self.socket.accept()
            with peer, contextlib.suppress(OSError):
                peer.sendall(self.greeting)
                while (line := peer.recv(1000)) and not line.startswith(b"QUIT"):
                    peer.sendall(b"250 nothing more\r\n")


class Patient:
    """The server, and what the doctor says of it."""

    def __init__(self, server, dns):
        self.server, self.dns = server, dns

    def ask(self, *words, code=None, **changed):
        """Its answer, with some settings as they are not. None leaves one out."""
        config = self.server.folder / "asked.conf"
        settings = {key: value for key, value in {**self.server.settings, **changed}.items() if value is not None}
        with config.open("w") as out:
            for key, value in settings.items():
                section, name = key.split(".")
                print(f"[{section}]\n{name} = {value}", file=out)
        done = subprocess.run([e2e.BINARY, "doctor", "--json", "--port", str(self.server.smtp_port), *words, "--config", config],
                              capture_output=True, text=True, timeout=300)
        assert done.returncode in (0, 1), done
        told = json.loads(done.stdout)
        errors = [row for row in told["findings"] if row["severity"] == "error"]
        assert told["errors"] == len(errors) and done.returncode == bool(errors), done
        for row in told["findings"]:
            assert row["severity"].upper() == KNOWN[row["check"]] and row["what"] and row["do"], row
            seen.add(row["check"])
        if code is not None:
            assert done.returncode == code, done
        return told

    def finds(self, check, *words, subject="", what="", **changed):
        told = self.ask(*words, **changed)
        assert any(row["check"] == check and subject in (row["subject"] or "") and what in row["what"] for row in told["findings"]), \
            (check, subject, what, told)
        return told

    def looks(self, check, records, **more):
        """The same with another zone."""
        before, self.dns.zone = self.dns.zone, {**zone(), **records}
        try:
            return self.finds(check, **more)
        finally:
            self.dns.zone = before


def names(told):
    return {row["check"] for row in told["findings"]} - MACHINE


def well(patient):
    told = patient.ask(code=0)
    assert not names(told), told
    passed = {row["check"] for row in told["passed"]}
    assert passed >= {"config", "role", "spool", "schema", "clock", "volumes", "export", "tls", "mx", "port", "ptr", "helo"}, passed
    asked = len(patient.dns.asked)
    told = patient.ask("--offline", code=0)
    assert not names(told) and len(patient.dns.asked) == asked, "offline is offline"
    assert not {row["check"] for row in told["passed"]} & {"mx", "port", "ptr", "helo"}, told


def in_words(patient):
    done = subprocess.run([e2e.BINARY, "doctor", "--offline", "--config", patient.server.config], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0 and re.search(r"^ok +role +smtp: runs since 2", done.stdout, re.M), done
    assert re.search(r"^\d+ ok, \d+ warnings, 0 errors$", done.stdout, re.M), done
    for words in (["--port", "0"], ["--port", "x"], ["more"], ["--config", "/nowhere"]):
        assert subprocess.run([e2e.BINARY, "doctor", *words], capture_output=True, timeout=60).returncode == 2, words


def domains(patient):
    patient.looks("mx.none", {DOMAIN: []}, subject=DOMAIN)
    patient.looks("mx.implicit", {DOMAIN: [("A", "127.0.0.1")]})
    patient.looks("mx.refuses", {DOMAIN: [("MX", 0, "")]})
    patient.looks("mx.no_address", {ME: []}, subject=ME)
    patient.dns.silent.add(DOMAIN)
    patient.finds("mx.silent", subject=DOMAIN)
    patient.dns.silent.clear()
    # Of a pattern below a domain it is the wildcard's record that counts.
    told = patient.looks("mx.none", {}, subject="bounced-doctor.w.example", **{"smtp.return_path_domains": f"{DOMAIN}, news+*@*.w.example=n"})
    assert "mx.any" not in names(told), told
    patient.finds("mx.any", **{"smtp.return_path_domains": "*"})


def ports(patient):
    port, other = patient.server.smtp_port, "other.example"

    def at(address):
        return {DOMAIN: [("MX", 10, other)], other: [("A", address)]}
    greeters = [Greeter("127.0.0.2", port, b"220 other.example ready\r\n"), Greeter("127.0.0.4", port, b"SSH-2.0-x\r\n"),
                Greeter("127.0.0.5", port, b"554 no \x1b[31mroom\r\n"), Greeter("127.0.0.6", port, b"220 %s\r\n" % ME.encode())]
    told = patient.looks("mx.elsewhere", at("127.0.0.2"), what=ME)
    assert names(told) == {"mx.elsewhere"}, told
    # One of several hosts is enough.
    both = {DOMAIN: [("MX", 10, other), ("MX", 20, ME)], other: [("A", "127.0.0.2")]}
    assert "mx.elsewhere" not in names(patient.looks("port.closed", {**both, "gone.example": [("A", "127.0.0.3")],
                                                                     DOMAIN: [("MX", 5, "gone.example"), ("MX", 20, ME)]}))
    patient.looks("port.closed", at("127.0.0.3"), subject=f"127.0.0.3 port {port}", what="refused")
    patient.looks("port.dumb", at("127.0.0.4"))
    patient.looks("port.refuses", at("127.0.0.5"), what="554")
    patient.looks("port.no_way", at("127.255.255.255"))
    patient.looks("tls.refused", at("127.0.0.6"), what="not offered")
    for greeter in greeters:
        greeter.socket.close()


def its_names(patient):
    reverse = dns_server.reverse("127.0.0.1")
    patient.looks("ptr.none", {reverse: []}, subject="127.0.0.1")
    patient.looks("ptr.other", {reverse: [("PTR", "dsl-1.isp.example")]}, what="dsl-1.isp.example")
    alias = "alias.sender.example"
    told = patient.looks("helo.address", {DOMAIN: [("MX", 10, alias)], alias: [("A", "127.0.0.1")], ME: [("A", "127.0.0.9")]},
                         what="127.0.0.9")
    assert "tls.name" in names(told), "the certificate is for the other name"
    patient.finds("helo.unqualified", **{"smtp.hostname": "mx"})


def certificates(patient):
    server = patient.server
    patient.finds("tls.none", **{"smtp.tls_certificate": None, "smtp.tls_key": None})

    def renew(days):
        certificate(server.folder, days)
        server.process.send_signal(signal.SIGHUP)
    renew(3)
    e2e.wait_for(lambda: "tls.expires" in names(patient.ask("--offline")), "the new certificate", 60, server)
    both = {"api.tls_certificate": server.folder / "cert.pem", "api.tls_key": server.folder / "key.pem"}
    patient.finds("tls.expires", "--offline", subject="api", **both)
    renew(-1)
    e2e.wait_for(lambda: "tls.expired" in names(patient.ask()), "the old certificate", 60, server)
    renew(90)
    e2e.wait_for(lambda: not names(patient.ask()), "a good certificate", 60, server)


def settings(patient):
    patient.finds("config.wrong", "--offline", what="asked.conf:", **{"parser.rules_file": "/nowhere/rules"})
    patient.finds("config.doubtful", "--offline", **{"retention.raw_days": 20, "retention.event_days": 10})


def spool(patient):
    server = patient.server
    peer = e2e.connect(server)
    for name in (b"one", b"two"):
        assert e2e.send(peer, b"Subject: %s\r\n\r\n" % name + b"x" * 70 + b"\r\n" + (b"y" * 998 + b"\r\n") * 8000, recipient=f"a@{DOMAIN}")[0] == 250
    peer.quit()
    small = {"spool.quota_bytes": 16777216, "spool.segment_bytes": 2097152, "smtp.max_message_bytes": 65536}
    patient.finds("spool.full", "--offline", subject="smtp", **small)
    room = os.statvfs(server.folder)
    patient.finds("disk.low", "--offline", **{"spool.min_free_bytes": int(room.f_bavail * room.f_frsize * 0.8)})
    e2e.wait_for(lambda: server.sql("SELECT count(*) FROM message") == [["2"]], "both", 120, server)
    e2e.wait_for(lambda: any(row["subject"] == "smtp" and row["what"].startswith("0 records") for row in patient.ask("--offline")["passed"]),
                 "an empty lane", 60, server)
    # A record that waits, as if it had come three and a half hours ago.
    loader = server.pids("loader")[0]
    os.kill(loader, signal.SIGSTOP)
    try:
        peer = e2e.connect(server)
        assert e2e.send(peer, b"Subject: x\r\n\r\nx\r\n", recipient=f"a@{DOMAIN}")[0] == 250
        peer.quit()
        page = server.folder / "data/spool/smtp/durable"
        at = 8 * (2 + counters() + 1)
        moment = struct.unpack("<Q", page.read_bytes()[at:at + 8])[0]
        assert abs(moment / 1e6 - time.time()) < 600, moment
        with page.open("r+b") as file:
            file.seek(at)
            file.write(struct.pack("<Q", moment - 12_600_000_000))
        patient.finds("spool.behind", "--offline", subject="smtp", what="3 h")
    finally:
        os.kill(loader, signal.SIGCONT)
    e2e.wait_for(lambda: not names(patient.ask("--offline")), "loaded", 60, server)


def counters():
    return int(re.search(r"LANE_COUNTERS = (\d+)", (e2e.ROOT / "spool/lane_priv.h").read_text()).group(1))


def database(patient):
    server = patient.server
    server.sql("CREATE SCHEMA shifted")
    server.sql("CREATE FUNCTION shifted.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT now() + interval ''1 hour'''")
    server.sql("ALTER ROLE bounced SET search_path = shifted, pg_catalog, public")
    patient.finds("clock.apart", "--offline")
    server.sql("ALTER ROLE bounced RESET search_path")
    server.sql("UPDATE message SET received_at = now() + interval '1 hour'")
    patient.finds("clock.behind", "--offline")
    server.sql("UPDATE message SET received_at = now()")
    server.sql("INSERT INTO retention VALUES ('clock', now() - interval '30 days') ON CONFLICT (kept) DO UPDATE "
               "SET dropped_before = excluded.dropped_before")
    patient.finds("retention.waits", "--offline")
    server.sql("UPDATE retention SET dropped_before = now() WHERE kept = 'clock'")
    server.sql("INSERT INTO schema_migration (version, name, checksum) VALUES (9000, '9000_later.sql', '\\x00')")
    patient.finds("schema.newer", "--offline", what="9000")
    server.sql("DELETE FROM schema_migration WHERE version = 9000")
    kept = server.sql("DELETE FROM schema_migration WHERE version = (SELECT max(version) FROM schema_migration) RETURNING version, name, "
                      "checksum")[0]
    patient.finds("schema.older", "--offline")
    server.sql(f"INSERT INTO schema_migration (version, name, checksum) VALUES ({kept[0]}, '{kept[1]}', '{kept[2]}')")
    assert not names(patient.ask("--offline"))


def tell(server, source, first, last):
    """Volumes of each hour so many hours ago."""
    now = time.time()
    rows = [{"hour": time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(now - 3600 * ago)), "domain": "a.example", "attempted": 9,
             "source": source} for ago in range(last, first + 1)]
    assert server.request("POST", "/v1/volumes", {"volumes": rows})[0] == 200


def others(patient):
    server = patient.server
    tell(server, "shop", 200, 190)
    told = patient.finds("volumes.stopped", "--offline", subject="shop")
    assert len(names(told)) == 1, told
    lists = server.folder / "data" / "lists"
    lists.rename(server.folder / "data" / "away")
    e2e.wait_for(lambda: "export.failed" in names(patient.ask("--offline")), "a run that fails", 60, server)
    (server.folder / "data" / "away").rename(lists)
    e2e.wait_for(lambda: "export.failed" not in names(patient.ask("--offline")), "a good run", 60, server)
    scheduler = server.pids("scheduler")[0]
    os.kill(scheduler, signal.SIGSTOP)
    server.sql("UPDATE export_job SET next_at = now() - interval '1 hour'")
    patient.finds("export.late", "--offline", subject="mx")
    os.kill(scheduler, signal.SIGCONT)


def roles(patient):
    """A loader that is killed again and again waits longer each time."""
    server, end = patient.server, time.monotonic() + 120

    def down():
        for pid in server.pids("loader"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return any(row["check"] == "role.down" and row["subject"] == "loader" for row in patient.ask("--offline")["findings"])
    e2e.wait_for(down, "a role that is down", 120, server)
    e2e.wait_for(lambda: "role.down" not in names(patient.ask("--offline")), "the loader", 120, server)
    patient.finds("role.restarted", "--offline", subject="loader")
    assert time.monotonic() < end + 300


def waiting(patient):
    """What has not begun, since the database is not there at a start, is no role that is down."""
    server = patient.server
    server.stop()
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        away = f"host=127.0.0.1 port={nobody.getsockname()[1]} dbname=x user=x"
    server.settings["database.url"] = away
    server.start()
    e2e.wait_for(lambda: "server.stopped" not in names(patient.ask("--offline")), "the server", 60, server)
    told = names(patient.ask("--offline"))
    assert "database.away" in told and "role.down" not in told, told
    server.stop()
    del server.settings["database.url"]
    server.start().wait_ready()


def stopped(patient):
    server = patient.server
    server.stop()
    told = patient.finds("server.stopped", "--offline", subject=str(server.folder / "data"))
    assert "database.away" in names(told), told
    server.settings["spool.min_free_bytes"] = 1 << 40
    server.start()

    def refuses():
        with contextlib.suppress(OSError):
            e2e.connect(server).quit()
        return "spool.refuses" in names(patient.ask("--offline"))
    e2e.wait_for(refuses, "refused for want of room", e2e.START_S, server)


def certificate(folder, days):
    """One that ends in so many days, as `openssl ca` writes it: `openssl x509` of 3.5 takes no day that is past."""
    tls.make_certificate(folder, ME)
    (folder / "ca.conf").write_text(f"[ca]\ndefault_ca = own\n[own]\ndatabase = {folder}/index\nserial = {folder}/serial\nrand_serial = yes\n"
                                    f"new_certs_dir = {folder}\ndefault_md = sha256\npolicy = any\nx509_extensions = names\n"
                                    f"unique_subject = no\n[any]\ncommonName = supplied\n[names]\nsubjectAltName = DNS:{ME}\n")
    (folder / "index").write_text("")
    request, made = folder / "request.pem", folder / "dated.pem"
    first, last = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 86400 * day)) for day in (-30, days))
    for words in (["x509", "-x509toreq", "-in", folder / "cert.pem", "-signkey", folder / "key.pem", "-out", request],
                  ["ca", "-batch", "-notext", "-selfsign", "-config", folder / "ca.conf", "-keyfile", folder / "key.pem", "-in", request,
                   "-startdate", first, "-enddate", last, "-out", made]):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    os.replace(made, folder / "cert.pem")


def main():
    dns = dns_server.Responder(zone())
    server = e2e.Server(**{"smtp.hostname": ME, "smtp.return_path_domains": DOMAIN, "domain.dns_servers": f"127.0.0.1:{dns.port}"})
    lists = server.folder / "data" / "lists"
    server.settings |= {"smtp.tls_certificate": server.folder / "cert.pem", "smtp.tls_key": server.folder / "key.pem",
                        "export.jobs": f"mx format=plain path={lists}/mx.txt every=1"}
    certificate(server.folder, 90)
    with server:
        patient = Patient(server, dns)
        with contextlib.suppress(FileExistsError):
            lists.mkdir()
        os.chown(lists, *owner(server.folder / "data"))
        patient.finds("volumes.none", "--offline")
        tell(server, "", 0, 0)
        e2e.wait_for(lambda: not names(patient.ask()), "all to be well", 60, server)
        well(patient)
        in_words(patient)
        for part in (domains, ports, its_names, certificates, settings, spool, database, others, roles, waiting, stopped):
            part(patient)
    missing = set(KNOWN) - seen
    assert not missing, ("nothing provoked these", missing)
    table = (e2e.ROOT / "docs/operating.md").read_text()
    assert all(f"`{name}`" in table for name in KNOWN), [name for name in KNOWN if f"`{name}`" not in table]
    print(f"{len(seen)} findings, each provoked")


def owner(path):
    stat = pathlib.Path(path).stat()
    return stat.st_uid, stat.st_gid


if __name__ == "__main__":
    main()
