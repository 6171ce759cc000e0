/* SPDX-License-Identifier: MIT
 *
 * Sound on a byte stream: the first byte says how the rest is cut into reads. Packets do not depend on the cuts, and
 * PCM from them is finite.
 */
#include "wire/audio.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
  unsigned packets;
  size_t bytes;
  uint32_t hash;
  int result;
};

static void look(struct seen *seen, const uint8_t *packet, size_t size) {
  float samples[ORIEL_AUDIO_PCM_FRAMES_MAX * ORIEL_AUDIO_CHANNELS];
  size_t frames, bare = size;
  uint32_t number;
  if (oriel_audio_cut_number(packet, &bare, &number) ? bare + ORIEL_AUDIO_NUMBER_SIZE != size : bare != size)
    abort();
  if (size < 1 || size > ORIEL_AUDIO_PACKET_MAX)
    abort();
  seen->packets++;
  seen->bytes += size;
  for (size_t i = 0; i < size; i++)
    seen->hash = seen->hash * 31 + packet[i];
  if (oriel_audio_read_pcm(packet, size, samples, &frames) == 0)
    for (size_t i = 0; i < frames * ORIEL_AUDIO_CHANNELS; i++)
      if (!isfinite(samples[i]) || samples[i] > ORIEL_AUDIO_PCM_PEAK || samples[i] < -ORIEL_AUDIO_PCM_PEAK)
        abort();
}

static struct seen cut(const uint8_t *data, size_t size, size_t step) {
  struct oriel_audio_framer framer = {.have = 0};
  struct seen seen = {.result = 0};
  for (size_t at = 0; at < size && seen.result == 0; at += step) {
    const uint8_t *next = data + at, *packet;
    size_t left = size - at < step ? size - at : step, packet_size;
    while ((seen.result = oriel_audio_framer_next(&framer, &next, &left, &packet, &packet_size)) == 1)
      look(&seen, packet, packet_size);
    if (seen.result == 0 && left)
      abort();
  }
  return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2)
    return 0;
  const struct seen whole = cut(data + 1, size - 1, size - 1);
  const struct seen parts = cut(data + 1, size - 1, data[0] ? data[0] : 1);
  if (whole.packets != parts.packets || whole.bytes != parts.bytes || whole.hash != parts.hash ||
      whole.result != parts.result)
    abort();
  return 0;
}
