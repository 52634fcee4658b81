# Exim: takes mail at PORT, hands it to the server at HOP, and reports to OURS. `small-far.example` goes by a transport with a limit of size.
. /run/common.sh
add_user Debian-exim /var/spool/exim4
mkdir -p /var/spool/exim4 /var/log/exim4
chown Debian-exim:Debian-exim /var/spool/exim4 /var/log/exim4
cat >/etc/exim4/exim4.conf <<END
primary_hostname = mx.exim.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = $PORT
keep_environment =
disable_ipv6 = true
log_file_path = /var/log/exim4/%slog
acl_smtp_rcpt = accept
acl_smtp_data = accept
queue_only = false
begin routers
small:
  driver = manualroute
  domains = small-far.example
  transport = small
  route_list = * 127.0.0.1 byname
  self = send
hop:
  driver = manualroute
  domains = far.example
  transport = hop
  route_list = * 127.0.0.1 byname
  self = send
bounces:
  driver = manualroute
  domains = news.sender.example
  transport = ours
  route_list = * 127.0.0.1 byname
  self = send
begin transports
small:
  driver = smtp
  port = $HOP
  message_size_limit = 1K
hop:
  driver = smtp
  port = $HOP
  allow_localhost
ours:
  driver = smtp
  port = $OURS
  allow_localhost
END
exim4 -bd -q1m
exec tail -n +1 -F /var/log/exim4/mainlog
