/* SPDX-License-Identifier: MIT
 *
 * Which threads an encoder uses: one that is to use its caller's alone starts none, however large its pictures are, so
 * that the caller's processor time is all that they cost. The linker puts this file's sysconf in place of the system's,
 * so that there are cores enough for others.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "media/encoder.h"
#include "media/picture.h"

long __real_sysconf(int name);
long __wrap_sysconf(int name);

long __wrap_sysconf(int name) {
  return name == _SC_NPROCESSORS_ONLN ? 8 : __real_sysconf(name);
}

static unsigned count_threads(void) {
  unsigned count = 0;
  DIR *tasks = opendir("/proc/self/task");
  assert_non_null(tasks);
  for (const struct dirent *entry; (entry = readdir(tasks)) != NULL;)
    count += entry->d_name[0] != '.';
  (void)closedir(tasks);
  return count;
}

/** Of one that has been made for 1920 x 1080: how many more there are. */
static unsigned threads_of(bool single_thread) {
  const struct oriel_encoder_config config = {
    .width = 1920, .height = 1080, .fps = 60, .bitrate_kbps = 8000, .single_thread = single_thread};
  struct oriel_encoder *encoder = NULL;
  const unsigned before = count_threads();
  assert_int_equal(oriel_encoder_create("x264", &config, &encoder), 0);
  const unsigned after = count_threads();
  oriel_encoder_destroy(encoder);
  assert_true(after >= before);
  return after - before;
}

static void encoder_of_one_thread_starts_none(void **state) {
  (void)state;
  assert_int_equal(threads_of(true), 0);
  assert_true(threads_of(false) > 0); /* where they may, half of them code slices */
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(encoder_of_one_thread_starts_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
