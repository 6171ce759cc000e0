/* SPDX-License-Identifier: MIT
 *
 * What a scheme of an address must bring so that the one dialer and the one listener can drive it. Private to
 * transport/. Thread-safety: none needed; the tables are constant and the functions have no state.
 */
#ifndef ORIEL_TRANSPORT_SCHEME_H
#define ORIEL_TRANSPORT_SCHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "transport/address.h"

enum { ORIEL_ENDPOINTS_MAX = 8 };

/** Where a socket is connected or bound. */
struct oriel_endpoint {
  struct sockaddr_storage name;
  socklen_t size;
};

struct oriel_endpoints {
  struct oriel_endpoint list[ORIEL_ENDPOINTS_MAX];
  size_t count;
};

struct oriel_transport_impl {
  int type;           /* SOCK_STREAM or SOCK_DGRAM; 0: a device */
  bool has_handshake; /* of mux:// */

  /* Sockets: the names to connect to or to bind, without asking anybody. 0, -EINVAL, -ENAMETOOLONG, or -EAGAIN when a
   * host's name must be resolved first. */
  int (*locate)(const struct oriel_transport_address *address, bool is_listener, struct oriel_endpoints *endpoints);
  /* Devices: an fd, or -errno; -EHOSTDOWN when nobody holds the other end. */
  int (*open)(const struct oriel_transport_address *address);
  /* Optional: options of a fresh or accepted socket. Those that a system lacks are left out. */
  void (*tune)(int fd);
  /* Optional: a last look at a socket that has just connected. 0, -errno. */
  int (*check)(int fd);
  /* Optional, instead of bind(2) and listen(2): 0, -errno with `why` filled. */
  int (*bind)(int fd, const struct oriel_endpoint *endpoint, char *why, size_t why_size);
  /* Optional: whether the peer of an accepted socket is one the address names. */
  bool (*accepts)(const struct oriel_transport_address *address, int fd);
};

/** Bytes the kernel keeps of what was sent and not yet taken by the peer: a third of a second of 48 kHz stereo PCM.
 *  More would only be delay after a stall. */
enum { ORIEL_TRANSPORT_SEND_BUFFER = 64 * 1024 };

#endif
