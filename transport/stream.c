/* SPDX-License-Identifier: MIT
 *
 * The sending and receiving that all streams share. Any thread; no state.
 */
#include "transport/stream.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#ifdef MSG_NOSIGNAL
enum { SEND_FLAGS = MSG_NOSIGNAL };
#else
enum { SEND_FLAGS = 0 }; /* SO_NOSIGPIPE stands on every socket instead */
#endif

/* How many datagrams that are no packet (empty, cut) one call skips: a flood of them cannot hold the caller. */
enum { SKIPPED_MAX = 16 };

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
