/* SPDX-License-Identifier: MIT
 *
 * When frames will be there. The writer publishes a period at a time, so the missing frames come with the k-th call
 * from the last one, k = ceil(missing / period). Calls jitter; aiming a little late hits most of them with one
 * wake-up, and when one is later still, looking again after half of its lateness costs few wake-ups and adds at most
 * half to it.
 */
#include "audio/wait.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/timerfd.h>
#else
#include <sys/event.h>
#endif

#include "audio/oriel-audio.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

static const uint64_t slack_ns = 100 * US; /* behind the expected time: wake-ups jitter by 50..100 us */
static const uint64_t again_ns = 200 * US;
static const uint64_t idle_ns = 10 * MS;

uint64_t oriel_audio_clock_ns(void) {
#ifdef __APPLE__
  const uint64_t ns = clock_gettime_nsec_np(CLOCK_UPTIME_RAW);
#else
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
  const uint64_t ns = (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
#endif
  return ns ? ns : 1;
}

uint64_t oriel_audio_wait_until(const struct oriel_audio_view *view, size_t missing, uint32_t rate, uint64_t now_ns) {
  if (view->state != ORIEL_AUDIO_SHM_RUNNING || view->published_ns > now_ns + SECOND)
    return now_ns + idle_ns;
  if (!view->published_ns || !view->period)
    return now_ns + MS;
  /* All bounded: missing and period by 2^20, so nothing overflows. */
  const uint64_t calls = (missing + view->period - 1) / view->period;
  const uint64_t due = view->published_ns + calls * view->period * SECOND / rate + slack_ns;
  if (due > now_ns)
    return due < now_ns + SECOND ? due : now_ns + SECOND;
  uint64_t again = (now_ns - due) / 2;
  if (again < again_ns)
    again = again_ns;
  return now_ns + (again < idle_ns ? again : idle_ns);
}

#ifdef __linux__
void oriel_audio_wait_sleep(uint64_t at_ns) {
  const struct timespec at = {.tv_sec = (time_t)(at_ns / SECOND), .tv_nsec = (long)(at_ns % SECOND)};
  (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

int oriel_audio_wait_timer(void) {
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  return timer < 0 ? -errno : timer;
}

void oriel_audio_wait_set(int timer, uint64_t at_ns) {
  if (!at_ns)
    at_ns = 1; /* 0 would disarm; the past is readable at once */
  const struct itimerspec at = {
    .it_value = {.tv_sec = (time_t)(at_ns / SECOND), .tv_nsec = (long)(at_ns % SECOND)}};
  (void)timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}
#else
static uint64_t from_now(uint64_t at_ns) {
  const uint64_t now_ns = oriel_audio_clock_ns();
  return at_ns > now_ns ? at_ns - now_ns : 0;
}

void oriel_audio_wait_sleep(uint64_t at_ns) {
  const uint64_t left_ns = from_now(at_ns);
  const struct timespec left = {.tv_sec = (time_t)(left_ns / SECOND), .tv_nsec = (long)(left_ns % SECOND)};
  (void)nanosleep(&left, NULL);
}

int oriel_audio_wait_timer(void) {
  const int timer = kqueue();
  return timer < 0 ? -errno : timer;
}

void oriel_audio_wait_set(int timer, uint64_t at_ns) {
  struct kevent change, old;
  const struct timespec now = {0};
  EV_SET(&change, 1, EVFILT_TIMER, EV_ADD | EV_ONESHOT, NOTE_NSECONDS, (intptr_t)from_now(at_ns), NULL);
  (void)kevent(timer, NULL, 0, &old, 1, &now); /* clears what was due */
  (void)kevent(timer, &change, 1, NULL, 0, NULL);
}
#endif
