/* SPDX-License-Identifier: MIT
 *
 * See flight.h. Pure.
 */
#include "desktop/flight.h"

#include "core/clock.h"

unsigned oriel_flight_window(uint32_t rtt_us, uint32_t fps) {
  uint64_t rtt = rtt_us ? rtt_us : ORIEL_RTT_UNKNOWN_US;
  uint64_t on_the_way = (rtt * 5 / 4 * fps + 999999) / 1000000;
  uint64_t window = on_the_way + 2;
  return window > ORIEL_WINDOW_MAX ? ORIEL_WINDOW_MAX : (unsigned)window;
}

void oriel_minimum_add(struct oriel_minimum *minimum, int64_t value, uint64_t now_ns) {
  uint64_t second = now_ns / ORIEL_NS_PER_SECOND + 1;
  unsigned slot = (unsigned)(second % ORIEL_MINIMUM_SECONDS);
  if (minimum->second[slot] != second || value < minimum->value[slot])
    minimum->value[slot] = value;
  minimum->second[slot] = second;
}

bool oriel_minimum_read(const struct oriel_minimum *minimum, uint64_t now_ns, int64_t *value) {
  uint64_t second = now_ns / ORIEL_NS_PER_SECOND + 1;
  bool found = false;
  int64_t least = 0;
  for (unsigned slot = 0; slot < ORIEL_MINIMUM_SECONDS; slot++) {
    if (!minimum->second[slot] || minimum->second[slot] + ORIEL_MINIMUM_SECONDS <= second)
      continue;
    if (!found || minimum->value[slot] < least)
      least = minimum->value[slot];
    found = true;
  }
  if (found)
    *value = least;
  return found;
}
