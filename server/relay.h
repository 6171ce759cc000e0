/* SPDX-License-Identifier: MIT
 *
 * TLS in front of libmicrohttpd: this does the TLS handshake, and passes plain bytes through a socket pair
 * whose other end libmicrohttpd serves like any connection. Its own TLS is not used because, after an upgrade, it
 * forwards a WebSocket four bytes to a record when the headers left no pool, and does not close the connection when
 * told to (0.9.75, measured). A connection that becomes a viewer's leaves its relay with the answer 101.
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
#include "server/http.h"

struct oriel_origins;
struct oriel_relay;
struct ssl_ctx_st;

struct oriel_relays {
  struct oriel_loop *loop; /* these four borrowed, and set before init */
  struct oriel_http *http;
  const struct oriel_origins *origins;
  struct oriel_server_stats *stats;
  struct ssl_ctx_st *context; /* NULL without TLS */
  struct oriel_relay *first;
  unsigned count;
  struct oriel_budget budget; /* of a turn, for handshakes */
};

/** Takes a certificate chain and its key as PEM texts. 0; -EINVAL with a sentence in `why`; -ENOMEM. */
int oriel_relays_init(struct oriel_relays *relays, const char *certificate, const char *key, char *why,
                      size_t why_size);
void oriel_relays_finish(struct oriel_relays *relays);
/** Serves a connected non-blocking socket, which is its own from then on, also after a failure. 0 or -errno. */
int oriel_relay_open(struct oriel_relays *relays, int fd, const struct sockaddr_storage *client, socklen_t size);
/** A turn of the loop ends: renews the budget. */
void oriel_relays_turn(struct oriel_relays *relays);
/** Ends handshakes. */
void oriel_relays_quiesce(struct oriel_relays *relays);
/** Time limits. */
void oriel_relays_tick(struct oriel_relays *relays, uint64_t now_ns);
/** Ends one, or all, at once. */
void oriel_relay_end(struct oriel_relay *relay);
void oriel_relays_end(struct oriel_relays *relays);

struct oriel_relay_view {
  const struct oriel_address_key *key;
  struct oriel_connection *connection; /* NULL in the handshake, and once it is closed */
  uint64_t since_ns;                   /* of the phase without a connection */
};
/** Walks the relays, which take a place among the HTTP connections: all but those that end by themselves in this turn.
 *  NULL begins; NULL when there are no more. */
struct oriel_relay *oriel_relays_next(const struct oriel_relays *relays, const struct oriel_relay *relay,
                                      struct oriel_relay_view *view);

#endif
