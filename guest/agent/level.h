/* SPDX-License-Identifier: MIT
 *
 * Peak and mean power of what passes. Thread-safety: add from the data thread (no lock, no system call), read from any.
 */
#ifndef ORIEL_GUEST_AGENT_LEVEL_H
#define ORIEL_GUEST_AGENT_LEVEL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct agent_level {
  float peak, square;         /* data thread's: of the window under way */
  size_t samples, window;     /* samples in a window */
  _Atomic float shown_peak, shown_rms; /* of the last whole window; 0..1 is full scale */
};

/** Windows of 100 ms. */
void agent_level_init(struct agent_level *level, uint32_t rate, uint32_t channels);
/** `samples` = frames * channels. Data thread. */
void agent_level_add(struct agent_level *level, const float *samples, size_t count);
/** Nothing plays any more. Only while the data thread does not add. */
void agent_level_rest(struct agent_level *level);
/** Decibels below full scale; -200 for silence. Any thread. */
double agent_level_peak_db(const struct agent_level *level);
double agent_level_rms_db(const struct agent_level *level);

#endif
