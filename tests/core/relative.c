/* SPDX-License-Identifier: MIT
 *
 * What macOS has and this system has not, for the test of core/waiter that runs the code for macOS.
 */
#include "tests/core/relative.h"

#include "core/clock.h"

int pthread_cond_timedwait_relative_np(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *span) {
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  const uint64_t ns = (uint64_t)now.tv_nsec + (uint64_t)span->tv_nsec;
  const struct timespec until = {
    .tv_sec = now.tv_sec + span->tv_sec + (time_t)(ns / ORIEL_NS_PER_SECOND), .tv_nsec = (long)(ns % ORIEL_NS_PER_SECOND),
  };
  return pthread_cond_timedwait(condition, mutex, &until);
}
