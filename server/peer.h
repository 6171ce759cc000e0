/* SPDX-License-Identifier: MIT
 *
 * A viewer's upgraded connection: greeting, messages both ways, pings, time limits and the way it ends. Its socket is
 * non-blocking at the descriptor (lesson 1) and belongs to the loop until the peer hands it back.
 *
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_PEER_H
#define ORIEL_SERVER_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/address.h"
#include "wire/viewer.h"

struct oriel_peer;
struct oriel_relay;
struct oriel_server;

/** An open connection from the handshake. */
struct oriel_peer_config {
  int socket;                /* TCP, or one of a pair with a TLS relay behind; borrowed until `closed` */
  struct oriel_relay *const *relay; /* that relay, NULL once it has ended, or NULL where there is none; likewise */
  const void *early;         /* bytes read after the handshake */
  size_t early_size;
  uint64_t session;          /* serial of the browser session; 0 = bearer, or it will log in */
  bool proved;               /* false: nothing but AUTHENTICATE, with the session's second secret, may come first, or,
                                without a session, LOGIN */
  bool view;                 /* its token only lets watch */
  const char *address;       /* of the client, for the log */
  struct oriel_address_key key; /* of the client */
  void (*closed)(void *user); /* gives the socket back; called once, also when create fails */
  void *user;
};

/** Those that have not shown a credential at all yet. */
size_t oriel_peers_strangers(const struct oriel_server *server);
/** Starts serving; the peer owns itself and leaves the server's list when it ends. 0, -ENOMEM, other -errno. */
int oriel_peer_create(struct oriel_server *server, const struct oriel_peer_config *config);
/** Sends what waits, as far as the socket takes it. May end the peer. */
void oriel_peer_flush(struct oriel_peer *peer);
/** Says BYE, then the WebSocket close, for at most `limit_ns`; the viewer leaves the desktop now. May end the peer. */
void oriel_peer_bye(struct oriel_peer *peer, enum oriel_viewer_reason reason, const char *text, uint64_t limit_ns);
/** Time limits and pings. May end the peer. */
void oriel_peer_tick(struct oriel_peer *peer, uint64_t now_ns);

/** Wake, tick and bye for all; safe while peers end. */
void oriel_peers_flush(struct oriel_server *server);
void oriel_peers_tick(struct oriel_server *server, uint64_t now_ns);
void oriel_peers_bye(struct oriel_server *server, enum oriel_viewer_reason reason, const char *text,
                     uint64_t limit_ns);
/** True when a viewer of this browser session has the controls. */
bool oriel_peers_control(const struct oriel_server *server, uint64_t session);
/** Connections whose token only lets watch; `joined`: those alone that are viewers now. */
unsigned oriel_peers_watching(const struct oriel_server *server, bool joined);
/** Closes the viewers of one browser session, which logged out. */
void oriel_peers_logout(struct oriel_server *server, uint64_t session);

#endif
