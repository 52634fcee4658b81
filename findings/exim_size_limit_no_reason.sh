#!/bin/bash
# Exim 4.96 (Debian 12) gives no reason in the bounce of a mail that is larger than its transport allows (`message_size_limit`): where the words of a
# failure stand there is an empty line behind the address, and no Diagnostic-Code is in the report, though its log says "message is too big
# (transport limit = 1024)". Such a bounce tells that a mail failed, and nothing of why. Needs root, for an /etc of its own.
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
  transport = small
begin transports
small:
  driver = smtp
  message_size_limit = 1K
file:
  driver = appendfile
  file = $temp/out/mail
  user = nobody
END
# Its user is looked up by name, and its configuration lies where the program was built for: both in an /etc of this script's own.
unshare -m sh -euc '
	mount -t tmpfs tmpfs /mnt
	mkdir /mnt/upper /mnt/work
	mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work overlay /etc
	mkdir -p /etc/exim4
	cp "$1/exim.conf" /etc/exim4/exim4.conf
	grep -q ^Debian-exim: /etc/passwd || echo "Debian-exim:x:64999:64999::/nonexistent:/usr/sbin/nologin" >>/etc/passwd
	grep -q ^Debian-exim: /etc/group || echo "Debian-exim:x:64999:" >>/etc/group
	chown Debian-exim "$1/spool"
	exim=$1/root/usr/sbin/exim4
	{ printf "From: a@sender.example\nTo: b@far.example\nSubject: large\n\n"; yes "a line of a mail" | head -n 200; } |
		$exim -odf -i -f a@sender.example b@far.example
	$exim -qff
' sh "$temp"
grep -h "too big" spool/mainlog | sed 's/.*: message/log: message/'
sed -n '/The following address/,/^Return-path/p' out/mail | grep -v '^--' | sed -n '1,/^Content-type: message\/rfc822/p' | tee report
grep -q "b@far.example" report
grep -q "^Status: 5.0.0" report
if grep -qiE "too big|size|limit|Diagnostic-Code" report; then
	echo "it says why now"
	exit 1
fi
grep -q "message is too big (transport limit = 1024)" spool/mainlog
echo "as it was: the log knows why, the bounce does not say"
