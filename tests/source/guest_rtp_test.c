/* SPDX-License-Identifier: MIT
 *
 * source/guest_rtp: RTP is told from bare Opus, whatever either begins with.
 */
#include "source/guest_rtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t opus[] = {0xfc, 0xff, 0xfe};

struct sender {
  uint16_t sequence;
  uint32_t timestamp, ssrc;
  uint8_t type;
};

static size_t make(const struct sender *sender, const uint8_t *payload, size_t size, uint8_t *data) {
  const uint8_t header[] = {0x80, sender->type, (uint8_t)(sender->sequence >> 8), (uint8_t)sender->sequence,
                            (uint8_t)(sender->timestamp >> 24), (uint8_t)(sender->timestamp >> 16),
                            (uint8_t)(sender->timestamp >> 8), (uint8_t)sender->timestamp,
                            (uint8_t)(sender->ssrc >> 24), (uint8_t)(sender->ssrc >> 16),
                            (uint8_t)(sender->ssrc >> 8), (uint8_t)sender->ssrc};
  memcpy(data, header, sizeof header);
  memcpy(data + sizeof header, payload, size);
  return sizeof header + size;
}

static enum guest_rtp_kind send(struct guest_rtp *rtp, struct sender *sender, struct guest_rtp_packet *out) {
  uint8_t data[64];
  const size_t size = make(sender, opus, sizeof opus, data);
  const enum guest_rtp_kind kind = guest_rtp_take(rtp, data, size, out);
  if (kind == GUEST_RTP_SOUND || kind == GUEST_RTP_NEW_STREAM) {
    assert_int_equal(out->size, sizeof opus);
    assert_int_equal(out->data[0], opus[0]);
    assert_int_equal(out->timestamp, sender->timestamp);
  }
  sender->sequence++;
  sender->timestamp += 960;
  return kind;
}

static void rtp_is_taken_from_its_first_packet(void **state) {
  (void)state;
  struct guest_rtp rtp = {0};
  struct sender sender = {.sequence = 65530, .timestamp = UINT32_MAX - 3000, .ssrc = 7, .type = 96};
  struct guest_rtp_packet out;
  uint32_t first = 0;
  for (uint32_t i = 0; i < 20; i++) {
    assert_int_equal(send(&rtp, &sender, &out), GUEST_RTP_SOUND);
    first = i ? first : out.number;
    assert_int_equal(out.number, first + i); /* also where it wraps */
  }
}

static void loss_and_order_are_in_the_numbers(void **state) {
  (void)state;
  struct guest_rtp rtp = {0};
  struct sender sender = {.sequence = 100, .ssrc = 7, .type = 111}, late;
  struct guest_rtp_packet out;
  send(&rtp, &sender, &out);
  send(&rtp, &sender, &out);
  late = sender;
  sender.sequence += 3;
  assert_int_equal(send(&rtp, &sender, &out), GUEST_RTP_SOUND);
  assert_int_equal(out.number, 105);
  assert_int_equal(send(&rtp, &late, &out), GUEST_RTP_SOUND);
  assert_int_equal(out.number, 102);
  assert_int_equal(send(&rtp, &sender, &out), GUEST_RTP_SOUND);
  assert_int_equal(out.number, 106);
}

static void another_source_is_told(void **state) {
  (void)state;
  struct guest_rtp rtp = {0};
  struct sender one = {.ssrc = 1, .type = 96}, two = {.sequence = 40000, .ssrc = 2, .type = 97};
  struct guest_rtp_packet out;
  for (int i = 0; i < 5; i++)
    send(&rtp, &one, &out);
  assert_int_equal(send(&rtp, &two, &out), GUEST_RTP_NEW_STREAM);
  assert_int_equal(send(&rtp, &two, &out), GUEST_RTP_SOUND);
}

/* CELT of a narrow band begins with 0x80, as RTP does, and what follows may look like a payload type. */
static void narrow_band_opus_is_not_taken_for_rtp(void **state) {
  (void)state;
  struct guest_rtp rtp = {0};
  struct guest_rtp_packet out;
  uint8_t data[40];
  uint64_t random = 1;
  unsigned taken = 0;
  for (int i = 0; i < 5000; i++) {
    for (size_t at = 0; at < sizeof data; at++) {
      random = random * 6364136223846793005ull + 1442695040888963407ull;
      data[at] = (uint8_t)(random >> 56);
    }
    data[0] = 0x80;
    data[1] = (uint8_t)(96 + i % 32);
    taken += guest_rtp_take(&rtp, data, sizeof data, &out) != GUEST_RTP_BARE;
  }
  assert_true(taken <= 1); /* the first */
}

static void other_payloads_are_foreign(void **state) {
  (void)state;
  struct guest_rtp rtp = {0};
  struct sender sender = {.sequence = 9, .ssrc = 3, .type = 10}; /* 16-bit PCM, 44.1 kHz stereo */
  struct guest_rtp_packet out;
  enum guest_rtp_kind kind = GUEST_RTP_BARE;
  for (int i = 0; i < 10; i++)
    kind = send(&rtp, &sender, &out);
  assert_int_equal(kind, GUEST_RTP_FOREIGN);
  assert_int_equal(out.type, 10);
}

/* 16-bit samples in RTP of a dynamic type: half of such packets have the form of Opus. */
static void samples_in_rtp_are_foreign_by_their_timestamps(void **state) {
  (void)state;
  struct guest_rtp rtp = {0};
  struct sender sender = {.sequence = 9, .ssrc = 3, .type = 96};
  struct guest_rtp_packet out;
  unsigned sound = 0;
  for (uint32_t i = 0; i < 500; i++) {
    uint8_t payload[40], data[64];
    for (size_t at = 0; at < sizeof payload; at++)
      payload[at] = (uint8_t)((i * 2654435761u + at * 40503u) >> 7);
    payload[0] = i % 2 ? 0xfc : 0xff; /* every other one is as Opus begins */
    payload[1] = 0;
    const enum guest_rtp_kind kind = guest_rtp_take(&rtp, data, make(&sender, payload, sizeof payload, data), &out);
    sound += kind == GUEST_RTP_SOUND || kind == GUEST_RTP_NEW_STREAM;
    sender.sequence++;
    sender.timestamp += 350;
  }
  assert_true(sound <= 3); /* of the first packets */
}

static void reports_and_one_odd_packet_are_ignored(void **state) {
  (void)state;
  struct guest_rtp rtp = {0};
  struct sender sender = {.ssrc = 3, .type = 96};
  struct guest_rtp_packet out;
  const uint8_t report[] = {0x80, 200, 0, 6, 0, 0, 0, 3};
  for (int i = 0; i < 3; i++)
    send(&rtp, &sender, &out);
  assert_int_equal(guest_rtp_take(&rtp, report, sizeof report, &out), GUEST_RTP_IGNORED);
  assert_int_equal(guest_rtp_take(&rtp, opus, sizeof opus, &out), GUEST_RTP_IGNORED);
  assert_int_equal(send(&rtp, &sender, &out), GUEST_RTP_SOUND);
  for (int i = 0; i < 2; i++)
    assert_int_equal(guest_rtp_take(&rtp, opus, sizeof opus, &out), GUEST_RTP_IGNORED);
  assert_int_equal(guest_rtp_take(&rtp, opus, sizeof opus, &out), GUEST_RTP_BARE); /* it sends bare ones now */
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(rtp_is_taken_from_its_first_packet),
    cmocka_unit_test(loss_and_order_are_in_the_numbers),
    cmocka_unit_test(another_source_is_told),
    cmocka_unit_test(narrow_band_opus_is_not_taken_for_rtp),
    cmocka_unit_test(other_payloads_are_foreign),
    cmocka_unit_test(samples_in_rtp_are_foreign_by_their_timestamps),
    cmocka_unit_test(reports_and_one_odd_packet_are_ignored),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
