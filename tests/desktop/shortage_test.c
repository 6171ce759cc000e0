/* SPDX-License-Identifier: MIT
 *
 * Making the sound without memory: the linker puts this file's allocators in the place of the C library's, in all that is
 * linked statically, and each allocation fails once.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "desktop/private.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static unsigned left; /* allocations up to the one that fails; 0 = none does */

static bool fails(void) {
  return left && !--left;
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

static void sound_without_memory(void **state) {
  static const char *const streams[] = {"tcp://127.0.0.1:0?format=pcm", "tcp://127.0.0.1:0"};
  const struct oriel_guest_audio_config config = {.streams = streams, .stream_count = 2};
  struct oriel_guest_audio *guest = NULL;
  char why[256];
  (void)state;
  assert_int_equal(oriel_guest_audio_create(&config, &guest, why, sizeof why), 0);
  unsigned failed = 0;
  for (int result = -ENOMEM; result; failed++) {
    struct oriel_sound sound;
    memset(&sound, 0, sizeof sound);
    left = failed + 1;
    result = oriel_sound_init(&sound, guest, 960);
    assert_true(result == 0 || result == -ENOMEM);
    if (!result)
      oriel_sound_finish(&sound);
  }
  assert_true(left > 0); /* none was left to fail */
  left = 0;
  assert_in_range(failed, 20, 200);
  oriel_guest_audio_destroy(guest);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sound_without_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
