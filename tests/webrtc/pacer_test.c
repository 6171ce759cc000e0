/* SPDX-License-Identifier: MIT
 *
 * webrtc/pacer: the rate holds over time, bursts are short, a late caller makes up for little.
 */
#include "webrtc/pacer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/clock.h"

#define MS ORIEL_NS_PER_MS
enum { PACKET = 1200 };
static const uint64_t start = 1000 * ORIEL_NS_PER_SECOND;

/* Sends packets while the pacer lets them, up to `most`; the bytes. */
static size_t drain(struct oriel_pacer *pacer, uint64_t now_ns, size_t most) {
  size_t bytes = 0;
  while (bytes < most && oriel_pacer_next_ns(pacer) <= now_ns) {
    oriel_pacer_sent(pacer, PACKET, now_ns);
    bytes += PACKET;
  }
  return bytes;
}

static void pacer_keeps_its_rate(void **state) {
  (void)state;
  static const uint64_t rates[] = {60000, 1000000, 20000000, 250000000};
  for (unsigned i = 0; i < 4; i++) {
    struct oriel_pacer pacer;
    oriel_pacer_init(&pacer, rates[i], start);
    size_t bytes = 0;
    for (unsigned ms = 0; ms < 10000; ms++)
      bytes += drain(&pacer, start + ms * MS, SIZE_MAX);
    assert_in_range(bytes, rates[i] * 10 / 8 * 99 / 100, rates[i] * 10 / 8 * 101 / 100 + 2 * PACKET);
  }
}

static void pacer_lets_a_burst_go_at_once_and_then_waits_for_it(void **state) {
  (void)state;
  static const struct {
    uint64_t bps;
    size_t most; /* bytes, but for the packet that is more than they */
  } cases[] = {
    {1000000, 625},       /* 5 ms */
    {5500000, 3437},
    {80000000, 12000},    /* as TCP begins */
    {400000000, 25000},   /* half a millisecond */
  };
  for (unsigned i = 0; i < 4; i++) {
    struct oriel_pacer pacer;
    oriel_pacer_init(&pacer, cases[i].bps, start);
    const uint64_t late = start + 1000 * MS; /* a second of nothing is not saved up */
    const size_t bytes = drain(&pacer, late, SIZE_MAX);
    const size_t forgiven = cases[i].bps / 8 * ORIEL_PACER_LATE_NS / ORIEL_NS_PER_SECOND;
    const size_t most = cases[i].most > forgiven ? cases[i].most : forgiven;
    assert_in_range(bytes, most, most + PACKET);
    const uint64_t next = oriel_pacer_next_ns(&pacer);
    assert_true(next > late); /* and nothing before all of it is on the wire */
    assert_true(next - late <= bytes * 8 * ORIEL_NS_PER_SECOND / cases[i].bps);
    assert_int_equal(drain(&pacer, next - 1, SIZE_MAX), 0);
    assert_in_range(drain(&pacer, next, SIZE_MAX), cases[i].most, cases[i].most + PACKET);
  }
}

static void pacer_goes_packet_by_packet_while_spacing_is_measured(void **state) {
  (void)state;
  struct oriel_pacer pacer;
  oriel_pacer_init(&pacer, 1000000, start);
  oriel_pacer_rate_evenly(&pacer, 1000000);
  assert_int_equal(drain(&pacer, start, SIZE_MAX), PACKET);
  assert_int_equal(oriel_pacer_next_ns(&pacer) - start, 9600000);
  oriel_pacer_rate(&pacer, 1000000); /* the same rate, but in bursts again */
  assert_int_equal(drain(&pacer, start + 9600000, SIZE_MAX), PACKET);
}

static void pacer_holds_its_bound_however_late_it_is_called(void **state) {
  (void)state;
  static const uint64_t rates[] = {300000, 5500000, 80000000};
  for (unsigned i = 0; i < 3; i++) {
    struct oriel_pacer pacer;
    uint32_t seed = 5;
    uint64_t now = start;
    size_t bytes = 0;
    oriel_pacer_init(&pacer, rates[i], start);
    while (now < start + 1000 * MS) {
      bytes += drain(&pacer, now, SIZE_MAX);
      const double most = (double)rates[i] / 8e9 * (double)(now - start + ORIEL_PACER_BURST_NS + ORIEL_PACER_LATE_NS);
      assert_true((double)bytes <= most + PACKET);
      seed = seed * 1664525u + 1013904223u;
      now += (seed >> 16) % (5 * MS);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(pacer_keeps_its_rate),
    cmocka_unit_test(pacer_lets_a_burst_go_at_once_and_then_waits_for_it),
    cmocka_unit_test(pacer_goes_packet_by_packet_while_spacing_is_measured),
    cmocka_unit_test(pacer_holds_its_bound_however_late_it_is_called),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
