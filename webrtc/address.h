/* SPDX-License-Identifier: MIT
 *
 * Where a UDP packet comes from or goes to: an IP address and a port, as a value that compares with memcmp.
 * Thread-safety: any; values.
 */
#ifndef ORIEL_WEBRTC_ADDRESS_H
#define ORIEL_WEBRTC_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No padding: 20 bytes. */
struct oriel_webrtc_address {
  uint8_t bytes[16]; /* network order; of IPv4 the first four, and the rest is 0 */
  uint16_t port;     /* host order */
  uint16_t size;     /* 4 or 16; 0 = no address */
};

/** Both ends of a datagram's way. A host can have many addresses, and a peer knows us by the one that it sent to: what
 *  leaves from another one it, or a NAT before it, takes for a stranger's. */
struct oriel_webrtc_path {
  struct oriel_webrtc_address peer;
  struct oriel_webrtc_address local; /* ours, its port 0; of size 0 where the socket has but one, or it is not known */
};

enum { ORIEL_WEBRTC_ADDRESS_TEXT = 48 }; /* the longest IPv6 address and its zero */

/** An address of `size` bytes (4 or 16, network order) and a port (host order). An IPv4 address in IPv6 clothes
 *  (::ffff:a.b.c.d) becomes IPv4, so that one peer has one address (lesson 37). */
struct oriel_webrtc_address oriel_webrtc_address_make(const uint8_t *bytes, size_t size, uint16_t port);
bool oriel_webrtc_address_equal(const struct oriel_webrtc_address *a, const struct oriel_webrtc_address *b);
bool oriel_webrtc_path_equal(const struct oriel_webrtc_path *a, const struct oriel_webrtc_path *b);
/** The address without its port, as candidates name it: "192.0.2.1", "2001:db8::1"; "" for no address. */
void oriel_webrtc_address_text(const struct oriel_webrtc_address *address, char text[ORIEL_WEBRTC_ADDRESS_TEXT]);

#endif
