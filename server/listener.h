/* SPDX-License-Identifier: MIT
 *
 * Accepting. Connections are accepted here and handed on, with or without TLS: libmicrohttpd, once out of descriptors
 * while it served nobody, would not accept again until it was restarted (0.9.75, measured).
 *
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_LISTENER_H
#define ORIEL_SERVER_LISTENER_H

struct oriel_server;

/** Starts accepting on the listening socket, which this then owns. 0 or -errno. */
int oriel_listener_start(struct oriel_server *server, int listener);
/** Stops accepting. */
void oriel_listener_stop(struct oriel_server *server);
/** Tries again what failed for want of descriptors or memory. */
void oriel_listener_tick(struct oriel_server *server);

#endif
