/* SPDX-License-Identifier: MIT
 *
 * webrtc/srtp: packets there and back with both profiles; loss, order, repetition, wraps; what is forged or cut.
 */
#include "webrtc/srtp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/webrtc/bytes.h"

static const enum oriel_srtp_profile profiles[] = { ORIEL_SRTP_AES128_CM_SHA1_80, ORIEL_SRTP_AEAD_AES_128_GCM };
enum { PROFILES = sizeof profiles / sizeof *profiles, PAYLOAD = 32, SSRC = 0x11223344 };

static const struct oriel_srtp_key master = { .key = "sixteen bytes ke", .salt = "fourteen bytes" };

struct ends {
  enum oriel_srtp_profile profile;
  struct oriel_srtp *sender, *receiver;
};

static struct ends make_ends(enum oriel_srtp_profile profile) {
  struct ends ends = { profile, oriel_srtp_create(profile, &master), oriel_srtp_create(profile, &master) };
  assert_non_null(ends.sender);
  assert_non_null(ends.receiver);
  return ends;
}

static void free_ends(struct ends *ends) {
  oriel_srtp_destroy(ends->sender);
  oriel_srtp_destroy(ends->receiver);
}

struct packet {
  uint8_t bytes[256];
  size_t size;
};

static struct packet make_plain(uint16_t sequence, uint32_t ssrc) {
  struct packet packet = { .bytes = { 0x80, 96, (uint8_t)(sequence >> 8), (uint8_t)sequence, 0, 0, 0, 0,
                                      (uint8_t)(ssrc >> 24), (uint8_t)(ssrc >> 16), (uint8_t)(ssrc >> 8),
                                      (uint8_t)ssrc },
                           .size = 12 + PAYLOAD };
  memset(packet.bytes + 12, sequence & 255, PAYLOAD);
  return packet;
}

static int protect_of(const struct ends *ends, uint16_t sequence, uint32_t ssrc, struct packet *packet) {
  *packet = make_plain(sequence, ssrc);
  const int size = oriel_srtp_protect(ends->sender, packet->bytes, 12, packet->bytes + 12, PAYLOAD, packet->bytes,
                                      sizeof packet->bytes);
  packet->size = size > 0 ? (size_t)size : 0;
  return size;
}

static struct packet protect(const struct ends *ends, uint16_t sequence) {
  struct packet packet;
  assert_true(protect_of(ends, sequence, SSRC, &packet) > 0);
  return packet;
}

/** By a copy of exact size. What comes out is what went in. */
static int unprotect(const struct ends *ends, const struct packet *packet) {
  uint8_t *copy = exact_copy(packet->bytes, packet->size);
  const int size = oriel_srtp_unprotect(ends->receiver, copy, packet->size);
  if (size > 0) {
    const struct packet plain = make_plain((uint16_t)(copy[2] << 8 | copy[3]), SSRC);
    assert_int_equal(size, plain.size);
    assert_memory_equal(copy + 12, plain.bytes + 12, PAYLOAD);
  }
  free(copy);
  return size;
}

static void rtp_goes_there_and_back(void **state) {
  (void)state;
  for (unsigned i = 0; i < PROFILES; i++) {
    struct ends ends = make_ends(profiles[i]);
    const struct packet packet = protect(&ends, 5);
    assert_int_equal(packet.size, 12 + PAYLOAD + (profiles[i] == ORIEL_SRTP_AEAD_AES_128_GCM ? 16 : 10));
    assert_memory_equal(packet.bytes, make_plain(5, SSRC).bytes, 12);
    assert_memory_not_equal(packet.bytes + 12, make_plain(5, SSRC).bytes + 12, PAYLOAD);
    assert_int_equal(unprotect(&ends, &packet), 12 + PAYLOAD);
    free_ends(&ends);
  }
}

/* One payload for many viewers: each has a header of its own, and the payload stays as it is. */
static void shared_payload_is_not_touched(void **state) {
  (void)state;
  for (unsigned i = 0; i < PROFILES; i++) {
    struct ends ends = make_ends(profiles[i]);
    const struct packet plain = make_plain(7, SSRC);
    uint8_t *payload = exact_copy(plain.bytes + 12, PAYLOAD);
    struct packet packet;
    const int size =
      oriel_srtp_protect(ends.sender, plain.bytes, 12, payload, PAYLOAD, packet.bytes, sizeof packet.bytes);
    assert_true(size > 0);
    packet.size = (size_t)size;
    assert_memory_equal(payload, plain.bytes + 12, PAYLOAD);
    assert_int_equal(unprotect(&ends, &packet), 12 + PAYLOAD);
    free(payload);
    free_ends(&ends);
  }
}

/* CSRCs and extensions stay readable and are proved. */
static void long_headers_are_readable(void **state) {
  (void)state;
  for (unsigned i = 0; i < PROFILES; i++) {
    struct ends ends = make_ends(profiles[i]);
    uint8_t bytes[128] = { 0x92, 96, 0, 1, [20] = 0xbe, 0xde, 0, 1, 0x10, 0xaa, 0, 0, 'x' };
    const uint8_t header[28] = { 0x92, 96, 0, 1, [20] = 0xbe, 0xde, 0, 1, 0x10, 0xaa, 0, 0 };
    const int size = oriel_srtp_protect(ends.sender, bytes, 28, bytes + 28, 1, bytes, sizeof bytes);
    assert_true(size > 29);
    assert_memory_equal(bytes, header, 28);
    bytes[25] ^= 1;
    uint8_t *copy = exact_copy(bytes, (size_t)size);
    assert_int_equal(oriel_srtp_unprotect(ends.receiver, copy, (size_t)size), -EACCES);
    bytes[25] ^= 1;
    memcpy(copy, bytes, (size_t)size);
    assert_int_equal(oriel_srtp_unprotect(ends.receiver, copy, (size_t)size), 29);
    assert_int_equal(copy[28], 'x');
    free(copy);
    free_ends(&ends);
  }
}

static void empty_payload_is_allowed(void **state) {
  (void)state;
  for (unsigned i = 0; i < PROFILES; i++) {
    struct ends ends = make_ends(profiles[i]);
    struct packet packet = make_plain(1, SSRC);
    const int size = oriel_srtp_protect(ends.sender, packet.bytes, 12, NULL, 0, packet.bytes, sizeof packet.bytes);
    assert_true(size > 12);
    assert_int_equal(oriel_srtp_unprotect(ends.receiver, packet.bytes, (size_t)size), 12);
    free_ends(&ends);
  }
}

/* 200,000 packets: three wraps; each seventh is lost, and each pair of the others comes in the wrong order. */
static void wraps_survive_loss_and_order(void **state) {
  (void)state;
  for (unsigned i = 0; i < PROFILES; i++) {
    struct ends ends = make_ends(profiles[i]);
    for (uint32_t n = 32000; n < 232000; n += 2) {
      const struct packet first = protect(&ends, (uint16_t)n), second = protect(&ends, (uint16_t)(n + 1));
      assert_true(n == 32000 || n % 7 == 0 || unprotect(&ends, &second) > 0);
      assert_true(n == 32000 || n % 7 == 1 || unprotect(&ends, &first) > 0);
    }
    free_ends(&ends);
  }
}

static void gap_of_half_a_round_is_followed(void **state) {
  (void)state;
  struct ends ends = make_ends(ORIEL_SRTP_AEAD_AES_128_GCM);
  struct packet packet = protect(&ends, 100);
  assert_true(unprotect(&ends, &packet) > 0);
  for (uint32_t n = 101; n < 100 + 98000; n++)
    packet = protect(&ends, (uint16_t)n);
  /* Three halves of a round are lost: the receiver cannot know, and refuses. */
  assert_int_equal(unprotect(&ends, &packet), -EACCES);
  struct ends other = make_ends(ORIEL_SRTP_AEAD_AES_128_GCM);
  packet = protect(&other, 100);
  assert_true(unprotect(&other, &packet) > 0);
  for (uint32_t n = 101; n < 100 + 32767; n++)
    packet = protect(&other, (uint16_t)n);
  assert_true(unprotect(&other, &packet) > 0);
  free_ends(&ends);
  free_ends(&other);
}

static void repetition_is_noticed(void **state) {
  (void)state;
  for (unsigned i = 0; i < PROFILES; i++) {
    struct ends ends = make_ends(profiles[i]);
    struct packet packets[80];
    for (uint16_t n = 0; n < 80; n++)
      packets[n] = protect(&ends, (uint16_t)(65500 - 65536 + n + 32700));
    for (unsigned n = 0; n < 80; n += 2)
      assert_true(unprotect(&ends, &packets[n]) > 0);
    for (unsigned n = 0; n < 80; n += 2)
      assert_int_equal(unprotect(&ends, &packets[n]), -EALREADY);
    assert_int_equal(unprotect(&ends, &packets[13]), -EALREADY); /* 65 behind 78: too old to know */
    assert_true(unprotect(&ends, &packets[15]) > 0);             /* 63 behind */
    assert_int_equal(unprotect(&ends, &packets[15]), -EALREADY);
    free_ends(&ends);
  }
}

/* A number used twice would give AES-GCM's key away. */
static void sender_uses_no_number_twice(void **state) {
  (void)state;
  struct ends ends = make_ends(ORIEL_SRTP_AEAD_AES_128_GCM);
  struct packet packet = protect(&ends, 1000);
  assert_int_equal(protect_of(&ends, 1000, SSRC, &packet), -EALREADY);
  assert_true(protect_of(&ends, 999, SSRC, &packet) > 0);
  assert_int_equal(protect_of(&ends, 999, SSRC, &packet), -EALREADY);
  assert_int_equal(protect_of(&ends, 900, SSRC, &packet), -EALREADY);
  assert_true(protect_of(&ends, 1000, SSRC + 1, &packet) > 0);
  free_ends(&ends);
}

/* Nobody without the key moves anything: not the rollover counter, not the window. */
static void forgery_changes_nothing(void **state) {
  (void)state;
  for (unsigned i = 0; i < PROFILES; i++) {
    struct ends ends = make_ends(profiles[i]);
    const struct packet first = protect(&ends, 10), second = protect(&ends, 11);
    assert_true(unprotect(&ends, &first) > 0);
    for (size_t bit = 0; bit < 8 * second.size; bit++) {
      struct packet forged = second;
      forged.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
      assert_true(unprotect(&ends, &forged) < 0);
    }
    for (size_t cut = 0; cut < second.size; cut++) {
      struct packet forged = second;
      forged.size = cut;
      assert_true(unprotect(&ends, &forged) < 0);
    }
    for (uint32_t n = 0; n < 65536; n += 999) {
      struct packet forged = second;
      forged.bytes[2] = (uint8_t)(n >> 8);
      forged.bytes[3] = (uint8_t)n;
      assert_true(unprotect(&ends, &forged) < 0);
    }
    assert_true(unprotect(&ends, &second) > 0);
    free_ends(&ends);
  }
}

static void wrong_headers_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *text;
  } wrong[] = { { "" }, { "80" }, { "80600001 00000000 112233" }, { "00600001 00000000 11223344" },
                { "8f600001 00000000 11223344" }, { "90600001 00000000 11223344 bede00" },
                { "90600001 00000000 11223344 bedeffff 00000000" } };
  struct ends ends = make_ends(ORIEL_SRTP_AEAD_AES_128_GCM);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    uint8_t bytes[64], out[64];
    const size_t size = from_hex(wrong[i].text, bytes);
    uint8_t *copy = exact_copy(bytes, size);
    assert_int_equal(oriel_srtp_protect(ends.sender, copy, size, bytes, 4, out, sizeof out), -EINVAL);
    assert_int_equal(oriel_srtp_unprotect(ends.receiver, copy, size), -EBADMSG);
    free(copy);
  }
  /* More than its header says. */
  const struct packet plain = make_plain(1, SSRC);
  uint8_t out[64];
  assert_int_equal(oriel_srtp_protect(ends.sender, plain.bytes, 16, plain.bytes + 16, 4, out, sizeof out), -EINVAL);
  free_ends(&ends);
}

static void small_room_is_refused(void **state) {
  (void)state;
  for (unsigned i = 0; i < PROFILES; i++) {
    struct ends ends = make_ends(profiles[i]);
    const struct packet plain = make_plain(1, SSRC);
    const size_t whole = 12 + PAYLOAD + (profiles[i] == ORIEL_SRTP_AEAD_AES_128_GCM ? 16 : 10);
    uint8_t *out = malloc(whole);
    assert_int_equal(oriel_srtp_protect(ends.sender, plain.bytes, 12, plain.bytes + 12, PAYLOAD, out, whole - 1),
                     -ENOSPC);
    assert_int_equal(oriel_srtp_protect(ends.sender, plain.bytes, 12, plain.bytes + 12, PAYLOAD, out, whole), whole);
    free(out);
    free_ends(&ends);
  }
}

/* A peer with many SSRCs uses up its own room; those before stay. */
static void too_many_streams_are_refused(void **state) {
  (void)state;
  struct ends ends = make_ends(ORIEL_SRTP_AEAD_AES_128_GCM);
  struct packet packet;
  for (uint32_t n = 0; n < ORIEL_SRTP_STREAMS_MAX; n++) {
    assert_true(protect_of(&ends, 1, n, &packet) > 0);
    assert_true(unprotect(&ends, &packet) > 0);
  }
  assert_int_equal(protect_of(&ends, 1, 99, &packet), -ENOSPC);
  struct ends other = make_ends(ORIEL_SRTP_AEAD_AES_128_GCM);
  assert_true(protect_of(&other, 1, 99, &packet) > 0);
  assert_int_equal(unprotect(&ends, &packet), -ENOSPC);
  assert_true(protect_of(&ends, 2, 0, &packet) > 0);
  assert_true(unprotect(&ends, &packet) > 0);
  free_ends(&ends);
  free_ends(&other);
}

/* ---- SRTCP ---- */

static const uint8_t report[] = { 0x80, 201, 0, 1, 0x11, 0x22, 0x33, 0x44, 0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2 };

static struct packet protect_rtcp(const struct ends *ends) {
  struct packet packet;
  memcpy(packet.bytes, report, sizeof report);
  const int size = oriel_srtp_protect_rtcp(ends->sender, packet.bytes, sizeof report, sizeof packet.bytes);
  assert_true(size > (int)sizeof report);
  packet.size = (size_t)size;
  return packet;
}

static int unprotect_rtcp(const struct ends *ends, const struct packet *packet) {
  uint8_t *copy = exact_copy(packet->bytes, packet->size);
  const int size = oriel_srtp_unprotect_rtcp(ends->receiver, copy, packet->size);
  if (size > 0) {
    assert_int_equal(size, sizeof report);
    assert_memory_equal(copy, report, sizeof report);
  }
  free(copy);
  return size;
}

static void rtcp_goes_there_and_back(void **state) {
  (void)state;
  for (unsigned i = 0; i < PROFILES; i++) {
    struct ends ends = make_ends(profiles[i]);
    struct packet packets[70];
    for (unsigned n = 0; n < 70; n++)
      packets[n] = protect_rtcp(&ends);
    assert_int_equal(packets[0].size, sizeof report + 4 + (profiles[i] == ORIEL_SRTP_AEAD_AES_128_GCM ? 16 : 10));
    assert_true(unprotect_rtcp(&ends, &packets[1]) > 0);
    assert_true(unprotect_rtcp(&ends, &packets[0]) > 0);
    assert_int_equal(unprotect_rtcp(&ends, &packets[0]), -EALREADY);
    assert_true(unprotect_rtcp(&ends, &packets[69]) > 0);
    assert_int_equal(unprotect_rtcp(&ends, &packets[3]), -EALREADY); /* 66 behind */
    assert_true(unprotect_rtcp(&ends, &packets[10]) > 0);
    free_ends(&ends);
  }
}

static void rtcp_forgery_changes_nothing(void **state) {
  (void)state;
  for (unsigned i = 0; i < PROFILES; i++) {
    struct ends ends = make_ends(profiles[i]);
    const struct packet packet = protect_rtcp(&ends);
    for (size_t bit = 0; bit < 8 * packet.size; bit++) {
      struct packet forged = packet;
      forged.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
      assert_true(unprotect_rtcp(&ends, &forged) < 0);
    }
    for (size_t cut = 0; cut < packet.size; cut++) {
      struct packet forged = packet;
      forged.size = cut;
      assert_true(unprotect_rtcp(&ends, &forged) < 0);
    }
    assert_true(unprotect_rtcp(&ends, &packet) > 0);
    free_ends(&ends);
  }
}

static void rtcp_that_is_none_is_refused(void **state) {
  (void)state;
  struct ends ends = make_ends(ORIEL_SRTP_AEAD_AES_128_GCM);
  uint8_t bytes[64] = { 0x80, 96, 0, 1 };
  assert_int_equal(oriel_srtp_protect_rtcp(ends.sender, bytes, 8, sizeof bytes), -EINVAL);
  memcpy(bytes, report, sizeof report);
  assert_int_equal(oriel_srtp_protect_rtcp(ends.sender, bytes, 7, sizeof bytes), -EINVAL);
  assert_int_equal(oriel_srtp_protect_rtcp(ends.sender, bytes, sizeof report, sizeof report + 19), -ENOSPC);
  assert_int_equal(oriel_srtp_protect_rtcp(ends.sender, bytes, sizeof report, sizeof report + 20),
                   sizeof report + 20);
  free_ends(&ends);
}

/* One key direction cannot read the other: a mirror of our own packets is forgery. */
static void other_key_is_refused(void **state) {
  (void)state;
  const struct oriel_srtp_key other = { .key = "sixteen bytes kf", .salt = "fourteen bytes" };
  for (unsigned i = 0; i < PROFILES; i++) {
    struct ends ends = { profiles[i], oriel_srtp_create(profiles[i], &master),
                         oriel_srtp_create(profiles[i], &other) };
    const struct packet rtp = protect(&ends, 1), rtcp = protect_rtcp(&ends);
    assert_int_equal(unprotect(&ends, &rtp), -EACCES);
    assert_int_equal(unprotect_rtcp(&ends, &rtcp), -EACCES);
    free_ends(&ends);
  }
  assert_null(oriel_srtp_create((enum oriel_srtp_profile)2, &master));
  oriel_srtp_destroy(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(rtp_goes_there_and_back),
    cmocka_unit_test(shared_payload_is_not_touched),
    cmocka_unit_test(long_headers_are_readable),
    cmocka_unit_test(empty_payload_is_allowed),
    cmocka_unit_test(wraps_survive_loss_and_order),
    cmocka_unit_test(gap_of_half_a_round_is_followed),
    cmocka_unit_test(repetition_is_noticed),
    cmocka_unit_test(sender_uses_no_number_twice),
    cmocka_unit_test(forgery_changes_nothing),
    cmocka_unit_test(wrong_headers_are_refused),
    cmocka_unit_test(small_room_is_refused),
    cmocka_unit_test(too_many_streams_are_refused),
    cmocka_unit_test(rtcp_goes_there_and_back),
    cmocka_unit_test(rtcp_forgery_changes_nothing),
    cmocka_unit_test(rtcp_that_is_none_is_refused),
    cmocka_unit_test(other_key_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
