/* SPDX-License-Identifier: MIT
 *
 * See level.h. Pure.
 */
#include "desktop/level.h"

#include "core/clock.h"

enum {
  ACCEPTED_PERCENT = 50,  /* of what is wanted: below, the others would lose more than half of theirs */
  RETURN_PERCENT = 70,    /* somewhat more, so that an estimate that wavers moves nobody */
  ROOM_PERCENT = 130,     /* of what is used: content so calm that everybody can follow it */
  RETURNS_MAX = 4,        /* doublings of the wait */
};
static const uint64_t leave_ns = ORIEL_NS_PER_SECOND;
static const uint64_t return_ns = 5 * ORIEL_NS_PER_SECOND;
static const uint64_t lasting_ns = 30 * ORIEL_NS_PER_SECOND; /* a return was right */

static bool is_share(uint32_t carries_kbps, uint32_t of_kbps, unsigned percent) {
  return (uint64_t)carries_kbps * 100 >= (uint64_t)of_kbps * percent;
}

bool oriel_level_accepts(uint32_t carries_kbps, const struct oriel_level_rates *rates) {
  return !carries_kbps || is_share(carries_kbps, rates->wanted, ACCEPTED_PERCENT);
}

/** Too little for where it is, or enough for where it was. */
static bool is_misplaced(const struct oriel_level *level, uint32_t carries_kbps,
                         const struct oriel_level_rates *rates) {
  if (!level->low)
    return !oriel_level_accepts(carries_kbps, rates) && carries_kbps < rates->used;
  return !carries_kbps || is_share(carries_kbps, rates->wanted, RETURN_PERCENT) ||
         is_share(carries_kbps, rates->used, ROOM_PERCENT);
}

static uint64_t patience_ns(const struct oriel_level *level) {
  return level->low ? return_ns << level->returns : leave_ns;
}

bool oriel_level_look(struct oriel_level *level, uint32_t carries_kbps, const struct oriel_level_rates *rates,
                      uint64_t now_ns) {
  if (!is_misplaced(level, carries_kbps, rates)) {
    level->since_ns = 0;
    return false;
  }
  if (!level->since_ns)
    level->since_ns = now_ns;
  if (now_ns - level->since_ns < patience_ns(level))
    return false;
  if (!level->low && level->moved_ns) {
    const bool lasted = now_ns - level->moved_ns >= lasting_ns;
    level->returns = lasted ? 0 : level->returns + (level->returns < RETURNS_MAX);
  }
  level->low = !level->low;
  level->since_ns = 0;
  level->moved_ns = now_ns;
  return true;
}
