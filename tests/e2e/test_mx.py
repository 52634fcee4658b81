#!/usr/bin/python3
"""Providers by MX records: a server whose DNS is a responder of this test. A company's domain counts under who takes its mail, failures
and attempts alike, though both were stored before the answer; what nobody answers is asked again; nothing is asked where it is off."""
import subprocess
import sys
import time

import dns_server
import server as e2e
from test_suppress import dsn

ZONE = {"corp.example": [("MX", 20, "alt1.aspmx.l.google.com"), ("MX", 10, "ASPMX.L.Google.com")],
        "own.example": [("MX", 10, "mx.own.example")], "none.example": [("MX", 0, "")],
        "acme.example": [("MX", 5, "in.mail.acme-host.example")]}


def rows(server):
    """provider -> (failed, attempted) of today and yesterday."""
    status, answer = server.get("/v1/providers?from=2d")
    assert status == 200, answer
    return {row["provider"]: (row["failed"], row["attempted"]) for row in answer["providers"] if row["failed"] or row["attempted"]}


def feed(server, domains):
    hour = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime())
    volumes = [{"hour": hour, "stream": "default", "domain": domain, "attempted": 10} for domain in domains]
    assert server.request("POST", "/v1/volumes", {"volumes": volumes})[0] == 200
    peer = e2e.connect(server)
    for domain in domains:
        assert e2e.send(peer, dsn(f"ann@{domain}"))[0] == 250
    peer.quit()


def main():
    dns = dns_server.Responder(ZONE, silent={"slow.example"}, broken={"broken.example"})
    with e2e.Server(**{"domain.dns_servers": f"127.0.0.1:{dns.port}"}) as server:
        feed(server, ["corp.example"])
        e2e.wait_for(lambda: rows(server) == {"": (1, 10)}, "stored", 120, server)
        assert not dns.asked and "role=resolver" not in server.log_path.read_text()
    settings = {"domain.dns_servers": f"127.0.0.1:{dns.port}", "domain.mx_lookups": "true",
                "domain.providers": "acme-host.example=acme"}
    with e2e.Server(**settings) as server:
        feed(server, ["corp.example", "own.example", "none.example", "gone.example", "acme.example", "gmail.com", "slow.example", "broken.example"])
        e2e.wait_for(lambda: rows(server) == {"google": (2, 20), "acme": (1, 10), "": (5, 50)}, "moved", 120, server)
        assert "gmail.com" not in dns.asked
        # What nobody answered is due again in a minute at the earliest; what was answered in a week.
        e2e.wait_for(lambda: dns.asked.count("slow.example") >= 2, "asked twice by one question", 120, server)
        # An answer that nobody can read is none: it is asked for again, not believed for a week.
        e2e.wait_for(lambda: server.sql("SELECT failures > 0, asked_at IS NULL FROM domain_mx WHERE domain = 'broken.example'")
                     == [["t", "t"]], "not believed", 120, server)
        feed(server, ["corp.example"])
        e2e.wait_for(lambda: rows(server)["google"] == (3, 20), "known", 120, server)
        assert dns.asked.count("corp.example") == 1, dns.asked
        assert rows(server)[""] == (5, 50)
    bad = e2e.Server(**{"domain.dns_servers": "no server", "domain.mx_lookups": "true"})
    bad.write_config()
    done = subprocess.run([e2e.BINARY, "config", "check", "--config", bad.config], capture_output=True, timeout=60)
    assert done.returncode == 2 and b"domain.dns_servers" in done.stdout + done.stderr, done
    print("providers by MX: moved, known, asked once")


if __name__ == "__main__":
    sys.exit(main())
