/* SPDX-License-Identifier: MIT
 *
 * Records into datagrams. Caller's thread.
 */
#include "webrtc/dtls_flight.h"

#include <string.h>

#include "webrtc/dtls_front.h"

uint8_t *dtls_flight_add(struct dtls_flight *flight, size_t size) {
  const size_t unsent = flight->size - flight->sent;
  if (size > sizeof flight->bytes - unsent)
    return NULL;
  memmove(flight->bytes, flight->bytes + flight->sent, unsent);
  flight->sent = 0;
  flight->size = unsent + size;
  return flight->bytes + unsent;
}

/** Of the record that begins at `at`; what is cut short ends with the flight. */
static size_t record_size(const struct dtls_flight *flight, size_t at) {
  const size_t left = flight->size - at;
  if (left < DTLS_RECORD_HEADER_SIZE)
    return left;
  const size_t size = DTLS_RECORD_HEADER_SIZE + ((size_t)flight->bytes[at + 11] << 8 | flight->bytes[at + 12]);
  return size < left ? size : left;
}

size_t dtls_flight_take(struct dtls_flight *flight, uint8_t *out, size_t most) {
  size_t taken = 0;
  while (flight->sent < flight->size) {
    const size_t size = record_size(flight, flight->sent);
    if (taken && size > most - taken)
      break;
    if (size <= most) {
      memcpy(out + taken, flight->bytes + flight->sent, size);
      taken += size;
    }
    flight->sent += size;
  }
  return taken;
}

void dtls_flight_again(struct dtls_flight *flight) {
  flight->sent = 0;
}
