/* SPDX-License-Identifier: MIT
 *
 * The choice among inputs. Pure.
 */
#include "desktop/sound_select.h"

int oriel_sound_select(const struct oriel_arrival *arrivals, int count, int active, uint64_t now_ns) {
  const bool holds = active >= 0 && oriel_arrival_lives(&arrivals[active], now_ns);
  if (holds && oriel_arrival_sounds(&arrivals[active], now_ns))
    return active;
  for (int i = 0; i < count; i++)
    if (oriel_arrival_sounds(&arrivals[i], now_ns))
      return i;
  for (int i = 0; i < count && !holds; i++)
    if (oriel_arrival_lives(&arrivals[i], now_ns))
      return i;
  return active;
}
