/* SPDX-License-Identifier: MIT
 *
 * Opus encoding of 48 kHz stereo. Called by one audio thread.
 */
#include "media/opus.h"

#include <errno.h>
#include <opus/opus.h>
#include <stdlib.h>
#include <string.h>

enum {
  COMPLEXITY = 5,    /* of 10: 0.11 ms for 20 ms of sound, half of 10's time, inaudible at a desktop's bitrates */
  SPEECH_KBPS = 64,  /* below, the coder's speech part may sound better than its music part */
};

struct oriel_opus_encoder {
  OpusEncoder *opus;
  unsigned frames;
};

int oriel_opus_encoder_create(unsigned frame_ms, unsigned bitrate_kbps, struct oriel_opus_encoder **encoder) {
  if ((frame_ms != 5 && frame_ms != 10 && frame_ms != 20) || bitrate_kbps < 16 || bitrate_kbps > 510)
    return -EINVAL;
  struct oriel_opus_encoder *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->frames = frame_ms * ORIEL_OPUS_RATE / 1000;
  /* Restricted low delay drops 4 ms of look-ahead that only the speech part needs; it has no packets under 10 ms, and
   * is of use only where bits are few. */
  int application = frame_ms < 20 || bitrate_kbps >= SPEECH_KBPS ? OPUS_APPLICATION_RESTRICTED_LOWDELAY
                                                                 : OPUS_APPLICATION_AUDIO;
  int error = OPUS_OK;
  made->opus = opus_encoder_create(ORIEL_OPUS_RATE, ORIEL_OPUS_CHANNELS, application, &error);
  if (!made->opus) {
    free(made);
    return -ENOMEM;
  }
  /* No FEC and no DTX: WebSocket does not lose packets, and a gap would read as a stalled source. Variable bitrate
   * makes silence cost three bytes. */
  opus_encoder_ctl(made->opus, OPUS_SET_BITRATE((opus_int32)bitrate_kbps * 1000));
  opus_encoder_ctl(made->opus, OPUS_SET_VBR(1));
  opus_encoder_ctl(made->opus, OPUS_SET_COMPLEXITY(COMPLEXITY));
  opus_encoder_ctl(made->opus, OPUS_SET_INBAND_FEC(0));
  opus_encoder_ctl(made->opus, OPUS_SET_DTX(0));
  *encoder = made;
  return 0;
}

void oriel_opus_encoder_destroy(struct oriel_opus_encoder *encoder) {
  if (!encoder)
    return;
  opus_encoder_destroy(encoder->opus);
  free(encoder);
}

unsigned oriel_opus_encoder_frames(const struct oriel_opus_encoder *encoder) {
  return encoder->frames;
}

ssize_t oriel_opus_encode_into(struct oriel_opus_encoder *encoder, const float *frames,
                               uint8_t packet[ORIEL_OPUS_PACKET_MAX]) {
  const opus_int32 size =
    opus_encode_float(encoder->opus, frames, (int)encoder->frames, packet, ORIEL_OPUS_PACKET_MAX);
  if (size <= 0)
    return size == OPUS_ALLOC_FAIL ? -ENOMEM : -EIO;
  return size;
}

int oriel_opus_encode(struct oriel_opus_encoder *encoder, const float *frames, uint64_t captured_ns,
                      struct oriel_packet **packet) {
  uint8_t bytes[ORIEL_OPUS_PACKET_MAX];
  const ssize_t size = oriel_opus_encode_into(encoder, frames, bytes);
  if (size < 0)
    return (int)size;
  struct oriel_packet *made = oriel_packet_create(ORIEL_PACKET_AUDIO, (size_t)size);
  if (!made)
    return -ENOMEM;
  memcpy(made->data, bytes, made->size);
  made->captured_ns = captured_ns;
  *packet = made;
  return 0;
}
