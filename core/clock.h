/* SPDX-License-Identifier: MIT
 *
 * The one clock: monotonic nanoseconds, from capture to paint; and what a thread has used of a processor. Any thread; async-signal-safe; no lock.
 */
#ifndef ORIEL_CORE_CLOCK_H
#define ORIEL_CORE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define ORIEL_NS_PER_SECOND 1000000000ull
#define ORIEL_NS_PER_MS 1000000ull
#define ORIEL_NS_PER_US 1000ull

/** Nanoseconds since an arbitrary start (CLOCK_MONOTONIC), never 0, never falling. Does not count suspend on Linux. */
uint64_t oriel_clock_ns(void);
/** Nanoseconds of processor time that the calling thread has used (CLOCK_THREAD_CPUTIME_ID): its own, not that of threads
 *  which it waits for. */
uint64_t oriel_clock_thread_ns(void);

/** The same point in time for calls that wait until one. */
static inline struct timespec oriel_clock_timespec(uint64_t ns) {
  return (struct timespec){
    .tv_sec = (time_t)(ns / ORIEL_NS_PER_SECOND), .tv_nsec = (long)(ns % ORIEL_NS_PER_SECOND),
  };
}

/** Brings a time of waking forward to `at_ns`, where that is earlier. In both, 0 = never. */
static inline void oriel_clock_bring_forward(uint64_t *wake_ns, uint64_t at_ns) {
  if (at_ns && (!*wake_ns || at_ns < *wake_ns))
    *wake_ns = at_ns;
}

#endif
