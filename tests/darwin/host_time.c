/* SPDX-License-Identifier: MIT
 *
 * mach_absolute_time and its time base for the tests. Any thread; real-time safe.
 */
#include "tests/darwin/host_time.h"

#include <stdatomic.h>
#include <time.h>

#include <mach/mach_time.h>

#include "tests/darwin/rt.h"

static _Atomic uint32_t base_numer = 1, base_denom = 1;
static _Atomic uint64_t virtual_ticks; /* 0: real time */

void host_time_set_base(uint32_t numer, uint32_t denom) {
  atomic_store(&base_numer, numer);
  atomic_store(&base_denom, denom);
}

void host_time_set_virtual(uint64_t ticks) {
  atomic_store(&virtual_ticks, ticks);
}

void host_time_advance(uint64_t ticks) {
  atomic_fetch_add(&virtual_ticks, ticks);
}

static uint64_t real_ticks(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  uint64_t ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  uint32_t numer = atomic_load(&base_numer), denom = atomic_load(&base_denom);
  /* In two parts, as ns * denom would overflow after a few years of uptime. */
  return ns / numer * denom + ns % numer * denom / numer;
}

uint64_t host_time_now(void) {
  return mach_absolute_time();
}

double host_time_ticks_per_second(void) {
  return 1e9 * atomic_load(&base_denom) / atomic_load(&base_numer);
}

kern_return_t mach_timebase_info(mach_timebase_info_t info) {
  info->numer = atomic_load(&base_numer);
  info->denom = atomic_load(&base_denom);
  return KERN_SUCCESS;
}

uint64_t mach_absolute_time(void) {
  uint64_t ticks = atomic_load(&virtual_ticks);
  return ticks ? ticks : real_ticks(CLOCK_MONOTONIC);
}

uint64_t mach_continuous_time(void) {
  uint64_t ticks = atomic_load(&virtual_ticks);
  return ticks ? ticks : real_ticks(CLOCK_BOOTTIME);
}

kern_return_t mach_wait_until(uint64_t deadline) {
  rt_forbidden("mach_wait_until");
  while (mach_absolute_time() < deadline)
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
  return KERN_SUCCESS;
}
