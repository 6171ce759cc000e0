/* SPDX-License-Identifier: MIT
 *
 * See side.h.
 */
#include "desktop/side.h"

#ifdef __linux__
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "core/clock.h"

/* Who owns the work; changes by release, and is looked at by acquire. The waiters only end waiting. */
enum {
  RESTS, /* the media thread */
  WORKS, /* the side */
  DONE,  /* the media thread */
};

enum { NICENESS = 10 }; /* a tenth of what others get where processors are short */

static void yield_to_others(void) {
#ifdef __linux__
  pthread_setname_np(pthread_self(), "oriel-side");
  (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICENESS); /* to Linux a thread is a process here */
#endif
}

static int state_of(const struct oriel_side *side) {
  return atomic_load_explicit(&side->state, memory_order_acquire); /* with set_state on the other thread */
}

static void set_state(struct oriel_side *side, int state) {
  atomic_store_explicit(&side->state, state, memory_order_release); /* with state_of on the other thread */
}

static void code(struct oriel_side *side) {
  const uint64_t before_ns = oriel_clock_thread_ns();
  oriel_rendition_code(side->rendition, &side->work);
  side->used_ns = oriel_clock_thread_ns() - before_ns;
  set_state(side, DONE);
  oriel_waiter_wake(side->done);
}

static void *run(void *argument) {
  struct oriel_side *side = argument;
  yield_to_others();
  while (!atomic_load_explicit(&side->ends, memory_order_relaxed)) { /* the waiter orders it */
    if (state_of(side) == WORKS)
      code(side);
    else
      (void)oriel_waiter_wait(&side->waiter, 0);
  }
  return NULL;
}

void oriel_side_init(struct oriel_side *side, struct oriel_rendition *rendition, struct oriel_waiter *done) {
  *side = (struct oriel_side){.rendition = rendition, .done = done};
  atomic_init(&side->state, RESTS);
}

/* False when there is no thread. */
static bool begin(struct oriel_side *side) {
  if (side->runs)
    return true;
  if (oriel_waiter_init(&side->waiter))
    return false;
  atomic_store(&side->ends, false);
  side->runs = !pthread_create(&side->thread, NULL, run, side);
  if (!side->runs)
    oriel_waiter_finish(&side->waiter);
  return side->runs;
}

void oriel_side_rest(struct oriel_side *side) {
  if (!side->runs)
    return;
  atomic_store(&side->ends, true);
  oriel_waiter_wake(&side->waiter);
  pthread_join(side->thread, NULL);
  oriel_waiter_finish(&side->waiter);
  side->runs = false;
  if (state_of(side) != RESTS)
    oriel_packet_unref(side->work.packet);
  set_state(side, RESTS);
}

bool oriel_side_code(struct oriel_side *side, const struct oriel_rendition_work *work) {
  if (!begin(side))
    return false;
  side->work = *work;
  set_state(side, WORKS);
  oriel_waiter_wake(&side->waiter);
  return true;
}

bool oriel_side_works(const struct oriel_side *side) {
  return state_of(side) != RESTS;
}

bool oriel_side_is_done(const struct oriel_side *side) {
  return state_of(side) == DONE;
}

uint64_t oriel_side_take(struct oriel_side *side, struct oriel_rendition_work *work) {
  *work = side->work;
  set_state(side, RESTS);
  return side->used_ns;
}
