/* SPDX-License-Identifier: MIT
 *
 * Clocks and the calendar, of Darwin's C library; see driver/darwin/libc.h.
 */
#ifndef ORIEL_DARWIN_LIBC_TIME_H
#define ORIEL_DARWIN_LIBC_TIME_H

#include "driver/darwin/libc/types.h"

/* time.h */
struct timespec {
  time_t tv_sec;
  long tv_nsec;
};
struct timeval {
  time_t tv_sec;
  suseconds_t tv_usec;
};
struct tm {
  int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst;
  long tm_gmtoff;
  char *tm_zone;
};
typedef enum {
  CLOCK_REALTIME = 0,
  CLOCK_MONOTONIC_RAW = 4,
  CLOCK_MONOTONIC = 6,
  CLOCK_UPTIME_RAW = 8,
  CLOCK_THREAD_CPUTIME_ID = 16,
} clockid_t;
#define CLOCK_REALTIME CLOCK_REALTIME
#define CLOCK_MONOTONIC CLOCK_MONOTONIC
#define CLOCK_MONOTONIC_RAW CLOCK_MONOTONIC_RAW
#define CLOCK_UPTIME_RAW CLOCK_UPTIME_RAW
#define CLOCK_THREAD_CPUTIME_ID CLOCK_THREAD_CPUTIME_ID
int clock_gettime(clockid_t clock, struct timespec *time);
uint64_t clock_gettime_nsec_np(clockid_t clock);
int nanosleep(const struct timespec *time, struct timespec *rest);
time_t time(time_t *time);
struct tm *gmtime_r(const time_t *time, struct tm *tm);
struct tm *localtime_r(const time_t *time, struct tm *tm);
size_t strftime(char *text, size_t size, const char *format, const struct tm *tm);

#endif
