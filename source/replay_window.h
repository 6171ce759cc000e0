/* SPDX-License-Identifier: MIT
 *
 * The replay window of numbered datagrams: which one is next, late, or here for the second time. Pure; whoever owns the
 * values has the thread.
 */
#ifndef ORIEL_SOURCE_REPLAY_WINDOW_H
#define ORIEL_SOURCE_REPLAY_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/** All zero: nothing came yet. */
struct replay_window {
  bool begun;
  uint32_t newest;
  uint64_t seen;  /* bit n: newest - n came */
  unsigned stale; /* datagrams in a row that were late or double */
};

enum replay_place {
  REPLAY_NEXT,      /* `lost` numbers before it did not come */
  REPLAY_LATE,      /* one that was given up */
  REPLAY_DUPLICATE, /* came before */
  REPLAY_RESTART,   /* the sender counts from somewhere else now */
};

/** `lost` is 0 but for NEXT. */
enum replay_place replay_window_take(struct replay_window *window, uint32_t number, uint32_t *lost);

#endif
