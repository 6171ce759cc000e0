/* SPDX-License-Identifier: MIT
 *
 * RTP headers: payload and mid lie within the packet; and what we would send as H.264, VP8 and Opus: payloads that fit.
 */
#include <stdint.h>
#include <stdlib.h>

#include "webrtc/rtp.h"
#include "webrtc/rtp_h264.h"
#include "webrtc/rtp_opus.h"
#include "webrtc/rtp_unit.h"
#include "webrtc/rtp_vp8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(const uint8_t *data, size_t size, const uint8_t *part, size_t part_size) {
  if (part < data || part + part_size > data + size)
    abort();
}

static void check_unit(struct oriel_rtp_unit *unit, size_t payload_max) {
  if (!unit->count || unit->size != unit->capacity || unit->ends[unit->count - 1] != unit->size)
    abort();
  for (uint32_t i = 0; i < unit->count; i++) {
    size_t size;
    oriel_rtp_unit_payload(unit, i, &size);
    if (!size || size > payload_max)
      abort();
  }
  oriel_rtp_unit_unref(unit);
}

static void check_header(const uint8_t *data, size_t size, const struct oriel_rtp_extension_ids *ids) {
  struct oriel_rtp_header header;
  uint8_t written[256];
  if (oriel_rtp_read(data, size, ids, &header))
    return;
  check_within(data, size, header.payload, header.size);
  if (header.extensions.mid)
    check_within(data, size, (const uint8_t *)header.extensions.mid, header.extensions.mid_size);
  struct oriel_rtp_header again;
  const size_t length = oriel_rtp_write(&header, ids, written, sizeof written);
  if (!length || oriel_rtp_read(written, length, ids, &again) || again.ssrc != header.ssrc ||
      again.extensions.transport != header.extensions.transport ||
      again.extensions.mid_size != header.extensions.mid_size)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const size_t payload_max = 16 + (size ? data[0] : 0);
  struct oriel_rtp_opus opus = {.begun = false};
  struct oriel_rtp_unit *unit;
  check_header(data, size, &(struct oriel_rtp_extension_ids){.mid = 1, .transport = 2, .playout = 3, .send_time = 4});
  check_header(data, size, &(struct oriel_rtp_extension_ids){.mid = 1, .transport = 2, .playout = 30, .send_time = 4});
  if (!oriel_rtp_h264_packetise(data, size, payload_max, &unit))
    check_unit(unit, payload_max);
  if (!oriel_rtp_vp8_packetise(data, size, 1, payload_max, &unit))
    check_unit(unit, payload_max);
  if (!oriel_rtp_opus_packetise(&opus, data, size, 1, payload_max, &unit))
    check_unit(unit, payload_max);
  return 0;
}
