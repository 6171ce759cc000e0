/* SPDX-License-Identifier: MIT
 *
 * webrtc/rtp_h264: access units come out of a depacketiser of this test's as they went in, in packets that fit and are
 * of one size.
 */
#include "webrtc/rtp_h264.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "webrtc/rtp_unit.h"

enum { PAYLOAD = 1130 };

/* Annex B in the making. */
struct stream {
  uint8_t data[1 << 20];
  size_t size;
};

static void add_code(struct stream *stream, unsigned zeros) {
  memset(stream->data + stream->size, 0, zeros);
  stream->size += zeros;
  stream->data[stream->size++] = 1;
}

/* A NAL unit of `size` bytes with this first byte, and no zeros in it. */
static void add_nal(struct stream *stream, unsigned zeros, uint8_t header, size_t size) {
  add_code(stream, zeros);
  for (size_t i = 0; i < size; i++)
    stream->data[stream->size++] = i ? (uint8_t)(i % 251 + 1) : header;
}

/* What a receiver makes of the payloads: Annex B with start codes of four bytes. */
static void depacketise(const struct oriel_rtp_unit *unit, struct stream *out) {
  out->size = 0;
  bool open = false;
  for (uint32_t i = 0; i < unit->count; i++) {
    size_t size;
    const uint8_t *payload = oriel_rtp_unit_payload(unit, i, &size);
    const unsigned type = payload[0] & 0x1f;
    assert_in_range(size, 1, PAYLOAD);
    assert_true(!open || type == 28);
    if (type == 24) {
      for (size_t at = 1; at < size;) {
        size_t length = (size_t)payload[at] << 8 | payload[at + 1];
        assert_true(length && at + 2 + length <= size);
        add_code(out, 3);
        memcpy(out->data + out->size, payload + at + 2, length);
        out->size += length;
        at += 2 + length;
      }
    } else if (type == 28) {
      assert_true(open == !(payload[1] & 0x80));
      if (payload[1] & 0x80) {
        add_code(out, 3);
        out->data[out->size++] = (uint8_t)((payload[0] & 0xe0) | (payload[1] & 0x1f));
      }
      memcpy(out->data + out->size, payload + 2, size - 2);
      out->size += size - 2;
      open = !(payload[1] & 0x40);
    } else {
      add_code(out, 3);
      memcpy(out->data + out->size, payload, size);
      out->size += size;
    }
  }
  assert_false(open);
}

static struct stream in, out, expected;

static void check(bool key, uint32_t packets) {
  struct oriel_rtp_unit *unit;
  assert_int_equal(oriel_rtp_h264_packetise(in.data, in.size, PAYLOAD, &unit), 0);
  assert_int_equal(unit->key, key);
  assert_int_equal(unit->count, packets);
  assert_int_equal(unit->size, unit->capacity);
  depacketise(unit, &out);
  assert_int_equal(out.size, expected.size);
  assert_memory_equal(out.data, expected.data, out.size);
  oriel_rtp_unit_unref(unit);
}

static void h264_parameter_sets_share_a_packet_before_the_idr(void **state) {
  (void)state;
  in.size = expected.size = 0;
  add_nal(&in, 3, 9, 2); /* delimiter: left out */
  for (struct stream *stream = &in; stream; stream = stream == &in ? &expected : NULL) {
    add_nal(stream, 3, 0x67, 28);
    add_nal(stream, 3, 0x68, 5);
    add_nal(stream, 3, 0x65, 106 * 1024);
  }
  check(true, 1 + (106 * 1024 - 1 + PAYLOAD - 3) / (PAYLOAD - 2));
  struct oriel_rtp_unit *unit;
  size_t size;
  assert_int_equal(oriel_rtp_h264_packetise(in.data, in.size, PAYLOAD, &unit), 0);
  assert_int_equal(oriel_rtp_unit_payload(unit, 0, &size)[0], 0x78); /* STAP-A with the highest importance inside */
  assert_int_equal(size, 1 + 2 + 28 + 2 + 5);
  oriel_rtp_unit_unref(unit);
}

static void h264_fragments_are_of_one_size(void **state) {
  (void)state;
  for (size_t nal = PAYLOAD + 1; nal < 3 * PAYLOAD + 9; nal += 7) {
    in.size = 0;
    add_nal(&in, 3, 0x41, nal);
    struct oriel_rtp_unit *unit;
    assert_int_equal(oriel_rtp_h264_packetise(in.data, in.size, PAYLOAD, &unit), 0);
    assert_false(unit->key);
    size_t first, size;
    oriel_rtp_unit_payload(unit, 0, &first);
    for (uint32_t i = 1; i < unit->count; i++) {
      oriel_rtp_unit_payload(unit, i, &size);
      assert_true(i + 1 == unit->count ? size <= first && size + unit->count > first : size == first);
    }
    oriel_rtp_unit_unref(unit);
  }
}

static void h264_of_any_start_code_and_size_comes_out_as_it_went_in(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 2, PAYLOAD - 1, PAYLOAD, PAYLOAD + 1, 2 * (PAYLOAD - 2), 2 * (PAYLOAD - 2) + 1,
                                 2 * (PAYLOAD - 2) + 2};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    in.size = expected.size = 0;
    add_nal(&in, 2, 0x41, sizes[i]);
    memset(in.data + in.size, 0, 3); /* trailing zeros belong to nobody */
    in.size += 3;
    add_nal(&expected, 3, 0x41, sizes[i]);
    check(false, sizes[i] <= PAYLOAD ? 1 : sizes[i] <= 2 * (PAYLOAD - 2) + 1 ? 2 : 3);
  }
}

static void h264_many_slices_come_out_in_order(void **state) {
  (void)state;
  in.size = expected.size = 0;
  for (unsigned i = 0; i < 40; i++) /* more than a STAP-A takes, and large ones between */
    for (struct stream *stream = &in; stream; stream = stream == &in ? &expected : NULL)
      add_nal(stream, 3, 0x41, i % 7 == 6 ? 3000 : 10 + i);
  struct oriel_rtp_unit *unit;
  assert_int_equal(oriel_rtp_h264_packetise(in.data, in.size, PAYLOAD, &unit), 0);
  depacketise(unit, &out);
  assert_int_equal(out.size, expected.size);
  assert_memory_equal(out.data, expected.data, out.size);
  oriel_rtp_unit_unref(unit);
}

static void h264_that_is_none_is_refused(void **state) {
  (void)state;
  struct oriel_rtp_unit *unit = NULL;
  static const uint8_t nothing[] = {0, 0, 0, 1}, delimiter[] = {0, 0, 1, 9, 0xf0}, none[] = {5, 6, 7, 8},
                       stap[] = {0, 0, 1, 0x78, 1}, zero[] = {0, 0, 1, 0x60, 1}, zeros[] = {0, 0, 0, 0, 0, 0, 0};
  assert_int_equal(oriel_rtp_h264_packetise(NULL, 0, PAYLOAD, &unit), -EBADMSG);
  assert_int_equal(oriel_rtp_h264_packetise(nothing, sizeof nothing, PAYLOAD, &unit), -EBADMSG);
  assert_int_equal(oriel_rtp_h264_packetise(delimiter, sizeof delimiter, PAYLOAD, &unit), -EBADMSG);
  assert_int_equal(oriel_rtp_h264_packetise(none, sizeof none, PAYLOAD, &unit), -EBADMSG);
  assert_int_equal(oriel_rtp_h264_packetise(stap, sizeof stap, PAYLOAD, &unit), -EBADMSG);
  assert_int_equal(oriel_rtp_h264_packetise(zero, sizeof zero, PAYLOAD, &unit), -EBADMSG);
  assert_int_equal(oriel_rtp_h264_packetise(zeros, sizeof zeros, PAYLOAD, &unit), -EBADMSG);
  const size_t large = ORIEL_RTP_UNIT_MAX + 1;
  uint8_t *data = calloc(large, 1);
  data[2] = 1;
  memset(data + 3, 0x41, large - 3);
  assert_int_equal(oriel_rtp_h264_packetise(data, large, PAYLOAD, &unit), -E2BIG);
  assert_int_equal(oriel_rtp_h264_packetise(data, large - 1, PAYLOAD, &unit), -E2BIG); /* with its fragments' headers */
  free(data);
  assert_null(unit);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(h264_parameter_sets_share_a_packet_before_the_idr),
    cmocka_unit_test(h264_fragments_are_of_one_size),
    cmocka_unit_test(h264_of_any_start_code_and_size_comes_out_as_it_went_in),
    cmocka_unit_test(h264_many_slices_come_out_in_order),
    cmocka_unit_test(h264_that_is_none_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
