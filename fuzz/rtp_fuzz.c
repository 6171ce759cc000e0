/* SPDX-License-Identifier: MIT
 *
 * RTP headers: a payload lies within its packet and is never empty; and streams of such packets, cut by their first
 * byte's length, through the judgement of what is RTP.
 */
#include <stdint.h>
#include <stdlib.h>

#include "source/guest_rtp.h"
#include "wire/rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct oriel_rtp_packet packet;
  struct guest_rtp stream = {.is_rtp = false};
  if (!oriel_rtp_parse(data, size, &packet) &&
      (packet.size < 1 || packet.payload < data + ORIEL_RTP_HEADER_SIZE ||
       packet.payload + packet.size > data + size || packet.type > 127))
    abort();
  while (size > 1) {
    const size_t length = data[0] < size - 1 ? data[0] : size - 1;
    struct guest_rtp_packet taken;
    if (guest_rtp_take(&stream, data + 1, length, &taken) == GUEST_RTP_SOUND &&
        (taken.data < data + 1 || !taken.size || taken.data + taken.size > data + 1 + length))
      abort();
    data += 1 + length;
    size -= 1 + length;
  }
  return 0;
}
