#!/bin/bash
# Haraka 3.3.4 (npm) writes the Message-ID of the letter into the Original-Envelope-Id of its reports. RFC 3464 2.2.1: that field is the ENVID that
# the sender gave, and stands there only if one was given; Haraka knows no ENVID. And its Remote-MTA has no type ("127.0.0.1", 2.3.5 wants
# "dns; name"). A sender that looks letters up by their ENVID finds none of that name.
set -euo pipefail
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"
echo '{}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts --omit=optional Haraka@3.3.4 >/dev/null
mkdir -p home/config home/plugins home/queue
cp node_modules/Haraka/config/{connection.ini,outbound.bounce_message} home/config
echo hop >home/config/plugins
echo mx.haraka.example >home/config/me
cat >home/plugins/hop.js <<'JS'
exports.register = function () {
    this.register_hook('mail', 'take');
    this.register_hook('rcpt', 'take');
    this.register_hook('get_mx', 'where');
};
exports.take = function (next, connection) { connection.relaying = true; next(OK); };
exports.where = function (next) { next(OK, { exchange: '127.0.0.1', priority: 0, port: Number(process.env.HOP) }); };
JS
cat >main.py <<'PY'
import os, re, smtplib, socket, socketserver, subprocess, threading, time

class Peer(socketserver.StreamRequestHandler):
    """Knows nobody at far.example, and takes what comes back."""
    def handle(self):
        self.wfile.write(b"220 peer.example\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"RCPT" and b"far.example" in line:
                self.wfile.write(b"550 5.1.1 User unknown\r\n")
            elif verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                data = b""
                while (more := self.rfile.readline()) != b".\r\n":
                    data += more
                self.server.taken.append(data.decode())
                self.wfile.write(b"250 fine\r\n")
            else:
                self.wfile.write(b"250 fine\r\n")

with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Peer) as peer:
    peer.daemon_threads, peer.taken = True, []
    threading.Thread(target=peer.serve_forever, daemon=True).start()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    open("home/config/smtp.ini", "w").write(f"listen=127.0.0.1:{port}\nnodes=0\n")
    haraka = subprocess.Popen(["node", "node_modules/Haraka/bin/haraka", "-c", "home"], env={**os.environ, "HOP": str(peer.server_address[1])},
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                client = smtplib.SMTP("127.0.0.1", port, timeout=30)
                break
            except OSError:
                time.sleep(0.3)
        print("offers DSN:", client.ehlo()[1].upper().find(b"\nDSN") >= 0)
        client.sendmail("b@news.sender.example", ["ann@far.example"], "Message-ID: <letter-7@sender.example>\r\nSubject: x\r\n\r\nx\r\n")
        while not peer.taken:
            time.sleep(0.2)
        for field in ("Original-Envelope-Id", "Remote-MTA"):
            print(re.search(rf"^{field}:.*", peer.taken[0], re.M)[0].strip())
    finally:
        haraka.kill()
    peer.shutdown()
PY
cat >wanted <<'END'
offers DSN: False
Original-Envelope-Id: <letter-7@sender.example>
Remote-MTA: 127.0.0.1
END
timeout 60 python3 main.py | tee seen
cmp seen wanted
