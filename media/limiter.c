/* SPDX-License-Identifier: MIT
 *
 * The limiter. A block is looked at a millisecond at a time; since it is here as a whole, the gain can fall before a
 * peak within it. At its very beginning there is nothing before: then the gain steps, as the sound itself does.
 */
#include "media/limiter.h"

#include <math.h>

enum { CHUNK = 48, CHANNELS = 2 };
#define RELEASE (1.0f / 200) /* of the gain, a chunk */

float oriel_limiter_peak(const float *frames, size_t count) {
  float peak = 0;
  for (size_t i = 0; i < count * CHANNELS; i++)
    peak = fmaxf(peak, fabsf(frames[i]));
  return peak;
}

static float wanted(const float *frames, size_t count, size_t at) {
  if (at >= count)
    return 1;
  const size_t left = count - at;
  const float peak = oriel_limiter_peak(frames + at * CHANNELS, left < CHUNK ? left : CHUNK);
  return peak > 1 ? 1 / peak : 1;
}

void oriel_limiter_run(struct oriel_limiter *limiter, float *frames, size_t count) {
  float here = wanted(frames, count, 0);
  float gain = fminf(1 - limiter->lowered, here);
  for (size_t at = 0; at < count; at += CHUNK) {
    const size_t length = count - at < CHUNK ? count - at : CHUNK;
    const float next = wanted(frames, count, at + CHUNK);
    const float end = fminf(fminf(gain + RELEASE, here), next);
    if (gain < 1 || end < 1)
      for (size_t i = 0; i < length * CHANNELS; i++) {
        const float sample = frames[at * CHANNELS + i] *
                             (gain + (end - gain) * (float)(i / CHANNELS) / (float)length);
        frames[at * CHANNELS + i] = fminf(fmaxf(sample, -1), 1); /* of rounding alone */
      }
    gain = end;
    here = next;
  }
  limiter->lowered = 1 - gain;
}
