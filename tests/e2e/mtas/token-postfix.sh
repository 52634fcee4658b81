# Postfix: VERP, and the signer of docs/tokens.md behind it (RECIPE, with its port). SINK takes ok@ and refuses the others.
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
transport_maps = inline:{ { bounces.sender.example = smtp:[127.0.0.1]:$OURS }, { far.example = smtp:[127.0.0.1]:$SINK } }
$RECIPE
END
sed -E '/^smtp +inet/d; s/^([a-z]+ +(unix|inet|pass) +[-ny] +[-ny] +)[-y]/\1n/' /usr/share/postfix/master.cf.dist \
	>/etc/postfix/master.cf
chown postfix /var/lib/postfix
chgrp postdrop /usr/sbin/postqueue /usr/sbin/postdrop
chmod 2755 /usr/sbin/postqueue /usr/sbin/postdrop
postfix start-fg &
until [ -e /var/spool/postfix/public/pickup ]; do sleep 0.1; done
letter list | sendmail -i -f news@bounces.sender.example -XV ok@far.example Refused.User@far.example
wait
