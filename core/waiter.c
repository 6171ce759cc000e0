/* SPDX-License-Identifier: MIT
 *
 * A word that says what its thread does, and something to sleep in: at most one post is outstanding, and it is taken
 * before the wait that it ends returns.
 */
#include "core/waiter.h"

#include <errno.h>
#include <time.h>

#include "core/clock.h"

enum { AWAKE, WOKEN, ASLEEP }; /* WOKEN: awake, and the next wait ends at once */

/* ---- something to sleep in ---- */

#if defined(__APPLE__) || defined(ORIEL_WAITER_CONDITION)
static int sleep_init(struct oriel_waiter_sleep *sleep) {
  if (pthread_mutex_init(&sleep->lock, NULL))
    return -ENOMEM;
  if (pthread_cond_init(&sleep->changed, NULL)) {
    pthread_mutex_destroy(&sleep->lock);
    return -ENOMEM;
  }
  sleep->posted = false;
  return 0;
}

static void sleep_finish(struct oriel_waiter_sleep *sleep) {
  pthread_cond_destroy(&sleep->changed);
  pthread_mutex_destroy(&sleep->lock);
}

static void sleep_post(struct oriel_waiter_sleep *sleep) {
  pthread_mutex_lock(&sleep->lock);
  sleep->posted = true;
  pthread_cond_signal(&sleep->changed);
  pthread_mutex_unlock(&sleep->lock);
}

/* Until something happens, or not that long. False when the time had come. Conditions there know no clock but the time of
 * day, and spans. */
static bool sleep_a_while(struct oriel_waiter_sleep *sleep, uint64_t until_ns) {
  const uint64_t now = oriel_clock_ns();
  const struct timespec span = oriel_clock_timespec(until_ns > now ? until_ns - now : 0);
  if (!until_ns)
    pthread_cond_wait(&sleep->changed, &sleep->lock);
  else if (until_ns > now)
    pthread_cond_timedwait_relative_np(&sleep->changed, &sleep->lock, &span);
  return !until_ns || until_ns > now;
}

/* True when there was a post, which is taken. */
static bool sleep_until(struct oriel_waiter_sleep *sleep, uint64_t until_ns) {
  bool in_time = true;
  pthread_mutex_lock(&sleep->lock);
  while (!sleep->posted && in_time)
    in_time = sleep_a_while(sleep, until_ns);
  const bool posted = sleep->posted;
  sleep->posted = false;
  pthread_mutex_unlock(&sleep->lock);
  return posted;
}
#else
static int sleep_init(struct oriel_waiter_sleep *sleep) {
  return sem_init(&sleep->posted, 0, 0) ? -ENOMEM : 0;
}

static void sleep_finish(struct oriel_waiter_sleep *sleep) {
  sem_destroy(&sleep->posted);
}

static void sleep_post(struct oriel_waiter_sleep *sleep) {
  sem_post(&sleep->posted);
}

/* True when there was a post, which is taken. */
static bool sleep_until(struct oriel_waiter_sleep *sleep, uint64_t until_ns) {
  const struct timespec until = oriel_clock_timespec(until_ns);
  int result;
  do
    result = until_ns ? sem_clockwait(&sleep->posted, CLOCK_MONOTONIC, &until) : sem_wait(&sleep->posted);
  while (result && errno == EINTR);
  return result == 0;
}
#endif

/* ---- the waiter ---- */

int oriel_waiter_init(struct oriel_waiter *waiter) {
  atomic_init(&waiter->state, AWAKE);
  return sleep_init(&waiter->sleep);
}

void oriel_waiter_finish(struct oriel_waiter *waiter) {
  sleep_finish(&waiter->sleep);
}

void oriel_waiter_wake(struct oriel_waiter *waiter) {
  /* acq_rel with the exchanges in wait and clear: either they see this wake, or what was written before it */
  if (atomic_exchange_explicit(&waiter->state, WOKEN, memory_order_acq_rel) == ASLEEP)
    sleep_post(&waiter->sleep);
}

/* True when it was woken before. */
static bool get_up(struct oriel_waiter *waiter) {
  return atomic_exchange_explicit(&waiter->state, AWAKE, memory_order_acq_rel) == WOKEN; /* with the one in wake */
}

bool oriel_waiter_wait(struct oriel_waiter *waiter, uint64_t until_ns) {
  unsigned expected = AWAKE;
  /* relaxed: get_up is what pairs with wake, also where this finds it woken */
  if (!atomic_compare_exchange_strong_explicit(&waiter->state, &expected, ASLEEP, memory_order_relaxed,
                                               memory_order_relaxed))
    return get_up(waiter);
  const bool posted = sleep_until(&waiter->sleep, until_ns);
  const bool woken = get_up(waiter);
  if (woken && !posted)
    (void)sleep_until(&waiter->sleep, 0); /* a post that crossed the deadline is on its way: not for a later wait */
  return woken;
}

void oriel_waiter_clear(struct oriel_waiter *waiter) {
  (void)get_up(waiter);
}
