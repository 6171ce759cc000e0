/* SPDX-License-Identifier: MIT
 *
 * The Mach-O loader and the shims, with a bundle that the build made for macOS (tiny.c, given as argument), with one
 * laid out here for chained fixups, and with broken ones.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/darwin/cf.h"
#include "tests/darwin/macho.h"
#include "tests/darwin/macho_image.h"
#include "tests/darwin/rt.h"
#include "tests/darwin/shim.h"

static const char *tiny_path;

struct tiny {
  struct macho *macho;
};

static int open_tiny(void **state) {
  static struct tiny tiny;
  char why[MACHO_WHY_SIZE] = "";
  if (macho_load_file(tiny_path, shim_lookup, NULL, &tiny.macho, why) != 0 || macho_run(tiny.macho) != 0) {
    print_error("%s: %s\n", tiny_path, why);
    return -1;
  }
  cf_faults_reset();
  rt_reset();
  *state = &tiny;
  return 0;
}

static int close_tiny(void **state) {
  macho_unload(((struct tiny *)*state)->macho);
  return cf_fault_count() ? -1 : 0;
}

/* A function of the bundle. */
#define CALL(state, name, type) ((type)(uintptr_t)macho_symbol(((struct tiny *)*(state))->macho, name))
typedef int (*nullary)(void);
typedef int (*of_int)(int);
typedef int (*of_file)(const char *, long);
typedef int (*of_angle)(double, double *, double *);

static void bundle_is_set_up(void **state) {
  static const char *const names[] = {"_tiny_constructed", "_tiny_rebased", "_tiny_weak"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    assert_int_equal(CALL(state, names[i], nullary)(), 0);
  assert_int_equal(*CALL(state, "_tiny_data", int *), 1234);
  assert_null(macho_symbol(((struct tiny *)*state)->macho, "_nobody"));
  assert_null(macho_symbol(((struct tiny *)*state)->macho, "_tiny"));
  assert_null(macho_symbol(((struct tiny *)*state)->macho, ""));
}

static void bundle_finds_the_system(void **state) {
  static const char *const names[] = {"_tiny_errors", "_tiny_text", "_tiny_strings", "_tiny_threads"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    assert_int_equal(CALL(state, names[i], nullary)(), 0);
  struct stat status;
  assert_int_equal(stat(tiny_path, &status), 0);
  assert_int_equal(CALL(state, "_tiny_file", of_file)(tiny_path, (long)status.st_size), 0);
  double sine = 0, cosine = 0;
  CALL(state, "_tiny_numbers", of_angle)(1.0, &sine, &cosine);
  assert_true(sine == sin(1.0) && cosine == cos(1.0));
}

static void bundle_is_watched(void **state) {
  static const char *const notes[] = {"malloc", "pthread_mutex_lock", "os_log", "close"};
  for (int what = 0; what < 5; what++) {
    rt_reset();
    rt_enter();
    CALL(state, "_tiny_forbidden", of_int)(what);
    rt_leave();
    assert_int_equal(rt_count() > 0, what < 4);
    if (what < 4)
      assert_string_equal(rt_note(0), notes[what]);
  }
}

static void *no_lookup(void *context, const char *name) {
  (void)context;
  return strcmp(name, "_malloc") == 0 ? NULL : shim_lookup(NULL, name);
}

static void symbol_that_nobody_has_is_named(void **state) {
  (void)state;
  struct macho *macho = NULL;
  char why[MACHO_WHY_SIZE] = "";
  assert_int_equal(macho_load_file(tiny_path, no_lookup, NULL, &macho, why), -ENOENT);
  assert_non_null(strstr(why, "_malloc"));
  assert_null(macho);
  assert_int_equal(macho_load_file("/nobody/has/this", no_lookup, NULL, &macho, why), -ENOENT);
  assert_non_null(strstr(why, "/nobody/has/this"));
}

static int target;

static void *chained_lookup(void *context, const char *name) {
  (void)context;
  return strcmp(name, "_import") == 0 ? &target : NULL;
}

static void chained_fixups_are_applied(void **state) {
  (void)state;
  uint8_t image[MACHO_IMAGE_SIZE];
  for (unsigned format = 1; format <= 3; format++) {
    struct macho *macho = NULL;
    char why[MACHO_WHY_SIZE] = "";
    macho_image_chained(image, format, format == 2 ? 2 : 6);
    if (macho_load(image, sizeof image, chained_lookup, NULL, &macho, why) != 0)
      fail_msg("%s", why);
    uint8_t *const *data = macho_symbol(macho, "_data");
    assert_non_null(data);
    assert_ptr_equal(data[0], (uint8_t *)(uintptr_t)data + 24); /* a rebase */
    assert_ptr_equal(data[1], (uint8_t *)&target + 3 + (format == 1 ? 0 : 16)); /* a bind, with both addends */
    assert_ptr_equal(data[2], NULL);                             /* a weak import */
    assert_ptr_equal(data[3], (uint8_t *)0x7777);                /* not in the chain */
    macho_unload(macho);
  }
}

/* Reads a whole file; owned. */
static uint8_t *slurp(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  uint8_t *bytes = malloc(1 << 20);
  assert_non_null(bytes);
  *size = fread(bytes, 1, 1 << 20, file);
  fclose(file);
  return bytes;
}

static int load_and_drop(const uint8_t *bytes, size_t size, char why[MACHO_WHY_SIZE]) {
  struct macho *macho = NULL;
  int error = macho_load(bytes, size, shim_lookup, NULL, &macho, why);
  if (!error)
    macho_symbol(macho, "_tiny_data");
  macho_unload(macho);
  return error;
}

static void broken_file_is_refused_in_words(void **state) {
  (void)state;
  uint8_t image[MACHO_IMAGE_SIZE];
  char why[MACHO_WHY_SIZE];
  static const struct {
    size_t at;
    uint8_t value;
    const char *words;
  } breaks[] = {
    {0, 0, "no 64-bit Mach-O"},
    {4, 12, "another processor"},
    {12, 6, "no bundle"},
    {16, 200, "load command"},
    {22, 0xff, "load command"},
    {MACHO_IMAGE_FORMAT, 1, "not of x86_64"},
    {MACHO_IMAGE_SECTION_TYPE, 0x13, "thread-local"},
  };
  for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
    macho_image_chained(image, 1, 6);
    image[breaks[i].at] = breaks[i].value;
    if (load_and_drop(image, sizeof image, why) != -ENOEXEC || !strstr(why, breaks[i].words))
      fail_msg("break %zu: \"%s\" has not \"%s\"", i, why, breaks[i].words);
  }
  assert_int_equal(load_and_drop(image, 0, why), -ENOEXEC);
}

/* Any byte wrong, any length: refused or loaded, never a crash. */
static void mutated_file_does_no_harm(void **state) {
  (void)state;
  size_t size = 0, refused = 0;
  uint8_t *bytes = slurp(tiny_path, &size);
  char why[MACHO_WHY_SIZE];
  assert_int_equal(load_and_drop(bytes, size, why), 0);
  for (size_t cut = 0; cut < size; cut += 1 + cut / 64)
    refused += load_and_drop(bytes, cut, why) != 0;
  uint32_t seed = 1;
  for (unsigned i = 0; i < 4000; i++) {
    seed = seed * 1664525u + 1013904223u;
    /* Mostly in the headers and among the fixups, where it matters. */
    size_t at = i % 2 ? 4096 + (seed >> 8) % 2048 : (seed >> 8) % size;
    uint8_t kept = bytes[at];
    bytes[at] = (uint8_t)(seed >> 24);
    refused += load_and_drop(bytes, size, why) != 0;
    bytes[at] = kept;
  }
  assert_true(refused > 100);
  free(bytes);
}

int main(int argc, char **argv) {
  const struct CMUnitTest image_tests[] = {
    cmocka_unit_test(chained_fixups_are_applied),
    cmocka_unit_test(broken_file_is_refused_in_words),
  };
  const struct CMUnitTest tiny_tests[] = {
    cmocka_unit_test_setup_teardown(bundle_is_set_up, open_tiny, close_tiny),
    cmocka_unit_test_setup_teardown(bundle_finds_the_system, open_tiny, close_tiny),
    cmocka_unit_test_setup_teardown(bundle_is_watched, open_tiny, close_tiny),
    cmocka_unit_test(symbol_that_nobody_has_is_named),
    cmocka_unit_test(mutated_file_does_no_harm),
  };
  tiny_path = argc > 1 ? argv[1] : NULL;
  int failed = cmocka_run_group_tests(image_tests, NULL, NULL);
  if (tiny_path)
    failed += cmocka_run_group_tests(tiny_tests, NULL, NULL);
  else
    print_message("no cross-compiler for macOS here: no bundle to load\n");
  return failed;
}
