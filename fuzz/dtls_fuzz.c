/* SPDX-License-Identifier: MIT
 *
 * DTLS: datagrams, each behind two bytes of size, to what looks at them before OpenSSL does, whose bounds must hold;
 * and to a session, which must not do more than refuse them.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "core/clock.h"
#include "webrtc/dtls.h"
#include "webrtc/dtls_front.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_front(struct dtls_front *front, const uint8_t *data, size_t size) {
  const struct dtls_front before = *front;
  const size_t passed = dtls_front_take(front, data, size);
  size_t claimed = 0;
  for (unsigned i = 0; i < DTLS_MESSAGES_MAX; i++)
    claimed += front->lengths[i];
  if (passed > size || claimed > DTLS_REASSEMBLY_MAX || front->early > DTLS_EARLY_RECORDS_MAX ||
      (passed && !front->begun) ||
      (!passed && (before.seen != front->seen || before.early != front->early || before.begun != front->begun)))
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct oriel_dtls_identity *identity;
  static const struct oriel_dtls_fingerprint fingerprint = { .size = 32 };
  struct dtls_front front = { .begun = false };
  struct oriel_reader reader;
  uint8_t out[ORIEL_DTLS_MTU];
  uint64_t now_ns = ORIEL_NS_PER_SECOND;
  if (!identity && oriel_dtls_identity_create(&identity))
    abort();
  struct oriel_dtls *dtls = oriel_dtls_create(identity, &fingerprint, NULL, NULL, now_ns);
  if (!dtls)
    return 0;
  oriel_reader_init(&reader, data, size);
  while (reader.left && oriel_reader_ok(&reader)) {
    const uint16_t length = oriel_read_u16_be(&reader);
    const size_t rest = length < reader.left ? length : reader.left;
    const uint8_t *datagram = oriel_read_bytes(&reader, rest);
    if (!datagram)
      break;
    check_front(&front, datagram, rest);
    oriel_dtls_receive(dtls, datagram, rest, now_ns);
    while (oriel_dtls_send(dtls, out))
      continue;
    now_ns += 20 * ORIEL_NS_PER_MS;
    oriel_dtls_tick(dtls, now_ns);
  }
  if (oriel_dtls_state(dtls) == ORIEL_DTLS_CONNECTED) /* nobody has a certificate whose hash is nothing but zeros */
    abort();
  oriel_dtls_destroy(dtls);
  return 0;
}
