/* SPDX-License-Identifier: MIT
 *
 * webrtc/srtp against libsrtp2: each opens what the other sealed, from the same master keys, over a wrap.
 */
#include <setjmp.h>
#include <srtp2/srtp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "webrtc/srtp.h"

enum { SSRC = 0x0badcafe, ROOM = 512 };

static const struct oriel_srtp_key master = { .key = "sixteen bytes ke", .salt = "fourteen bytes" };

struct ends {
  struct oriel_srtp *ours;
  srtp_t theirs;
};

static struct ends make_ends(enum oriel_srtp_profile profile, srtp_ssrc_type_t direction) {
  struct ends ends = { .ours = oriel_srtp_create(profile, &master) };
  uint8_t key[ORIEL_SRTP_KEY_SIZE + ORIEL_SRTP_SALT_MAX];
  srtp_policy_t policy = { .ssrc = { .type = direction, .value = 0 }, .key = key, .window_size = 128 };
  memcpy(key, master.key, sizeof master.key);
  memcpy(key + sizeof master.key, master.salt, sizeof master.salt);
  if (profile == ORIEL_SRTP_AEAD_AES_128_GCM) {
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
  } else {
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
  }
  assert_non_null(ends.ours);
  assert_int_equal(srtp_create(&ends.theirs, &policy), srtp_err_status_ok);
  return ends;
}

static void free_ends(struct ends *ends) {
  oriel_srtp_destroy(ends->ours);
  srtp_dealloc(ends->theirs);
}

/** A packet with CSRCs, an extension and a payload of changing sizes; its header's size. */
static size_t make_rtp(uint8_t bytes[ROOM], uint32_t n, size_t *size) {
  const size_t csrcs = n % 3, words = n % 2;
  const size_t header = 12 + 4 * csrcs + (words ? 8 : 0);
  memset(bytes, 0, ROOM);
  bytes[0] = (uint8_t)(0x80 | csrcs | (words ? 0x10 : 0));
  bytes[1] = 96;
  bytes[2] = (uint8_t)(n >> 8);
  bytes[3] = (uint8_t)n;
  bytes[8] = SSRC >> 24;
  bytes[9] = SSRC >> 16 & 255;
  bytes[10] = SSRC >> 8 & 255;
  bytes[11] = SSRC & 255;
  if (words)
    memcpy(bytes + header - 8, "\xbe\xde\0\1\x10\xaa\0\0", 8);
  *size = header + n % 300;
  for (size_t i = header; i < *size; i++)
    bytes[i] = (uint8_t)(i * 7 + n);
  return header;
}

static void rtp_to_libsrtp(enum oriel_srtp_profile profile) {
  struct ends ends = make_ends(profile, ssrc_any_inbound);
  for (uint32_t n = 32000; n < 67000; n += 11) {
    uint8_t plain[ROOM], bytes[ROOM];
    size_t size;
    const size_t header = make_rtp(plain, n, &size);
    int sealed = oriel_srtp_protect(ends.ours, plain, header, plain + header, size - header, bytes, sizeof bytes);
    assert_true(sealed > 0);
    assert_int_equal(srtp_unprotect(ends.theirs, bytes, &sealed), srtp_err_status_ok);
    assert_int_equal(sealed, size);
    assert_memory_equal(bytes, plain, size);
  }
  free_ends(&ends);
}

static void rtp_from_libsrtp(enum oriel_srtp_profile profile) {
  struct ends ends = make_ends(profile, ssrc_any_outbound);
  for (uint32_t n = 32000; n < 67000; n += 11) {
    uint8_t plain[ROOM], bytes[ROOM];
    size_t size;
    make_rtp(plain, n, &size);
    memcpy(bytes, plain, size);
    int sealed = (int)size;
    assert_int_equal(srtp_protect(ends.theirs, bytes, &sealed), srtp_err_status_ok);
    assert_int_equal(oriel_srtp_unprotect(ends.ours, bytes, (size_t)sealed), size);
    assert_memory_equal(bytes, plain, size);
  }
  free_ends(&ends);
}

/** A report of changing size; its size. */
static size_t make_rtcp(uint8_t bytes[ROOM], unsigned n) {
  const size_t size = 8 + 4 * (n % 40);
  memset(bytes, (int)n, ROOM);
  memcpy(bytes, "\x80\xc9", 2);
  bytes[2] = 0;
  bytes[3] = (uint8_t)(size / 4 - 1);
  return size;
}

static void rtcp_both_ways(enum oriel_srtp_profile profile) {
  struct ends to = make_ends(profile, ssrc_any_inbound), from = make_ends(profile, ssrc_any_outbound);
  for (unsigned n = 0; n < 300; n++) {
    uint8_t plain[ROOM], bytes[ROOM];
    const size_t size = make_rtcp(plain, n / 40); /* forty of each size, of SSRCs that repeat */
    memcpy(bytes, plain, size);
    int sealed = oriel_srtp_protect_rtcp(to.ours, bytes, size, sizeof bytes);
    assert_true(sealed > 0);
    assert_int_equal(srtp_unprotect_rtcp(to.theirs, bytes, &sealed), srtp_err_status_ok);
    assert_int_equal(sealed, size);
    assert_memory_equal(bytes, plain, size);
    assert_int_equal(srtp_protect_rtcp(from.theirs, bytes, &sealed), srtp_err_status_ok);
    assert_int_equal(oriel_srtp_unprotect_rtcp(from.ours, bytes, (size_t)sealed), size);
    assert_memory_equal(bytes, plain, size);
  }
  free_ends(&to);
  free_ends(&from);
}

static void gcm_agrees(void **state) {
  (void)state;
  rtp_to_libsrtp(ORIEL_SRTP_AEAD_AES_128_GCM);
  rtp_from_libsrtp(ORIEL_SRTP_AEAD_AES_128_GCM);
  rtcp_both_ways(ORIEL_SRTP_AEAD_AES_128_GCM);
}

static void counter_mode_agrees(void **state) {
  (void)state;
  rtp_to_libsrtp(ORIEL_SRTP_AES128_CM_SHA1_80);
  rtp_from_libsrtp(ORIEL_SRTP_AES128_CM_SHA1_80);
  rtcp_both_ways(ORIEL_SRTP_AES128_CM_SHA1_80);
}

static int start(void **state) {
  (void)state;
  return srtp_init() == srtp_err_status_ok ? 0 : -1;
}

static int stop(void **state) {
  (void)state;
  return srtp_shutdown() == srtp_err_status_ok ? 0 : -1;
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(gcm_agrees),
    cmocka_unit_test(counter_mode_agrees),
  };
  return cmocka_run_group_tests(tests, start, stop);
}
