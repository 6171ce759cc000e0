/* SPDX-License-Identifier: MIT
 *
 * Accepting. Connections are accepted here and handed on, with or without TLS: libmicrohttpd, once out of descriptors
 * while it served nobody, would not accept again until it was restarted (0.9.75, measured).
 *
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_LISTENER_H
#define ORIEL_SERVER_LISTENER_H

#include <stdbool.h>
#include <sys/socket.h>

#include "server/loop.h"

/** What becomes of a connection; every slot is needed. */
struct oriel_listener_ops {
  /** Whether it may come in. */
  bool (*admits)(void *user, const struct sockaddr *client);
  /** Takes the non-blocking socket over, whatever comes of it. */
  void (*serve)(void *user, int fd, const struct sockaddr_storage *client, socklen_t size);
  /** No more are taken in this turn. */
  void (*done)(void *user);
};

struct oriel_listener {
  struct oriel_loop *loop; /* borrowed */
  const struct oriel_listener_ops *ops;
  void *user;
  int fd; /* -1 once it is closed */
  uv_poll_t poll;
  bool paused; /* out of descriptors; the next tick tries again */
};

/** Starts accepting on the listening socket, which this then owns. 0 or -errno: it is still the caller's. */
int oriel_listener_start(struct oriel_listener *listener, struct oriel_loop *loop, int fd,
                         const struct oriel_listener_ops *ops, void *user);
/** Stops accepting; once is enough. */
void oriel_listener_stop(struct oriel_listener *listener);
/** Tries again what failed for want of descriptors or memory. */
void oriel_listener_tick(struct oriel_listener *listener);
/** Closes the handle, if it is open. */
void oriel_listener_close(struct oriel_listener *listener);

#endif
