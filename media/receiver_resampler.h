/* SPDX-License-Identifier: MIT
 *
 * Reading a ring at a pace within half a percent of its own: a windowed sinc of 48 taps in 256 phases, linear between
 * them (errors below -100 dB). At a pace of exactly one on a whole position samples pass untouched, bit for bit.
 *
 * Thread-safety: one object, one thread. Real-time safe but for init and finish.
 */
#ifndef ORIEL_MEDIA_RECEIVER_RESAMPLER_H
#define ORIEL_MEDIA_RECEIVER_RESAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "media/receiver_ring.h"

enum {
  RECEIVER_TAPS = 48,
  RECEIVER_BEFORE = RECEIVER_TAPS / 2 - 1, /* frames before the position that it looks at */
  RECEIVER_AFTER = RECEIVER_TAPS / 2,      /* and after it */
  RECEIVER_CHUNK = 256,                    /* most frames of one read */
};
#define RECEIVER_PACE_ONE (UINT64_C(1) << 32)

struct receiver_resampler {
  unsigned channels;
  float *table;      /* (phases + 1) x taps; owned */
  float *planes;     /* scratch; owned */
  uint64_t position; /* whole frames */
  uint32_t fraction; /* of a frame, / 2^32 */
  uint64_t pace;     /* frames for each frame read, / 2^32 */
};

/** 0, -ENOMEM. */
int receiver_resampler_init(struct receiver_resampler *resampler, unsigned channels);
void receiver_resampler_finish(struct receiver_resampler *resampler);
/** Frames that can be read while the ring is written up to `written`, at most `wanted`. */
size_t receiver_resampler_ready(const struct receiver_resampler *resampler, uint64_t written, size_t wanted);
/** Reads `count` (at most RECEIVER_CHUNK and what is ready) interleaved frames and goes on. */
void receiver_resampler_read(struct receiver_resampler *resampler, const struct receiver_ring *ring, float *frames,
                             size_t count);

#endif
