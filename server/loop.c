/* SPDX-License-Identifier: MIT
 *
 * The loop's handles, tick and turns. Loop thread.
 */
#include "server/loop.h"

#include "core/clock.h"

enum {
  TICK_MS = 250,
  FAST_TICK_MS = 20,
};

static void on_tick(uv_timer_t *timer) {
  struct oriel_loop *loop = timer->data;
  loop->events->tick(loop->user, oriel_clock_ns());
}

static void on_turn(uv_check_t *check) {
  struct oriel_loop *loop = check->data;
  loop->events->turn(loop->user);
}

static void on_closed(uv_handle_t *handle) {
  oriel_loop_closed(handle->data);
}

void oriel_loop_init(struct oriel_loop *loop, uv_loop_t *uv, const struct oriel_loop_events *events, void *user) {
  loop->uv = uv;
  loop->events = events;
  loop->user = user;
  (void)uv_timer_init(uv, &loop->tick);
  (void)uv_check_init(uv, &loop->turn);
  loop->tick.data = loop->turn.data = loop;
  loop->open = 2;
  (void)uv_check_start(&loop->turn, on_turn);
}

void oriel_loop_watch(struct oriel_loop *loop) {
  if (!uv_is_closing((uv_handle_t *)&loop->tick) && !uv_is_active((uv_handle_t *)&loop->tick))
    (void)uv_timer_start(&loop->tick, on_tick, TICK_MS, TICK_MS);
}

void oriel_loop_rest(struct oriel_loop *loop) {
  (void)uv_timer_stop(&loop->tick);
}

void oriel_loop_tick_fast(struct oriel_loop *loop) {
  (void)uv_timer_start(&loop->tick, on_tick, 0, FAST_TICK_MS);
}

void oriel_loop_opened(struct oriel_loop *loop) {
  loop->open++;
}

void oriel_loop_closed(struct oriel_loop *loop) {
  loop->open--;
  loop->events->closed(loop->user);
}

void oriel_loop_close(struct oriel_loop *loop) {
  uv_close((uv_handle_t *)&loop->tick, on_closed);
  uv_close((uv_handle_t *)&loop->turn, on_closed);
}
