/* SPDX-License-Identifier: MIT
 *
 * webrtc/estimate against a simulated link, in virtual time, from several seeds each: capacity that falls and comes
 * back, loss, jitter, nothing to send, a rival; and feedback that is forged, repeated, late or missing.
 */
#include "webrtc/estimate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "call.h"
#include "core/clock.h"
#include "feedback.h"
#include "webrtc/rtcp.h"
#include "webrtc/rtcp_transport.h"

#define MS ORIEL_NS_PER_MS
enum { START_BPS = 3000000, SEEDS = 9, SETTLE_MS = 15000 };

static int by_size(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* What a fall of capacity did. */
struct fall {
  uint64_t cut_ms;    /* the first cut by more than a tenth */
  uint64_t behind_ms; /* the last time pictures were more than 150 ms late */
  uint64_t queue_ms;  /* the longest queue after 1.5 s */
};

static struct fall let_fall(uint64_t from_bps, uint64_t to_bps, uint32_t seed) {
  struct call *call = call_start(from_bps, START_BPS, seed);
  struct fall fall = {0};
  call_run(call, SETTLE_MS);
  const uint64_t before_bps = oriel_estimate_bps(call->estimate);
  assert_true(before_bps > from_bps / 2);
  call->link.rate_bps = to_bps;
  for (unsigned ms = 1; ms <= 10000; ms++) {
    call_run(call, 1);
    if (!fall.cut_ms && oriel_estimate_bps(call->estimate) < before_bps * 9 / 10)
      fall.cut_ms = ms;
    if (call_behind_ns(call) > 150 * MS + call->link.delay_ns)
      fall.behind_ms = ms;
    if (ms > 1500 && link_queue_ns(&call->link) / MS > fall.queue_ms)
      fall.queue_ms = link_queue_ns(&call->link) / MS;
  }
  assert_true(oriel_estimate_bps(call->estimate) > to_bps / 3);
  assert_true(oriel_estimate_bps(call->estimate) < to_bps * 5 / 4);
  call_end(call);
  return fall;
}

static void estimate_after_20_to_1_5_mbit_is_timely_within_two_seconds(void **state) {
  (void)state;
  uint64_t behind[SEEDS];
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    const struct fall fall = let_fall(20000000, 1500000, seed);
    behind[seed - 1] = fall.behind_ms;
    assert_in_range(fall.cut_ms, 1, 250);
    assert_in_range(fall.queue_ms, 0, 400);
  }
  qsort(behind, SEEDS, sizeof *behind, by_size);
  assert_in_range(behind[SEEDS / 2], 1, 2000);
  assert_in_range(behind[SEEDS - 1], 1, 3000);
}

static void estimate_after_10_to_4_mbit_is_timely_within_a_second(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    const struct fall fall = let_fall(10000000, 4000000, seed);
    assert_in_range(fall.cut_ms, 1, 250);
    assert_in_range(fall.behind_ms, 1, 1000);
    assert_in_range(fall.queue_ms, 0, 150);
  }
}

static void estimate_after_5_to_0_5_mbit_keeps_the_queue_short(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    const struct fall fall = let_fall(5000000, 500000, seed);
    assert_in_range(fall.cut_ms, 1, 250);
    assert_in_range(fall.queue_ms, 0, 400);
  }
}

/* Milliseconds until the estimate is `bps`; 60000: never. */
static unsigned reach(struct call *call, uint64_t bps) {
  unsigned ms = 0;
  while (ms < 60000 && oriel_estimate_bps(call->estimate) < bps) {
    call_run(call, 1);
    ms++;
  }
  return ms;
}

static void estimate_finds_capacity_again(void **state) {
  (void)state;
  static const uint64_t ways[][2] = {{20000000, 1500000}, {10000000, 4000000}, {5000000, 500000}};
  for (unsigned way = 0; way < 3; way++)
    for (uint32_t seed = 1; seed <= 5; seed++) {
      struct call *call = call_start(ways[way][0], START_BPS, seed);
      call_run(call, 10000);
      call->link.rate_bps = ways[way][1];
      call_run(call, 15000 + seed * 377);
      call->link.rate_bps = ways[way][0];
      assert_in_range(reach(call, ways[way][0] * 9 / 10), 0, 5000);
      call_end(call);
    }
}

static void estimate_finds_capacity_long_after(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= 3; seed++) {
    struct call *call = call_start(10000000, START_BPS, seed);
    call_run(call, 10000);
    call->link.rate_bps = 2000000;
    call_run(call, 90000);
    call->link.rate_bps = 10000000;
    assert_in_range(reach(call, 9000000), 0, 10000);
    call_end(call);
  }
}

static void estimate_starts_fast(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct call *call = call_start(20000000, 1000000, seed);
    call->key_factor = 6;
    assert_in_range(reach(call, 5000000), 0, 1000);
    call_end(call);
  }
}

static void estimate_on_a_slow_path_does_not_start_with_a_queue(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct call *call = call_start(600000, START_BPS, seed);
    call_run(call, 2500);
    for (unsigned ms = 0; ms < 5000; ms++) {
      call_run(call, 1);
      assert_in_range(link_queue_ns(&call->link) / MS, 0, 300);
    }
    call_end(call);
  }
}

static void estimate_is_not_cut_by_random_loss(void **state) {
  (void)state;
  for (unsigned percent = 2; percent <= 5; percent += 3)
    for (uint32_t seed = 1; seed <= 3; seed++) {
      struct call *call = call_start(6000000, START_BPS, seed);
      call->wanted_bps = 4800000;
      call_run(call, 5000);
      call->link.loss = percent / 100.0;
      for (unsigned ms = 0; ms < 60000; ms++) {
        call_run(call, 1);
        assert_true(oriel_estimate_bps(call->estimate) > call->wanted_bps * 8 / 10);
      }
      call_end(call);
    }
}

static void estimate_is_not_cut_by_jitter(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= 3; seed++) {
    struct call *call = call_start(10000000, START_BPS, seed);
    call->link.jitter_ns = 20 * MS;
    call->wanted_bps = 6000000;
    call_run(call, 3000);
    for (unsigned ms = 0; ms < 30000; ms++) {
      call_run(call, 1);
      assert_true(oriel_estimate_bps(call->estimate) > call->wanted_bps);
      assert_true(oriel_estimate_bps(call->estimate) < call->link.rate_bps * 3 / 2);
    }
    call_end(call);
  }
}

static void estimate_survives_a_static_minute(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= 5; seed++)
    for (unsigned typing = 0; typing < 2; typing++) { /* nothing at all, or a small picture now and then */
      struct call *call = call_start(8000000, START_BPS, seed);
      const uint64_t frame_ns = call->frame_ns;
      call_run(call, 10000);
      call->wanted_bps = typing ? 200000 : 0;
      call->frame_ns = typing ? 100 * MS : frame_ns;
      call_run(call, 60000);
      assert_true(oriel_estimate_bps(call->estimate) > call->link.rate_bps * 7 / 10);
      assert_true(oriel_estimate_bps(call->estimate) < call->link.rate_bps * 3 / 2);
      call->wanted_bps = 20000000;
      call->frame_ns = frame_ns;
      call->next_picture_ns = call->now_ns;
      for (unsigned ms = 0; ms < 3000; ms++) {
        call_run(call, 1);
        assert_in_range(link_queue_ns(&call->link) / MS, 0, 150);
      }
      call_end(call);
    }
}

/* Share of what two equal flows would get, over so many ms; thousandths. */
static unsigned share(struct call *call, unsigned ms) {
  const uint64_t before = call->sent_bytes, rivals = call->rival.arrived_bytes;
  call_run(call, ms);
  const uint64_t ours = call->sent_bytes - before;
  return (unsigned)(ours * 2000 / (ours + call->rival.arrived_bytes - rivals));
}

static void estimate_neither_starves_nor_starves_others(void **state) {
  (void)state;
  static const uint64_t rates[] = {4000000, 10000000};
  for (unsigned i = 0; i < 2; i++)
    for (uint32_t seed = 1; seed <= 5; seed++) {
      struct call *call = call_start(rates[i], START_BPS, seed);
      call_run(call, 10000);
      rival_start(&call->rival, RIVAL_MIXED);
      call_run(call, 20000);
      assert_in_range(share(call, 20000), 300, 700);
      assert_in_range(share(call, 20000), 300, 700);
      rival_stop(&call->rival);
      assert_in_range(reach(call, rates[i] * 8 / 10), 0, 15000);
      for (unsigned ms = 0; ms < 5000; ms++) { /* delay counts again */
        call_run(call, 1);
        assert_in_range(link_queue_ns(&call->link) / MS, 0, 250);
      }
      call_end(call);
    }
}

static void estimate_does_not_take_a_longer_way_for_a_rival(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= 5; seed++) {
    struct call *call = call_start(6000000, START_BPS, seed);
    call_run(call, 10000);
    call->link.delay_ns += 80 * MS;
    call_run(call, 5000);
    call->link.rate_bps = 2000000;
    call_run(call, 30000);
    for (unsigned ms = 0; ms < 10000; ms++) {
      call_run(call, 1);
      assert_in_range(link_queue_ns(&call->link) / MS, 0, 450);
    }
    assert_true(oriel_estimate_bps(call->estimate) > 600000);
    call_end(call);
  }
}

static void estimate_outlives_a_blackout(void **state) {
  (void)state;
  struct call *call = call_start(8000000, START_BPS, 1);
  call_run(call, 5000);
  call->silent = true;
  call->link.loss = 1;
  const uint64_t before = call->sent_bytes;
  call_run(call, 1200);
  const uint64_t first = call->sent_bytes - before;
  call_run(call, 5000);
  assert_in_range(call->sent_bytes - before - first, 10 * PACKET_BYTES, 100 * PACKET_BYTES); /* it goes on asking */
  call->silent = false;
  call->link.loss = 0;
  call_run(call, 3000);
  assert_true(oriel_estimate_bps(call->estimate) > 4000000);
  assert_in_range(call_behind_ns(call) / MS, 1, 200);
  call_end(call);
}

/* A feedback, straight into an estimate. */
static void tell(struct oriel_estimate *estimate, uint16_t base, const int64_t *arrived_us, size_t count,
                 uint64_t now_ns) {
  uint8_t data[4096];
  struct oriel_rtcp_cursor cursor;
  struct oriel_rtcp_packet packet;
  struct oriel_rtcp_transport transport;
  const size_t size = feedback_write(data, sizeof data, 0, base, arrived_us, count);
  assert_int_equal(oriel_rtcp_begin(&cursor, data, size), 0);
  assert_true(oriel_rtcp_next(&cursor, &packet));
  assert_int_equal(oriel_rtcp_transport_begin(&transport, &packet), 0);
  oriel_estimate_feedback(estimate, &transport, now_ns);
}

static void estimate_ignores_what_was_never_sent(void **state) {
  (void)state;
  const uint64_t start = 1000 * ORIEL_NS_PER_SECOND;
  struct oriel_estimate *estimate = oriel_estimate_create(START_BPS, start);
  int64_t arrived[100];
  for (int64_t i = 0; i < 100; i++)
    arrived[i] = i * 1000;
  tell(estimate, 5, arrived, 100, start); /* before anything was */
  for (uint16_t i = 0; i < 10; i++)
    oriel_estimate_sent(estimate, (uint16_t)(65530 + i), 1200, 0, start + i * MS);
  tell(estimate, 100, arrived, 100, start + 50 * MS);
  tell(estimate, 65000, arrived, 100, start + 50 * MS);
  assert_int_equal(oriel_estimate_bps(estimate), START_BPS);
  assert_int_equal(oriel_estimate_round_trip_ns(estimate), 100 * MS); /* still the guess */
  tell(estimate, 65530, arrived, 10, start + 50 * MS);
  assert_int_equal(oriel_estimate_round_trip_ns(estimate), 41 * MS);
  tell(estimate, 65530, arrived, 10, start + 90 * MS); /* again */
  assert_int_equal(oriel_estimate_round_trip_ns(estimate), 41 * MS);
  oriel_estimate_round_trip(estimate, 30 * MS);
  oriel_estimate_sent(estimate, 4, 1200, 0, start + 200 * MS);
  tell(estimate, 4, arrived, 1, start + 300 * MS); /* it waited at the receiver */
  assert_int_equal(oriel_estimate_round_trip_ns(estimate), 30 * MS);
  oriel_estimate_destroy(estimate);
}

/* All that was on its way when a NAT forgot a client is lost; on the new way it says nothing. */
static void estimate_begins_anew_on_another_way(void **state) {
  (void)state;
  enum { COUNT = 200 };
  const uint64_t start = 1000 * ORIEL_NS_PER_SECOND;
  for (unsigned moves = 0; moves < 2; moves++) {
    struct oriel_estimate *estimate = oriel_estimate_create(START_BPS, start);
    int64_t lost[COUNT], arrived[COUNT];
    for (uint16_t i = 0; i < COUNT; i++) {
      lost[i] = FEEDBACK_LOST;
      arrived[i] = 64000 * 10 + i * 1000;
      oriel_estimate_sent(estimate, i, 1200, 0, start + i * MS);
    }
    if (moves)
      oriel_estimate_move(estimate, start + 1000 * MS);
    for (uint16_t i = 0; i < COUNT; i++)
      oriel_estimate_sent(estimate, COUNT + i, 1200, 0, start + (1000 + i) * MS);
    for (uint16_t i = 0; i < COUNT; i += 50)
      tell(estimate, i, lost, 50, start + (1250u + 2u * i) * MS);
    assert_int_equal(oriel_estimate_bps(estimate) < START_BPS, moves == 0);
    tell(estimate, COUNT, arrived, COUNT, start + 1700 * MS);
    assert_true(oriel_estimate_bps(estimate) >= START_BPS || !moves);
    oriel_estimate_destroy(estimate);
  }
}

/* It may be a slower one: no faster than at first until probes tell. */
static void estimate_of_another_way_begins_at_the_first_guess(void **state) {
  (void)state;
  struct call *call = call_start(20000000, START_BPS, 1);
  call_run(call, 5000);
  assert_true(oriel_estimate_bps(call->estimate) > 2 * START_BPS);
  oriel_estimate_move(call->estimate, call->now_ns);
  assert_int_equal(oriel_estimate_bps(call->estimate), START_BPS);
  call_run(call, 5000);
  assert_true(oriel_estimate_bps(call->estimate) > 2 * START_BPS);
  call_end(call);
}

static void estimate_stays_within_bounds_whatever_it_is_told(void **state) {
  (void)state;
  uint64_t now = 1000 * ORIEL_NS_PER_SECOND;
  struct oriel_estimate *estimate = oriel_estimate_create(UINT64_MAX, now);
  uint32_t seed = 7;
  uint16_t sequence = 0;
  int64_t arrived[64];
  struct oriel_estimate_probe probe = {0};
  for (unsigned round = 0; round < 20000; round++) {
    for (unsigned i = 0; i < 64; i++) {
      seed = seed * 1664525u + 1013904223u;
      oriel_estimate_sent(estimate, sequence++, seed >> 16, probe.id, now += seed >> 16 & 0xfffff);
      const int64_t wild = seed & 1 ? (int64_t)(seed >> 10) : (int64_t)(now / 1000) + (seed >> 20);
      arrived[i] = seed >> 28 == 0 ? FEEDBACK_LOST : i && round % 3 ? arrived[0] + (int64_t)(seed >> 20) * 250 : wild;
      arrived[i] = i && round % 3 == 0 ? arrived[0] : arrived[i];
      arrived[i] = i && arrived[0] == FEEDBACK_LOST ? FEEDBACK_LOST : arrived[i];
    }
    oriel_estimate_wants_probe(estimate, seed % 2 ? seed : 0, now, &probe);
    tell(estimate, (uint16_t)(sequence - 64), arrived, 64, now + (seed >> 8));
    oriel_estimate_tick(estimate, now + (seed >> 8));
    assert_in_range(oriel_estimate_bps(estimate), 50000, 100000000);
    assert_true(oriel_estimate_pacing_bps(estimate) >= oriel_estimate_bps(estimate));
    if (round % 64 == 0)
      now += 300 * ORIEL_NS_PER_SECOND;
  }
  oriel_estimate_destroy(estimate);
}

static void estimate_takes_the_receivers_guess_without_feedback_only(void **state) {
  (void)state;
  const uint64_t start = 1000 * ORIEL_NS_PER_SECOND;
  struct oriel_estimate *estimate = oriel_estimate_create(START_BPS, start);
  oriel_estimate_remb(estimate, 700000);
  assert_int_equal(oriel_estimate_bps(estimate), 700000);
  oriel_estimate_remb(estimate, 0);
  assert_int_equal(oriel_estimate_bps(estimate), 60000);
  oriel_estimate_remb(estimate, UINT64_MAX);
  assert_int_equal(oriel_estimate_bps(estimate), 100000000);
  oriel_estimate_remb(estimate, 800000);
  oriel_estimate_sent(estimate, 1, 1200, 0, start);
  tell(estimate, 1, (const int64_t[]){5000}, 1, start + 40 * MS);
  oriel_estimate_remb(estimate, 100000);
  assert_int_equal(oriel_estimate_bps(estimate), 800000);
  oriel_estimate_destroy(estimate);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(estimate_after_20_to_1_5_mbit_is_timely_within_two_seconds),
    cmocka_unit_test(estimate_after_10_to_4_mbit_is_timely_within_a_second),
    cmocka_unit_test(estimate_after_5_to_0_5_mbit_keeps_the_queue_short),
    cmocka_unit_test(estimate_finds_capacity_again),
    cmocka_unit_test(estimate_finds_capacity_long_after),
    cmocka_unit_test(estimate_starts_fast),
    cmocka_unit_test(estimate_on_a_slow_path_does_not_start_with_a_queue),
    cmocka_unit_test(estimate_is_not_cut_by_random_loss),
    cmocka_unit_test(estimate_is_not_cut_by_jitter),
    cmocka_unit_test(estimate_survives_a_static_minute),
    cmocka_unit_test(estimate_neither_starves_nor_starves_others),
    cmocka_unit_test(estimate_does_not_take_a_longer_way_for_a_rival),
    cmocka_unit_test(estimate_outlives_a_blackout),
    cmocka_unit_test(estimate_begins_anew_on_another_way),
    cmocka_unit_test(estimate_of_another_way_begins_at_the_first_guess),
    cmocka_unit_test(estimate_ignores_what_was_never_sent),
    cmocka_unit_test(estimate_stays_within_bounds_whatever_it_is_told),
    cmocka_unit_test(estimate_takes_the_receivers_guess_without_feedback_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
