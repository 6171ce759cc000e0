/* SPDX-License-Identifier: MIT
 *
 * webrtc/rtcp_transport: all forms of transport-wide feedback; counts that lie cost nothing.
 */
#include "webrtc/rtcp_transport.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feedback.h"
#include "webrtc/rtcp.h"

/* Begins with what follows the two SSRCs. */
static int begin(struct oriel_rtcp_transport *transport, const uint8_t *body, size_t size) {
  uint8_t data[4096] = {0x8f, 205, 0, (uint8_t)((size + 8) / 4), 0, 0, 0, 1, 0, 0, 0, 2};
  static uint8_t *exact;
  struct oriel_rtcp_cursor cursor;
  struct oriel_rtcp_packet packet;
  assert_int_equal(size % 4, 0);
  memcpy(data + 12, body, size);
  free(exact);
  exact = malloc(12 + size);
  memcpy(exact, data, 12 + size);
  assert_int_equal(oriel_rtcp_begin(&cursor, exact, 12 + size), 0);
  assert_true(oriel_rtcp_next(&cursor, &packet));
  assert_int_equal(packet.kind, ORIEL_RTCP_TRANSPORT);
  return oriel_rtcp_transport_begin(transport, &packet);
}

static void expect(struct oriel_rtcp_transport *transport, uint16_t sequence, int64_t arrived_us) {
  struct oriel_rtcp_arrival arrival;
  assert_true(oriel_rtcp_transport_next(transport, &arrival));
  assert_int_equal(arrival.sequence, sequence);
  assert_int_equal(arrival.received, arrived_us != FEEDBACK_LOST);
  if (arrival.received)
    assert_true(arrival.arrived_us == arrived_us);
}

static void transport_reads_runs_and_vectors(void **state) {
  (void)state;
  /* A run of two small, a vector of two-bit symbols (large, none, small, none..), a vector of one-bit ones. */
  static const uint8_t body[] = {0xff, 0xfe, 0, 23, 0, 0, 2, 9, 0x20, 2, 0xe1, 0, 0x98, 1,
                                 4, 0, 0xff, 0xfc, 255, 1, 2, 3, 0, 0};
  struct oriel_rtcp_transport transport;
  struct oriel_rtcp_arrival arrival;
  assert_int_equal(begin(&transport, body, sizeof body), 0);
  assert_int_equal(transport.number, 9);
  int64_t now = 2 * 64000;
  expect(&transport, 0xfffe, now += 4 * 250);
  expect(&transport, 0xffff, now);
  expect(&transport, 0, now -= 4 * 250); /* overtaken */
  expect(&transport, 1, FEEDBACK_LOST);
  expect(&transport, 2, now += 255 * 250);
  for (uint16_t i = 3; i < 7; i++)
    expect(&transport, i, FEEDBACK_LOST);
  expect(&transport, 7, FEEDBACK_LOST);
  expect(&transport, 8, now += 250);
  expect(&transport, 9, now += 2 * 250);
  for (uint16_t i = 10; i < 20; i++)
    expect(&transport, i, FEEDBACK_LOST);
  expect(&transport, 20, now + 3 * 250);
  assert_false(oriel_rtcp_transport_next(&transport, &arrival));
}

static void transport_that_lies_is_refused(void **state) {
  (void)state;
  struct oriel_rtcp_transport transport = {.number = 77};
  static const struct {
    uint8_t body[16];
    size_t size;
  } lies[] = {
    {{0, 1, 0, 0, 0, 0, 0, 0}, 8},                                   /* no packets */
    {{0, 1, 0xff, 0xff, 0, 0, 0, 0, 0x1f, 0xff, 0x1f, 0xff}, 12},    /* more packets than statuses */
    {{0, 1, 0xff, 0xff, 0, 0, 0, 0, 0x3f, 0xff, 0x3f, 0xff}, 12},    /* and than times */
    {{0, 1, 0, 9, 0, 0, 0, 0, 0x20, 9, 1, 1}, 12},                   /* 9 times, 2 bytes */
    {{0, 1, 0, 2, 0, 0, 0, 0, 0x40, 2, 1, 1}, 12},                   /* 2 large times, 2 bytes */
    {{0, 1, 0, 2, 0, 0, 0, 0, 0x60, 2, 1, 1}, 12},                   /* the reserved symbol, in a run */
    {{0, 1, 0, 2, 0, 0, 0, 0, 0xf0, 0, 1, 1}, 12},                   /* and in a vector */
    {{0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0}, 12},                      /* empty runs only */
    {{0, 1, 0, 2, 0, 0, 0, 0}, 8},                                   /* no statuses */
    {{0, 1, 0, 2}, 4},                                               /* no reference */
  };
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++)
    assert_int_equal(begin(&transport, lies[i].body, lies[i].size), -EBADMSG);
  assert_int_equal(transport.number, 77);
}

static void transport_of_the_largest_count_is_read(void **state) {
  (void)state;
  struct oriel_rtcp_transport transport;
  struct oriel_rtcp_arrival arrival;
  uint8_t body[12] = {0, 1, 8, 0, 0, 0, 0, 0, 7, 0xff, 0, 1};
  assert_int_equal(begin(&transport, body, sizeof body), 0);
  unsigned count = 0;
  while (oriel_rtcp_transport_next(&transport, &arrival))
    count += !arrival.received;
  assert_int_equal(count, ORIEL_RTCP_TRANSPORT_MAX);
  body[3] = 1;
  body[11] = 2;
  assert_int_equal(begin(&transport, body, sizeof body), -EBADMSG);
}

static void transport_empty_runs_are_passed_over(void **state) {
  (void)state;
  static const uint8_t body[] = {0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0x20, 0, 0x20, 1, 8, 0};
  struct oriel_rtcp_transport transport;
  assert_int_equal(begin(&transport, body, sizeof body), 0);
  expect(&transport, 1, 2000);
}

static void transport_reads_what_the_tests_write(void **state) {
  (void)state;
  static int64_t arrived[ORIEL_RTCP_TRANSPORT_MAX];
  static uint8_t data[16384];
  uint32_t seed = 1;
  for (unsigned round = 0; round < 50; round++) {
    const size_t count = 1 + round * 41;
    int64_t now = 5000000 + round * 777777;
    for (size_t i = 0; i < count; i++) {
      seed = seed * 1664525 + 1013904223;
      now += (int64_t)(seed >> 24) * (seed >> 20 & 15 ? 50 : 500) / 250 * 250;
      now -= now % 250;
      arrived[i] = seed % 16 < round % 16 ? FEEDBACK_LOST : now;
    }
    const size_t size = feedback_write(data, sizeof data, (uint8_t)round, (uint16_t)(65000 + round), arrived, count);
    struct oriel_rtcp_cursor cursor;
    struct oriel_rtcp_packet packet;
    struct oriel_rtcp_transport transport;
    assert_int_equal(oriel_rtcp_begin(&cursor, data, size), 0);
    assert_true(oriel_rtcp_next(&cursor, &packet));
    assert_int_equal(oriel_rtcp_transport_begin(&transport, &packet), 0);
    assert_int_equal(transport.count, count);
    for (size_t i = 0; i < count; i++)
      expect(&transport, (uint16_t)(65000 + round + i), arrived[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(transport_reads_runs_and_vectors),
    cmocka_unit_test(transport_that_lies_is_refused),
    cmocka_unit_test(transport_of_the_largest_count_is_read),
    cmocka_unit_test(transport_empty_runs_are_passed_over),
    cmocka_unit_test(transport_reads_what_the_tests_write),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
