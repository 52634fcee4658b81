/* serve/systemd.h -- what a service manager hands us and is told: sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3).
 * Knows: libsystemd; the one stem that sees it. Without such a manager every function does nothing. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum systemd_state {
	SYSTEMD_READY,     /* mail is taken; also the end of a reload */
	SYSTEMD_WAITING,   /* for the database, meanwhile */
	SYSTEMD_WORKING,   /* all roles do their work */
	SYSTEMD_RELOADING, /* SIGHUP came */
	SYSTEMD_STOPPING,
	SYSTEMD_ALIVE, /* the watchdog's beat */
};

/* How many listening sockets were handed over, from descriptor *ret_first on. The first call tells; the variables that say
 * so are gone then, so that no child takes them for its own. */
size_t systemd_sockets(int *ret_first);
/* Is it a listening stream socket bound to this address? */
bool systemd_socket_is(int fd, const struct sockaddr *address, socklen_t n);
bool systemd_socket_is_path(int fd, const char *path);
/* As smtp.listen would name it: host:port, [ipv6]:port, unix:/path; "a socket" for any other. */
enum { SYSTEMD_SOCKET_NAME_BYTES = 128 };
void systemd_socket_name(int fd, char room[static SYSTEMD_SOCKET_NAME_BYTES]);

void systemd_say(enum systemd_state state);
/* Milliseconds between two SYSTEMD_ALIVE that keep the watchdog quiet: half of what it asks for. 0: none is set. */
int64_t systemd_beat_ms(void);
