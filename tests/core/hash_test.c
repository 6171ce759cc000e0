/* SPDX-License-Identifier: MIT
 *
 * core/hash: the values that the authors of FNV-1a give for their test strings.
 */
#include "core/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void hash_is_fnv_1a(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t hash;
  } rows[] = {
    {"", UINT64_C(0xcbf29ce484222325)},
    {"a", UINT64_C(0xaf63dc4c8601ec8c)},
    {"foobar", UINT64_C(0x85944171f73967e8)},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_true(oriel_hash(rows[i].text, strlen(rows[i].text)) == rows[i].hash);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(hash_is_fnv_1a)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
