# Exim: the router of docs/tokens.md (RECIPE, with the signer's port), by a route of our own in the place of the DNS.
. /run/common.sh
add_user Debian-exim /var/spool/exim4
mkdir -p /var/spool/exim4 /var/log/exim4
chown Debian-exim:Debian-exim /var/spool/exim4 /var/log/exim4
cat >/etc/exim4/exim4.conf <<END
primary_hostname = mx.$NAME.example
domainlist local_domains = $NAME.example
local_interfaces = 127.0.0.1
keep_environment =
disable_ipv6 = true
trusted_users = root
log_file_path = /var/log/exim4/%slog
begin routers
bounces:
  driver = manualroute
  domains = bounces.sender.example
  transport = ours
  route_list = * 127.0.0.1 byname
  self = send
$(sed 's/driver = dnslookup/driver = manualroute\n  route_list = * 127.0.0.1 byname\n  self = send/' <<<"$RECIPE")
begin transports
remote_smtp:
  driver = smtp
  port = $SINK
  allow_localhost
ours:
  driver = smtp
  port = $OURS
  allow_localhost
END
letter list | exim4 -i -f news@bounces.sender.example ok@far.example Refused.User@far.example || true
exec tail -n +1 -F /var/log/exim4/mainlog
