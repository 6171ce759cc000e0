/* SPDX-License-Identifier: MIT
 *
 * The one clock: monotonic nanoseconds, from capture to paint. Any thread; async-signal-safe; no lock.
 */
#ifndef ORIEL_CORE_CLOCK_H
#define ORIEL_CORE_CLOCK_H

#include <stdint.h>

#define ORIEL_NS_PER_SECOND 1000000000ull
#define ORIEL_NS_PER_MS 1000000ull
#define ORIEL_NS_PER_US 1000ull

/** Nanoseconds since an arbitrary start (CLOCK_MONOTONIC), never 0, never falling. Does not count suspend on Linux. */
uint64_t oriel_clock_ns(void);

#endif
