/* SPDX-License-Identifier: MIT
 *
 * UDP addresses as values. Any thread.
 */
#include "webrtc/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

struct oriel_webrtc_address oriel_webrtc_address_make(const uint8_t *bytes, size_t size, uint16_t port) {
  static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
  assert(size == 4 || size == 16);
  if (size == 16 && !memcmp(bytes, mapped, sizeof mapped)) {
    bytes += sizeof mapped;
    size = 4;
  }
  struct oriel_webrtc_address address = { .port = port, .size = (uint16_t)size };
  memcpy(address.bytes, bytes, size);
  return address;
}

bool oriel_webrtc_address_equal(const struct oriel_webrtc_address *a, const struct oriel_webrtc_address *b) {
  return !memcmp(a, b, sizeof *a);
}

bool oriel_webrtc_path_equal(const struct oriel_webrtc_path *a, const struct oriel_webrtc_path *b) {
  return oriel_webrtc_address_equal(&a->peer, &b->peer) && oriel_webrtc_address_equal(&a->local, &b->local);
}

void oriel_webrtc_address_text(const struct oriel_webrtc_address *address, char text[ORIEL_WEBRTC_ADDRESS_TEXT]) {
  text[0] = '\0';
  if (address->size)
    inet_ntop(address->size == 4 ? AF_INET : AF_INET6, address->bytes, text, ORIEL_WEBRTC_ADDRESS_TEXT);
}
