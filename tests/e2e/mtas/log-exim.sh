# Exim: its mainlog with everything that it can tell, with a queue run each few seconds and an expiry after twelve.
. /run/common.sh
. /run/scenario.sh
EVERYWHERE=1
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
log_selector = +all
begin routers
remote:
  driver = manualroute
  domains = far.example : news.sender.example
  transport = sink
  route_list = * 127.0.0.1 byname
  self = send
down:
  driver = manualroute
  domains = down.example
  transport = down
  route_list = * 127.0.0.1 byname
  self = send
aliases:
  driver = redirect
  domains = +local_domains
  local_parts = alias
  data = ok4@far.example, ok6@far.example
local:
  driver = accept
  domains = +local_domains
  check_local_user
  cannot_route_message = Unknown user
  transport = sink
begin transports
sink:
  driver = smtp
  port = $SINK
  allow_localhost
  connection_max_messages = 1
  retry_include_ip_address = false
down:
  driver = smtp
  port = 9
  allow_localhost
begin retry
* * F,12s,3s
END
scenario exim4
touch /var/log/exim4/mainlog
tail -n +1 -F /var/log/exim4/mainlog &
for _ in 1 2 3 4 5 6 7 8 9 10; do
	sleep 4
	exim4 -q || true
done
wait
