/* SPDX-License-Identifier: MIT
 *
 * The devices' clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdbool.h>

#include "driver/timeline.h"

static void timeline_stamps_are_multiples_and_never_future(void **state) {
  (void)state;
  static const uint64_t ticks[] = {1000000000, 24000000, 33333333};
  static const uint32_t rates[] = {44100, 48000, 88200, 96000};
  for (int t = 0; t < 3; t++) {
    for (int r = 0; r < 4; r++) {
      struct timeline timeline;
      struct timeline_view view;
      const uint64_t start = 123456789012345;
      timeline_init(&timeline, ticks[t], start, rates[r]);
      timeline_read(&timeline, &view);
      uint64_t last_frame = 0, last_host = 0;
      for (uint64_t step = 0; step < 20000; step++) {
        const uint64_t now = start + step * (ticks[t] / 997 + 1);
        uint64_t frame, host;
        timeline_stamp(&view, now, &frame, &host);
        assert_int_equal(frame % TIMELINE_PERIOD, 0);
        assert_true(host <= now);
        assert_true(timeline_host(&view, frame + TIMELINE_PERIOD) > now);
        if (frame == last_frame)
          assert_true(host == last_host || step == 0);
        else
          assert_true(frame > last_frame && host > last_host);
        last_frame = frame;
        last_host = host;
      }
    }
  }
}

static void timeline_conversions_agree_for_a_century(void **state) {
  (void)state;
  struct timeline timeline;
  struct timeline_view view;
  timeline_init(&timeline, 24000000, 17, 96000);
  timeline_read(&timeline, &view);
  for (uint64_t second = 0; second < UINT64_C(3200000000); second += 999999937) {
    for (uint64_t rest = 0; rest < 96000; rest += 7919) {
      const uint64_t frame = second * 96000 + rest, host = timeline_host(&view, frame);
      assert_int_equal(timeline_frame(&view, host), frame);
      assert_true(frame == 0 || timeline_frame(&view, host - 1) == frame - 1);
    }
  }
  assert_int_equal(timeline_frame(&view, 0), 0); /* before the start */
}

static void timeline_change_starts_anew_with_another_seed(void **state) {
  (void)state;
  struct timeline timeline;
  struct timeline_view before, after;
  uint64_t frame, host;
  timeline_init(&timeline, 1000000000, 5, 48000);
  timeline_read(&timeline, &before);
  timeline_change(&timeline, 10000000000, 44100);
  timeline_read(&timeline, &after);
  assert_true(before.seed != after.seed && before.seed && after.seed);
  assert_int_equal(after.rate, 44100);
  timeline_stamp(&after, 10000000001, &frame, &host);
  assert_int_equal(frame, 0);
  assert_int_equal(host, 10000000000);
}

/* Anchor and rate of one timeline belong together: anchor = 1000 * rate here. */
static void *read_views(void *context) {
  struct timeline *timeline = context;
  for (int i = 0; i < 200000; i++) {
    struct timeline_view view;
    timeline_read(timeline, &view);
    if (view.anchor != (uint64_t)view.rate * 1000)
      return timeline;
  }
  return NULL;
}

static void timeline_read_is_whole_while_changed(void **state) {
  (void)state;
  static struct timeline timeline;
  pthread_t readers[2];
  timeline_init(&timeline, 1000000000, 48000000, 48000);
  for (int i = 0; i < 2; i++)
    pthread_create(&readers[i], NULL, read_views, &timeline);
  for (uint32_t i = 0; i < 200000; i++)
    timeline_change(&timeline, (uint64_t)(48000 + i % 1000) * 1000, 48000 + i % 1000);
  for (int i = 0; i < 2; i++) {
    void *torn = NULL;
    pthread_join(readers[i], &torn);
    assert_null(torn);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(timeline_stamps_are_multiples_and_never_future),
    cmocka_unit_test(timeline_conversions_agree_for_a_century),
    cmocka_unit_test(timeline_change_starts_anew_with_another_seed),
    cmocka_unit_test(timeline_read_is_whole_while_changed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
