# Postfix: takes mail at PORT, hands it to the server at HOP, and reports to OURS.
. /run/common.sh
add_user postfix /var/spool/postfix
groupadd -f -r postdrop
cat >/etc/postfix/main.cf <<END
compatibility_level = 3.6
myhostname = mx.postfix.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
maillog_file = /dev/stdout
transport_maps = inline:{ { news.sender.example = smtp:[127.0.0.1]:$OURS }, { far.example = smtp:[127.0.0.1]:$HOP } }
END
sed -E "s/^smtp( +inet)/127.0.0.1:$PORT\1/; s/^([^ ]+ +(unix|inet|pass) +[-ny] +[-ny] +)[-y]/\1n/" /usr/share/postfix/master.cf.dist \
	>/etc/postfix/master.cf
chown postfix /var/lib/postfix
chgrp postdrop /usr/sbin/postqueue /usr/sbin/postdrop
chmod 2755 /usr/sbin/postqueue /usr/sbin/postdrop
exec postfix start-fg
