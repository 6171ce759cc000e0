/* SPDX-License-Identifier: MIT
 *
 * Volume curves and the gain ramp. Any thread; gain_apply in IO callbacks.
 */
#include "driver/gain.h"

#include <math.h>
#include <string.h>

enum { RAMP_MS = 30 };

static float bound(float value, float least, float most) {
  return value >= most ? most : value >= least ? value : least; /* not-a-number compares false: least */
}

float volume_scalar_to_db(float scalar) {
  const float down = 1 - bound(scalar, 0, 1);
  return VOLUME_DB_MIN * down * down;
}

float volume_db_to_scalar(float db) {
  return 1 - sqrtf(bound(db, VOLUME_DB_MIN, 0) / VOLUME_DB_MIN);
}

float volume_db_to_gain(float db) {
  if (!(db > VOLUME_DB_MIN))
    return 0;
  return db >= 0 ? 1 : powf(10, db / 20);
}

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

void gain_init(struct gain *gain, float value) {
  atomic_init(&gain->target, bits_of(value));
  atomic_init(&gain->starts, false);
  gain->now = gain->aim = value;
  gain->step = 0;
  gain->left = 0;
}

void gain_set(struct gain *gain, float value) {
  /* Relaxed here and below: one number that orders nothing else. */
  atomic_store_explicit(&gain->target, bits_of(value), memory_order_relaxed);
}

void gain_start(struct gain *gain) {
  atomic_store_explicit(&gain->starts, true, memory_order_relaxed);
}

/* Takes up what was set: by a ramp while something is heard, else at once. */
static void follow(struct gain *gain, uint32_t rate) {
  const bool starts = atomic_load_explicit(&gain->starts, memory_order_relaxed);
  const uint32_t bits = (uint32_t)atomic_load_explicit(&gain->target, memory_order_relaxed);
  if (starts)
    atomic_store_explicit(&gain->starts, false, memory_order_relaxed);
  if (!starts && bits == bits_of(gain->aim))
    return;
  memcpy(&gain->aim, &bits, sizeof bits);
  gain->left = starts ? 0 : rate * RAMP_MS / 1000;
  if (starts)
    gain->now = gain->aim;
  else
    gain->step = (gain->aim - gain->now) / (float)gain->left;
}

static size_t ramp(struct gain *gain, float *frames, size_t count, unsigned channels) {
  const size_t frames_now = count < gain->left ? count : gain->left;
  for (size_t i = 0; i < frames_now; i++) {
    /* From the end rather than step by step: no error adds up. */
    gain->now = gain->aim - gain->step * (float)(gain->left - 1 - (uint32_t)i);
    for (unsigned c = 0; c < channels; c++)
      frames[i * channels + c] *= gain->now;
  }
  gain->left -= (uint32_t)frames_now;
  return frames_now;
}

void gain_apply(struct gain *gain, float *frames, size_t count, unsigned channels, uint32_t rate) {
  follow(gain, rate);
  const size_t done = gain->left ? ramp(gain, frames, count, channels) : 0;
  frames += done * channels;
  const size_t samples = (count - done) * channels;
  if (gain->now == 0)
    memset(frames, 0, samples * sizeof *frames);
  else if (gain->now != 1)
    for (size_t i = 0; i < samples; i++)
      frames[i] *= gain->now;
}
