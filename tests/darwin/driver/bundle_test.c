/* SPDX-License-Identifier: MIT
 *
 * The driver's bundle, as it ships, under the simulator of coreaudiod: its x86_64 part is mapped and run.
 *
 * usage: bundle_test OrielAudio.driver
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/darwin/cf.h"
#include "tests/darwin/driver/checks.h"
#include "tests/darwin/macho.h"
#include "tests/darwin/shim.h"

static const char *bundle_path;
static struct macho *image;

/* Each life has the image anew, with its variables as the file has them. */
static hal_factory fresh(void) {
  char path[PATH_MAX], why[MACHO_WHY_SIZE] = "";
  snprintf(path, sizeof path, "%s/Contents/MacOS/OrielAudio", bundle_path);
  int error = macho_load_file(path, shim_lookup, NULL, &image, why);
  if (!error)
    error = macho_run(image);
  if (error) {
    fprintf(stderr, "%s: %s\n", path, why);
    return NULL;
  }
  return (hal_factory)(uintptr_t)macho_symbol(image, "_OrielAudio_Create");
}

static void drop(void) {
  macho_unload(image);
  image = NULL;
}

static void bundle_threads_ask_for_their_class(void **state) {
  (void)state;
  assert_true(shim_interactive_threads() >= 2); /* pump and microphone, of each life before */
}

/* The daemon finds the factory's function by these two names. */
static void bundle_names_its_factory(void **state) {
  (void)state;
  static char text[16384];
  char path[PATH_MAX], name[64] = "_";
  snprintf(path, sizeof path, "%s/Contents/Info.plist", bundle_path);
  FILE *file = fopen(path, "re");
  assert_non_null(file);
  CFDictionaryRef info = cf_plist_parse(text, fread(text, 1, sizeof text, file));
  fclose(file);
  assert_non_null(info);
  CFDictionaryRef types = CFDictionaryGetValue(info, CFSTR("CFPlugInTypes"));
  CFDictionaryRef factories = CFDictionaryGetValue(info, CFSTR("CFPlugInFactories"));
  CFArrayRef ours = CFDictionaryGetValue(types, CFSTR("443ABAB8-E7B3-491A-B985-BEB9187030DB"));
  assert_non_null(ours);
  CFStringRef function = CFDictionaryGetValue(factories, CFArrayGetValueAtIndex(ours, 0));
  assert_true(CFStringGetCString(function, name + 1, sizeof name - 1, kCFStringEncodingUTF8));
  assert_non_null(fresh());
  assert_non_null(macho_symbol(image, name));
  drop();
  CFRelease(info);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: bundle_test OrielAudio.driver\n");
    return 2;
  }
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(bundle_threads_ask_for_their_class),
    cmocka_unit_test(bundle_names_its_factory),
  };
  bundle_path = argv[1];
  const int failed = checks_run(bundle_path, fresh, drop);
  return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
