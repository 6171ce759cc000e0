/* SPDX-License-Identifier: MIT
 *
 * Clock mapping. Loop thread.
 */
#include "server/clockmap.h"

#include "core/clock.h"

enum { OLDEST_US = 10 * 1000 * 1000 };
/* Beyond it (285 years) sums of two times could overflow. */
static const uint64_t latest_us = UINT64_C(1) << 53;

void oriel_clockmap_ping(struct oriel_clockmap *map, uint64_t us) {
  map->pings_us[map->next_ping] = us;
  map->next_ping = (map->next_ping + 1) % ORIEL_CLOCKMAP_PINGS;
}

static bool take_ping(struct oriel_clockmap *map, uint64_t us) {
  for (unsigned i = 0; us && i < ORIEL_CLOCKMAP_PINGS; i++) {
    if (map->pings_us[i] == us) {
      map->pings_us[i] = 0;
      return true;
    }
  }
  return false;
}

bool oriel_clockmap_pong(struct oriel_clockmap *map, uint64_t ping_us, uint64_t viewer_us, uint64_t now_us,
                         uint32_t *rtt_us) {
  if (viewer_us == 0 || viewer_us > latest_us || ping_us > now_us || !take_ping(map, ping_us))
    return false;
  uint64_t rtt = now_us - ping_us;
  if (rtt > UINT32_MAX)
    return false;
  map->rtt_us[map->next_sample] = (uint32_t)rtt;
  map->offset_us[map->next_sample] = (int64_t)viewer_us - (int64_t)(ping_us + rtt / 2);
  map->next_sample = (map->next_sample + 1) % ORIEL_CLOCKMAP_SAMPLES;
  if (map->samples < ORIEL_CLOCKMAP_SAMPLES)
    map->samples++;
  *rtt_us = (uint32_t)rtt;
  return true;
}

uint64_t oriel_clockmap_ns(const struct oriel_clockmap *map, uint64_t viewer_us, uint64_t now_ns) {
  if (map->samples == 0 || viewer_us == 0 || viewer_us > latest_us)
    return 0;
  unsigned best = 0;
  for (unsigned i = 1; i < map->samples; i++) {
    if (map->rtt_us[i] < map->rtt_us[best])
      best = i;
  }
  int64_t now_us = (int64_t)(now_ns / ORIEL_NS_PER_US);
  int64_t us = (int64_t)viewer_us - map->offset_us[best];
  /* The offset may be wrong by half a round trip at most; browsers also coarsen their clock to 1 ms and less. */
  int64_t slack_us = map->rtt_us[best] / 2 + 1000;
  if (us <= 0 || us < now_us - OLDEST_US || us > now_us + slack_us)
    return 0;
  return us >= now_us ? now_ns : (uint64_t)us * ORIEL_NS_PER_US;
}
