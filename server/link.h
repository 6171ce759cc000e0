/* SPDX-License-Identifier: MIT
 *
 * A viewer's connection once HTTP is over: bytes both ways, as its socket has them (here) or under TLS (link_tls.h).
 * Nothing is kept on the way: what the client does not take is not taken from the sender, so that each viewer's own
 * flow control sees its own socket.
 *
 * Thread-safety: the loop thread only; no call blocks.
 */
#ifndef ORIEL_SERVER_LINK_H
#define ORIEL_SERVER_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct oriel_link;

/** Implementation table; every slot is needed but those marked optional. */
struct oriel_link_impl {
  ssize_t (*recv)(struct oriel_link *link, void *data, size_t size);
  ssize_t (*sendv)(struct oriel_link *link, const struct iovec *pieces, size_t count);
  int (*wants)(const struct oriel_link *link, bool sending); /* optional: the usual events */
  bool (*begun)(const struct oriel_link *link);              /* optional: never */
  size_t (*pending)(const struct oriel_link *link);          /* optional: 0 */
  void (*end)(struct oriel_link *link);
  void (*close)(struct oriel_link *link);
};

struct oriel_link {
  const struct oriel_link_impl *impl;
  int fd; /* the client's socket, non-blocking: to be watched, and asked what the kernel knows; not for reading */
};

/** Reads: 1 to `size` bytes; 0 = the stream ended; -EAGAIN; other -errno = it is lost. `size` is 1 or more. */
ssize_t oriel_link_recv(struct oriel_link *link, void *data, size_t size);
/** Sends what it takes of 1 or 2 pieces that are not empty: bytes, 1 or more; -EAGAIN: none was taken, see
 *  oriel_link_begun; other -errno = it is lost. */
ssize_t oriel_link_sendv(struct oriel_link *link, const struct iovec *pieces, size_t count);
/** The event that sending, or reading, waits for after -EAGAIN: UV_WRITABLE and UV_READABLE, but for TLS now and then
 *  the other one. */
int oriel_link_wants(const struct oriel_link *link, bool sending);
/** Whether it has begun with bytes that oriel_link_sendv did not take, so that the same ones have to come next. */
bool oriel_link_begun(const struct oriel_link *link);
/** Bytes that can be read and that no descriptor announces, at most some tens of KiB. Reading no more than these brings
 *  no new ones. */
size_t oriel_link_pending(const struct oriel_link *link);
/** Says that nothing more comes; reading goes on. */
void oriel_link_end(struct oriel_link *link);
/** Gives the socket back, or closes it, and frees the link. To be watched no more before. */
void oriel_link_close(struct oriel_link *link);

/** The socket itself. */
struct oriel_plain_link {
  struct oriel_link link;
  void (*closed)(void *user); /* gives it back, and with it maybe this link; NULL = nobody */
  void *user;
};
/** `fd` is borrowed until `closed`. Returns &plain->link. */
struct oriel_link *oriel_link_plain(struct oriel_plain_link *plain, int fd, void (*closed)(void *user), void *user);

#endif
