# Postfix: its log, with retries each few seconds and an expiry after twenty.
. /run/common.sh
. /run/scenario.sh
EVERYWHERE=1
add_user postfix /var/spool/postfix
groupadd -f -r postdrop
printf 'alias ok4@far.example,ok6@far.example\n' >/etc/aliases-text
cat >/etc/postfix/main.cf <<END
compatibility_level = 3.6
myhostname = mx.$NAME.example
mydestination = $NAME.example
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps = texthash:/etc/aliases-text
alias_database =
local_recipient_maps =
maillog_file = /dev/stdout
transport_maps = inline:{ { far.example = smtp:[127.0.0.1]:$SINK }, { news.sender.example = smtp:[127.0.0.1]:$SINK },
  { down.example = smtp:[127.0.0.1]:9 } }
queue_run_delay = 3s
minimal_backoff_time = 3s
maximal_backoff_time = 4s
maximal_queue_lifetime = 20s
bounce_queue_lifetime = 20s
END
sed -E '/^smtp +inet/d; s/^([a-z]+ +(unix|inet|pass) +[-ny] +[-ny] +)[-y]/\1n/' /usr/share/postfix/master.cf.dist \
	>/etc/postfix/master.cf
chown postfix /var/lib/postfix
chgrp postdrop /usr/sbin/postqueue /usr/sbin/postdrop
chmod 2755 /usr/sbin/postqueue /usr/sbin/postdrop
postfix start-fg &
until [ -e /var/spool/postfix/public/pickup ]; do sleep 0.1; done
scenario sendmail
wait
