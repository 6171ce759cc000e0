/* SPDX-License-Identifier: MIT
 *
 * Links, and the one that is a socket. Loop thread.
 */
#include "server/link.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <uv.h>

ssize_t oriel_link_recv(struct oriel_link *link, void *data, size_t size) {
  assert(size > 0);
  return link->impl->recv(link, data, size);
}

ssize_t oriel_link_sendv(struct oriel_link *link, const struct iovec *pieces, size_t count) {
  assert(count == 1 || count == 2);
  return link->impl->sendv(link, pieces, count);
}

size_t oriel_link_pending(const struct oriel_link *link) {
  return link->impl->pending ? link->impl->pending(link) : 0;
}

int oriel_link_wants(const struct oriel_link *link, bool sending) {
  if (link->impl->wants)
    return link->impl->wants(link, sending);
  return sending ? UV_WRITABLE : UV_READABLE;
}

bool oriel_link_begun(const struct oriel_link *link) {
  return link->impl->begun && link->impl->begun(link);
}

void oriel_link_end(struct oriel_link *link) {
  link->impl->end(link);
}

void oriel_link_close(struct oriel_link *link) {
  link->impl->close(link);
}

/* ---- a socket ---- */

static ssize_t plain_recv(struct oriel_link *link, void *data, size_t size) {
  ssize_t count;
  do
    count = recv(link->fd, data, size, MSG_DONTWAIT);
  while (count < 0 && errno == EINTR);
  if (count < 0)
    return errno == EWOULDBLOCK ? -EAGAIN : -errno;
  return count;
}

static ssize_t plain_sendv(struct oriel_link *link, const struct iovec *pieces, size_t count) {
  struct msghdr message = {.msg_iov = (struct iovec *)pieces, .msg_iovlen = count}; /* which it only reads */
  ssize_t taken;
  do
    taken = sendmsg(link->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (taken < 0 && errno == EINTR);
  if (taken < 0)
    return errno == EWOULDBLOCK ? -EAGAIN : -errno;
  return taken;
}

static void plain_end(struct oriel_link *link) {
  (void)shutdown(link->fd, SHUT_WR);
}

static void plain_close(struct oriel_link *link) {
  struct oriel_plain_link *plain = (struct oriel_plain_link *)link;
  if (plain->closed)
    plain->closed(plain->user);
}

struct oriel_link *oriel_link_plain(struct oriel_plain_link *plain, int fd, void (*closed)(void *user), void *user) {
  static const struct oriel_link_impl impl = {
    .recv = plain_recv, .sendv = plain_sendv, .end = plain_end, .close = plain_close,
  };
  *plain = (struct oriel_plain_link){.link = {.impl = &impl, .fd = fd}, .closed = closed, .user = user};
  return &plain->link;
}
