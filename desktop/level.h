/* SPDX-License-Identifier: MIT
 *
 * Whether a viewer takes its rendition or the lower one: pure, on times that the caller passes in.
 *
 * A rendition is coded for those who carry at least half of what it would be coded at for the best of them. Who carries
 * less takes the lower one once pictures really need more than it carries, and comes back when it has carried enough for
 * some seconds; each time that this did not last it waits for longer.
 *
 * Thread-safety: none; values.
 */
#ifndef ORIEL_DESKTOP_LEVEL_H
#define ORIEL_DESKTOP_LEVEL_H

#include <stdbool.h>
#include <stdint.h>

/** Of one viewer; zeroed at first. */
struct oriel_level {
  bool low;          /* it takes the lower rendition */
  uint64_t since_ns; /* since when it carries too little, or enough again; 0 = it does not */
  uint64_t moved_ns; /* when it last moved; 0 = never */
  unsigned returns;  /* that did not last, in a row */
};

/** What its rendition is about, kbit/s. */
struct oriel_level_rates {
  uint32_t wanted; /* would be coded at, for the best of its viewers */
  uint32_t used;   /* takes at present, of pictures that change less than that allows */
};

/** Whether a viewer that carries this much is one of those for whom the rendition is coded; 0 = it is not known. */
bool oriel_level_accepts(uint32_t carries_kbps, const struct oriel_level_rates *rates);
/** Time passes. True when the viewer is to move, and `low` says where to. */
bool oriel_level_look(struct oriel_level *level, uint32_t carries_kbps, const struct oriel_level_rates *rates,
                      uint64_t now_ns);

#endif
