# Sourced by the log-*.sh: the mails of every log, and a syslog of our own. SINK is the port of a server that answers by
# the local part: refused, full, spam and never are what they say, later is at the third time of asking.

# own_dev: /dev with nothing of the machine's but these, so that /dev/log is ours.
own_dev() {
	mkdir -p /run/dev
	mount -t tmpfs tmpfs /run/dev
	for device in null zero random urandom; do
		touch "/run/dev/$device"
		mount --bind "/dev/$device" "/run/dev/$device"
	done
	ln -s /proc/self/fd /run/dev/fd
	ln -s /proc/self/fd/1 /run/dev/stdout
	mount --move /run/dev /dev
}

# syslog_to_stdout: what a syslog daemon would write, RFC 3164 with the host's name between time and tag.
syslog_to_stdout() {
	python3 -c '
import os, re, socket, sys
peer = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
peer.bind("/dev/log")
os.chmod("/dev/log", 0o666)
while True:
    line = re.sub(rb"^<\d+>", b"", peer.recv(65536)).rstrip(b"\n\0")
    sys.stdout.buffer.write(line[:16] + b"mx " + line[16:] + b"\n")
    sys.stdout.flush()' &
	until [ -S /dev/log ]; do sleep 0.1; done
}

# mail_to RECIPIENT... with the server's command in the array `command`.
mail_to() {
	printf 'From: News <news@sender.example>\nTo: list@sender.example\nSubject: What is new\nMessage-ID: <%s-%s@sender.example>\n\nThe quick brown fox.\n' \
		"$NAME" "$(echo "$1" | tr -dc a-z0-9)" | "${command[@]}" -i -f "$sender" "$@" || true
}

scenario() {
	command=("$@")
	mail_to ok1@far.example
	mail_to refused1@far.example
	mail_to ok2@far.example Ok.Three@Far.Example refused2@far.example later1@far.example full1@far.example
	mail_to never1@far.example
	mail_to "alias@$NAME.example"
	mail_to spam1@far.example
	[ -z "${EVERYWHERE:-}" ] || {
		mail_to "nobody-here@$NAME.example"
		mail_to down1@down.example
		mail_to '"odd local, part"@far.example'
	}
}
