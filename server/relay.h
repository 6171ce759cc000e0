/* SPDX-License-Identifier: MIT
 *
 * TLS in front of libmicrohttpd: this does the TLS handshake, and passes plain bytes through a socket pair
 * whose other end libmicrohttpd serves like any connection. Its own TLS is not used because, after an upgrade, it
 * forwards a WebSocket four bytes to a record when the headers left no pool, and does not close the connection when
 * told to (0.9.75, measured).
 *
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_RELAY_H
#define ORIEL_SERVER_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "server/address.h"

struct oriel_server;
struct oriel_connection;
struct oriel_relay;

/** Takes a certificate chain and its key as PEM texts. 0; -EINVAL with a sentence in `why`; -ENOMEM. */
int oriel_relays_init(struct oriel_server *server, const char *certificate, const char *key, char *why,
                      size_t why_size);
void oriel_relays_finish(struct oriel_server *server);
/** Serves a connected non-blocking socket, which this then owns. 0 or -errno: it is still the caller's. */
int oriel_relay_open(struct oriel_server *server, int fd, const struct sockaddr_storage *client, socklen_t size);
/** Ends handshakes. */
void oriel_relays_quiesce(struct oriel_server *server);
/** Time limits. */
void oriel_relays_tick(struct oriel_server *server, uint64_t now_ns);
/** Ends one, or all, at once. */
void oriel_relay_end(struct oriel_relay *relay);
void oriel_relays_end(struct oriel_server *server);

/** While libmicrohttpd is handed a relay's socket: ties it to the HTTP connection, and tells the client's connection's
 *  local address and age. */
void oriel_relay_carry(struct oriel_relay *relay, struct oriel_connection *connection, struct sockaddr_storage *local,
                       uint64_t *accepted_ns);
/** The HTTP connection, or the viewer's that it became, is closed: what is still on its way to the client has
 *  seconds. */
void oriel_relay_closed(struct oriel_relay *relay);

/** The client's socket, borrowed while the relay lives, and how many bytes wait before it. */
int oriel_relay_wire(const struct oriel_relay *relay, size_t *queued);

struct oriel_relay_view {
  const struct oriel_address_key *key;
  struct oriel_connection *connection; /* NULL in the handshake, and once it is closed */
  uint64_t since_ns;                   /* of the phase without a connection */
};
/** Walks the relays that take a place among the HTTP connections: all but viewers' and those that end by themselves in
 *  this turn. NULL begins; NULL when there are no more. */
struct oriel_relay *oriel_relays_next(const struct oriel_server *server, const struct oriel_relay *relay,
                                      struct oriel_relay_view *view);

#endif
