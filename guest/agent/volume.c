/* SPDX-License-Identifier: MIT
 *
 * Volume ramps. Data thread, but set: main thread.
 */
#include "guest/agent/volume.h"

#define FACTOR_MOST 16.0f /* +24 dB; PipeWire's own end at +20 */

void agent_volume_init(struct agent_volume *volume, uint32_t rate, uint32_t channels) {
  volume->channels = channels;
  volume->ramp = rate * AGENT_RAMP_MS / 1000;
  const float one = 1;
  agent_volume_set(volume, &one, 1, false);
  agent_volume_start(volume);
}

void agent_volume_set(struct agent_volume *volume, const float *factors, size_t count, bool is_muted) {
  for (size_t i = 0; i < volume->channels && count > 0; i++) {
    float factor = factors[i < count ? i : count - 1];
    factor = !is_muted && factor > 0 ? factor : 0; /* also where it is no number */
    atomic_store_explicit(&volume->wanted[i], factor < FACTOR_MOST ? factor : FACTOR_MOST, memory_order_relaxed);
  }
}

void agent_volume_start(struct agent_volume *volume) {
  for (size_t i = 0; i < volume->channels; i++) {
    const float wanted = atomic_load_explicit(&volume->wanted[i], memory_order_relaxed);
    volume->ramps[i] = (struct agent_ramp){.now = wanted, .goal = wanted};
  }
}

bool agent_volume_is_one(const struct agent_volume *volume) {
  for (size_t i = 0; i < volume->channels; i++)
    if (volume->ramps[i].now != 1 || atomic_load_explicit(&volume->wanted[i], memory_order_relaxed) != 1)
      return false;
  return true;
}

void agent_volume_apply(struct agent_volume *volume, const float *from, float *to, size_t count) {
  const size_t channels = volume->channels;
  for (size_t channel = 0; channel < channels; channel++) {
    struct agent_ramp *ramp = &volume->ramps[channel];
    const float wanted = atomic_load_explicit(&volume->wanted[channel], memory_order_relaxed);
    if (wanted != ramp->goal)
      *ramp = (struct agent_ramp){ramp->now, wanted, (wanted - ramp->now) / (float)volume->ramp, volume->ramp};
    size_t i = 0;
    for (; i < count && ramp->left > 0; i++) {
      ramp->now = --ramp->left > 0 ? ramp->now + ramp->step : ramp->goal;
      to[i * channels + channel] = from[i * channels + channel] * ramp->now;
    }
    const float factor = ramp->now;
    for (; i < count; i++)
      to[i * channels + channel] = from[i * channels + channel] * factor;
  }
}
