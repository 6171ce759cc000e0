/* SPDX-License-Identifier: MIT
 *
 * Compiled against sdk/, layout.h and constants.h assert what the macOS ABI fixes; what no compiler can is asserted
 * here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/darwin/constants.h"
#include "tests/darwin/layout.h"

/* Names of the interfaces, as Info.plist spells them. */
static void interface_has_the_systems_name(void **state) {
  (void)state;
  const struct {
    CFUUIDRef uuid;
    const char *name;
  } names[] = {
    {kAudioServerPlugInTypeUUID, "443ABAB8-E7B3-491A-B985-BEB9187030DB"},
    {kAudioServerPlugInDriverInterfaceUUID, "EEA5773D-CC43-49F1-8E00-8F96E7D23B17"},
    {IUnknownUUID, "00000000-0000-0000-C000-000000000046"},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char text[40] = "";
    CFStringRef string = CFUUIDCreateString(NULL, names[i].uuid);
    assert_true(CFStringGetCString(string, text, sizeof text, kCFStringEncodingUTF8));
    assert_string_equal(text, names[i].name);
    CFRelease(string);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(interface_has_the_systems_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
