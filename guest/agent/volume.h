/* SPDX-License-Identifier: MIT
 *
 * Volume of one device. A change is a ramp of 30 ms: a step would be heard as a click (lesson 28). At a volume of one
 * samples pass untouched. Thread-safety: set from the main thread, apply from the data thread (no lock, no system
 * call); the rest while neither is called.
 */
#ifndef ORIEL_GUEST_AGENT_VOLUME_H
#define ORIEL_GUEST_AGENT_VOLUME_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/agent/settings.h"

enum { AGENT_RAMP_MS = 30 };

struct agent_volume {
  uint32_t channels, ramp; /* frames of a ramp */
  _Atomic float wanted[AGENT_CHANNELS_MAX]; /* independent numbers: relaxed, no partner */
  struct agent_ramp {
    float now, goal, step;
    uint32_t left; /* frames until `now` is the goal */
  } ramps[AGENT_CHANNELS_MAX]; /* the data thread's */
};

void agent_volume_init(struct agent_volume *volume, uint32_t rate, uint32_t channels);
/** Linear factors of the first `count` channels, the last one's for those beyond; what is no number or negative is 0,
 * what is above 16 is 16. */
void agent_volume_set(struct agent_volume *volume, const float *factors, size_t count, bool is_muted);
/** Sound begins: nothing that was heard would jump, so the volume is at once what was set. */
void agent_volume_start(struct agent_volume *volume);
/** Whether apply would change nothing. Data thread. */
bool agent_volume_is_one(const struct agent_volume *volume);
/** `count` interleaved frames; `to` may be `from`. Data thread. */
void agent_volume_apply(struct agent_volume *volume, const float *from, float *to, size_t count);

#endif
