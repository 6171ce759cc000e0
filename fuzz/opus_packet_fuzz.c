/* SPDX-License-Identifier: MIT
 *
 * The outer form of Opus packets: what it says is what the decoder gives, and what it refuses no decoder takes.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "media/opus.h"
#include "media/opus_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct oriel_opus_decoder *decoder; /* kept: making one takes longer than a packet */
  static float frames[ORIEL_OPUS_FRAMES_MAX * ORIEL_OPUS_CHANNELS];
  const int said = oriel_opus_packet_frames(data, size);
  if (said >= 0 && (said < 120 || said > ORIEL_OPUS_FRAMES_MAX || said % 120))
    abort();
  if (!decoder && oriel_opus_decoder_create(&decoder) < 0)
    return 0;
  oriel_opus_decoder_reset(decoder);
  const int given = oriel_opus_decode(decoder, data, size, frames);
  if (given >= 0 && given != said)
    abort();
  for (int i = 0; i < given * ORIEL_OPUS_CHANNELS; i++)
    if (!isfinite(frames[i]))
      abort();
  bool recovered = false;
  const int made = oriel_opus_conceal(decoder, data, size, frames, 960, &recovered);
  if (made >= 0 && made != 960)
    abort();
  return 0;
}
