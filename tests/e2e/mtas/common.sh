# Sourced by the others, in the root that enter.sh made. OURS is bounced's port, REFUSER the port of a server that
# says 550 5.1.1 to every recipient, NAME the mail server's: NAME.example is its own domain.
sender=bounce@news.sender.example

# add_user NAME HOME GROUP...: a system user with a group of its own name.
add_user() {
	getent passwd "$1" >/dev/null || {
		groupadd -f -r "$1"
		useradd -r -g "$1" -d "$2" -s /usr/sbin/nologin "$1"
	}
}

# What the packages' own scripts do when they are set up.
prepare_opensmtpd() {
	add_user opensmtpd /var/lib/opensmtpd/empty
	add_user opensmtpq /var/lib/opensmtpd/empty
	mkdir -p /var/spool/smtpd
	chmod 711 /var/spool/smtpd
	chgrp opensmtpq /usr/sbin/smtpctl
	chmod 2555 /usr/sbin/smtpctl
}

prepare_sendmail() {
	add_user smmta /var/lib/sendmail
	add_user smmsp /var/lib/sendmail
	mkdir -p /etc/mail /var/spool/mqueue
	chmod 700 /var/spool/mqueue
}

letter() {
	printf 'From: News <news@sender.example>\nTo: %s\nSubject: What is new\nMessage-ID: <%s>\n\n' "$1" "$1"
	echo 'The quick brown fox writes to the list.'
}

# post RECIPIENT COMMAND...: hands a letter to the mail server's own command.
post() {
	recipient=$1
	shift
	letter "$recipient" | "$@" -i -f "$sender" "$recipient"
}
