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

static void pacer_lets_one_go_at_once_and_no_second_beside_it(void **state) {
  (void)state;
  struct oriel_pacer pacer;
  oriel_pacer_init(&pacer, 1000000, start);
  assert_true(oriel_pacer_next_ns(&pacer) <= start);
  oriel_pacer_sent(&pacer, PACKET, start);
  assert_int_equal(oriel_pacer_next_ns(&pacer) - start, 9600000);
  assert_int_equal(oriel_pacer_room(&pacer, start + 9599999), 0);
  assert_true(oriel_pacer_room(&pacer, start + 9600000) > 0);
}

static void pacer_forgives_a_late_caller_a_little(void **state) {
  (void)state;
  struct oriel_pacer pacer;
  oriel_pacer_init(&pacer, 80000000, start); /* 10 bytes a microsecond */
  const uint64_t late = start + 1000 * MS;   /* a second of nothing is not saved up */
  const size_t most = (ORIEL_PACER_LATE_NS + ORIEL_PACER_BURST_NS) / 1000 * 10;
  assert_in_range(oriel_pacer_room(&pacer, late), most - 1, most);
  assert_in_range(drain(&pacer, late, SIZE_MAX), ORIEL_PACER_LATE_NS / 1000 * 10, most + PACKET);
}

static void pacer_room_at_the_rate_is_half_a_millisecond(void **state) {
  (void)state;
  struct oriel_pacer pacer;
  oriel_pacer_init(&pacer, 80000000, start);
  assert_in_range(oriel_pacer_room(&pacer, start), 4999, 5001);
  oriel_pacer_rate(&pacer, 8000); /* however slow: a packet may leave when its time has come */
  assert_true(oriel_pacer_room(&pacer, start) >= 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(pacer_keeps_its_rate),
    cmocka_unit_test(pacer_lets_one_go_at_once_and_no_second_beside_it),
    cmocka_unit_test(pacer_forgives_a_late_caller_a_little),
    cmocka_unit_test(pacer_room_at_the_rate_is_half_a_millisecond),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
