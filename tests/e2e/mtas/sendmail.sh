# sendmail: one process takes, delivers and bounces, in the foreground (-odi).
. /run/common.sh
prepare_sendmail
cat >/etc/mail/sendmail.mc <<END
include(\`/usr/share/sendmail/cf/m4/cf.m4')
OSTYPE(\`linux')
define(\`confDOMAIN_NAME', \`mx.$NAME.example')
define(\`confDONT_PROBE_INTERFACES', True)
define(\`confQUEUE_LA', 1000)
define(\`confREFUSE_LA', 1000)
define(\`ESMTP_MAILER_ARGS', \`TCP \$h $REFUSER')
define(\`RELAY_MAILER_ARGS', \`TCP \$h $OURS')
define(\`confSERVICE_SWITCH_FILE', \`/etc/mail/service.switch')
undefine(\`ALIAS_FILE')
LOCAL_DOMAIN(\`$NAME.example')
FEATURE(\`nocanonify')
FEATURE(\`mailertable', \`text -k0 -v1 /etc/mail/mailertable')
MAILER(\`local')
MAILER(\`smtp')
END
echo 'hosts files' >/etc/mail/service.switch
printf 'news.sender.example relay:[127.0.0.1]\nremote-%s.example esmtp:[127.0.0.1]\n' "$NAME" >/etc/mail/mailertable
m4 /etc/mail/sendmail.mc >/etc/mail/sendmail.cf
program=$(ls /usr/lib/sm.bin/sendmail /usr/libexec/sendmail/sendmail 2>/dev/null | head -n 1)
post "nobody-here@$NAME.example" "$program" -Am -odi || true # EX_NOUSER, and a bounce
post "refused@remote-$NAME.example" "$program" -Am -odi || true
sleep infinity
