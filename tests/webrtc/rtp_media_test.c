/* SPDX-License-Identifier: MIT
 *
 * webrtc/rtp_vp8 and webrtc/rtp_opus: payloads and timestamps.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "webrtc/rtp_opus.h"
#include "webrtc/rtp_unit.h"
#include "webrtc/rtp_vp8.h"

enum { PAYLOAD = 1130 };

static void vp8_frame_comes_out_as_it_went_in(void **state) {
  (void)state;
  static uint8_t frame[100000], back[100000];
  for (size_t i = 0; i < sizeof frame; i++)
    frame[i] = (uint8_t)(i * 7);
  for (size_t size = 3; size <= sizeof frame; size = size * 3 + 1) {
    struct oriel_rtp_unit *unit;
    size_t got = 0, first = 0, piece = 0;
    frame[0] = (uint8_t)(size & 1);
    assert_int_equal(oriel_rtp_vp8_packetise(frame, size, 0xffff, PAYLOAD, &unit), 0);
    assert_int_equal(unit->key, !(size & 1));
    for (uint32_t i = 0; i < unit->count; i++) {
      const uint8_t *payload = oriel_rtp_unit_payload(unit, i, &piece);
      first = i ? first : piece;
      assert_in_range(piece, 5, PAYLOAD);
      assert_true(piece == first || (i + 1 == unit->count && piece < first));
      assert_int_equal(payload[0], i ? 0x80 : 0x90);
      assert_int_equal(payload[1], 0x80);
      assert_int_equal(payload[2], 0xff); /* 15 bits, all ones */
      assert_int_equal(payload[3], 0xff);
      memcpy(back + got, payload + 4, piece - 4);
      got += piece - 4;
    }
    assert_int_equal(got, size);
    assert_memory_equal(back, frame, size);
    oriel_rtp_unit_unref(unit);
  }
}

static void vp8_that_is_none_is_refused(void **state) {
  (void)state;
  struct oriel_rtp_unit *unit = NULL;
  uint8_t *large = calloc(ORIEL_RTP_UNIT_MAX, 1);
  assert_int_equal(oriel_rtp_vp8_packetise(large, 2, 0, PAYLOAD, &unit), -EBADMSG);
  assert_int_equal(oriel_rtp_vp8_packetise(large, ORIEL_RTP_UNIT_MAX, 0, PAYLOAD, &unit), -E2BIG);
  free(large);
  assert_null(unit);
}

static void opus_length_is_what_its_first_byte_says(void **state) {
  (void)state;
  assert_int_equal(oriel_rtp_opus_frames((const uint8_t[]){0x00}, 1), 480);
  assert_int_equal(oriel_rtp_opus_frames((const uint8_t[]){11 << 3}, 1), 2880);
  assert_int_equal(oriel_rtp_opus_frames((const uint8_t[]){13 << 3 | 1}, 1), 1920);
  assert_int_equal(oriel_rtp_opus_frames((const uint8_t[]){0xfc}, 1), 960);
  assert_int_equal(oriel_rtp_opus_frames((const uint8_t[]){0x80 | 3, 48}, 2), 5760);
  assert_int_equal(oriel_rtp_opus_frames((const uint8_t[]){0x80 | 3, 49}, 2), 0);
  assert_int_equal(oriel_rtp_opus_frames((const uint8_t[]){0x80 | 3}, 1), 0);
  assert_int_equal(oriel_rtp_opus_frames((const uint8_t[]){0x80 | 3, 0}, 2), 0);
  assert_int_equal(oriel_rtp_opus_frames(NULL, 0), 0);
}

/* Timestamp of a packet of 20 ms that was captured then. */
static uint32_t take(struct oriel_rtp_opus *opus, uint64_t captured_ns) {
  static const uint8_t packet[] = {0xfc, 1, 2};
  struct oriel_rtp_unit *unit;
  assert_int_equal(oriel_rtp_opus_packetise(opus, packet, sizeof packet, captured_ns, PAYLOAD, &unit), 0);
  size_t size;
  assert_memory_equal(oriel_rtp_unit_payload(unit, 0, &size), packet, sizeof packet);
  assert_int_equal(size, sizeof packet);
  const uint32_t timestamp = unit->timestamp;
  assert_true(unit->captured_ns == captured_ns);
  oriel_rtp_unit_unref(unit);
  return timestamp;
}

static void opus_timestamps_ignore_jitter_and_follow_gaps(void **state) {
  (void)state;
  struct oriel_rtp_opus opus = {.begun = false};
  const uint64_t start = 1000 * ORIEL_NS_PER_SECOND;
  uint32_t last = take(&opus, start);
  for (unsigned i = 1; i < 500; i++) {
    const uint32_t now = take(&opus, start + i * 20 * ORIEL_NS_PER_MS + (i % 5) * 7 * ORIEL_NS_PER_MS);
    assert_int_equal(now - last, 960);
    last = now;
  }
  const uint32_t after = take(&opus, start + 11 * ORIEL_NS_PER_SECOND);
  assert_int_equal(after - last, 960 + 48000 * 1); /* a second was silent: 499 packets end at 10 s */
  assert_int_equal(take(&opus, start + 11 * ORIEL_NS_PER_SECOND) - after, 960);
}

static void opus_that_drifts_is_brought_back(void **state) {
  (void)state;
  struct oriel_rtp_opus opus = {.begun = false};
  uint64_t now = ORIEL_NS_PER_SECOND;
  uint32_t first = take(&opus, now), last = first;
  for (unsigned i = 0; i < 50 * 600; i++) { /* ten minutes at 200 ppm: 120 ms */
    now += 20 * ORIEL_NS_PER_MS + 4000;
    last = take(&opus, now);
  }
  const double off_ms = (double)(int32_t)(last - (uint32_t)(now * 48 / ORIEL_NS_PER_MS)) / 48;
  assert_true(off_ms > -45 && off_ms < 45);
}

static void opus_that_is_none_is_refused(void **state) {
  (void)state;
  struct oriel_rtp_opus opus = {.begun = false};
  struct oriel_rtp_unit *unit = NULL;
  static const uint8_t data[PAYLOAD + 1] = {0xfc};
  assert_int_equal(oriel_rtp_opus_packetise(&opus, data, 0, 1, PAYLOAD, &unit), -EBADMSG);
  assert_int_equal(oriel_rtp_opus_packetise(&opus, data, sizeof data, 1, PAYLOAD, &unit), -EBADMSG);
  assert_null(unit);
  assert_false(opus.begun);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(vp8_frame_comes_out_as_it_went_in),
    cmocka_unit_test(vp8_that_is_none_is_refused),
    cmocka_unit_test(opus_length_is_what_its_first_byte_says),
    cmocka_unit_test(opus_timestamps_ignore_jitter_and_follow_gaps),
    cmocka_unit_test(opus_that_drifts_is_brought_back),
    cmocka_unit_test(opus_that_is_none_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
