#!/bin/bash
# OpenSMTPD 6.8.0p2 (Debian 12) offers DSN in its answer to EHLO and takes ENVID, ORCPT and RET, but nothing of them is in the report that it sends: no
# Original-Envelope-Id (RFC 3464 2.2.1), no Original-Recipient (2.3.1), and RET=HDRS (RFC 3461 4.3) makes the last part text/rfc822-headers with the body
# in it all the same. The report is called multipart/mixed, not multipart/report; its Status is 5.0.0 where the other server said 550 5.1.1, and no
# Diagnostic-Code says so: that reply is in the words for people alone. Who looks for a report by its type, or tells mails apart by ENVID, misses these
# bounces. NOTIFY=NEVER is obeyed. Needs root, for a root and a network of its own.
set -euo pipefail
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"
chmod 755 "$temp"
apt-get download -q opensmtpd=6.8.0p2-4+b4 libevent-2.1-7=2.1.12-stable-8+deb12u1 libdb5.3=5.3.28+dfsg2-1 >/dev/null 2>&1
cat >servers.py <<'PY'
"""Port 2501 says 550 5.1.1 to each recipient; port 2502 writes each mail to a file. One mail is given to port 2525 with every parameter of DSN."""
import smtplib
import socketserver
import sys
import threading
import time


class Server(socketserver.StreamRequestHandler):
    def handle(self):
        def say(text):
            self.wfile.write(text.encode() + b"\r\n")
        say("220 mx.far.example")
        for line in self.rfile:
            verb = line.split()[0].upper()
            if verb == b"EHLO":
                say("250-mx.far.example\r\n250 DSN")
            elif verb == b"RCPT" and self.server.server_address[1] == 2501:
                say("550 5.1.1 no such user")
            elif verb == b"DATA":
                say("354 go on")
                mail = []
                for part in self.rfile:
                    if part == b".\r\n":
                        break
                    mail.append(part)
                with open("report", "ab") as file:
                    file.write(b"".join(mail).replace(b"\r\n", b"\n"))
                say("250 taken")
            else:
                say("250 well")


socketserver.ThreadingTCPServer.daemon_threads = True
for port in (2501, 2502):
    threading.Thread(target=socketserver.ThreadingTCPServer(("127.0.0.1", port), Server).serve_forever, daemon=True).start()
for _ in range(100):
    try:
        client = smtplib.SMTP("127.0.0.1", 2525)
        break
    except OSError:
        time.sleep(0.1)
client.ehlo("sender.example")
print("EHLO is answered with DSN:", client.has_extn("dsn"))
assert client.has_extn("dsn")


def give(name, notify):
    client.sendmail(f"{name}@news.sender.example", [f"{name}@far.example"],
                    f"From: n@news.sender.example\r\nTo: {name}@far.example\r\nSubject: hello\r\n\r\nthe body of {name}\r\n",
                    ["ENVID=campaign-7", "RET=HDRS"], [f"ORCPT=rfc822;{name}@old.example", f"NOTIFY={notify}"])


give("quiet", "NEVER")
give("ann", "FAILURE")
for _ in range(300):
    time.sleep(0.1)
    try:
        report = open("report").read()
    except OSError:
        continue
    if "ann@far.example" in report:
        break
else:
    sys.exit("no report came")
PY
cat >inside.sh <<'SH'
set -eu
ip link set lo up
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
for package in "$1"/*.deb; do
	dpkg-deb --fsys-tarfile "$package" | tar -x -C /mnt/root --keep-directory-symlink
done
mount --rbind /dev /mnt/root/dev
mount --bind "$1" /mnt/root/mnt
cat >/mnt/root/etc/smtpd.conf <<END
listen on 127.0.0.1 port 2525
action "far" relay host "smtp+notls://127.0.0.1:2501"
action "back" relay host "smtp+notls://127.0.0.1:2502"
match from any for domain "far.example" action "far"
match from any for domain "news.sender.example" action "back"
END
echo mx.relay.example >/mnt/root/etc/mailname
chroot /mnt/root /bin/sh -euc '
	for user in opensmtpd opensmtpq; do
		grep -q "^$user:" /etc/passwd || { groupadd -r $user; useradd -r -g $user -d /var/lib/opensmtpd/empty -s /usr/sbin/nologin $user; }
	done
	mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty
	chmod 711 /var/spool/smtpd
	cd /mnt
	smtpd -d -f /etc/smtpd.conf >smtpd.log 2>&1 &
	/usr/bin/python3 servers.py'
SH
unshare -mnpf --kill-child sh inside.sh "$temp" || { cat smtpd.log; exit 1; }
sed -n '/^Content-Type: multipart/p; /^Content-Type: message\/delivery-status/,$p' report
wrong=0
expect() { # TEXT WANTED(0 is there, 1 is not)
	found=1
	grep -qi -- "$1" report && found=0
	[ "$found" = "$2" ] || { echo "otherwise now: $1"; wrong=1; }
}
expect '^Content-Type: multipart/mixed' 0
expect '^Content-Type: multipart/report' 1
expect '^Content-Type: message/delivery-status' 0
expect '^Original-Envelope-Id' 1
expect '^Original-Recipient' 1
expect '^Status: 5.0.0' 0
expect '^Diagnostic-Code' 1
expect 'the body of ann' 0
expect 'quiet@' 1
[ "$wrong" = 0 ]
echo "as it was: DSN is offered, and nothing of what was asked for is in the report"
