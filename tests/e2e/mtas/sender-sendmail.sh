# sendmail: takes mail at PORT, hands it to the server at HOP, and reports to OURS.
. /run/common.sh
prepare_sendmail
cat >/etc/mail/sendmail.mc <<END
include(\`/usr/share/sendmail/cf/m4/cf.m4')
OSTYPE(\`linux')
define(\`confDOMAIN_NAME', \`mx.sendmail.example')
define(\`confDONT_PROBE_INTERFACES', True)
define(\`confQUEUE_LA', 1000)
define(\`confREFUSE_LA', 1000)
define(\`ESMTP_MAILER_ARGS', \`TCP \$h $HOP')
define(\`RELAY_MAILER_ARGS', \`TCP \$h $OURS')
define(\`confSERVICE_SWITCH_FILE', \`/etc/mail/service.switch')
undefine(\`ALIAS_FILE')
FEATURE(\`no_default_msa')
FEATURE(\`promiscuous_relay')
FEATURE(\`accept_unresolvable_domains')
FEATURE(\`accept_unqualified_senders')
DAEMON_OPTIONS(\`Port=$PORT, Addr=127.0.0.1, Name=MTA')
FEATURE(\`nocanonify')
FEATURE(\`mailertable', \`text -k0 -v1 /etc/mail/mailertable')
MAILER(\`local')
MAILER(\`smtp')
END
echo 'hosts files' >/etc/mail/service.switch
printf 'news.sender.example relay:[127.0.0.1]\nfar.example esmtp:[127.0.0.1]\n' >/etc/mail/mailertable
m4 /etc/mail/sendmail.mc >/etc/mail/sendmail.cf
program=$(ls /usr/lib/sm.bin/sendmail /usr/libexec/sendmail/sendmail 2>/dev/null | head -n 1)
exec "$program" -bD -q1m
