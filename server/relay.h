/* SPDX-License-Identifier: MIT
 *
 * TLS in front of libmicrohttpd: this accepts, does the TLS handshake, and passes plain bytes through a socket pair
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

struct oriel_server;
struct oriel_relay;

/** Takes a certificate chain and its key as PEM texts. 0; -EINVAL with a sentence in `why`; -ENOMEM. */
int oriel_relays_init(struct oriel_server *server, const char *certificate, const char *key, char *why,
                      size_t why_size);
void oriel_relays_finish(struct oriel_server *server);
/** Starts accepting on the listening socket, which this then owns. 0 or -errno. */
int oriel_relays_listen(struct oriel_server *server, int listener);
/** Stops accepting and ends handshakes. */
void oriel_relays_quiesce(struct oriel_server *server);
/** Time limits. */
void oriel_relays_tick(struct oriel_server *server, uint64_t now_ns);
/** Ends all at once. */
void oriel_relays_end(struct oriel_server *server);

/** While libmicrohttpd is handed a relay's socket: the client's connection, for its local address and its age. */
void oriel_relay_origin(const struct oriel_relay *relay, struct sockaddr_storage *local, uint64_t *accepted_ns);
/** Relays whose handshake is not done: they are not yet among the HTTP connections. */
unsigned oriel_relays_shaking(const struct oriel_server *server, const void *address_key, unsigned *same);

#endif
