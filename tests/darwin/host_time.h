/* SPDX-License-Identifier: MIT
 *
 * The tests' side of mach_absolute_time: real time, or a virtual clock that stands until it is moved, so that hours of
 * IO pass in seconds and every run is the same. Thread-safety: any thread; move it from one.
 */
#ifndef ORIEL_TESTS_DARWIN_HOST_TIME_H
#define ORIEL_TESTS_DARWIN_HOST_TIME_H

#include <stdint.h>

/** Time base numer/denom ns per tick (Intel 1/1, Apple silicon 125/3). To be set before a driver asks for it. */
void host_time_set_base(uint32_t numer, uint32_t denom);
/** From now on the clock stands at `ticks`; 0 turns back to real time. */
void host_time_set_virtual(uint64_t ticks);
/** Moves the virtual clock on. */
void host_time_advance(uint64_t ticks);
uint64_t host_time_now(void);
double host_time_ticks_per_second(void);

#endif
