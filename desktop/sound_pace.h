/* SPDX-License-Identifier: MIT
 *
 * Which input sets the pace of what is heard, and when: directly, by its own packets or frames, so that nothing is
 * delayed, or resampled (desktop/resampler.h) by this host's clock. It changes where the active one stops and another
 * sounds.
 *
 * Thread-safety: the audio thread, but for init and finish.
 */
#ifndef ORIEL_DESKTOP_SOUND_PACE_H
#define ORIEL_DESKTOP_SOUND_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "desktop/sound_inputs.h"
#include "desktop/sound_mix.h"
#include "desktop/sound_relay.h"

struct oriel_sound_pace {
  struct oriel_sound_inputs *inputs; /* borrowed */
  struct oriel_sound_mix mix;
  struct oriel_sound_relay relay;
  uint32_t device_number; /* of the newest packet to the device's resampler */
};

/** 0, -ENOMEM. */
int oriel_sound_pace_init(struct oriel_sound_pace *pace, struct oriel_sound_inputs *inputs,
                          struct oriel_sound_output *output);
void oriel_sound_pace_finish(struct oriel_sound_pace *pace);
/** Takes what the guest's inputs brought, and hands on what is direct; `device_frames` more came from the device. */
void oriel_sound_pace_turn(struct oriel_sound_pace *pace, uint64_t device_frames);
/** The device's own frames are heard, for the caller to give to pace->relay; else they are for push_device. */
bool oriel_sound_pace_device_is_direct(const struct oriel_sound_pace *pace);
/** Frames of the device, that are heard through its resampler; at `now_ns`. */
void oriel_sound_pace_push_device(struct oriel_sound_pace *pace, const float *frames, size_t count, uint64_t now_ns);
/** When a packet of resampled sound is due; 0 = none will be. */
uint64_t oriel_sound_pace_due_ns(const struct oriel_sound_pace *pace);
/** Makes those that are due by now. */
void oriel_sound_pace_tick(struct oriel_sound_pace *pace);
/** Nobody listens: what is resampled is forgotten. */
void oriel_sound_pace_idle(struct oriel_sound_pace *pace);

#endif
