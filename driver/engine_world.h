/* SPDX-License-Identifier: MIT
 *
 * What the engine and its parts need of the system around them, and how they call the two devices.
 *
 * Thread-safety: none needed; a world is constant while an engine lives.
 */
#ifndef ORIEL_DRIVER_ENGINE_WORLD_H
#define ORIEL_DRIVER_ENGINE_WORLD_H

#include <stdint.h>

enum engine_side { ENGINE_OUTPUT, ENGINE_INPUT, ENGINE_SIDES };

enum engine_log_level { ENGINE_LOG_INFO, ENGINE_LOG_ERROR };

/** What the engine needs of the world. Both may be called from any thread, `now` also from IO callbacks. */
struct engine_world {
  uint64_t (*now)(void); /* host ticks */
  uint64_t ticks_per_second;
  void (*log)(enum engine_log_level level, const char *text);
};

/** Such ticks in ns; `now` in ns is the clock of everything that meets the IO callbacks. */
static inline uint64_t engine_world_ns(const struct engine_world *world, uint64_t ticks) {
  const uint64_t second = world->ticks_per_second;
  return ticks / second * 1000000000u + ticks % second * 1000000000u / second;
}

#endif
