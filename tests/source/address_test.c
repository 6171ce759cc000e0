/* SPDX-License-Identifier: MIT
 *
 * Source addresses and the numbers of keys.
 */
#include "source/qemu/address.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "source/qemu/keymap.h"
#include "source/heads.h"
#include "source/source.h"

static void address_plain(void **state) {
  (void)state;
  struct oriel_qemu_address address;
  char why[160];
  assert_int_equal(oriel_qemu_address_parse("qemu:/run/vm/qmp.sock", &address, why, sizeof why), 0);
  assert_string_equal(address.path, "/run/vm/qmp.sock");
  assert_int_equal(address.console, 0);
  assert_int_equal(oriel_qemu_address_parse("qemu:qmp?console=12", &address, why, sizeof why), 0);
  assert_string_equal(address.path, "qmp");
  assert_int_equal(address.console, 12);
}

static void address_encoded(void **state) {
  (void)state;
  struct oriel_qemu_address address;
  char why[160];
  assert_int_equal(oriel_qemu_address_parse("qemu:/a%20b%3fc%25/%C3%A9", &address, why, sizeof why), 0);
  assert_string_equal(address.path, "/a b?c%/\xc3\xa9");
}

static void address_wrong(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
  } wrong[] = {
    {"qemu:", "missing"},        {"qemu:?console=1", "missing"}, {"qemu:/a%2", "two hex digits"},
    {"qemu:/a%zz", "two hex"},   {"qemu:/a%00b", "%00"},         {"qemu:/a%", "two hex"},
    {"qemu:/a?console=", "not a number"}, {"qemu:/a?console=64", "0 to 63"}, {"qemu:/a?console=-1", "not a number"},
    {"qemu:/a?console=1x", "not a number"}, {"qemu:/a?console=99999999999999999999", "not a number"},
    {"qemu:/a?screen=1", "?console=N"}, {"pattern:", "qemu:"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct oriel_qemu_address address = {.path = "untouched"};
    char why[160] = "";
    assert_int_equal(oriel_qemu_address_parse(wrong[i].text, &address, why, sizeof why), -EINVAL);
    if (!strstr(why, wrong[i].why))
      fail_msg("'%s' does not mention '%s'", why, wrong[i].why);
    assert_string_equal(address.path, "untouched");
  }
}

/* Lesson 40: a path that no socket can have is refused with the reason, not cut. */
static void address_long(void **state) {
  (void)state;
  char text[200] = "qemu:", why[160] = "";
  struct oriel_qemu_address address;
  memset(text + 5, 'a', 107);
  assert_int_equal(oriel_qemu_address_parse(text, &address, why, sizeof why), 0);
  assert_int_equal(strlen(address.path), 107);
  text[112] = 'a';
  assert_int_equal(oriel_qemu_address_parse(text, &address, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "107 bytes"));
}

/* No socket of that name will ever come: said at once, not waited for. */
static void address_of_libvirt(void **state) {
  (void)state;
  char why[160] = "";
  struct oriel_qemu_address address;
  static const char *const names[] = {"qemu:///session", "qemu:///system", "qemu://host/system?no_verify=1",
                                      "qemu:///embed"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_int_equal(oriel_qemu_address_parse(names[i], &address, why, sizeof why), -EINVAL);
    assert_non_null(strstr(why, "libvirt"));
    assert_non_null(strstr(why, "qemu:/path/to/qmp.sock"));
  }
  assert_int_equal(oriel_qemu_address_parse("qemu:///run/system/qmp", &address, why, sizeof why), 0);
  assert_int_equal(oriel_qemu_address_parse("qemu:/session", &address, why, sizeof why), 0);
  struct oriel_source *source = NULL;
  assert_int_equal(oriel_source_create("qemu+ssh://host/system", &source, why, sizeof why), -EINVAL);
}

static void address_of_all_heads(void **state) {
  (void)state;
  char why[160] = "", text[64] = "";
  struct oriel_qemu_address address;
  assert_int_equal(oriel_qemu_address_parse("qemu:/run/vm?console=all", &address, why, sizeof why), 0);
  assert_true(address.all);
  assert_int_equal(address.console, 0);
  assert_string_equal(address.path, "/run/vm");
  assert_true(oriel_source_heads_wanted("qemu:/run/vm?console=all"));
  assert_false(oriel_source_heads_wanted("qemu:/run/vm?console=1"));
  assert_false(oriel_source_heads_wanted("qemu:/run/vm%3Fconsole=all"));
  assert_false(oriel_source_heads_wanted("pattern:?console=all"));
  assert_int_equal(oriel_qemu_address_parse("qemu:/run/vm?console=alle", &address, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "or all"));
  assert_int_equal(oriel_source_head_address("qemu:/run/vm?console=all", 2, text, sizeof text), 0);
  assert_string_equal(text, "qemu:/run/vm?console=2");
  assert_int_equal(oriel_source_head_address("qemu:/run/vm", 2, text, sizeof text), -EINVAL);
  assert_int_equal(oriel_source_head_address("qemu:/run/vm?console=all", 16, text, sizeof text), -EINVAL);
  assert_int_equal(oriel_source_head_address("qemu:/run/vm?console=all", 15, text, 10), -ENAMETOOLONG);
}

static void address_of_no_kind(void **state) {
  (void)state;
  char why[160] = "";
  struct oriel_source *source = NULL;
  assert_int_equal(oriel_source_create("vnc:host", &source, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "qemu:"));
  assert_non_null(strstr(why, "pattern:"));
  assert_null(source);
  assert_int_equal(oriel_source_create("qemu:", &source, why, sizeof why), -EINVAL);
  /* Never started is fine. */
  assert_int_equal(oriel_source_create("qemu:/nowhere", &source, why, sizeof why), 0);
  oriel_source_destroy(source);
  oriel_source_destroy(NULL);
}

/* Each key has its own number, but for the two names of the key beside Enter. */
static void keymap_unique(void **state) {
  (void)state;
  unsigned count[256] = {0}, known = 0;
  for (unsigned usage = 0; usage <= UINT16_MAX; usage++) {
    uint8_t key = oriel_qemu_key_from_usage((uint16_t)usage);
    known += key != 0;
    if (key)
      count[key]++;
  }
  for (unsigned key = 1; key < 256; key++)
    assert_true(count[key] <= (key == 0x2b ? 2 : 1));
  assert_true(known > 130);
}

static void keymap_examples(void **state) {
  (void)state;
  static const struct {
    uint16_t usage;
    uint8_t key;
  } examples[] = {{0x04, 0x1e}, {0x1d, 0x2c}, {0x27, 0x0b}, {0x28, 0x1c}, {0x4c, 0xd3}, {0x58, 0x9c}, {0x64, 0x56},
                  {0xe6, 0xb8}, {0xe7, 0xdc}, {0x48, 0xc6}, {0x87, 0x73}, {0x00, 0},    {0x03, 0},    {0xe8, 0},
                  {0xffff, 0},  {0xc0cd, 0xa2}, {0xc224, 0xea}, {0xc000, 0}};
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
    assert_int_equal(oriel_qemu_key_from_usage(examples[i].usage), examples[i].key);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(address_plain), cmocka_unit_test(address_encoded), cmocka_unit_test(address_wrong),
    cmocka_unit_test(address_long),  cmocka_unit_test(address_of_no_kind),  cmocka_unit_test(keymap_unique),
    cmocka_unit_test(keymap_examples), cmocka_unit_test(address_of_libvirt),
    cmocka_unit_test(address_of_all_heads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
