/* SPDX-License-Identifier: MIT
 *
 * The few calls that differ between systems. Any thread; no state.
 */
#include "transport/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

int oriel_fd_prepare(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
    return -errno;
  return 0;
}

void oriel_fd_close(int *fd) {
  const int saved = errno;
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
  errno = saved;
}

/* Lesson 29: macOS has no flag for send(2) but an option of the socket. */
static int quieten(int fd) {
#ifdef SO_NOSIGPIPE
  const int on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) < 0)
    return -errno;
#else
  (void)fd;
#endif
  return 0;
}

static int finish_socket(int fd) {
  int error = oriel_fd_prepare(fd);
  if (!error)
    error = quieten(fd);
  if (error < 0) {
    oriel_fd_close(&fd);
    return error;
  }
  return fd;
}

int oriel_fd_socket(int family, int type) {
#ifdef SOCK_CLOEXEC
  type |= SOCK_CLOEXEC | SOCK_NONBLOCK; /* at once: a fork on another thread cannot get in between */
#endif
  const int fd = socket(family, type, 0);
  return fd < 0 ? -errno : finish_socket(fd);
}

int oriel_fd_accept(int listener) {
  int fd;
  do {
#ifdef SOCK_CLOEXEC
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
#else
    fd = accept(listener, NULL, NULL);
#endif
  } while (fd < 0 && errno == EINTR);
  return fd < 0 ? -errno : finish_socket(fd);
}

int oriel_fd_pipe(int ends[2]) {
  if (pipe(ends) < 0)
    return -errno;
  int error = oriel_fd_prepare(ends[0]);
  if (!error)
    error = oriel_fd_prepare(ends[1]);
  if (error < 0) {
    oriel_fd_close(&ends[0]);
    oriel_fd_close(&ends[1]);
  }
  return error;
}

short oriel_fd_ready(int fd, short wanted) {
  struct pollfd poller = {.fd = fd, .events = wanted};
  int count;
  do
    count = poll(&poller, 1, 0);
  while (count < 0 && errno == EINTR);
  return count > 0 ? poller.revents : 0;
}

int oriel_fd_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}
