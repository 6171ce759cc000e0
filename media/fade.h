/* SPDX-License-Identifier: MIT
 *
 * The curve of every seam in sound: flat at both ends, so that it is not heard itself.
 *
 * Thread-safety: any; no state. Real-time safe.
 */
#ifndef ORIEL_MEDIA_FADE_H
#define ORIEL_MEDIA_FADE_H

#include <stddef.h>

/** Weight of what comes, 0 at 0, 1 from `count` on. */
float oriel_fade_weight(size_t at, size_t count);
/** `count` interleaved frames that go on from the frame `last` to zero: where sound ends, it need not be at zero. */
void oriel_fade_out(const float *last, unsigned channels, float *frames, size_t count);

#endif
