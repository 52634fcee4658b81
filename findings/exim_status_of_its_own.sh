#!/bin/bash
# Exim 4.96 (Debian 12) writes `Status: 5.0.0` into every report of a failure (RFC 3464 2.3.4), though the other server's reply has an enhanced status code
# (RFC 2034) and stands, code and all, in Diagnostic-Code of the same report: 5.1.1 for an address that does not exist, 5.2.2 for a full mailbox, 5.7.1 for
# a policy. Postfix and sendmail repeat the code. Who decides by Status alone cannot tell a dead address from a full one. Needs root, for an /etc of its own.
set -euo pipefail
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"
chmod 755 "$temp"
apt-get download -q exim4-daemon-light=4.96-15+deb12u11 >/dev/null 2>&1
dpkg-deb -x exim4-daemon-light_*.deb root
mkdir -m 777 spool out # also for the user that Exim becomes
cat >exim.conf <<END
primary_hostname = mx.relay.example
exim_path = $temp/root/usr/sbin/exim4
spool_directory = $temp/spool
log_file_path = $temp/spool/%slog
keep_environment =
disable_ipv6 = true
never_users =
begin routers
back:
  driver = accept
  domains = sender.example
  transport = file
away:
  driver = manualroute
  domains = far.example
  route_list = * 127.0.0.1 byname
  self = send
  transport = far
begin transports
far:
  driver = smtp
  port = 2501
file:
  driver = appendfile
  file = $temp/out/mail
  user = nobody
END
cat >far.py <<'PY'
import socketserver

REPLIES = {b"dead": "550 5.1.1 no such user", b"full": "552 5.2.2 mailbox full", b"shut": "550 5.7.1 not from you"}


class Far(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 mx.far.example\r\n")
        for line in self.rfile:
            name = line.partition(b"<")[2].partition(b"@")[0]
            reply = REPLIES[name] if line.upper().startswith(b"RCPT") else "250 well"
            self.wfile.write(reply.encode() + b"\r\n")


socketserver.ThreadingTCPServer.allow_reuse_address = True
with socketserver.ThreadingTCPServer(("127.0.0.1", 2501), Far) as server:
    open("ready", "w").close()
    server.serve_forever()
PY
# Its user is looked up by name, and its configuration lies where the program was built for: both in an /etc of this script's own.
unshare -mnpf --kill-child sh -euc '
	ip link set lo up
	mount -t tmpfs tmpfs /mnt
	mkdir /mnt/upper /mnt/work
	mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work overlay /etc
	mkdir -p /etc/exim4
	cp "$1/exim.conf" /etc/exim4/exim4.conf
	grep -q ^Debian-exim: /etc/passwd || echo "Debian-exim:x:64999:64999::/nonexistent:/usr/sbin/nologin" >>/etc/passwd
	grep -q ^Debian-exim: /etc/group || echo "Debian-exim:x:64999:" >>/etc/group
	chown Debian-exim "$1/spool"
	exim=$1/root/usr/sbin/exim4
	/usr/bin/python3 far.py >/dev/null 2>&1 &
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e ready ] || sleep 0.5; done
	for name in dead full shut; do
		printf "From: a@sender.example\nTo: b@far.example\nSubject: hello\n\nhello\n" | $exim -odf -i -f a@sender.example $name@far.example
	done
	$exim -qff
' sh "$temp"
grep -E '^(Final-Recipient|Status|Diagnostic-Code)' out/mail
[ "$(grep -c '^Diagnostic-Code: smtp; 55[02] 5\.[127]\.[12] ' out/mail)" = 3 ]
if [ "$(grep -c '^Status: 5.0.0$' out/mail)" != 3 ]; then
	echo "it repeats the code now"
	exit 1
fi
echo "as it was: the code is in Diagnostic-Code alone"
