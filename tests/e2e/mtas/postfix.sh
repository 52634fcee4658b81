# Postfix: queue manager, local delivery that knows no such user, smtp client with TLS to us.
. /run/common.sh
add_user postfix /var/spool/postfix
groupadd -f -r postdrop
cat >/etc/postfix/main.cf <<END
compatibility_level = 3.6
myhostname = mx.$NAME.example
mydestination = $NAME.example
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
maillog_file = /dev/stdout
transport_maps = inline:{ { news.sender.example = smtp:[127.0.0.1]:$OURS },
  { remote-$NAME.example = smtp:[127.0.0.1]:$REFUSER } }
smtp_tls_policy_maps = inline:{ { [127.0.0.1]:$OURS = encrypt } }
smtp_tls_loglevel = 1
END
# No smtpd, and no service in a chroot within this one.
sed -E '/^smtp +inet/d; s/^([a-z]+ +(unix|inet|pass) +[-ny] +[-ny] +)[-y]/\1n/' /usr/share/postfix/master.cf.dist \
	>/etc/postfix/master.cf
chown postfix /var/lib/postfix
chgrp postdrop /usr/sbin/postqueue /usr/sbin/postdrop
chmod 2755 /usr/sbin/postqueue /usr/sbin/postdrop
postfix start-fg &
until [ -e /var/spool/postfix/public/pickup ]; do sleep 0.1; done
post "nobody-here@$NAME.example" sendmail
post "refused@remote-$NAME.example" sendmail
wait
