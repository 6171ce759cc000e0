/* SPDX-License-Identifier: MIT
 *
 * A waiter: one thread sleeps in it until another wakes it, or until a point in time. It remembers one wake, so that
 * none is lost which comes while its thread is awake; any number of them count as one.
 *
 * Thread-safety: wait and clear from the one thread that sleeps in it. wake from any thread, also one that must not block:
 * an atomic exchange, and where the other is asleep a semaphore's post; macOS, whose semaphores have no time limit, there
 * takes a lock that is held to fall asleep and to signal. init and finish by the owner, finish when nobody calls the
 * others any more.
 */
#ifndef ORIEL_CORE_WAITER_H
#define ORIEL_CORE_WAITER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
/* Defined by a test that runs what macOS has. */
#if defined(__APPLE__) || defined(ORIEL_WAITER_CONDITION)
struct oriel_waiter_sleep {
  pthread_mutex_t lock; /* guards the rest */
  pthread_cond_t changed;
  bool posted;
};
#else
#include <semaphore.h>
struct oriel_waiter_sleep {
  sem_t posted;
};
#endif

struct oriel_waiter {
  atomic_uint state; /* as in waiter.c */
  struct oriel_waiter_sleep sleep;
};

/** 0, -ENOMEM. */
int oriel_waiter_init(struct oriel_waiter *waiter);
void oriel_waiter_finish(struct oriel_waiter *waiter);

/** Ends the wait, or the next one if the thread is awake. What the caller wrote before, that thread sees after. */
void oriel_waiter_wake(struct oriel_waiter *waiter);
/** Sleeps until a wake or the time `until_ns` of core/clock; 0 = without limit. True when woken, also where that was
 *  before; false when the time has come. */
bool oriel_waiter_wait(struct oriel_waiter *waiter, uint64_t until_ns);
/** Forgets a wake: its thread is about to look at everything that there is anyway. */
void oriel_waiter_clear(struct oriel_waiter *waiter);

#endif
