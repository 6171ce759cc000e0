/* SPDX-License-Identifier: MIT
 *
 * VP8 frames to payloads. Called by the network thread, once for all viewers of a rendition.
 */
#include "webrtc/rtp_vp8.h"

#include <assert.h>
#include <errno.h>

#include "webrtc/rtp_unit.h"

enum {
  DESCRIPTOR_SIZE = 4,
  EXTENDED = 0x80, PARTITION_START = 0x10, /* first byte; pieces of all partitions count as the first's */
  HAS_PICTURE = 0x80,                      /* second */
  LONG_PICTURE = 0x80,                     /* third: 15 bits, not 7 */
  TAG_SIZE = 3, TAG_DELTA = 1,             /* of the frame (RFC 6386, section 9.1) */
};

int oriel_rtp_vp8_packetise(const uint8_t *data, size_t size, uint16_t picture, size_t payload_max,
                            struct oriel_rtp_unit **unit) {
  assert(payload_max >= 16 && payload_max <= UINT16_MAX);
  if (size < TAG_SIZE)
    return -EBADMSG;
  const size_t most = payload_max - DESCRIPTOR_SIZE, count = (size + most - 1) / most;
  const size_t each = (size + count - 1) / count;
  if (size + count * DESCRIPTOR_SIZE > ORIEL_RTP_UNIT_MAX)
    return -E2BIG;
  struct oriel_rtp_unit *made = oriel_rtp_unit_create(count, size + count * DESCRIPTOR_SIZE);
  if (!made)
    return -ENOMEM;
  for (size_t at = 0; at < size; at += each) {
    const uint8_t descriptor[DESCRIPTOR_SIZE] = {
      (uint8_t)(EXTENDED | (at ? 0 : PARTITION_START)), HAS_PICTURE,
      (uint8_t)(LONG_PICTURE | (picture >> 8 & 0x7f)), (uint8_t)picture,
    };
    oriel_rtp_unit_append(made, descriptor, sizeof descriptor);
    oriel_rtp_unit_append(made, data + at, size - at < each ? size - at : each);
    oriel_rtp_unit_end_packet(made);
  }
  made->key = !(data[0] & TAG_DELTA);
  *unit = made;
  return 0;
}
