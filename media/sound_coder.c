/* SPDX-License-Identifier: MIT
 *
 * Opus or nothing. The sender's thread.
 */
#include "media/sound_coder.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "media/opus.h"

enum {
  AHEAD_FRAMES = 336, /* 7 ms: what an encoder of ours keeps at most */
};
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "PCM packets are little-endian and copied as they are");
static_assert((int)ORIEL_SOUND_CODER_PACKET_MAX == (int)ORIEL_OPUS_PACKET_MAX, "what Opus gives, a packet holds");

int oriel_sound_coder_init(struct oriel_sound_coder *coder, bool is_pcm, uint32_t frame_us, unsigned bitrate_kbps) {
  const size_t frames = (size_t)((uint64_t)frame_us * ORIEL_OPUS_RATE / 1000000);
  struct oriel_sound_coder made = {.frame_ms = frame_us / 1000, .bitrate_kbps = bitrate_kbps, .frames = frames};
  if (!frames || (!is_pcm && frame_us % 1000))
    return -EINVAL;
  if (is_pcm && frames > ORIEL_SOUND_CODER_PCM_FRAMES_MAX)
    made.frames = ORIEL_SOUND_CODER_PCM_FRAMES_MAX;
  const int error = is_pcm ? 0 : oriel_opus_encoder_create(made.frame_ms, bitrate_kbps, &made.opus);
  if (!error)
    *coder = made;
  return error;
}

void oriel_sound_coder_finish(struct oriel_sound_coder *coder) {
  oriel_opus_encoder_destroy(coder->opus);
  coder->opus = NULL;
}

int oriel_sound_coder_restart(struct oriel_sound_coder *coder) {
  struct oriel_opus_encoder *fresh = NULL;
  if (!coder->opus)
    return 0;
  const int error = oriel_opus_encoder_create(coder->frame_ms, coder->bitrate_kbps, &fresh);
  if (error)
    return error;
  oriel_opus_encoder_destroy(coder->opus);
  coder->opus = fresh;
  return 0;
}

size_t oriel_sound_coder_next(const struct oriel_sound_coder *coder, size_t ready) {
  if (coder->opus)
    return ready >= coder->frames ? coder->frames : 0;
  const size_t packets = (ready + coder->frames - 1) / coder->frames;
  return packets > 0 ? (ready + packets - 1) / packets : 0;
}

size_t oriel_sound_coder_tail(const struct oriel_sound_coder *coder, size_t ready) {
  if (!coder->opus)
    return 0;
  const size_t end = ready + AHEAD_FRAMES + coder->frames - 1;
  return end - end % coder->frames - ready;
}

ssize_t oriel_sound_coder_encode(struct oriel_sound_coder *coder, const float *stereo, size_t count,
                                 uint8_t packet[ORIEL_SOUND_CODER_PACKET_MAX]) {
  assert(count > 0 && count <= coder->frames);
  if (coder->opus)
    return oriel_opus_encode_into(coder->opus, stereo, packet);
  memcpy(packet, stereo, count * ORIEL_OPUS_FRAME_SIZE);
  return (ssize_t)(count * ORIEL_OPUS_FRAME_SIZE);
}
