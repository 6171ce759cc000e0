/* SPDX-License-Identifier: MIT
 *
 * Packets of SCTP: what is looked at before the library, and, as an association's, by it.
 */
#include <stdlib.h>
#include <string.h>

#include "webrtc/sctp.h"
#include "webrtc/sctp_front.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** The sum that the library asks for (RFC 9260, appendix A), where the sender left nothing to guess. */
static void seal(uint8_t *packet, size_t size) {
  uint32_t sum = UINT32_MAX;
  memset(packet + 8, 0, 4);
  for (size_t i = 0; i < size; i++) {
    sum ^= packet[i];
    for (unsigned bit = 0; bit < 8; bit++)
      sum = sum >> 1 ^ (sum & 1 ? 0x82f63b78u : 0);
  }
  for (unsigned i = 0; i < 4; i++)
    packet[8 + i] = (uint8_t)(~sum >> (8 * i));
}

/** What comes is of a peer that knows our tag, which stands in our first packet. */
static void give(struct oriel_sctp *sctp, const uint8_t *data, size_t size) {
  uint8_t packet[SCTP_DATAGRAM_MAX], ours[ORIEL_SCTP_PACKET_MAX];
  struct oriel_sctp_message message;
  memcpy(packet, data, size);
  if (packet[SCTP_HEADER_SIZE] != 1 && oriel_sctp_next(sctp, ours) >= 20) /* a beginning has no tag */
    memcpy(packet + 4, ours + 16, 4);
  seal(packet, size);
  oriel_sctp_receive(sctp, packet, size, 1);
  while (oriel_sctp_take(sctp, &message)) {
    if (message.stream >= ORIEL_SCTP_STREAMS || message.size > ORIEL_SCTP_MESSAGE_MAX)
      abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct oriel_sctp *sctp;
  const bool passes = sctp_front_passes(data, size);
  if (passes && (size <= SCTP_HEADER_SIZE || size > SCTP_DATAGRAM_MAX))
    abort();
  if (!passes)
    return 0;
  if (oriel_sctp_create(ORIEL_SCTP_PORT, 1, &sctp) < 0)
    abort();
  give(sctp, data, size);
  oriel_sctp_destroy(sctp);
  return 0;
}
