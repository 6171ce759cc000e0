/* SPDX-License-Identifier: MIT
 *
 * The devices' clock. Readers on any thread, real-time ones too.
 */
#include "driver/timeline.h"

void timeline_init(struct timeline *timeline, uint64_t ticks_per_second, uint64_t now, uint32_t rate) {
  timeline->ticks_per_second = ticks_per_second;
  atomic_init(&timeline->changes, 0);
  for (int i = 0; i < TIMELINE_SLOTS; i++) {
    atomic_init(&timeline->slots[i].anchor, now);
    atomic_init(&timeline->slots[i].rate, rate);
  }
}

void timeline_change(struct timeline *timeline, uint64_t now, uint32_t rate) {
  /* Relaxed: only this thread stores it. */
  const uint64_t next = atomic_load_explicit(&timeline->changes, memory_order_relaxed) + 1;
  atomic_store_explicit(&timeline->slots[next % TIMELINE_SLOTS].anchor, now, memory_order_relaxed);
  atomic_store_explicit(&timeline->slots[next % TIMELINE_SLOTS].rate, rate, memory_order_relaxed);
  /* Release; partner: the acquire in timeline_read. */
  atomic_store_explicit(&timeline->changes, next, memory_order_release);
}

void timeline_read(const struct timeline *timeline, struct timeline_view *view) {
  uint64_t before, after;
  do {
    /* Acquire; partner: the release in timeline_change. The slot is as it was stored, or newer. */
    before = atomic_load_explicit(&timeline->changes, memory_order_acquire);
    view->anchor = atomic_load_explicit(&timeline->slots[before % TIMELINE_SLOTS].anchor, memory_order_acquire);
    view->rate = (uint32_t)atomic_load_explicit(&timeline->slots[before % TIMELINE_SLOTS].rate, memory_order_acquire);
    /* The acquire loads above keep this one behind them. */
    after = atomic_load_explicit(&timeline->changes, memory_order_relaxed);
  } while (after - before >= TIMELINE_SLOTS - 1);
  view->seed = before + 1;
  view->ticks_per_second = timeline->ticks_per_second;
}

/* Whole seconds apart, so that 64 bits hold the product after centuries too: a remainder is below 2^18 frames or
 * 2^30 ticks. */
uint64_t timeline_host(const struct timeline_view *view, uint64_t frame) {
  const uint64_t seconds = frame / view->rate, rest = frame % view->rate;
  return view->anchor + seconds * view->ticks_per_second + rest * view->ticks_per_second / view->rate;
}

uint64_t timeline_frame(const struct timeline_view *view, uint64_t now) {
  if (now < view->anchor)
    return 0;
  const uint64_t ticks = now - view->anchor;
  const uint64_t seconds = ticks / view->ticks_per_second, rest = ticks % view->ticks_per_second;
  uint64_t frame = seconds * view->rate + rest * view->rate / view->ticks_per_second;
  /* timeline_host rounds down: the next frame may be due already. */
  if (timeline_host(view, frame + 1) <= now)
    frame++;
  return frame;
}

void timeline_stamp(const struct timeline_view *view, uint64_t now, uint64_t *frame, uint64_t *host) {
  const uint64_t due = timeline_frame(view, now);
  *frame = due - due % TIMELINE_PERIOD;
  *host = timeline_host(view, *frame);
}
