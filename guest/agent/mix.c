/* SPDX-License-Identifier: MIT
 *
 * Channel counts. Any thread.
 */
#include "guest/agent/mix.h"

void agent_mix_to_stereo(const float *from, unsigned channels, float *stereo, size_t count) {
  /* The rest goes to both sides 3 dB down, and the sum is scaled to what a full scale in all of them would be. */
  const float side = 0.7071068f;
  const float scale = channels > 2 ? 1 / (1 + side * (float)(channels - 2)) : 1;
  for (size_t i = 0; i < count; i++, from += channels) {
    float rest = 0;
    for (unsigned c = 2; c < channels; c++)
      rest += from[c];
    stereo[2 * i] = (from[0] + side * rest) * scale;
    stereo[2 * i + 1] = (from[channels > 1 ? 1 : 0] + side * rest) * scale;
  }
}

void agent_mix_from_stereo(const float *stereo, unsigned channels, float *to, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float left = stereo[2 * i], right = stereo[2 * i + 1];
    if (channels == 1) {
      to[i] = (left + right) / 2;
      continue;
    }
    to[i * channels] = left;
    to[i * channels + 1] = right;
    for (unsigned c = 2; c < channels; c++)
      to[i * channels + c] = 0;
  }
}
