/* SPDX-License-Identifier: MIT
 *
 * What DTLS has to send, as datagrams: records as OpenSSL made them, as many as fit one. A flight is kept, to be sent
 * again as it was. A record that arrives twice is what networks do anyway, and our clock need not be OpenSSL's.
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_DTLS_FLIGHT_H
#define ORIEL_WEBRTC_DTLS_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DTLS_FLIGHT_MAX = 6144 }; /* bytes; a server's flight has about 900 */

struct dtls_flight {
  uint8_t bytes[DTLS_FLIGHT_MAX];
  size_t size, sent;
};

/** Room for `size` bytes of new records, to be written at once: behind what is not sent yet, or, when all is, in place
 *  of it. NULL when they do not fit. */
uint8_t *dtls_flight_add(struct dtls_flight *flight, size_t size);
/** Whole records, `most` bytes at most. Their size; 0 = nothing is left. A record longer than that is dropped. */
size_t dtls_flight_take(struct dtls_flight *flight, uint8_t *out, size_t most);
/** All of it once more. */
void dtls_flight_again(struct dtls_flight *flight);

#endif
