/* SPDX-License-Identifier: MIT
 *
 * The wait after a VM's end, and its next start. Main thread but for start().
 */
#include "cli/again.h"

#include <errno.h>
#include <stddef.h>

#include "core/log.h"

enum {
  LOOK_MS = 250,
  SHOW_MS = 1500,               /* pages show what happened before the server goes away */
  LEFT_MS = 5000,               /* a page that is opened again is back by then */
  OFFER_MS = 10 * 60 * 1000,    /* a page that nobody looks at must not hold a host's resources for ever */
};

void oriel_again_init(struct oriel_again *again, uv_loop_t *loop) {
  again->loop = loop;
  uv_timer_init(loop, &again->timer);
  again->timer.data = again->work.data = again;
}

bool oriel_again_is_over(const struct oriel_again *again, uint64_t now_ms) {
  if (!again->offered || again->seen_ms == 0)
    return now_ms - again->ended_ms >= SHOW_MS;
  return now_ms - again->ended_ms >= OFFER_MS || now_ms - again->seen_ms >= LEFT_MS;
}

static void look(uv_timer_t *timer) {
  struct oriel_again *again = timer->data;
  const uint64_t now_ms = uv_now(again->loop);
  if (again->host.viewers(again->host.user) > 0)
    again->seen_ms = now_ms;
  if (!oriel_again_is_over(again, now_ms))
    return;
  uv_timer_stop(timer);
  again->host.over(again->host.user);
}

void oriel_again_wait(struct oriel_again *again, bool offered) {
  again->offered = offered;
  again->ended_ms = uv_now(again->loop);
  again->seen_ms = 0;
  uv_timer_start(&again->timer, look, LOOK_MS, LOOK_MS);
  look(&again->timer);
  if (again->seen_ms > 0 && offered)
    oriel_info("cli", "the VM can be started again from the page for %d minutes, while somebody has it open",
               OFFER_MS / 60000);
}

/** A thread of libuv's. */
static void start(uv_work_t *work) {
  struct oriel_again *again = work->data;
  oriel_qemu_stop(again->old, 0); /* its directory is the next one's */
  (void)again->starter(again->options, &again->fresh);
}

static void on_started(uv_work_t *work, int status) {
  (void)status;
  struct oriel_again *again = work->data;
  struct oriel_qemu *vm = again->fresh;
  again->starting = false;
  again->old = again->fresh = NULL;
  again->host.started(again->host.user, vm);
}

int oriel_again_start(struct oriel_again *again, struct oriel_qemu *old) {
  if (again->starting)
    return -EALREADY;
  again->old = old;
  const int result = uv_queue_work(again->loop, &again->work, start, on_started);
  if (result < 0)
    return result;
  uv_timer_stop(&again->timer);
  again->starting = true;
  return 0;
}

bool oriel_again_cancel(struct oriel_again *again) {
  uv_timer_stop(&again->timer);
  return again->starting;
}
