/* SPDX-License-Identifier: MIT
 *
 * desktop/feedback: the bitrate that a desktop codes at, by what its viewers say of their way. Threads run; every wait
 * has a bound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clock.h"
#include "live.h"

/* Six pictures on their way for 5 ms, then 80, as the page says; `truly` says so by when the acknowledgement comes, and
 * the transport took `path_us` longer than at best. */
static void send_late(struct live *live, struct oriel_viewer *viewer, bool truly, int64_t path_us) {
  for (uint32_t i = 0; i < 6; i++) {
    fake_paint(&live->fake, live_all, i);
    struct oriel_delivery delivery = fake_next_of(&live->fake, viewer, ORIEL_DELIVERY_PICTURE);
    assert_int_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
    uint64_t way = (i < 3 ? 5 : 80) * ORIEL_NS_PER_MS, now = oriel_clock_ns();
    uint64_t sent = truly ? now - way : now, there = sent + way;
    uint32_t sequence = delivery.packet->sequence;
    oriel_viewer_sent(viewer, delivery.packet, sent);
    oriel_viewer_ack(viewer, &(struct oriel_viewer_ack){sequence, sequence, sequence, there, there, there,
                                                         path_us});
    oriel_packet_unref(delivery.packet);
  }
}

/* Lesson 17: the bitrate falls when pictures take longer and longer on their way, and nobody lost any. */
static void rising_delay_lowers_the_bitrate(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_CONTROLLER, false, false);
  live_expect_picture(live, viewer, ORIEL_PACKET_VIDEO, true);
  uint32_t full = live_stats(live)->bitrate_kbps;
  assert_true(full > 0);
  send_late(live, viewer, true, INT64_MAX);
  assert_in_range(live_stats(live)->bitrate_kbps, full / 2, full * 8 / 10);
  oriel_viewer_detach(viewer);
  live_end(live);
}

/* A page that acknowledges at once and claims that the pictures were late would take the quality from everybody, and so
 * would one that holds its acknowledgements back. */
static void claimed_delay_lowers_nothing(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_CONTROLLER, false, false);
  live_expect_picture(live, viewer, ORIEL_PACKET_VIDEO, true);
  uint32_t full = live_stats(live)->bitrate_kbps;
  send_late(live, viewer, false, INT64_MAX);
  assert_int_equal(live_stats(live)->bitrate_kbps, full);
  send_late(live, viewer, true, 20000);
  assert_int_equal(live_stats(live)->bitrate_kbps, full);
  send_late(live, viewer, true, 60000); /* what the transport saw as well */
  assert_true(live_stats(live)->bitrate_kbps < full);
  oriel_viewer_detach(viewer);
  live_end(live);
}

/* The bitrate of the next picture of one viewer. */
static uint32_t next_kbps(struct live *live, struct oriel_viewer *viewer, uint32_t tag) {
  fake_paint(&live->fake, live_all, tag);
  struct oriel_delivery delivery = fake_next_of(&live->fake, viewer, ORIEL_DELIVERY_PICTURE);
  const uint32_t sequence = delivery.packet->sequence;
  const uint64_t now = oriel_clock_ns();
  oriel_viewer_sent(viewer, delivery.packet, now);
  oriel_viewer_ack(viewer, &(struct oriel_viewer_ack){sequence, sequence, sequence, now, now, now, INT64_MAX});
  oriel_packet_unref(delivery.packet);
  return live_stats(live)->bitrate_kbps;
}

static void bitrate_is_what_the_slowest_carries_that_counts(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  struct oriel_viewer *first = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, false, false);
  live_expect_picture(live, first, ORIEL_PACKET_VIDEO, true);
  const uint32_t full = live_stats(live)->bitrate_kbps;
  assert_true(full > 700);
  oriel_viewer_carries(first, 500);
  assert_int_equal(next_kbps(live, first, 1), 500);
  oriel_viewer_carries(first, 1);
  assert_int_equal(next_kbps(live, first, 2), 100);
  oriel_viewer_carries(first, full * 10);
  assert_int_equal(next_kbps(live, first, 3), full);
  oriel_viewer_carries(first, 600);
  struct oriel_viewer *second = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, false, false);
  live_expect_picture(live, second, ORIEL_PACKET_VIDEO, true);
  assert_int_equal(next_kbps(live, first, 4), full); /* of the second nothing is known: it may carry all */
  oriel_viewer_carries(second, 100); /* a slow or lying one takes nothing from the first */
  assert_int_equal(next_kbps(live, first, 5), 600);
  oriel_viewer_carries(second, 700);
  assert_int_equal(next_kbps(live, first, 6), 600);
  oriel_viewer_carries(second, 400); /* more than half of the other's: both are to follow */
  assert_int_equal(next_kbps(live, first, 7), 400);
  oriel_viewer_detach(second);
  assert_int_equal(next_kbps(live, first, 8), 600);
  oriel_viewer_detach(first);
  live_end(live);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(rising_delay_lowers_the_bitrate),
    cmocka_unit_test(claimed_delay_lowers_nothing),
    cmocka_unit_test(bitrate_is_what_the_slowest_carries_that_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
