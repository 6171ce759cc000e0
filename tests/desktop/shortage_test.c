/* SPDX-License-Identifier: MIT
 *
 * What the sound of a desktop costs, when, and what becomes of it without memory. The linker puts this file's allocators
 * in the place of the C library's, in all that is linked statically: they count bytes, and one of them fails. Locks are
 * counted, too.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"
#include "desktop/sound.h"
#include "fake.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);
void __wrap_oriel_log(enum oriel_log_level level, const char *room, const char *format, ...);

enum { PACKET = 960, SMALL = 64 << 10 };

/* Of the test's own thread: the desktop's go on as ever. */
static _Thread_local unsigned left; /* allocations up to the one that fails; 0 = none does */
static _Thread_local size_t bytes;  /* asked for since the test set it to 0 */
static _Thread_local bool no_threads;
static _Thread_local unsigned warnings;

static _Thread_local size_t locks;

static bool fails(size_t size) {
  bytes += size;
  return left && !--left;
}

void *__wrap_malloc(size_t size) {
  return fails(size) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return fails(count * size) ? NULL : __real_calloc(count, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return fails(size) ? NULL : __real_aligned_alloc(alignment, size);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
  return no_threads ? EAGAIN : __real_pthread_create(thread, attributes, run, argument);
}

void __wrap_oriel_log(enum oriel_log_level level, const char *room, const char *format, ...) {
  (void)room;
  (void)format;
  warnings += level <= ORIEL_LOG_WARN;
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex) {
  locks++;
  return __real_pthread_mutex_lock(mutex);
}

static bool is_heard(struct oriel_sound *sound) {
  return atomic_load(&sound->signal.wanted);
}

/* ---- each allocation of the first use ---- */

static void sound_without_memory_is_silent_and_tries_again(void **state) {
  static const char *const streams[] = {"tcp://127.0.0.1:0?format=pcm", "tcp://127.0.0.1:0"};
  const struct oriel_guest_audio_config config = {.streams = streams, .stream_count = 2};
  struct oriel_guest_audio *guest = NULL;
  char why[256];
  (void)state;
  assert_int_equal(oriel_guest_audio_create(&config, &guest, why, sizeof why), 0);
  unsigned failed = 0;
  for (bool heard = false; !heard; failed++) {
    struct oriel_sound *sound = NULL;
    const float frames[2 * PACKET] = {0};
    assert_int_equal(oriel_sound_create(guest, 20, 64, &sound), 0);
    warnings = 0;
    bytes = 0;
    left = failed + 1;
    oriel_sound_want(sound, true);
    heard = is_heard(sound);
    if (!heard) {
      assert_int_equal(left, 0);
      oriel_sound_write(sound, frames, PACKET, oriel_clock_ns()); /* nobody's */
      left = 1;
      oriel_sound_want(sound, true); /* in vain again, and said once */
      assert_false(is_heard(sound));
      assert_int_equal(warnings, 1);
      left = 0;
      oriel_sound_want(sound, true);
      assert_true(is_heard(sound));
    }
    oriel_sound_stop(sound);
    oriel_sound_destroy(sound);
  }
  assert_true(left > 0); /* none was left to fail */
  left = 0;
  assert_in_range(failed, 20, 200);
  print_message("its first listener with PCM and Opus from inside the guest: %zu\n", bytes);
  oriel_guest_audio_destroy(guest);
}

/* ---- a desktop ---- */

static struct {
  struct fake fake;
  struct oriel_desktop *desktop;
} test;

static int end(void **state) {
  (void)state;
  left = 0;
  no_threads = false;
  fake_end(&test.fake, test.desktop);
  return 0;
}

static int begin(void **state) {
  (void)state;
  fake_init(&test.fake, 640, 480);
  test.desktop = fake_desktop(&test.fake, "null", true);
  return 0;
}

static void sound(void) {
  static const float frames[2 * PACKET];
  test.fake.sink->sound(test.fake.sink->user, frames, PACKET, oriel_clock_ns());
}

static void expect_sound(struct oriel_viewer *viewer) {
  struct oriel_delivery delivery = fake_next_of(&test.fake, viewer, ORIEL_DELIVERY_AUDIO);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_AUDIO);
  oriel_packet_unref(delivery.packet);
}

static void expect_picture(struct oriel_viewer *viewer) {
  struct oriel_delivery delivery = fake_next_of(&test.fake, viewer, ORIEL_DELIVERY_PICTURE);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
  oriel_packet_unref(delivery.packet);
}

/* `shorten` takes away what the first listener needs; the next one has it. */
static void first_in_vain(void (*shorten)(void)) {
  struct oriel_viewer *first = fake_viewer(test.desktop, ORIEL_ROLE_VIEWER, true, false);
  warnings = 0;
  first->can_audio = true;
  shorten();
  oriel_viewer_want(first, true, true);
  left = 0;
  no_threads = false;
  assert_false(is_heard(test.desktop->sound));
  assert_int_equal(warnings, 1);
  sound();
  expect_picture(first); /* the desktop lives */
  struct oriel_viewer *next = fake_viewer(test.desktop, ORIEL_ROLE_VIEWER, true, true);
  sound();
  expect_sound(next);
  expect_sound(first);
}

static void take_memory(void) {
  left = 1;
}

static void take_threads(void) {
  no_threads = true;
}

static void next_listener_is_heard_after_a_shortage_of_memory(void **state) {
  (void)state;
  first_in_vain(take_memory);
}

static void next_listener_is_heard_after_a_shortage_of_threads(void **state) {
  (void)state;
  first_in_vain(take_threads);
}

/* Without memory for this host's playback the desktop begins, and viewers hear; the next listener has it made. */
static void playback_without_memory_leaves_the_desktop_alone(void **state) {
  static struct oriel_desktop_stats stats;
  (void)state;
  fake_init(&test.fake, 640, 480);
  test.fake.passthru = true;
  test.desktop = fake_desktop(&test.fake, "null", false);
  warnings = 0;
  left = 1;
  assert_int_equal(oriel_desktop_start(test.desktop), 0);
  assert_int_equal(warnings, 1);
  const bool failed = !left; /* not in a build without PipeWire, which makes nothing */
  left = 0;
  oriel_desktop_stats(test.desktop, &stats);
  assert_false(stats.sound.has_playback);
  struct oriel_viewer *viewer = fake_viewer(test.desktop, ORIEL_ROLE_VIEWER, true, true);
  sound();
  expect_sound(viewer);
  oriel_desktop_stats(test.desktop, &stats);
  assert_int_equal(stats.sound.has_playback, failed);
  oriel_viewer_detach(viewer);
  assert_int_equal(is_heard(test.desktop->sound), failed); /* it listens on */
}

/* ---- what it costs ---- */

/* The source's data thread: neither an allocation nor a lock, whether anybody listens or not. */
static void source_hands_on_sound_without_memory_or_locks(void **state) {
  (void)state;
  struct oriel_viewer *viewer = fake_viewer(test.desktop, ORIEL_ROLE_VIEWER, true, true);
  for (int i = 0; i < 100; i++) {
    bytes = locks = 0;
    sound();
    assert_int_equal(bytes + locks, 0);
    if (i % 10 == 0)
      oriel_viewer_want(viewer, true, i % 20 == 0);
  }
}

static void memory_for_sound_is_taken_by_the_first_listener_and_kept(void **state) {
  (void)state;
  fake_init(&test.fake, 640, 480);
  bytes = 0;
  test.desktop = fake_desktop(&test.fake, "null", false);
  const size_t made = bytes;
  struct oriel_viewer *viewer = fake_viewer(test.desktop, ORIEL_ROLE_VIEWER, true, false);
  bytes = 0;
  oriel_viewer_want(viewer, true, false);
  assert_int_equal(bytes, 0); /* who only looks hears nothing */
  viewer->can_audio = true;
  oriel_viewer_want(viewer, true, true);
  const size_t first = bytes;
  bytes = 0;
  for (int i = 0; i < 3; i++) {
    oriel_viewer_want(viewer, true, false);
    oriel_viewer_want(viewer, true, true);
  }
  assert_int_equal(bytes, 0);
  print_message("a desktop: %zu bytes, its first listener: %zu\n", made, first);
  assert_in_range(made, 1, SMALL);
  assert_in_range(first, 65536 * 2 * sizeof(float), 1 << 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sound_without_memory_is_silent_and_tries_again),
    cmocka_unit_test_setup_teardown(next_listener_is_heard_after_a_shortage_of_memory, begin, end),
    cmocka_unit_test_setup_teardown(next_listener_is_heard_after_a_shortage_of_threads, begin, end),
    cmocka_unit_test_teardown(playback_without_memory_leaves_the_desktop_alone, end),
    cmocka_unit_test_setup_teardown(source_hands_on_sound_without_memory_or_locks, begin, end),
    cmocka_unit_test_teardown(memory_for_sound_is_taken_by_the_first_listener_and_kept, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
