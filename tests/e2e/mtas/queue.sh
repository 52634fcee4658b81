# Postfix as bench/smtp.py measures it: it takes mail over SMTP on the port OURS into its queue, and delivers none.
# The kindest case for it: no delivery beside, no delay, log in memory, a process for each session.
. /run/common.sh
add_user postfix /var/spool/postfix
groupadd -f -r postdrop
cat >/etc/postfix/main.cf <<END
compatibility_level = 3.6
myhostname = mx.$NAME.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
maillog_file = /var/log/postfix.log
default_process_limit = 200
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
smtpd_client_restrictions = check_client_access static:HOLD
smtpd_tls_security_level = none
END
sed -E '/^smtp +inet/d; s/^([a-z]+ +(unix|inet|pass) +[-ny] +[-ny] +)[-y]/\1n/' /usr/share/postfix/master.cf.dist \
	>/etc/postfix/master.cf
echo "127.0.0.1:$OURS inet n - n - - smtpd" >>/etc/postfix/master.cf
chown postfix /var/lib/postfix
chgrp postdrop /usr/sbin/postqueue /usr/sbin/postdrop
chmod 2755 /usr/sbin/postqueue /usr/sbin/postdrop
exec postfix start-fg
