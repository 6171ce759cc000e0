/* SPDX-License-Identifier: MIT
 *
 * Host time of Darwin, in our own words. Off macOS tests/darwin/mach_time.c implements it. Any thread; real-time safe.
 */
#ifndef ORIEL_DARWIN_MACH_TIME_H
#define ORIEL_DARWIN_MACH_TIME_H

#include <stdint.h>

typedef int kern_return_t;
enum { KERN_SUCCESS = 0 };

/* A tick lasts numer / denom nanoseconds: 1/1 on Intel, 125/3 on Apple silicon. */
struct mach_timebase_info {
  uint32_t numer, denom;
};
typedef struct mach_timebase_info mach_timebase_info_data_t;
typedef struct mach_timebase_info *mach_timebase_info_t;

kern_return_t mach_timebase_info(mach_timebase_info_t info);
uint64_t mach_absolute_time(void);
uint64_t mach_continuous_time(void);
kern_return_t mach_wait_until(uint64_t deadline);

#endif
