# OpenSMTPD: its own command refuses a local user that it does not know, so only the remote one makes a bounce.
. /run/common.sh
prepare_opensmtpd
echo "mx.$NAME.example" >/etc/mailname
cat >/etc/smtpd.conf <<END
action "remote" relay host "smtp+notls://127.0.0.1:$REFUSER"
action "bounces" relay host "smtp+tls://127.0.0.1:$OURS" tls no-verify
match from any for domain "remote-$NAME.example" action "remote"
match from any for domain "news.sender.example" action "bounces"
END
smtpd -d -f /etc/smtpd.conf 2>&1 &
until smtpctl show status >/dev/null 2>&1; do sleep 0.1; done
post "refused@remote-$NAME.example" sendmail
wait
