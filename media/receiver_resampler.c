/* SPDX-License-Identifier: MIT
 *
 * The resampler. Called by the data thread.
 */
#include "media/receiver_resampler.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  PHASE_BITS = 8,
  PHASES = 1 << PHASE_BITS,
  LANES = 4,
  STRIDE = RECEIVER_CHUNK + RECEIVER_CHUNK / 64 + RECEIVER_TAPS + 8, /* a pace of up to 1 + 1/64 */
};
#define KAISER_BETA 9.0 /* stop band below -90 dB; flat to 21 of 24 kHz */

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

static double bessel(double x) {
  double sum = 1, term = 1;
  for (int k = 1; k < 30; k++) {
    term *= x * x / (4.0 * k * k);
    sum += term;
  }
  return sum;
}

static void build(float *table) {
  double most = bessel(KAISER_BETA);
  for (int phase = 0; phase <= PHASES; phase++) {
    double row[RECEIVER_TAPS], sum = 0;
    for (int tap = 0; tap < RECEIVER_TAPS; tap++) {
      double x = tap - RECEIVER_BEFORE - (double)phase / PHASES, edge = x / (RECEIVER_TAPS / 2.0);
      double window = edge * edge < 1 ? bessel(KAISER_BETA * sqrt(1 - edge * edge)) / most : 0;
      bool whole = phase == 0 || phase == PHASES; /* exactly one tap, so that nothing but that sample passes */
      row[tap] = fabs(x) < 1e-9 ? 1 : whole ? 0 : sin(M_PI * x) / (M_PI * x) * window;
      sum += row[tap];
    }
    for (int tap = 0; tap < RECEIVER_TAPS; tap++)
      table[phase * RECEIVER_TAPS + tap] = (float)(row[tap] / sum);
  }
}

int receiver_resampler_init(struct receiver_resampler *resampler, unsigned channels) {
  *resampler = (struct receiver_resampler){.channels = channels, .pace = RECEIVER_PACE_ONE};
  resampler->table = calloc((PHASES + 1) * RECEIVER_TAPS, sizeof(float));
  resampler->planes = calloc((size_t)channels * STRIDE, sizeof(float));
  if (!resampler->table || !resampler->planes) {
    receiver_resampler_finish(resampler);
    return -ENOMEM;
  }
  build(resampler->table);
  return 0;
}

void receiver_resampler_finish(struct receiver_resampler *resampler) {
  free(resampler->table);
  free(resampler->planes);
  resampler->table = resampler->planes = NULL;
}

static bool is_whole(const struct receiver_resampler *resampler) {
  return resampler->pace == RECEIVER_PACE_ONE && resampler->fraction == 0;
}

size_t receiver_resampler_ready(const struct receiver_resampler *resampler, uint64_t written, size_t wanted) {
  uint64_t after = is_whole(resampler) ? 0 : RECEIVER_AFTER;
  if (written <= resampler->position + after)
    return 0;
  uint64_t room = written - after - resampler->position; /* whole steps that may be taken: floor < room */
  if (room > UINT32_MAX / 2)
    room = UINT32_MAX / 2;
  uint64_t most = ((room << 32) - 1 - resampler->fraction) / resampler->pace + 1;
  return most < wanted ? (size_t)most : wanted;
}

static lanes load(const float *from) {
  lanes value;
  memcpy(&value, from, sizeof value);
  return value;
}

static float dot(const lanes *taps, const float *samples) {
  lanes even = {0}, odd = {0};
  for (int i = 0; i < RECEIVER_TAPS / LANES; i += 2) {
    even += taps[i] * load(samples + i * LANES);
    odd += taps[i + 1] * load(samples + (i + 1) * LANES);
  }
  even += odd;
  return even[0] + even[1] + (even[2] + even[3]);
}

static void interpolate(const float *table, uint32_t fraction, lanes *taps) {
  const float *row = table + (size_t)(fraction >> (32 - PHASE_BITS)) * RECEIVER_TAPS;
  float part = (float)(fraction << PHASE_BITS) * 0x1p-32f;
  for (int i = 0; i < RECEIVER_TAPS / LANES; i++) {
    lanes low = load(row + i * LANES), high = load(row + RECEIVER_TAPS + i * LANES);
    taps[i] = low + (high - low) * part;
  }
}

void receiver_resampler_read(struct receiver_resampler *resampler, const struct receiver_ring *ring, float *frames,
                             size_t count) {
  if (count == 0)
    return;
  if (is_whole(resampler)) {
    receiver_ring_copy(ring, resampler->position, frames, count);
    resampler->position += count;
    return;
  }
  uint64_t span = (resampler->fraction + (count - 1) * resampler->pace) >> 32;
  receiver_ring_split(ring, resampler->position - RECEIVER_BEFORE, resampler->planes, STRIDE,
                      (size_t)span + RECEIVER_TAPS);
  uint64_t at = resampler->fraction;
  for (size_t i = 0; i < count; i++) {
    lanes taps[RECEIVER_TAPS / LANES];
    interpolate(resampler->table, (uint32_t)at, taps);
    for (unsigned channel = 0; channel < resampler->channels; channel++)
      frames[i * resampler->channels + channel] = dot(taps, resampler->planes + channel * STRIDE + (at >> 32));
    at += resampler->pace;
  }
  resampler->position += at >> 32;
  resampler->fraction = (uint32_t)at;
}
