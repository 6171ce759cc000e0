/* SPDX-License-Identifier: MIT
 *
 * media/refine: every pixel is sent once, in pieces that fit a packet, within the bitrate.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "media/refine.h"
#include "media/tiles.h"

enum { KBPS = 8000 };

static struct oriel_refine *begin(uint16_t width, uint16_t height) {
  struct oriel_refine *refine = calloc(1, sizeof *refine);
  oriel_refine_begin(refine, width, height, 1);
  return refine;
}

/* Every pixel of odd and even, tiny and largest pictures, each once. */
static void refine_covers_each_pixel_once(void **state) {
  (void)state;
  static const uint16_t sizes[][2] = {{64, 64}, {65, 129}, {1280, 720}, {1365, 767}, {7680, 4320}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    const uint16_t width = sizes[i][0], height = sizes[i][1];
    struct oriel_refine *refine = begin(width, height);
    uint8_t *seen = calloc(width, height);
    while (refine->left) {
      struct oriel_rect rect = oriel_refine_next(refine);
      assert_false(oriel_rect_empty(rect));
      assert_true(rect.x + rect.width <= width && rect.y + rect.height <= height);
      assert_true((uint64_t)rect.width * (uint64_t)rect.height <= ORIEL_TILES_PIXELS_MAX);
      for (int32_t y = rect.y; y < rect.y + rect.height; y++)
        for (int32_t x = rect.x; x < rect.x + rect.width; x++)
          assert_int_equal(seen[(size_t)y * width + (size_t)x]++, 0);
      oriel_refine_sent(refine, rect, 100, KBPS, 1);
    }
    assert_null(memchr(seen, 0, (size_t)width * height));
    assert_true(oriel_rect_empty(oriel_refine_next(refine)));
    free(seen);
    free(refine);
  }
}

static void refine_stays_within_half_of_the_bitrate(void **state) {
  (void)state;
  struct oriel_refine *refine = begin(1920, 1080);
  uint64_t now = ORIEL_NS_PER_SECOND, start = now, bytes = 0;
  while (refine->left) {
    oriel_refine_sent(refine, oriel_refine_next(refine), 30000, KBPS, now);
    bytes += 30000;
    assert_true(refine->at_ns > now);
    now = refine->at_ns;
  }
  const uint64_t bits = bytes * 8, room = (now - start) * KBPS / 1000000 / 2;
  assert_true(bits <= room + 1000 && bits + 1000 >= room);
  oriel_refine_begin(refine, 64, 64, now);
  oriel_refine_sent(refine, oriel_refine_next(refine), 3, KBPS, now);
  assert_int_equal(refine->at_ns, now + 16 * ORIEL_NS_PER_MS);
  free(refine);
}

static void fill_noise(struct oriel_surface *surface) {
  struct oriel_surface_view view;
  uint32_t seed = 1;
  oriel_surface_lock(surface, NULL, &view);
  for (int y = 0; y < view.height; y++)
    for (int x = 0; x < view.width * 4; x++) {
      seed = seed * 1664525u + 1013904223u;
      view.bgrx[(ptrdiff_t)y * view.stride + x] = (uint8_t)(seed >> 24);
    }
  oriel_surface_unlock(surface, NULL);
}

/* Noise, which no packet holds 16 blocks of, arrives whole; then flat colour goes in long runs again. */
static void refine_splits_what_does_not_fit(void **state) {
  (void)state;
  enum { WIDTH = 1100, HEIGHT = 130, STRIDE = WIDTH * 4 };
  struct oriel_surface *surface = NULL;
  assert_int_equal(oriel_surface_create(&surface), 0);
  assert_int_equal(oriel_surface_resize(surface, WIDTH, HEIGHT), 0);
  fill_noise(surface);
  struct oriel_refine *refine = begin(WIDTH, HEIGHT);
  uint8_t *copy = calloc(HEIGHT, STRIDE);
  struct oriel_packet *packet = NULL;
  unsigned packets = 0;
  for (int error; (error = oriel_refine_make(refine, surface, KBPS, 7, &packet)) != -ENODATA; packets++) {
    assert_int_equal(error, 0);
    assert_int_equal(packet->kind, ORIEL_PACKET_TILES);
    assert_true(packet->sharpening && packet->captured_ns && packet->converted_ns && packet->encoded_ns);
    assert_true(packet->size <= ORIEL_TILES_BYTES_MAX);
    assert_int_equal(oriel_tiles_decode(packet->data, packet->size, copy, STRIDE, WIDTH, HEIGHT), 0);
    oriel_packet_unref(packet);
  }
  assert_true(packets >= 18); /* a block of noise takes half of a packet */
  struct oriel_surface_view view;
  oriel_surface_lock(surface, NULL, &view);
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      assert_memory_equal(copy + y * STRIDE + x * 4, view.bgrx + (ptrdiff_t)y * view.stride + x * 4, 3);
  oriel_surface_unlock(surface, NULL);
  oriel_surface_fill(surface, 0x336699, 1);
  oriel_refine_begin(refine, WIDTH, HEIGHT, 1);
  for (packets = 0; !oriel_refine_make(refine, surface, KBPS, 7, &packet); packets++)
    oriel_packet_unref(packet);
  assert_true(packets <= 6); /* three rows of 18 blocks */
  free(copy);
  free(refine);
  oriel_surface_destroy(surface);
}

static void refine_of_another_size_ends(void **state) {
  (void)state;
  struct oriel_surface *surface = NULL;
  struct oriel_packet *packet = NULL;
  assert_int_equal(oriel_surface_create(&surface), 0);
  assert_int_equal(oriel_surface_resize(surface, 640, 480), 0);
  struct oriel_refine *refine = begin(800, 600);
  assert_int_equal(oriel_refine_make(refine, surface, KBPS, 7, &packet), -ESTALE);
  assert_int_equal(oriel_refine_make(refine, surface, KBPS, 7, &packet), -ENODATA);
  assert_null(packet);
  free(refine);
  oriel_surface_destroy(surface);
}

static void send_all(struct oriel_refine *refine) {
  while (refine->left)
    oriel_refine_sent(refine, oriel_refine_next(refine), 100, KBPS, 1);
}

static struct oriel_packet *video(struct oriel_refine *refine, struct oriel_rect changed, bool key, bool sharpening) {
  struct oriel_packet *packet = oriel_packet_create(ORIEL_PACKET_VIDEO, 1);
  struct oriel_damage damage = {.count = 0};
  oriel_damage_add(&damage, changed);
  packet->key = key;
  packet->sharpening = sharpening;
  packet->width = 200;
  packet->height = 130;
  oriel_refine_video(refine, &damage, packet, 7);
  return packet;
}

static void assert_rect(struct oriel_rect rect, int32_t x, int32_t y, int32_t width, int32_t height) {
  assert_true(rect.x == x && rect.y == y && rect.width == width && rect.height == height);
}

/* What changed, in whole macroblocks, is drawn; the blocks that this touches are owed, and no others. */
static void refine_owes_what_a_video_picture_changed(void **state) {
  (void)state;
  struct oriel_refine *refine = begin(200, 130);
  send_all(refine);
  struct oriel_packet *packet = video(refine, (struct oriel_rect){130, 126, 70, 4}, false, false);
  assert_true(packet->partly);
  assert_int_equal(packet->part.count, 1);
  assert_rect(packet->part.rects[0], 128, 112, 72, 18); /* cut at the picture's edges */
  assert_int_equal(refine->left, 4);
  assert_int_equal(refine->at_ns, 7);
  assert_rect(oriel_refine_next(refine), 128, 64, 72, 64);
  oriel_packet_unref(packet);
  free(refine);
}

/* A sharpening pass is drawn where the picture is not exact; with nothing owed, nowhere. */
static void refine_has_a_sharpening_pass_drawn_where_it_helps(void **state) {
  (void)state;
  struct oriel_refine *refine = begin(200, 130);
  send_all(refine);
  oriel_packet_unref(video(refine, (struct oriel_rect){70, 70, 10, 10}, false, false));
  struct oriel_packet *packet = video(refine, (struct oriel_rect){0, 0, 0, 0}, false, true);
  assert_true(packet->partly);
  assert_int_equal(packet->part.count, 1);
  assert_rect(packet->part.rects[0], 64, 64, 64, 64);
  assert_int_equal(refine->left, 1);
  oriel_packet_unref(packet);
  send_all(refine);
  packet = video(refine, (struct oriel_rect){0, 0, 0, 0}, false, true);
  assert_true(packet->partly);
  assert_int_equal(packet->part.count, 0);
  assert_int_equal(refine->left, 0);
  oriel_packet_unref(packet);
  free(refine);
}

static void refine_owes_all_after_a_key_frame_or_another_size(void **state) {
  (void)state;
  struct oriel_refine *refine = begin(200, 130);
  send_all(refine);
  struct oriel_packet *packet = video(refine, (struct oriel_rect){0, 0, 1, 1}, true, false);
  assert_false(packet->partly);
  assert_int_equal(refine->left, 4 * 3);
  oriel_packet_unref(packet);
  oriel_refine_begin(refine, 640, 480, 1);
  send_all(refine);
  packet = video(refine, (struct oriel_rect){0, 0, 1, 1}, false, false);
  assert_false(packet->partly);
  assert_int_equal(refine->left, 4 * 3);
  oriel_packet_unref(packet);
  free(refine);
}

/* What was owed when all was forgotten counts when it is owed anew. */
static void refine_forgets_what_was_owed(void **state) {
  (void)state;
  struct oriel_refine *refine = begin(200, 130);
  oriel_refine_clear(refine);
  assert_int_equal(refine->left, 0);
  oriel_packet_unref(video(refine, (struct oriel_rect){0, 0, 1, 1}, false, false));
  assert_int_equal(refine->left, 1);
  free(refine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(refine_covers_each_pixel_once),
    cmocka_unit_test(refine_stays_within_half_of_the_bitrate),
    cmocka_unit_test(refine_splits_what_does_not_fit),
    cmocka_unit_test(refine_of_another_size_ends),
    cmocka_unit_test(refine_owes_what_a_video_picture_changed),
    cmocka_unit_test(refine_has_a_sharpening_pass_drawn_where_it_helps),
    cmocka_unit_test(refine_owes_all_after_a_key_frame_or_another_size),
    cmocka_unit_test(refine_forgets_what_was_owed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
