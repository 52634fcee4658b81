# OpenSMTPD: its syslog, with a schedule each few seconds and an expiry after twenty. Its own command refuses what no rule takes.
. /run/common.sh
. /run/scenario.sh
prepare_opensmtpd
echo "mx.$NAME.example" >/etc/mailname
printf 'alias: ok4@far.example, ok6@far.example\n' >/etc/aliases
cat >/etc/smtpd.conf <<END
table aliases file:/etc/aliases
queue ttl 20s
action "local" mbox alias <aliases>
action "remote" relay host "smtp+notls://127.0.0.1:$SINK"
match from any for domain "far.example" action "remote"
match from any for domain "news.sender.example" action "remote"
match from any for domain "$NAME.example" action "local"
END
own_dev
syslog_to_stdout
smtpd -F -f /etc/smtpd.conf &
until smtpctl show status >/dev/null 2>&1; do sleep 0.1; done
scenario sendmail
for _ in 1 2 3 4 5 6 7 8 9 10; do
	sleep 3
	smtpctl schedule all || true
done
wait
