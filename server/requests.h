/* SPDX-License-Identifier: MIT
 *
 * Requests from their headers to the end of their answers: each goes through the gate to its route's handler.
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_REQUESTS_H
#define ORIEL_SERVER_REQUESTS_H

struct oriel_server;

/** Starts HTTP, as oriel_http_start, for this server's requests. 0 or -errno. */
int oriel_requests_start(struct oriel_server *server);

#endif
