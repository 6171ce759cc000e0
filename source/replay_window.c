/* SPDX-License-Identifier: MIT
 *
 * Numbers of datagrams. Pure.
 */
#include "source/replay_window.h"

enum {
  WINDOW = 1000,  /* a step of more than this, either way, is another count */
  STALE_MOST = 20, /* as many in a row that seem old: the sender restarted not far before */
  SEEN_BITS = 64,
};

static enum replay_place start_anew(struct replay_window *window, uint32_t number) {
  *window = (struct replay_window){.begun = true, .newest = number, .seen = 1};
  return REPLAY_RESTART;
}

enum replay_place replay_window_take(struct replay_window *window, uint32_t number, uint32_t *lost) {
  *lost = 0;
  const uint32_t ahead = number - window->newest, behind = window->newest - number;
  if (!window->begun || (ahead > WINDOW && behind > WINDOW))
    return start_anew(window, number);
  if (ahead && ahead <= WINDOW) {
    window->seen = ahead < SEEN_BITS ? window->seen << ahead | 1 : 1;
    window->newest = number;
    window->stale = 0;
    *lost = ahead - 1;
    return REPLAY_NEXT;
  }
  if (++window->stale > STALE_MOST)
    return start_anew(window, number);
  const bool was_seen = behind < SEEN_BITS && (window->seen >> behind & 1);
  if (behind < SEEN_BITS)
    window->seen |= UINT64_C(1) << behind;
  return was_seen ? REPLAY_DUPLICATE : REPLAY_LATE;
}
