# sendmail: its syslog, with a queue run each few seconds and an expiry after fifteen.
. /run/common.sh
. /run/scenario.sh
EVERYWHERE=1
prepare_sendmail
own_dev
syslog_to_stdout
cat >/etc/mail/sendmail.mc <<END
include(\`/usr/share/sendmail/cf/m4/cf.m4')
OSTYPE(\`linux')
define(\`confDOMAIN_NAME', \`mx.$NAME.example')
define(\`confDONT_PROBE_INTERFACES', True)
define(\`confQUEUE_LA', 1000)
define(\`confREFUSE_LA', 1000)
define(\`ESMTP_MAILER_ARGS', \`TCP \$h $SINK')
define(\`RELAY_MAILER_ARGS', \`TCP \$h 9')
define(\`confSERVICE_SWITCH_FILE', \`/etc/mail/service.switch')
define(\`ALIAS_FILE', \`/etc/mail/aliases')
define(\`confTO_QUEUERETURN', \`15s')
define(\`confTO_HOSTSTATUS', \`1s')
define(\`confMIN_QUEUE_AGE', \`0')
LOCAL_DOMAIN(\`$NAME.example')
FEATURE(\`nocanonify')
FEATURE(\`mailertable', \`text -k0 -v1 /etc/mail/mailertable')
MAILER(\`local')
MAILER(\`smtp')
END
printf 'alias: ok4@far.example, ok6@far.example\n' >/etc/mail/aliases
echo 'hosts files' >/etc/mail/service.switch
printf 'news.sender.example esmtp:[127.0.0.1]\nfar.example esmtp:[127.0.0.1]\ndown.example relay:[127.0.0.1]\n' >/etc/mail/mailertable
m4 /etc/mail/sendmail.mc >/etc/mail/sendmail.cf
program=$(ls /usr/lib/sm.bin/sendmail /usr/libexec/sendmail/sendmail 2>/dev/null | head -n 1)
$program -bi || true
scenario "$program" -Am -odi
for _ in 1 2 3 4 5 6 7 8; do
	sleep 4
	$program -Am -q || true
done
wait
