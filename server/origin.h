/* SPDX-License-Identifier: MIT
 *
 * The exact lists of Host and Origin values this server answers to: the defence against DNS rebinding and cross-site
 * WebSockets (lesson 36). Thread-safety: immutable after init and public.
 */
#ifndef ORIEL_SERVER_ORIGIN_H
#define ORIEL_SERVER_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "server/public.h"

struct oriel_origins {
  char **hosts; /* "name:port" or "name", lower case */
  size_t host_count;
  char **origins; /* from allow_origins, as given */
  size_t origin_count;
  bool tls;
};

/** Fills the lists from the bound address: its literal, for loopback and wildcards also localhost, 127.0.0.1 and [::1],
 *  each with the port (without it too where it is the scheme's default), and every allow_hosts entry: one with a port
 *  as it is, one without as it is and with our port. 0, -ENOMEM. */
int oriel_origins_init(struct oriel_origins *origins, const struct sockaddr *bound, bool tls,
                       const char *const *allow_hosts, const char *const *allow_origins);
/** Adds a proxy's address: its host with and without the scheme's own port, and its origin. 0, -ENOMEM; the lists stay
 *  whole. */
int oriel_origins_public(struct oriel_origins *origins, const struct oriel_public *address);
void oriel_origins_finish(struct oriel_origins *origins);
/** True for a Host in the list, or equal to `local`: the address literal ("192.0.2.1:8080") on which this connection
 *  arrived. A rebinding page has a DNS name as its host, so the literal is safe also on a wildcard listener. */
bool oriel_origins_host(const struct oriel_origins *origins, const char *host, const char *local);
/** True for https:// and an allowed host, for http:// too without TLS (a proxy before us may speak either), or for an
 *  exact entry of allow_origins. "null" is never allowed. */
bool oriel_origins_origin(const struct oriel_origins *origins, const char *origin, const char *local);

#endif
