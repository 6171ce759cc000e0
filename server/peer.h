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

struct oriel_mount;
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
  const uint64_t *sessions;  /* ORIEL_COOKIES_MAX, those that its secret may be of; ended by 0; copied */
  bool proved;               /* false: nothing but AUTHENTICATE, with the session's second secret, may come first, or,
                                without a session, LOGIN */
  bool view;                 /* its token only lets watch */
  bool named;                /* it came by the desktop's name */
  const char *address;       /* of the client, for the log */
  struct oriel_address_key key; /* of the client */
  void (*closed)(void *user); /* gives the socket back; called once, also when create fails */
  void *user;
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

/** Wake and bye for those of one desktop, tick and bye for all; safe while peers end. */
void oriel_peers_flush(struct oriel_mount *mount);
void oriel_peers_bye(struct oriel_mount *mount, enum oriel_viewer_reason reason, const char *text, uint64_t limit_ns);
void oriel_peers_tick(struct oriel_server *server, uint64_t now_ns);
void oriel_peers_bye_all(struct oriel_server *server, enum oriel_viewer_reason reason, const char *text,
                         uint64_t limit_ns);
/** True when a viewer of this browser session has the controls of this desktop. */
bool oriel_peers_control(const struct oriel_mount *mount, uint64_t session);
/** What the viewer with the controls is called; NULL = nobody has them. Borrowed until it is renamed or leaves. */
const char *oriel_peers_controller(const struct oriel_mount *mount);
/** Whether one more connection would be too many: of those who watch, of the desktop's viewers, or of all. */
bool oriel_peers_crowded(const struct oriel_mount *mount, bool watcher);
/** Whether a viewer, which is in already, finds its places taken: those of the desktop, or of who only watches. */
bool oriel_peers_full(const struct oriel_mount *mount, bool watcher);
/** Closes the viewers of one browser session, which logged out, whatever their desktops. */
void oriel_peers_logout(struct oriel_server *server, uint64_t session);

#endif
