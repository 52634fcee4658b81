# Exim: each message delivered at once by the process that takes it, its bounce by one more.
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
log_file_path = /var/log/exim4/%slog
begin routers
remote:
  driver = manualroute
  domains = remote-$NAME.example
  transport = refuser
  route_list = * 127.0.0.1 byname
  self = send
bounces:
  driver = manualroute
  domains = news.sender.example
  transport = ours
  route_list = * 127.0.0.1 byname
  self = send
local:
  driver = accept
  domains = +local_domains
  check_local_user
  cannot_route_message = Unknown user
  transport = ours
begin transports
refuser:
  driver = smtp
  port = $REFUSER
  allow_localhost
ours:
  driver = smtp
  port = $OURS
  allow_localhost
  hosts_require_tls = *
  tls_verify_hosts =
  tls_try_verify_hosts =
END
post "nobody-here@$NAME.example" exim4 || true # 2: delivered as a bounce
post "refused@remote-$NAME.example" exim4 || true
exec tail -n +1 -F /var/log/exim4/mainlog
