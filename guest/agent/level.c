/* SPDX-License-Identifier: MIT
 *
 * Meter of one device. The shown values are independent numbers for people: relaxed, no partner.
 */
#include "guest/agent/level.h"

#include <math.h>

void agent_level_init(struct agent_level *level, uint32_t rate, uint32_t channels) {
  level->window = (size_t)rate / 10 * channels;
  agent_level_rest(level);
}

void agent_level_add(struct agent_level *level, const float *samples, size_t count) {
  float peak = level->peak, square = level->square;
  for (size_t i = 0; i < count; i++) {
    const float value = fabsf(samples[i]);
    peak = value > peak ? value : peak;
    square += value * value;
  }
  level->peak = peak;
  level->square = square;
  level->samples += count;
  if (level->samples < level->window)
    return;
  atomic_store_explicit(&level->shown_peak, peak, memory_order_relaxed);
  atomic_store_explicit(&level->shown_rms, sqrtf(square / (float)level->samples), memory_order_relaxed);
  level->peak = level->square = 0;
  level->samples = 0;
}

void agent_level_rest(struct agent_level *level) {
  level->peak = level->square = 0;
  level->samples = 0;
  atomic_store_explicit(&level->shown_peak, 0, memory_order_relaxed);
  atomic_store_explicit(&level->shown_rms, 0, memory_order_relaxed);
}

static double decibels(float value) {
  return value > 1e-10f ? 20 * log10((double)value) : -200;
}

double agent_level_peak_db(const struct agent_level *level) {
  return decibels(atomic_load_explicit(&level->shown_peak, memory_order_relaxed));
}

double agent_level_rms_db(const struct agent_level *level) {
  return decibels(atomic_load_explicit(&level->shown_rms, memory_order_relaxed));
}
