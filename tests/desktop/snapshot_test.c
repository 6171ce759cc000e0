/* SPDX-License-Identifier: MIT
 *
 * desktop/snapshot: pictures for who is no viewer. Threads run; every wait has a bound.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/clock.h"
#include "live.h"

static void snapshot_watches_while_it_lasts(void **state) {
  (void)state;
  static const uint8_t signature[] = {0x89, 'P', 'N', 'G'};
  struct live *live = live_begin(640, 480, "null");
  uint8_t *png = NULL;
  size_t size = 0;
  assert_int_equal(fake_snapshot(live->desktop, &png, &size), 0);
  assert_true(size > 8);
  assert_memory_equal(png, signature, sizeof signature);
  free(png);
  assert_int_equal(live->fake.watches, 1);
  assert_false(live->fake.watched);
  assert_int_equal(live_stats(live)->pictures_video, 0); /* no encoder for that */
  live_end(live);
}

static void snapshot_gives_up_after_two_seconds(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  uint8_t *png = NULL;
  size_t size = 0;
  live->fake.silent = true;
  uint64_t began = oriel_clock_ns();
  assert_int_equal(fake_snapshot(live->desktop, &png, &size), -EAGAIN);
  assert_null(png);
  assert_in_range(oriel_clock_ns() - began, 1900 * ORIEL_NS_PER_MS, 10000 * ORIEL_NS_PER_MS);
  live_end(live);
}

static bool is_watched(struct fake *fake) {
  pthread_mutex_lock(&fake->lock);
  const bool watched = fake->watched != ORIEL_WATCH_NOTHING;
  pthread_mutex_unlock(&fake->lock);
  return watched;
}

struct waiting {
  struct live *live;
  struct oriel_capture capture;
  pthread_t thread;
  uint64_t began_ns;
};

static void *wait_for_a_snapshot(void *user) {
  struct waiting *waiting = user;
  uint8_t *png = NULL;
  size_t size = 0;
  return (void *)(intptr_t)oriel_desktop_snapshot(waiting->live->desktop, &waiting->capture, &png, &size);
}

/* One of a source that shows nothing. */
static void begin_waiting(struct waiting *waiting) {
  waiting->live = live_begin(640, 480, "null");
  waiting->live->fake.silent = true;
  waiting->began_ns = oriel_clock_ns();
  assert_int_equal(oriel_capture_init(&waiting->capture), 0);
  assert_int_equal(pthread_create(&waiting->thread, NULL, wait_for_a_snapshot, waiting), 0);
  while (!is_watched(&waiting->live->fake))
    fake_yield();
}

static void end_waiting(struct waiting *waiting, int expected) {
  void *result;
  pthread_join(waiting->thread, &result);
  assert_int_equal((intptr_t)result, expected);
  assert_true(oriel_clock_ns() - waiting->began_ns < 1900 * ORIEL_NS_PER_MS); /* its patience */
  assert_false(is_watched(&waiting->live->fake));
  oriel_capture_finish(&waiting->capture);
  live_end(waiting->live);
}

/* An end does not wait for a picture that never comes. */
static void snapshot_that_waits_is_ended(void **state) {
  (void)state;
  struct waiting waiting;
  begin_waiting(&waiting);
  oriel_desktop_end_snapshot_waits(waiting.live->desktop);
  end_waiting(&waiting, -EAGAIN);
}

static void snapshot_that_waits_is_cancelled(void **state) {
  (void)state;
  struct waiting waiting;
  begin_waiting(&waiting);
  oriel_capture_cancel(&waiting.capture);
  end_waiting(&waiting, -ECANCELED);
}

/* Its worker had no time for it before nobody wanted it any more. */
static void snapshot_cancelled_before_it_begins_watches_nothing(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  struct oriel_capture capture;
  uint8_t *png = NULL;
  size_t size = 0;
  assert_int_equal(oriel_capture_init(&capture), 0);
  oriel_capture_cancel(&capture);
  assert_int_equal(oriel_desktop_snapshot(live->desktop, &capture, &png, &size), -ECANCELED);
  oriel_capture_finish(&capture);
  assert_null(png);
  assert_int_equal(live->fake.watches, 0);
  live_end(live);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(snapshot_watches_while_it_lasts),
    cmocka_unit_test(snapshot_gives_up_after_two_seconds),
    cmocka_unit_test(snapshot_that_waits_is_ended),
    cmocka_unit_test(snapshot_that_waits_is_cancelled),
    cmocka_unit_test(snapshot_cancelled_before_it_begins_watches_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
