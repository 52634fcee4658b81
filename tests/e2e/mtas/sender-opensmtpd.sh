# OpenSMTPD: takes mail at PORT, hands it to the server at HOP, and reports to OURS.
. /run/common.sh
prepare_opensmtpd
echo "mx.opensmtpd.example" >/etc/mailname
cat >/etc/smtpd.conf <<END
listen on 127.0.0.1 port $PORT
action "hop" relay host "smtp+notls://127.0.0.1:$HOP"
action "bounces" relay host "smtp+notls://127.0.0.1:$OURS"
match from any for domain "far.example" action "hop"
match from any for domain "news.sender.example" action "bounces"
END
exec smtpd -d -f /etc/smtpd.conf 2>&1
