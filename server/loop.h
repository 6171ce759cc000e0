/* SPDX-License-Identifier: MIT
 *
 * What the server's parts share of the loop: the count of their open handles, so that the server is freed after the
 * last of them, its tick, and the end of each turn. Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_LOOP_H
#define ORIEL_SERVER_LOOP_H

#include <stdint.h>
#include <uv.h>

/** What happens, for the owner; every slot is needed. */
struct oriel_loop_events {
  /** Time goes on: every 250 ms from oriel_loop_watch to oriel_loop_rest. */
  void (*tick)(void *user, uint64_t now_ns);
  /** A turn of the loop ends. */
  void (*turn)(void *user);
  /** One handle fewer is open. May free the loop's struct. */
  void (*closed)(void *user);
};

struct oriel_loop {
  uv_loop_t *uv; /* borrowed */
  const struct oriel_loop_events *events;
  void *user;
  unsigned open; /* handles of all parts */
  uv_timer_t tick;
  uv_check_t turn;
};

/** Opens its own two handles. `events` and `user` must live until the last handle is closed. */
void oriel_loop_init(struct oriel_loop *loop, uv_loop_t *uv, const struct oriel_loop_events *events, void *user);
/** Somebody is connected, or something waits for a later time: ticks from here on. */
void oriel_loop_watch(struct oriel_loop *loop);
/** Nobody is any more: no tick. */
void oriel_loop_rest(struct oriel_loop *loop);
/** All ends: ticks at once, and then every 20 ms. */
void oriel_loop_tick_fast(struct oriel_loop *loop);
/** A part has opened a handle, or, from its close callback, closed one. The latter may free the loop's struct. */
void oriel_loop_opened(struct oriel_loop *loop);
void oriel_loop_closed(struct oriel_loop *loop);
/** Closes its own handles. */
void oriel_loop_close(struct oriel_loop *loop);

#endif
