/* SPDX-License-Identifier: MIT
 *
 * Opus decoding to 48 kHz stereo, with concealment and the recovery of a lost packet from the next. Called by one
 * thread.
 */
#include <errno.h>
#include <opus/opus.h>
#include <stdlib.h>

#include "media/opus.h"

struct oriel_opus_decoder {
  OpusDecoder *opus;
};

int oriel_opus_decoder_create(struct oriel_opus_decoder **decoder) {
  struct oriel_opus_decoder *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  int error = OPUS_OK;
  made->opus = opus_decoder_create(ORIEL_OPUS_RATE, ORIEL_OPUS_CHANNELS, &error);
  if (!made->opus) {
    free(made);
    return -ENOMEM;
  }
  *decoder = made;
  return 0;
}

void oriel_opus_decoder_destroy(struct oriel_opus_decoder *decoder) {
  if (!decoder)
    return;
  opus_decoder_destroy(decoder->opus);
  free(decoder);
}

void oriel_opus_decoder_reset(struct oriel_opus_decoder *decoder) {
  opus_decoder_ctl(decoder->opus, OPUS_RESET_STATE);
}

int oriel_opus_decode(struct oriel_opus_decoder *decoder, const void *packet, size_t size, float *frames) {
  if (size == 0 || size > INT32_MAX)
    return -EBADMSG;
  int count = opus_decode_float(decoder->opus, packet, (opus_int32)size, frames, ORIEL_OPUS_FRAMES_MAX, 0);
  return count > 0 ? count : -EBADMSG;
}

/* Whether the packet repeats its predecessor at a low rate. RFC 6716, 3.1: configurations 0..15 carry speech frames;
 * 4.2.3: a speech frame begins with, for each channel, one bit of voice activity for each 20 ms and then the bit
 * asked for. */
static bool has_repetition(const uint8_t *packet, size_t size) {
  const unsigned char *parts[48];
  opus_int16 sizes[48];
  if (packet[0] & 0x80 || opus_packet_parse(packet, (opus_int32)size, NULL, parts, sizes, NULL) < 1 || sizes[0] < 1)
    return false;
  int frames = opus_packet_get_samples_per_frame(packet, ORIEL_OPUS_RATE) / 960;
  frames = frames ? frames : 1;
  bool has = parts[0][0] >> (7 - frames) & 1;
  if (opus_packet_get_nb_channels(packet) == 2)
    has = has || (parts[0][0] >> (6 - 2 * frames) & 1);
  return has;
}

int oriel_opus_conceal(struct oriel_opus_decoder *decoder, const void *next, size_t size, float *frames, size_t count,
                       bool *recovered) {
  if (count == 0 || count > ORIEL_OPUS_FRAMES_MAX || count % 120)
    return -EINVAL;
  bool repeats = next && size > 0 && size <= INT32_MAX && has_repetition(next, size);
  int made = opus_decode_float(decoder->opus, repeats ? next : NULL, repeats ? (opus_int32)size : 0, frames, (int)count,
                               repeats);
  if (made <= 0)
    return -EBADMSG;
  *recovered = repeats;
  return made;
}
