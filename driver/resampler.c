/* SPDX-License-Identifier: MIT
 *
 * Rate conversion between a device and its stream. IO callback (input), transport thread (output).
 */
#include "driver/resampler.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PHASES_MAX = 1024, TAPS = RESAMPLER_TAPS };

static uint32_t divisor(uint32_t a, uint32_t b) {
  while (b) {
    const uint32_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* A sinc that ends at 0.92 of the lower rate's half, under a Blackman window; each phase adds up to 1. */
static void design(struct resampler *resampler) {
  const double pi = 3.14159265358979323846;
  const double cut = 0.92 * (resampler->up < resampler->down ? (double)resampler->up / resampler->down : 1.0);
  for (uint32_t phase = 0; phase < resampler->up; phase++) {
    float *taps = resampler->taps + (size_t)phase * TAPS;
    double sum = 0, value[TAPS];
    for (int i = 0; i < TAPS; i++) {
      /* From the newest frame backwards the output lies TAPS/2 - phase/up frames behind. */
      const double x = TAPS / 2 - 1 - i + (double)phase / resampler->up;
      const double window = 0.42 + 0.5 * cos(2 * pi * x / TAPS) + 0.08 * cos(4 * pi * x / TAPS);
      value[i] = (fabs(x) < 1e-9 ? cut : sin(pi * x * cut) / (pi * x)) * (fabs(x) < TAPS / 2 ? window : 0);
      sum += value[i];
    }
    for (int i = 0; i < TAPS; i++)
      taps[i] = (float)(value[i] / sum);
  }
}

int resampler_init(struct resampler *resampler, uint32_t in_rate, uint32_t out_rate) {
  if (!in_rate || !out_rate)
    return -EINVAL;
  const uint32_t common = divisor(in_rate, out_rate);
  struct resampler made = {.up = out_rate / common, .down = in_rate / common};
  if (made.up > PHASES_MAX || made.down > PHASES_MAX)
    return -EINVAL;
  if (made.up != made.down) {
    made.taps = malloc(sizeof(float) * TAPS * made.up);
    if (!made.taps)
      return -ENOMEM;
    design(&made);
  }
  *resampler = made;
  resampler_reset(resampler);
  return 0;
}

void resampler_finish(struct resampler *resampler) {
  free(resampler->taps);
  resampler->taps = NULL;
}

void resampler_reset(struct resampler *resampler) {
  memset(resampler->history, 0, sizeof resampler->history);
  resampler->at = 0;
  resampler->phase = 0;
  resampler->need = 1;
}

static void take(struct resampler *resampler, const float *frame) {
  for (int copy = 0; copy < 2; copy++)
    memcpy(resampler->history + 2 * (resampler->at + (uint32_t)copy * TAPS), frame, 2 * sizeof *frame);
  resampler->at = (resampler->at + 1) % TAPS;
}

static void give(const struct resampler *resampler, float *out) {
  const float *taps = resampler->taps + (size_t)resampler->phase * TAPS;
  const float *oldest = resampler->history + 2 * resampler->at;
  float left = 0, right = 0;
  for (int i = 0; i < TAPS; i++) {
    left += oldest[2 * i] * taps[i];
    right += oldest[2 * i + 1] * taps[i];
  }
  out[0] = left;
  out[1] = right;
}

void resampler_run(struct resampler *resampler, const float *in, size_t *in_count, float *out, size_t *out_count) {
  size_t taken = 0, given = 0;
  if (resampler->up == resampler->down) {
    taken = given = *in_count < *out_count ? *in_count : *out_count;
    memcpy(out, in, given * 2 * sizeof *out);
  }
  while (resampler->up != resampler->down && given < *out_count) {
    for (; resampler->need && taken < *in_count; resampler->need--)
      take(resampler, in + 2 * taken++);
    if (resampler->need)
      break;
    give(resampler, out + 2 * given++);
    resampler->phase += resampler->down;
    resampler->need = resampler->phase / resampler->up;
    resampler->phase %= resampler->up;
  }
  *in_count = taken;
  *out_count = given;
}

size_t resampler_input_for(const struct resampler *resampler, size_t out_count) {
  if (resampler->up == resampler->down || !out_count)
    return out_count;
  return resampler->need + (resampler->phase + (out_count - 1) * (size_t)resampler->down) / resampler->up;
}
