/* SPDX-License-Identifier: MIT
 *
 * What a service manager offers by environment variables: systemd's notify protocol and watchdog (sd_notify(3)), and
 * sockets that it has opened for us (sd_listen_fds(3)). Without those variables nothing here does anything.
 * Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_SYSTEMD_H
#define ORIEL_CLI_SYSTEMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct oriel_systemd {
  int fd; /* -1 = nobody wants to be told */
  struct sockaddr_un address;
  socklen_t address_size;
  uint64_t watchdog_ms; /* how often to say that we live, half of what we are given; 0 = never */
};

/** Takes the variables NOTIFY_SOCKET and WATCHDOG_* out of the environment: no child shall speak for us. */
void oriel_systemd_open(struct oriel_systemd *systemd);
/** Sends lines such as "READY=1\nSTATUS=..."; a manager that does not read is not waited for. */
void oriel_systemd_tell(const struct oriel_systemd *systemd, const char *format, ...)
  __attribute__((format(printf, 2, 3)));
void oriel_systemd_finish(struct oriel_systemd *systemd);

/** The listening TCP socket that we were started with (LISTEN_FDS), which becomes the caller's; its variables go. 0
 *  with *fd, -1 when there is none; -E2BIG: several; -ENOTSOCK, -EPROTOTYPE: it is something else. `why` (at least 200
 *  bytes) then is one sentence. */
int oriel_systemd_listener(int *fd, char *why, size_t why_size);

#endif
