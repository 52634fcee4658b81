# Courier: what its sendmail puts into the queue its daemon finds at its start, delivers, and bounces.
. /run/common.sh
add_user courier /var/lib/courier
cd /var/lib/courier
mkdir -p tmp msgs msgq allfilters filters track sts
chown -R courier:courier .
chown -R root:courier /etc/courier
chmod 770 tmp
# What the package's own script would have set.
program=/usr/lib/courier/courier
chown courier:courier $program/submitmkdir
chmod 4755 $program/submitmkdir
chown root:courier /usr/sbin/sendmail
chmod 2755 /usr/sbin/sendmail
# Else it asks DNS for a policy of the relay below, and does not connect until nobody has answered for a long time.
testmxlookup --sts-cache-disable
echo "mx.$NAME.example" >/etc/courier/me
echo "$NAME.example" >/etc/courier/defaultdomain
echo "$NAME.example" >/etc/courier/locals
printf 'news.sender.example:[127.0.0.1],%s\nremote-%s.example:[127.0.0.1],%s\n' "$OURS" "$NAME" "$REFUSER" \
	>/etc/courier/esmtproutes
post "refused@remote-$NAME.example" /usr/sbin/sendmail
exec env -i sh -c "set -a; . /etc/courier/courierd; exec $program/courierd"
