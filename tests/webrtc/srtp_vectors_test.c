/* SPDX-License-Identifier: MIT
 *
 * webrtc/srtp_cipher: the vectors of RFC 3711 (appendix B) and RFC 7714 (sections 16 and 17), which name session keys.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/webrtc/bytes.h"
#include "webrtc/srtp_cipher.h"

/* RFC 3711 appendix B.3. */
static void derived_keys(void **state) {
  (void)state;
  struct oriel_srtp_key master;
  struct srtp_session_keys keys;
  uint8_t expected[20];
  from_hex("E1F97A0D3E018BE0D64FA32C06DE4139", master.key);
  from_hex("0EC675AD498AFEEBB6960B3AABE6", master.salt);
  assert_int_equal(oriel_srtp_derive(ORIEL_SRTP_AES128_CM_SHA1_80, &master, SRTP_KIND_RTP, &keys), 0);
  from_hex("C61E7A93744F39EE10734AFE3FF7A087", expected);
  assert_memory_equal(keys.key, expected, 16);
  from_hex("30CBBC08863D8C85D49DB34A9AE1", expected);
  assert_memory_equal(keys.salt, expected, 14);
  from_hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4", expected);
  assert_memory_equal(keys.auth, expected, 20);
}

/* RFC 3711 appendix B.2: the key stream is what zeros become. */
static void counter_mode_key_stream(void **state) {
  (void)state;
  static const uint8_t zeros[48];
  struct srtp_session_keys keys = { .auth = { 0 } };
  struct srtp_cipher cipher;
  uint8_t expected[48], out[48], tag[SRTP_TAG_MAX];
  from_hex("2B7E151628AED2A6ABF7158809CF4F3C", keys.key);
  from_hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD", keys.salt);
  from_hex("E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0",
           expected);
  assert_int_equal(oriel_srtp_cipher_init(&cipher, ORIEL_SRTP_AES128_CM_SHA1_80, &keys), 0);
  const struct srtp_unit unit = { .header = zeros, .header_size = 12, .in = zeros, .out = out, .size = sizeof out };
  assert_int_equal(oriel_srtp_cipher_seal(&cipher, &unit, tag), 0);
  assert_memory_equal(out, expected, sizeof out);
  oriel_srtp_cipher_finish(&cipher);
}

/** Seals the part of `plain` behind its header, compares with `sealed` and its tag, and opens it again. */
static void check_gcm(struct srtp_unit unit, const char *plain_text, const char *sealed_text, size_t header_size) {
  struct srtp_session_keys keys = { .auth = { 0 } };
  struct srtp_cipher cipher;
  uint8_t plain[128], sealed[128], work[128], tag[SRTP_TAG_MAX];
  const size_t size = from_hex(plain_text, plain);
  assert_int_equal(from_hex(sealed_text, sealed), size + sizeof tag);
  from_hex("000102030405060708090a0b0c0d0e0f", keys.key);
  from_hex("5175696420 70726f 2071756f", keys.salt);
  assert_int_equal(oriel_srtp_cipher_init(&cipher, ORIEL_SRTP_AEAD_AES_128_GCM, &keys), 0);
  memcpy(work, plain, size);
  unit.header = work;
  unit.header_size = header_size;
  unit.in = unit.out = work + header_size;
  unit.size = size - header_size;
  assert_int_equal(oriel_srtp_cipher_seal(&cipher, &unit, tag), 0);
  assert_memory_equal(work, sealed, size);
  assert_memory_equal(tag, sealed + size, sizeof tag);
  assert_int_equal(oriel_srtp_cipher_open(&cipher, &unit, tag), 0);
  assert_memory_equal(work, plain, size);
  oriel_srtp_cipher_finish(&cipher);
}

/* RFC 7714 section 16.1.1. */
static void gcm_rtp(void **state) {
  (void)state;
  check_gcm((struct srtp_unit){ .ssrc = 0x5501a0b2, .index = 0xf17b },
            "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465"
            "73207472 6573",
            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b"
            "36de3adf 8833 899d7f27 beb16a91 52cf765e e4390cce",
            12);
}

/* RFC 7714 section 17.1: of the packet there the index behind the tag is the trailer here. */
static void gcm_rtcp(void **state) {
  (void)state;
  check_gcm((struct srtp_unit){ .ssrc = 0x4d617273, .index = 0x5d4, .trailer = { 0x80, 0, 0x05, 0xd4 },
                                .trailer_in_gcm = true },
            "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef"
            "deadbeef deadbeef",
            "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46"
            "86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade",
            8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(derived_keys),
    cmocka_unit_test(counter_mode_key_stream),
    cmocka_unit_test(gcm_rtp),
    cmocka_unit_test(gcm_rtcp),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
