#!/usr/bin/python3
"""The API by TLS, seen by curl: its own certificate, another one after SIGHUP without an answer lost, none of a wrong pair, no old
protocol; a server that others may ask without TLS is warned of."""
import json
import os
import signal
import socket
import ssl
import subprocess
import tempfile

import server as e2e
import test_tls as tls

NAMES = ("one.api.example", "two.api.example")


class Server(e2e.Server):
    """What the test itself asks goes by TLS, too."""

    def request(self, method, path, body=None, headers=None):
        words = ["curl", "-sk", "-m", "30", "-o", "-", "-w", "\n%{http_code}", "-X", method, f"https://127.0.0.1:{self.http_port}{path}"]
        if body is not None:
            data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
            words += ["--data-binary", "@-", "-H", "Content-Type: application/json"]
        done = subprocess.run(words, capture_output=True, input=None if body is None else data, timeout=60)
        text, _, code = done.stdout.rpartition(b"\n")
        if int(code) == 0:
            raise OSError(done.stderr)
        return int(code), {}, text


def curl(server, name, *words, ca="cert.pem"):
    """As a client that verifies: by name, and by the certificate that it was given."""
    done = subprocess.run(["curl", "-sS", "-m", "30", "--noproxy", "*", "--cacert", server.folder / ca, "--resolve",
                           f"{name}:{server.http_port}:127.0.0.1", "-H", "Host: localhost", f"https://{name}:{server.http_port}/readyz", *words],
                          capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def renewal(server):
    code, text = curl(server, NAMES[0])
    assert code == 0 and '"status"' in text, text
    assert curl(server, NAMES[1])[0] == 60, "a name that the certificate has not"
    os.rename(server.folder / "cert.pem", server.folder / "old.pem")
    # A connection that is open goes on through the renewal.
    context = ssl.create_default_context(cafile=server.folder / "old.pem")
    with context.wrap_socket(socket.create_connection(("127.0.0.1", server.http_port), 30), server_hostname=NAMES[0]) as kept:
        assert kept.version() == "TLSv1.3", kept.version()
        tls.make_certificate(server.folder, NAMES[1])
        server.process.send_signal(signal.SIGHUP)
        e2e.wait_for(lambda: "role=api event=tls_reloaded" in server.log_path.read_text(), "the new certificate", 60, server)
        assert curl(server, NAMES[1])[0] == 0
        assert curl(server, NAMES[0], ca="old.pem")[0] == 60, "the old one is shown no more"
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert kept.recv(100).startswith(b"HTTP/1.1 200 "), "kept"
    metrics = server.request("GET", "/metrics")[2].decode()
    until = [line.split()[1] for line in metrics.splitlines() if line.startswith("bounced_http_tls_certificate_expiry_timestamp_seconds ")]
    ends = subprocess.run(["openssl", "x509", "-in", server.folder / "cert.pem", "-noout", "-enddate"], capture_output=True, text=True,
                          check=True).stdout.strip().split("=")[1]
    assert until and abs(float(until[0]) - ssl.cert_time_to_seconds(ends)) < 1, (until, ends)


def wrong(server):
    """A key of another certificate: refused, and the one before stays; a role that dies gets the one that is good."""
    (server.folder / "key.pem").write_bytes(subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                                                           capture_output=True, check=True).stdout)
    server.process.send_signal(signal.SIGHUP)
    e2e.wait_for(lambda: "event=tls_kept" in server.log_path.read_text(), "the refusal", 60, server)
    assert curl(server, NAMES[1])[0] == 0
    os.kill(server.pids("api")[0], signal.SIGKILL)
    e2e.wait_for(lambda: curl(server, NAMES[1])[0] == 0, "the next one", 60, server)


def protocols(server):
    for version in ("tls1", "tls1_1"):
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.http_port}", f"-{version}", "-cipher", "ALL:@SECLEVEL=0"],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        assert "Cipher is (NONE)" in done.stdout, (version, done.stdout)
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.http_port}", "-tls1_2"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)
    assert "Protocol  : TLSv1.2" in done.stdout and "ECDHE" in done.stdout, done.stdout
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.http_port}", "-tls1_2", "-cipher", "kRSA,kDHE"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    assert "Cipher is (NONE)" in done.stdout, done.stdout
    # HTTP without TLS is answered by nothing.
    with socket.create_connection(("127.0.0.1", server.http_port), 30) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        got = b"".join(iter(lambda: plain.recv(1000), b""))
        assert b"200" not in got, got


def demo(server):
    done = subprocess.run([e2e.BINARY, "demo", "--days", "0", "--config", server.config], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and f"https://127.0.0.1:{server.http_port}/" in done.stdout, done


def check(**settings):
    with tempfile.TemporaryDirectory() as folder:
        server = e2e.Server(**{"server.data_dir": f"{folder}/data", "smtp.return_path_domains": "b.example", **settings})
        server.config = e2e.pathlib.Path(folder) / "b.conf"
        server.write_config()
        done = subprocess.run([e2e.BINARY, "config", "check", "--config", server.config], capture_output=True, text=True, timeout=60)
        os.rmdir(server.folder)
        return done.returncode, done.stderr


def settings(server):
    clear = {"api.listen": "0.0.0.0:0", "api.loopback_without_key": "false"}
    code, text = check(**clear)
    assert code == 0 and "warning" in text and "api.listen" in text and "in the clear" in text, text
    pair = {"api.tls_certificate": server.folder / "old.pem", "api.tls_key": server.folder / "key.pem"}
    code, text = check(**clear, **pair)
    assert code == 2 and "in the clear" not in text and "api.tls_certificate, api.tls_key:" in text, text
    code, text = check(**{"api.tls_key": "/nowhere"})
    assert code == 2 and "one without the other" in text, text
    assert check()[1].count("in the clear") == 0, "loopback needs none"


def main():
    server = Server()
    server.settings |= {"api.tls_certificate": server.folder / "cert.pem", "api.tls_key": server.folder / "key.pem"}
    tls.make_certificate(server.folder, NAMES[0])
    with server:
        demo(server)
        renewal(server)
        wrong(server)
        protocols(server)
        settings(server)
    print("https: renewed, refused, kept")


if __name__ == "__main__":
    main()
