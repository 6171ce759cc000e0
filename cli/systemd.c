/* SPDX-License-Identifier: MIT
 *
 * The service manager's side of our life, by its documented protocols and without its library. Main thread.
 */
#include "cli/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"

enum { FIRST_FD = 3, MESSAGE_MAX = 512 }; /* SD_LISTEN_FDS_START; a STATUS= and a few short lines */

/** The variable's whole number; 0 when it is none. */
static uint64_t number(const char *name) {
  const char *text = getenv(name);
  char *end = NULL;
  if (text == NULL || text[0] < '0' || text[0] > '9')
    return 0;
  errno = 0;
  const unsigned long long value = strtoull(text, &end, 10);
  return errno == 0 && *end == '\0' ? value : 0;
}

/** "/run/..." or "@name", which is an abstract one. */
static bool parse_address(const char *text, struct oriel_systemd *systemd) {
  const size_t length = text != NULL ? strlen(text) : 0;
  if (length < 2 || length >= sizeof systemd->address.sun_path || (text[0] != '/' && text[0] != '@'))
    return false;
  systemd->address.sun_family = AF_UNIX;
  memcpy(systemd->address.sun_path, text, length + 1);
  if (text[0] == '@')
    systemd->address.sun_path[0] = '\0';
  systemd->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (text[0] == '/' ? 1 : 0));
  return true;
}

void oriel_systemd_open(struct oriel_systemd *systemd) {
  *systemd = (struct oriel_systemd){.fd = -1};
  const char *path = getenv("NOTIFY_SOCKET");
  if (path != NULL && !parse_address(path, systemd))
    oriel_warn("cli", "NOTIFY_SOCKET is \"%.100s\": no path of a UNIX socket; the service manager is told nothing",
               path);
  if (systemd->address_size > 0) {
    systemd->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (systemd->fd < 0)
      oriel_warn("cli", "the service manager is told nothing: %s", strerror(errno));
    else
      (void)fcntl(systemd->fd, F_SETFD, FD_CLOEXEC);
  }
  /* Without the number of a process it is meant for whoever reads it. */
  if (systemd->fd >= 0 && (getenv("WATCHDOG_PID") == NULL || number("WATCHDOG_PID") == (uint64_t)getpid()))
    systemd->watchdog_ms = number("WATCHDOG_USEC") / 2000;
  unsetenv("NOTIFY_SOCKET");
  unsetenv("WATCHDOG_USEC");
  unsetenv("WATCHDOG_PID");
}

void oriel_systemd_tell(const struct oriel_systemd *systemd, const char *format, ...) {
  char message[MESSAGE_MAX];
  if (systemd->fd < 0)
    return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  if (sendto(systemd->fd, message, strlen(message), MSG_DONTWAIT | MSG_NOSIGNAL,
             (const struct sockaddr *)&systemd->address, systemd->address_size) < 0)
    oriel_debug("cli", "the service manager was not told \"%s\": %s", message, strerror(errno));
}

void oriel_systemd_finish(struct oriel_systemd *systemd) {
  if (systemd->fd >= 0)
    close(systemd->fd);
  systemd->fd = -1;
}

static int check_listener(int fd, char *why, size_t why_size) {
  int type = 0, listens = 0;
  socklen_t size = sizeof type;
  struct sockaddr_storage address = {0};
  socklen_t address_size = sizeof address;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0) {
    const int error = errno;
    snprintf(why, why_size, "descriptor %d, said to be a socket by LISTEN_FDS, is none: %s", fd, strerror(error));
    return -error;
  }
  size = sizeof listens;
  (void)getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
  (void)getsockname(fd, (struct sockaddr *)&address, &address_size);
  if (type == SOCK_STREAM && listens && (address.ss_family == AF_INET || address.ss_family == AF_INET6))
    return 0;
  snprintf(why, why_size, "the socket that the service manager passed does not listen for TCP: its unit needs "
                          "ListenStream=ADDRESS:PORT and Accept=no");
  return -EPROTOTYPE;
}

int oriel_systemd_listener(int *fd, char *why, size_t why_size) {
  const uint64_t count = number("LISTEN_PID") == (uint64_t)getpid() ? number("LISTEN_FDS") : 0;
  unsetenv("LISTEN_PID");
  unsetenv("LISTEN_FDS");
  unsetenv("LISTEN_FDNAMES");
  if (count > 1) {
    snprintf(why, why_size, "the service manager passed %llu sockets: one ListenStream= is served",
             (unsigned long long)count);
    return -E2BIG;
  }
  const int result = count == 1 ? check_listener(FIRST_FD, why, why_size) : 0;
  if (result < 0)
    return result;
  if (count == 1) {
    (void)fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC);
    (void)fcntl(FIRST_FD, F_SETFL, fcntl(FIRST_FD, F_GETFL) | O_NONBLOCK);
  }
  *fd = count == 1 ? FIRST_FD : -1;
  return 0;
}
