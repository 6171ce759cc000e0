/* SPDX-License-Identifier: MIT
 *
 * A viewer's upgraded connection: greeting, messages both ways, pings, time limits and the way it ends. Its socket is
 * non-blocking at the descriptor (lesson 1) and belongs to the loop until the peer closes its link.
 *
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_PEER_H
#define ORIEL_SERVER_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/address.h"
#include "server/link.h"
#include "wire/viewer.h"

struct oriel_mount;
struct oriel_peer;
struct oriel_proxies;

/** An open connection from the handshake. */
struct oriel_peer_config {
  struct oriel_link *link;   /* the peer's from then on, also when create fails: it closes it in the end */
  const struct oriel_proxies *proxies; /* behind whom the way to the client is not seen; borrowed during create */
  const void *early;         /* bytes read after the handshake */
  size_t early_size;
  uint64_t session;          /* serial of the browser session; 0 = bearer, or it will log in */
  const uint64_t *sessions;  /* ORIEL_COOKIES_MAX, those that its secret may be of; ended by 0; copied */
  bool proved;               /* false: nothing but AUTHENTICATE, with the session's second secret, may come first, or,
                                without a session, LOGIN */
  bool view;                 /* its token only lets watch */
  bool named;                /* it came by the desktop's name */
  const char *address;       /* of the client, for the log */
  struct oriel_address_key key; /* of the client */
};

/** Starts serving a viewer of this desktop; the peer owns itself and leaves the mount's list when it ends. 0, -ENOMEM,
 *  other -errno. */
int oriel_peer_create(struct oriel_mount *mount, const struct oriel_peer_config *config);
/** Sends what waits, as far as the socket takes it. May end the peer. */
void oriel_peer_flush(struct oriel_peer *peer);
/** Says BYE, then the WebSocket close, for at most `limit_ns`; the viewer leaves the desktop now. May end the peer. */
void oriel_peer_bye(struct oriel_peer *peer, enum oriel_viewer_reason reason, const char *text, uint64_t limit_ns);
/** Time limits and pings. May end the peer. */
void oriel_peer_tick(struct oriel_peer *peer, uint64_t now_ns);

#endif
