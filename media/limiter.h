/* SPDX-License-Identifier: MIT
 *
 * Keeps a sum of sounds within full scale without distortion: where it would be exceeded the gain falls, over a
 * millisecond and before the peak, and comes back over a fifth of a second.
 *
 * Thread-safety: one object, one thread. Real-time safe.
 */
#ifndef ORIEL_MEDIA_LIMITER_H
#define ORIEL_MEDIA_LIMITER_H

#include <stddef.h>

struct oriel_limiter {
  float lowered; /* what the gain is less than 1; all zero: nothing was loud */
};

/** `count` interleaved stereo frames at 48 kHz, in place; none is beyond +-1 afterwards. Where none was and the gain is
 *  1 they stay as they are. */
void oriel_limiter_run(struct oriel_limiter *limiter, float *frames, size_t count);
/** The largest magnitude of `count` stereo frames. */
float oriel_limiter_peak(const float *frames, size_t count);

#endif
