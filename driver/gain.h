/* SPDX-License-Identifier: MIT
 *
 * Volume and mute. Three values that are not one (lesson 28): the scalar is where the slider stands (0..1), decibels
 * are what is shown (VOLUME_DB_MIN..0), the gain is what samples are multiplied by. A change of gain is a ramp of 30
 * ms.
 *
 * Thread-safety: the conversions anywhere; gain_set and gain_start from any thread; gain_apply from one (IO callback):
 * no lock, no allocation.
 */
#ifndef ORIEL_DRIVER_GAIN_H
#define ORIEL_DRIVER_GAIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VOLUME_DB_MIN (-64.0f)

/** Decibels grow with the square of the slider's distance from full: half is -16 dB, fine at the top, coarse below.
 *  Values out of range, also not-a-number, are bounded. */
float volume_scalar_to_db(float scalar);
float volume_db_to_scalar(float db);
/** 0 for the lowest volume and below, 1 for 0 dB, exactly. */
float volume_db_to_gain(float db);

struct gain {
  atomic_uint_least32_t target; /* bits of a float */
  atomic_bool starts;
  /* Of gain_apply alone. */
  float now, aim, step;
  uint32_t left; /* frames of the ramp to go */
};

void gain_init(struct gain *gain, float value);
void gain_set(struct gain *gain, float value);
/** Sound begins: nothing that was heard would jump, so the next gain_apply takes what is set at once. Any thread. */
void gain_start(struct gain *gain);
/** Multiplies. Leaves the bits alone while the gain rests at 1. */
void gain_apply(struct gain *gain, float *frames, size_t count, unsigned channels, uint32_t rate);

#endif
