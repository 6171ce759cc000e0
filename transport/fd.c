/* SPDX-License-Identifier: MIT
 *
 * The few calls that differ between systems, and the sending and receiving that all streams share. Any thread; no
 * state.
 */
#include "transport/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "transport/stream.h"

#ifdef MSG_NOSIGNAL
enum { SEND_FLAGS = MSG_NOSIGNAL };
#else
enum { SEND_FLAGS = 0 }; /* SO_NOSIGPIPE stands on every socket instead */
#endif

/* How many datagrams that are no packet (empty, cut) one call skips: a flood of them cannot hold the caller. */
enum { SKIPPED_MAX = 16 };

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
  int result = oriel_fd_prepare(fd);
  if (!result)
    result = quieten(fd);
  if (result < 0) {
    oriel_fd_close(&fd);
    return result;
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
  int result = oriel_fd_prepare(ends[0]);
  if (!result)
    result = oriel_fd_prepare(ends[1]);
  if (result < 0) {
    oriel_fd_close(&ends[0]);
    oriel_fd_close(&ends[1]);
  }
  return result;
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

static bool is_datagram(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) && type == SOCK_DGRAM;
}

/* One word for each of the ways in which a stream can be over. EIO is how a hung-up terminal says it. */
static int stream_error(int error) {
  if (error == EWOULDBLOCK)
    return -EAGAIN;
  return error == EPIPE || error == ENOTCONN || error == EIO ? -ECONNRESET : -error;
}

ssize_t oriel_stream_send(int fd, const void *data, size_t size) {
  ssize_t sent;
  if (!size)
    return -EINVAL;
  do
    sent = send(fd, data, size, SEND_FLAGS);
  while (sent < 0 && errno == EINTR);
  if (sent < 0 && errno == ENOTSOCK)
    do
      sent = write(fd, data, size); /* a character device: has no SIGPIPE */
    while (sent < 0 && errno == EINTR);
  if (sent < 0)
    return stream_error(errno);
  return sent ? sent : -EAGAIN;
}

/* -ENOMSG: a datagram that is no packet was dropped. */
static ssize_t receive_once(int fd, void *data, size_t size) {
  struct iovec part = {.iov_base = data, .iov_len = size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  ssize_t got;
  do
    got = recvmsg(fd, &message, 0);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == ENOTSOCK) {
    do
      got = read(fd, data, size);
    while (got < 0 && errno == EINTR);
    message.msg_flags = 0;
  }
  if (got < 0)
    return stream_error(errno);
  if (message.msg_flags & MSG_TRUNC)
    return -ENOMSG;
  if (!got)
    return is_datagram(fd) ? -ENOMSG : -ECONNRESET;
  return got;
}

ssize_t oriel_stream_receive(int fd, void *data, size_t size) {
  if (!size)
    return -EINVAL;
  for (unsigned skipped = 0; skipped < SKIPPED_MAX; skipped++) {
    const ssize_t got = receive_once(fd, data, size);
    if (got != -ENOMSG)
      return got;
  }
  return -EAGAIN;
}
