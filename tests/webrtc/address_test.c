/* SPDX-License-Identifier: MIT
 *
 * webrtc/address: one peer has one address, and its text.
 */
#include "webrtc/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void mapped_is_ipv4(void **state) {
  (void)state;
  static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, 127, 0, 0, 1 };
  const struct oriel_webrtc_address a = oriel_webrtc_address_make(mapped, 16, 80);
  const struct oriel_webrtc_address b = oriel_webrtc_address_make(mapped + 12, 4, 80);
  const struct oriel_webrtc_address other = oriel_webrtc_address_make(mapped + 12, 4, 81);
  assert_true(oriel_webrtc_address_equal(&a, &b));
  assert_false(oriel_webrtc_address_equal(&a, &other));
  assert_int_equal(a.size, 4);
}

static void text_is_what_candidates_have(void **state) {
  (void)state;
  char text[ORIEL_WEBRTC_ADDRESS_TEXT];
  const struct oriel_webrtc_address v4 = oriel_webrtc_address_make((const uint8_t[4]){ 192, 0, 2, 1 }, 4, 80);
  const struct oriel_webrtc_address v6 =
    oriel_webrtc_address_make((const uint8_t[16]){ 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, 16, 80);
  const struct oriel_webrtc_address none = { .size = 0 };
  oriel_webrtc_address_text(&v4, text);
  assert_string_equal(text, "192.0.2.1");
  oriel_webrtc_address_text(&v6, text);
  assert_string_equal(text, "2001:db8::1");
  oriel_webrtc_address_text(&none, text);
  assert_string_equal(text, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(mapped_is_ipv4),
    cmocka_unit_test(text_is_what_candidates_have),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
