/* SPDX-License-Identifier: MIT
 *
 * x * x * (3 - 2 * x). Any thread.
 */
#include "media/fade.h"

float oriel_fade_weight(size_t at, size_t count) {
  if (at >= count)
    return 1;
  const float x = (float)at / (float)count;
  return x * x * (3 - 2 * x);
}

void oriel_fade_out(const float *last, unsigned channels, float *frames, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float weight = 1 - oriel_fade_weight(i + 1, count);
    for (unsigned channel = 0; channel < channels; channel++)
      frames[i * channels + channel] = last[channel] * weight;
  }
}
