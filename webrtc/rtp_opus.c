/* SPDX-License-Identifier: MIT
 *
 * Opus packets to units, and their timestamps. Called by the network thread, once for all who hear them.
 */
#include "webrtc/rtp_opus.h"

#include <errno.h>

#include "webrtc/rtp.h"
#include "webrtc/rtp_unit.h"

enum {
  FRAMES_MAX = ORIEL_RTP_OPUS_CLOCK * 120 / 1000,
  SLACK = ORIEL_RTP_OPUS_CLOCK * 40 / 1000, /* more than capture jitters, less than a gap that a listener should hear */
};

/* Frames at 48 kHz of one frame of this configuration. */
static uint32_t frame_size(unsigned config) {
  static const uint16_t silk[] = {480, 960, 1920, 2880}, hybrid[] = {480, 960}, celt[] = {120, 240, 480, 960};
  return config < 12 ? silk[config % 4] : config < 16 ? hybrid[config % 2] : celt[config % 4];
}

uint32_t oriel_rtp_opus_frames(const uint8_t *data, size_t size) {
  if (!size)
    return 0;
  static const uint8_t counts[] = {1, 2, 2};
  const unsigned code = data[0] & 3u;
  if (code == 3 && size < 2)
    return 0;
  const uint32_t frames = frame_size(data[0] >> 3) * (code == 3 ? data[1] & 0x3fu : counts[code]);
  return frames <= FRAMES_MAX ? frames : 0;
}

int oriel_rtp_opus_packetise(struct oriel_rtp_opus *opus, const uint8_t *data, size_t size, uint64_t captured_ns,
                             size_t payload_max, struct oriel_rtp_unit **unit) {
  const uint32_t frames = oriel_rtp_opus_frames(data, size), clock = oriel_rtp_ticks(captured_ns, ORIEL_RTP_OPUS_CLOCK);
  if (!frames || size > payload_max)
    return -EBADMSG;
  struct oriel_rtp_unit *made = oriel_rtp_unit_create(1, size);
  if (!made)
    return -ENOMEM;
  const int32_t off = (int32_t)(clock - opus->due);
  if (!opus->begun || off > SLACK || off < -SLACK)
    opus->due = clock;
  opus->begun = true;
  oriel_rtp_unit_append(made, data, size);
  oriel_rtp_unit_end_packet(made);
  made->key = true;
  made->timestamp = opus->due;
  made->captured_ns = captured_ns;
  opus->due += frames;
  *unit = made;
  return 0;
}
