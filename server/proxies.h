/* SPDX-License-Identifier: MIT
 *
 * Reverse proxies that are trusted to say whom they speak for: without them every user behind one would be the same
 * client to limits and log. Thread-safety: immutable after init; the rest is stateless.
 */
#ifndef ORIEL_SERVER_PROXIES_H
#define ORIEL_SERVER_PROXIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/** An address or a network: IPv4 as IPv4-mapped IPv6. */
struct oriel_prefix {
  uint8_t bytes[16];
  unsigned bits; /* 0..128 */
};

struct oriel_proxies {
  struct oriel_prefix *prefixes;
  size_t count;
};

/** "192.0.2.1", "192.0.2.0/24", "2001:db8::1", "2001:db8::/32" (IPv6 also in brackets); bits beyond the prefix must be
 *  zero. 0, -EINVAL. */
int oriel_prefix_parse(const char *text, struct oriel_prefix *prefix);

/** Fills the list from texts, NULL-terminated, or NULL for none. 0, -EINVAL, -ENOMEM. */
int oriel_proxies_init(struct oriel_proxies *proxies, const char *const *texts);
void oriel_proxies_finish(struct oriel_proxies *proxies);
bool oriel_proxies_trust(const struct oriel_proxies *proxies, const struct sockaddr *address);

/** The client behind `peer`, port 0: `peer` itself unless it is a trusted proxy. Otherwise the right-most address of
 *  X-Forwarded-For or Forwarded (RFC 7239; several header lines joined by commas, NULL = absent) that is no trusted
 *  proxy; the left-most when all are. Where an entry cannot be read, or both headers stand there and disagree, the
 *  proxy that handed it on counts: what a client writes itself lets it be nobody else. */
void oriel_proxies_client(const struct oriel_proxies *proxies, const struct sockaddr *peer, const char *forwarded_for,
                          const char *forwarded, struct sockaddr_storage *client);

#endif
