/* SPDX-License-Identifier: MIT
 *
 * The surface: pictures stay whole, damage is neither lost nor invented, sizes are bounded.
 */
#include "media/surface.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct oriel_surface_cursor reader; /* of the test's own thread */

static struct oriel_surface *make(uint32_t width, uint32_t height) {
  struct oriel_surface *surface = NULL;
  reader = (struct oriel_surface_cursor){0};
  assert_int_equal(oriel_surface_create(&surface), 0);
  if (width)
    assert_int_equal(oriel_surface_resize(surface, width, height), 0);
  return surface;
}

static void take(struct oriel_surface *surface) {
  struct oriel_surface_view view;
  oriel_surface_lock(surface, &reader, &view);
  oriel_surface_unlock(surface, &reader);
}

static void surface_new(void **state) {
  (void)state;
  struct oriel_surface *surface = make(0, 0);
  struct oriel_surface_view view;
  oriel_surface_lock(surface, &reader, &view);
  assert_int_equal(view.width, 0);
  assert_int_equal(view.height, 0);
  assert_int_equal(view.captured_ns, 0);
  oriel_surface_unlock(surface, &reader);
  assert_false(oriel_surface_damaged(surface, &reader));
  oriel_surface_fill(surface, 0xffffff, 1);
  assert_false(oriel_surface_damaged(surface, &reader));
  oriel_surface_destroy(surface);
  oriel_surface_destroy(NULL);
}

static void surface_resized(void **state) {
  (void)state;
  struct oriel_surface *surface = make(101, 67);
  struct oriel_surface_view view;
  oriel_surface_lock(surface, &reader, &view);
  assert_int_equal(view.width, 101);
  assert_int_equal(view.height, 67);
  assert_true(view.stride >= 101 * 4);
  assert_int_equal(view.damage.count, 1);
  assert_int_equal(view.damage.rects[0].width, 101);
  assert_int_equal(view.damage.rects[0].height, 67);
  assert_true(view.captured_ns != 0);
  for (int y = 0; y < 67; y++)
    for (int x = 0; x < 101; x++)
      assert_memory_equal(view.bgrx + y * view.stride + x * 4, "\0\0\0\377", 4);
  uint32_t generation = view.generation;
  oriel_surface_unlock(surface, &reader);
  assert_false(oriel_surface_damaged(surface, &reader));

  oriel_surface_fill(surface, 0x102030, 5);
  take(surface);
  assert_int_equal(oriel_surface_resize(surface, 101, 67), 0);
  oriel_surface_lock(surface, &reader, &view);
  assert_int_equal(view.generation, generation);
  assert_int_equal(view.damage.count, 0);
  assert_memory_equal(view.bgrx, "\x30\x20\x10\377", 4);
  oriel_surface_unlock(surface, NULL);

  assert_int_equal(oriel_surface_resize(surface, 10, 10), 0);
  oriel_surface_lock(surface, &reader, &view);
  assert_true(view.generation != generation);
  assert_int_equal(view.damage.rects[0].width, 10);
  oriel_surface_unlock(surface, NULL);
  oriel_surface_destroy(surface);
}

/* Lesson 38: sizes are bounded before they become an allocation. */
static void surface_absurd_size(void **state) {
  (void)state;
  struct oriel_surface *surface = make(64, 64);
  static const uint32_t sizes[][2] = {{0, 5}, {5, 0}, {7681, 10}, {10, 4321}, {65536, 65536}, {UINT32_MAX, UINT32_MAX}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    assert_int_equal(oriel_surface_resize(surface, sizes[i][0], sizes[i][1]), -EINVAL);
  struct oriel_surface_view view;
  oriel_surface_lock(surface, &reader, &view);
  assert_int_equal(view.width, 64);
  oriel_surface_unlock(surface, NULL);
  assert_int_equal(oriel_surface_resize(surface, 1, 1), 0);
  assert_int_equal(oriel_surface_resize(surface, 7680, 4320), 0);
  oriel_surface_destroy(surface);
}

static void surface_written(void **state) {
  (void)state;
  struct oriel_surface *surface = make(64, 64);
  take(surface);
  /* Two rows of three pixels with a gap of one byte between the rows. */
  uint8_t pixels[2 * 13];
  for (size_t i = 0; i < sizeof pixels; i++)
    pixels[i] = (uint8_t)(i + 1);
  struct oriel_rect rect = {.x = 61, .y = 62, .width = 3, .height = 2};
  assert_int_equal(oriel_surface_write(surface, rect, pixels, 13, ORIEL_PIXEL_BGRX8888, 77), 0);
  struct oriel_surface_view view;
  oriel_surface_lock(surface, &reader, &view);
  for (int y = 0; y < 2; y++)
    for (int x = 0; x < 3; x++) {
      const uint8_t *at = view.bgrx + (62 + y) * view.stride + (61 + x) * 4;
      assert_memory_equal(at, pixels + y * 13 + x * 4, 3);
      assert_int_equal(at[3], 255);
    }
  assert_int_equal(view.bgrx[62 * view.stride + 60 * 4], 0);
  assert_int_equal(view.damage.count, 1);
  assert_memory_equal(&view.damage.rects[0], &rect, sizeof rect);
  assert_int_equal(view.captured_ns, 77);
  oriel_surface_unlock(surface, &reader);
  oriel_surface_destroy(surface);
}

/* What arrives again is no damage; what changed is, and little else. */
static void surface_updated(void **state) {
  (void)state;
  struct oriel_surface *surface = make(300, 200);
  static uint8_t pixels[300 * 200 * 4];
  const struct oriel_rect all = {0, 0, 300, 200};
  assert_int_equal(oriel_surface_write(surface, all, pixels, 1200, ORIEL_PIXEL_BGRX8888, 1), 0);
  take(surface);
  assert_int_equal(oriel_surface_update(surface, all, pixels, 1200, ORIEL_PIXEL_BGRX8888, 2), 0);
  assert_false(oriel_surface_damaged(surface, &reader));
  /* Two far dots, and a byte that is no colour. */
  pixels[(10 * 300 + 20) * 4] = 9;
  pixels[(10 * 300 + 22) * 4 + 1] = 9;
  pixels[(199 * 300 + 299) * 4 + 2] = 9;
  pixels[(100 * 300 + 100) * 4 + 3] = 9;
  assert_int_equal(oriel_surface_update(surface, all, pixels, 1200, ORIEL_PIXEL_BGRX8888, 3), 1);
  struct oriel_surface_view view;
  oriel_surface_lock(surface, &reader, &view);
  assert_int_equal(view.damage.count, 2);
  assert_int_equal(oriel_damage_area(&view.damage), 3 + 1);
  assert_int_equal(view.damage.rects[0].x, 20);
  assert_int_equal(view.damage.rects[0].y, 10);
  assert_int_equal(view.damage.rects[1].x, 299);
  assert_int_equal(view.captured_ns, 3);
  assert_memory_equal(view.bgrx + 10 * view.stride + 20 * 4, "\x09\0\0\377", 4);
  assert_memory_equal(view.bgrx + 199 * view.stride + 299 * 4, "\0\0\x09\377", 4);
  oriel_surface_unlock(surface, &reader);
  /* A part, with a stride of its own. */
  const struct oriel_rect part = {298, 1, 2, 2};
  const uint8_t small[] = {0xff, 0xff, 0, 0, 9, 9, 0, 0, 0, 0};
  assert_int_equal(oriel_surface_update(surface, part, small, 6, ORIEL_PIXEL_RGB565, 4), 1);
  oriel_surface_lock(surface, &reader, &view);
  assert_int_equal(oriel_damage_area(&view.damage), 1);
  assert_memory_equal(view.bgrx + 1 * view.stride + 298 * 4, "\377\377\377\377", 4);
  oriel_surface_unlock(surface, &reader);
  assert_int_equal(oriel_surface_update(surface, (struct oriel_rect){299, 0, 2, 1}, small, 6, ORIEL_PIXEL_RGB565, 4),
                   -EINVAL);
  assert_int_equal(oriel_surface_update(surface, part, small, 3, ORIEL_PIXEL_RGB565, 4), -EINVAL);
  oriel_surface_destroy(surface);
}

/* A new size and its pixels arrive in one step. */
static void surface_replaced(void **state) {
  (void)state;
  struct oriel_surface *surface = make(64, 64);
  take(surface);
  static uint8_t pixels[33 * 20 * 4];
  memset(pixels, 0x5a, sizeof pixels);
  assert_int_equal(oriel_surface_replace(surface, 33, 20, pixels, 33 * 4, ORIEL_PIXEL_BGRX8888, 42), 0);
  struct oriel_surface_view view;
  oriel_surface_lock(surface, &reader, &view);
  assert_int_equal(view.width, 33);
  assert_int_equal(view.height, 20);
  assert_int_equal(view.captured_ns, 42);
  assert_int_equal(oriel_damage_area(&view.damage), 33 * 20);
  assert_memory_equal(view.bgrx + 19 * view.stride + 32 * 4, "\x5a\x5a\x5a\377", 4);
  uint32_t generation = view.generation;
  oriel_surface_unlock(surface, &reader);
  memset(pixels, 0x11, sizeof pixels);
  assert_int_equal(oriel_surface_replace(surface, 33, 20, pixels, 33 * 4, ORIEL_PIXEL_BGRX8888, 43), 0);
  assert_int_equal(oriel_surface_replace(surface, 33, 20, pixels, 33 * 4 - 1, ORIEL_PIXEL_BGRX8888, 43), -EINVAL);
  assert_int_equal(oriel_surface_replace(surface, 0, 20, pixels, 33 * 4, ORIEL_PIXEL_BGRX8888, 43), -EINVAL);
  assert_int_equal(oriel_surface_replace(surface, 33, 4321, pixels, 33 * 4, ORIEL_PIXEL_BGRX8888, 43), -EINVAL);
  oriel_surface_lock(surface, &reader, &view);
  assert_int_equal(view.generation, generation);
  assert_int_equal(view.bgrx[0], 0x11);
  oriel_surface_unlock(surface, &reader);
  oriel_surface_destroy(surface);
}

static void surface_write_outside(void **state) {
  (void)state;
  struct oriel_surface *surface = make(64, 64);
  take(surface);
  static uint8_t pixels[65 * 65 * 4];
  static const struct oriel_rect rects[] = {
    {-1, 0, 4, 4}, {0, -1, 4, 4}, {61, 0, 4, 4}, {0, 61, 4, 4}, {0, 0, 65, 1}, {0, 0, 1, 65}, {0, 0, 0, 4},
    {0, 0, 4, -1},
    {INT32_MAX, 0, 4, 4}, {0, INT32_MAX, 4, 4}, {0, 0, INT32_MAX, 1}, {0, 0, 1, INT32_MAX}, {INT32_MIN, 0, 1, 1},
  };
  for (size_t i = 0; i < sizeof rects / sizeof *rects; i++)
    assert_int_equal(oriel_surface_write(surface, rects[i], pixels, 65 * 4, ORIEL_PIXEL_BGRX8888, 1), -EINVAL);
  struct oriel_rect good = {0, 0, 4, 4};
  assert_int_equal(oriel_surface_write(surface, good, pixels, 15, ORIEL_PIXEL_BGRX8888, 1), -EINVAL);
  assert_int_equal(oriel_surface_write(surface, good, pixels, 16, ORIEL_PIXEL_FORMATS, 1), -EINVAL);
  assert_int_equal(oriel_surface_write(surface, good, pixels, 16, (enum oriel_pixel_format)-1, 1), -EINVAL);
  assert_false(oriel_surface_damaged(surface, &reader));
  oriel_surface_destroy(surface);
}

/* Lesson 9: the time of capture is the oldest unseen damage's, and never 0 while damage waits. */
static void surface_capture_time(void **state) {
  (void)state;
  struct oriel_surface *surface = make(64, 64);
  take(surface);
  oriel_surface_damage(surface, (struct oriel_rect){0, 0, 2, 2}, 200);
  oriel_surface_damage(surface, (struct oriel_rect){8, 8, 2, 2}, 100);
  oriel_surface_damage(surface, (struct oriel_rect){16, 8, 2, 2}, 300);
  struct oriel_surface_view view;
  oriel_surface_lock(surface, &reader, &view);
  assert_int_equal(view.captured_ns, 100);
  assert_int_equal(view.damage.count, 3);
  oriel_surface_unlock(surface, NULL);
  assert_true(oriel_surface_damaged(surface, &reader));
  take(surface);
  oriel_surface_lock(surface, &reader, &view);
  assert_int_equal(view.captured_ns, 0);
  oriel_surface_damage_locked(surface, (struct oriel_rect){0, 0, 1, 1}, 0);
  oriel_surface_unlock(surface, NULL);
  oriel_surface_lock(surface, &reader, &view);
  assert_true(view.captured_ns != 0);
  oriel_surface_unlock(surface, &reader);
  /* Damage outside the picture is none. */
  oriel_surface_damage(surface, (struct oriel_rect){64, 0, 5, 5}, 9);
  assert_false(oriel_surface_damaged(surface, &reader));
  oriel_surface_destroy(surface);
}

/* Each reader is told of what it has not seen, whatever the others did. */
static void surface_readers(void **state) {
  (void)state;
  struct oriel_surface *surface = make(64, 64);
  struct oriel_surface_cursor slow = {0};
  struct oriel_surface_view view;
  take(surface);
  oriel_surface_lock(surface, &slow, &view);
  assert_int_equal(oriel_damage_area(&view.damage), 64 * 64);
  oriel_surface_unlock(surface, &slow);
  oriel_surface_damage(surface, (struct oriel_rect){0, 0, 2, 2}, 5);
  take(surface);
  oriel_surface_damage(surface, (struct oriel_rect){8, 8, 3, 3}, 7);
  oriel_surface_lock(surface, &reader, &view);
  assert_int_equal(oriel_damage_area(&view.damage), 9);
  assert_int_equal(view.captured_ns, 7);
  oriel_surface_unlock(surface, NULL); /* looked, and took nothing */
  assert_true(oriel_surface_damaged(surface, &reader));
  oriel_surface_lock(surface, &slow, &view);
  assert_int_equal(oriel_damage_area(&view.damage), 4 + 9);
  assert_int_equal(view.captured_ns, 5);
  oriel_surface_unlock(surface, &slow);
  assert_false(oriel_surface_damaged(surface, &slow));
  assert_true(oriel_surface_damaged(surface, &reader));
  oriel_surface_destroy(surface);
}

enum { WRITES = 2000 };

struct race {
  struct oriel_surface *surface;
  atomic_bool done;
};

/* Writes one colour over all each time: a torn picture shows two. */
static void *race_write(void *user) {
  struct race *race = user;
  static uint8_t pixels[64 * 64 * 4];
  for (int i = 0; i < WRITES; i++) {
    memset(pixels, i, sizeof pixels);
    if (i % 100 == 99) {
      oriel_surface_resize(race->surface, i % 200 == 99 ? 32 : 64, 64);
      oriel_surface_resize(race->surface, 64, 64);
    }
    oriel_surface_write(race->surface, (struct oriel_rect){0, 0, 64, 64}, pixels, 256, ORIEL_PIXEL_BGRX8888, 1);
  }
  atomic_store(&race->done, true);
  return NULL;
}

static void surface_two_threads(void **state) {
  (void)state;
  struct race race = {.surface = make(64, 64)};
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, race_write, &race), 0);
  bool last;
  do {
    last = atomic_load(&race.done);
    struct oriel_surface_view view;
    oriel_surface_lock(race.surface, &reader, &view);
    const uint8_t *end = view.bgrx + (view.height - 1) * view.stride + (view.width - 1) * 4;
    assert_memory_equal(view.bgrx, end, 4);
    oriel_surface_unlock(race.surface, &reader);
  } while (!last);
  pthread_join(thread, NULL);
  struct oriel_surface_view view;
  oriel_surface_lock(race.surface, &reader, &view);
  assert_int_equal(view.bgrx[0], (uint8_t)(WRITES - 1));
  oriel_surface_unlock(race.surface, &reader);
  oriel_surface_destroy(race.surface);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(surface_new),          cmocka_unit_test(surface_resized),
    cmocka_unit_test(surface_absurd_size),  cmocka_unit_test(surface_written),
    cmocka_unit_test(surface_replaced),     cmocka_unit_test(surface_write_outside),
    cmocka_unit_test(surface_capture_time), cmocka_unit_test(surface_two_threads),
    cmocka_unit_test(surface_updated),      cmocka_unit_test(surface_readers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
