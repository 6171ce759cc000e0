/* SPDX-License-Identifier: MIT
 *
 * Tiles: what is coded comes back exactly, limits hold, and malformed payloads are refused.
 */
#include "media/tiles.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/bytes.h"
#include "scene.h"

enum { WIDTH = 640, HEIGHT = 400, STRIDE = WIDTH * 4 };

static uint8_t *picture_text(void) {
  uint8_t *bgrx = malloc(STRIDE * HEIGHT);
  assert_non_null(bgrx);
  scene_text(bgrx, STRIDE, WIDTH, HEIGHT, 3);
  return bgrx;
}

/* Codes `damage` of `bgrx`, decodes over a pink picture, and compares every pixel: inside equal, outside pink. */
static size_t round_trip(const uint8_t *bgrx, const struct oriel_damage *damage) {
  struct oriel_packet *packet = NULL;
  assert_int_equal(oriel_tiles_encode(bgrx, STRIDE, WIDTH, HEIGHT, damage, &packet), 0);
  assert_int_equal(packet->kind, ORIEL_PACKET_TILES);
  assert_int_equal(packet->width, WIDTH);
  assert_int_equal(packet->height, HEIGHT);
  assert_true(packet->size <= ORIEL_TILES_BYTES_MAX);
  uint8_t *exact = malloc(packet->size), *out = malloc(STRIDE * HEIGHT);
  assert_true(exact && out);
  memcpy(exact, packet->data, packet->size);
  memset(out, 0xEE, STRIDE * HEIGHT);
  assert_int_equal(oriel_tiles_decode(exact, packet->size, out, STRIDE, WIDTH, HEIGHT), 0);
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++) {
      bool inside = false;
      for (int i = 0; i < damage->count; i++) {
        const struct oriel_rect *r = &damage->rects[i];
        inside |= x >= r->x && y >= r->y && x - r->x < r->width && y - r->y < r->height;
      }
      const uint8_t *want = bgrx + y * STRIDE + 4 * x, *got = out + y * STRIDE + 4 * x;
      if (inside)
        assert_true(got[0] == want[0] && got[1] == want[1] && got[2] == want[2] && got[3] == 255);
      else
        assert_true(got[0] == 0xEE && got[1] == 0xEE && got[2] == 0xEE && got[3] == 0xEE);
    }
  size_t size = packet->size;
  free(exact);
  free(out);
  oriel_packet_unref(packet);
  return size;
}

static void tiles_text(void **unused) {
  (void)unused;
  uint8_t *bgrx = picture_text();
  const struct oriel_damage line = {.count = 1, .rects = {{30, 60, 500, 20}}};
  size_t size = round_trip(bgrx, &line);
  assert_in_range(size, 100, 6000);
  struct oriel_damage many = {.count = ORIEL_DAMAGE_RECTS_MAX};
  for (int i = 0; i < many.count; i++)
    many.rects[i] = (struct oriel_rect){i * 37, i * 20, 33, 17};
  round_trip(bgrx, &many);
  free(bgrx);
}

/* X is whatever the source left there; it must not leak into the code. */
static void tiles_ignore_x(void **unused) {
  (void)unused;
  uint8_t *bgrx = picture_text();
  const struct oriel_damage line = {.count = 1, .rects = {{0, 0, 300, 100}}};
  size_t clean = round_trip(bgrx, &line);
  for (int i = 3; i < STRIDE * HEIGHT; i += 4)
    bgrx[i] = (uint8_t)scene_noise((uint32_t)i);
  assert_int_equal(round_trip(bgrx, &line), clean);
  free(bgrx);
}

static void tiles_every_chunk(void **unused) {
  (void)unused;
  uint8_t *bgrx = calloc(HEIGHT, STRIDE);
  assert_non_null(bgrx);
  const struct oriel_damage damage = {.count = 1, .rects = {{0, 0, 100, 60}}};
  for (int y = 0; y < 60; y++) /* runs of every length, small and middling steps, jumps, and colours that return */
    for (int x = 0; x < 100; x++) {
      uint32_t n = scene_noise((uint32_t)(y * 100 + x));
      uint8_t *p = bgrx + y * STRIDE + 4 * x;
      unsigned base = (unsigned)(x + y);
      switch (y % 6) {
      case 0: scene_pixel(p, 0, 0, 0); break;
      case 1: scene_pixel(p, (base + (n & 1)) & 255, (base + (n >> 1 & 1)) & 255, (base + (n >> 2 & 1)) & 255); break;
      case 2: scene_pixel(p, (base * 9) & 255, (base * 9 + (n & 3)) & 255, (base * 9) & 255); break;
      case 3: scene_pixel(p, n & 255, n >> 8 & 255, n >> 16 & 255); break;
      case 4: scene_pixel(p, (n & 7) * 30, 10, 200); break;
      default: scene_pixel(p, x < y ? 255 : 0, 255, 255); break;
      }
    }
  round_trip(bgrx, &damage);
  free(bgrx);
}

static void row_round_trip(const uint8_t *bgrx, const struct oriel_damage *damage) {
  struct oriel_packet *packet = NULL;
  uint8_t out[256 * 4];
  memset(out, 0xEE, sizeof out);
  assert_int_equal(oriel_tiles_encode(bgrx, sizeof out, 256, 1, damage, &packet), 0);
  assert_int_equal(oriel_tiles_decode(packet->data, packet->size, out, sizeof out, 256, 1), 0);
  assert_memory_equal(out, bgrx, 4 * (size_t)damage->rects[0].width);
  oriel_packet_unref(packet);
}

static void tiles_run_lengths(void **unused) {
  (void)unused;
  uint8_t bgrx[256 * 4];
  for (int length = 1; length <= 200; length++) {
    for (int x = 0; x < 256; x++)
      scene_pixel(bgrx + 4 * x, x < length ? 7 : 9, 7, 7);
    const struct oriel_damage row = {.count = 1, .rects = {{0, 0, 256, 1}}};
    const struct oriel_damage run = {.count = 1, .rects = {{0, 0, length, 1}}};
    row_round_trip(bgrx, &row);
    row_round_trip(bgrx, &run);
  }
}

static void tiles_outside_and_overlap(void **unused) {
  (void)unused;
  uint8_t *bgrx = picture_text();
  const struct oriel_damage damage = {.count = 5, .rects = {{-20, -20, 60, 50}, {WIDTH - 5, HEIGHT - 7, 100, 100},
                                                            {10, 10, 40, 40}, {INT_MAX, 0, 5, 5}, {50, 50, 0, 9}}};
  round_trip(bgrx, &damage);
  const struct oriel_damage none = {.count = 1, .rects = {{WIDTH, 0, 5, 5}}}, empty = {.count = 0};
  struct oriel_packet *packet = NULL;
  assert_int_equal(oriel_tiles_encode(bgrx, STRIDE, WIDTH, HEIGHT, &none, &packet), -EINVAL);
  assert_int_equal(oriel_tiles_encode(bgrx, STRIDE, WIDTH, HEIGHT, &empty, &packet), -EINVAL);
  assert_null(packet);
  free(bgrx);
}

static void tiles_limits(void **unused) {
  (void)unused;
  uint8_t *bgrx = calloc(HEIGHT, STRIDE);
  assert_non_null(bgrx);
  struct oriel_packet *packet = NULL;
  const struct oriel_damage most = {.count = 1, .rects = {{0, 0, 384, 256}}}; /* exactly the pixel limit, flat */
  assert_int_equal(384 * 256, ORIEL_TILES_PIXELS_MAX);
  assert_true(round_trip(bgrx, &most) < 4000);
  const struct oriel_damage over = {.count = 2, .rects = {{0, 0, 384, 256}, {390, 0, 1, 1}}};
  assert_int_equal(oriel_tiles_encode(bgrx, STRIDE, WIDTH, HEIGHT, &over, &packet), -E2BIG);
  for (int i = 0; i < STRIDE * HEIGHT; i++)
    bgrx[i] = (uint8_t)scene_noise((uint32_t)i);
  assert_int_equal(oriel_tiles_encode(bgrx, STRIDE, WIDTH, HEIGHT, &most, &packet), -E2BIG);
  assert_null(packet);
  free(bgrx);
}

/* Coded by hand from the QOI specification, so that encoder and decoder cannot be wrong together. */
static void tiles_known_bytes(void **unused) {
  (void)unused;
  static const uint8_t payload[] = {
    1, 0,                                /* one tile */
    2, 0, 1, 0, 7, 0, 1, 0, 12, 0, 0, 0, /* at 2,1; 7x1; 12 bytes */
    0xFE, 10, 20, 30,                    /* RGB(10,20,30) */
    0x7B,                                /* diff +1 0 +1: 11,20,31 */
    0xA5, 0x9C,                          /* luma dg +5, dr-dg +1, db-dg +4: 17,25,40 */
    0xC1,                                /* run of 2 */
    0x09,                                /* index 9: (10*3+20*5+30*7+255*11)%64 = 3145%64 = 9 */
    0xFE, 17, 25};                       /* an RGB chunk whose last byte is patched below */
  uint8_t whole[sizeof payload + 1];
  memcpy(whole, payload, sizeof payload);
  whole[sizeof payload] = 41;
  whole[10] = 13;
  uint8_t bgrx[4 * 10 * 3];
  memset(bgrx, 0, sizeof bgrx);
  assert_int_equal(oriel_tiles_decode(whole, sizeof whole, bgrx, 40, 10, 3), 0);
  static const uint8_t want[7][3] = {{10, 20, 30}, {11, 20, 31}, {17, 25, 40}, {17, 25, 40},
                                     {17, 25, 40}, {10, 20, 30}, {17, 25, 41}};
  for (int i = 0; i < 7; i++) {
    const uint8_t *p = bgrx + 40 + 4 * (2 + i);
    assert_true(p[2] == want[i][0] && p[1] == want[i][1] && p[0] == want[i][2] && p[3] == 255);
  }
  assert_int_equal(bgrx[40 + 4], 0);
  struct oriel_packet *packet = NULL;
  const struct oriel_damage damage = {.count = 1, .rects = {{2, 1, 7, 1}}};
  assert_int_equal(oriel_tiles_encode(bgrx, 40, 10, 3, &damage, &packet), 0);
  assert_true(packet->size <= sizeof whole);
  assert_memory_equal(packet->data + 14, whole + 14, 9);
  oriel_packet_unref(packet);
}

static void tiles_malformed(void **unused) {
  (void)unused;
  uint8_t *bgrx = picture_text(), *out = malloc(STRIDE * HEIGHT);
  assert_non_null(out);
  const struct oriel_damage damage = {.count = 2, .rects = {{30, 60, 100, 20}, {300, 40, 20, 30}}};
  struct oriel_packet *packet = NULL;
  assert_int_equal(oriel_tiles_encode(bgrx, STRIDE, WIDTH, HEIGHT, &damage, &packet), 0);
  for (size_t size = 0; size < packet->size; size++) { /* cut at every byte (lesson 33 asks it of all messages) */
    uint8_t *cut = malloc(size ? size : 1);
    assert_non_null(cut);
    memcpy(cut, packet->data, size);
    assert_int_equal(oriel_tiles_decode(cut, size, out, STRIDE, WIDTH, HEIGHT), -EBADMSG);
    free(cut);
  }
  uint8_t *longer = malloc(packet->size + 1);
  assert_non_null(longer);
  memcpy(longer, packet->data, packet->size);
  longer[packet->size] = 0;
  assert_int_equal(oriel_tiles_decode(longer, packet->size + 1, out, STRIDE, WIDTH, HEIGHT), -EBADMSG);
  static const struct {
    size_t at;
    uint16_t value;
  } wrong[] = {{0, 0}, {0, 17}, {0, 65535}, {2, WIDTH - 99}, {2, 65535}, {4, HEIGHT - 19}, {6, 0}, {8, 0}, {6, 99},
               {6, 101}, {8, 21}, {8, 65535}, {10, 0}, {12, 1}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    memcpy(longer, packet->data, packet->size);
    longer[wrong[i].at] = (uint8_t)wrong[i].value;
    longer[wrong[i].at + 1] = (uint8_t)(wrong[i].value >> 8);
    assert_int_equal(oriel_tiles_decode(longer, packet->size, out, STRIDE, WIDTH, HEIGHT), -EBADMSG);
  }
  /* Transparent pixels: by an index nobody wrote, and by an RGBA chunk. */
  static const uint8_t unwritten[] = {1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0x05};
  static const uint8_t alpha[] = {1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 5, 0, 0, 0, 0xFF, 1, 2, 3, 254};
  static const uint8_t run_over[] = {1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0xC1};
  assert_int_equal(oriel_tiles_decode(unwritten, sizeof unwritten, out, STRIDE, WIDTH, HEIGHT), -EBADMSG);
  assert_int_equal(oriel_tiles_decode(alpha, sizeof alpha, out, STRIDE, WIDTH, HEIGHT), -EBADMSG);
  assert_int_equal(oriel_tiles_decode(run_over, sizeof run_over, out, STRIDE, WIDTH, HEIGHT), -EBADMSG);
  oriel_packet_unref(packet);
  free(longer);
  free(out);
  free(bgrx);
}

/* A whole picture may be larger than damage may, where it codes small. */
static void tiles_whole(void **state) {
  (void)state;
  enum { SIDE = 1024, LINE = SIDE * 4 };
  uint8_t *bgrx = malloc(LINE * SIDE), *out = calloc(SIDE, LINE);
  assert_true(bgrx && out);
  scene_text(bgrx, LINE, SIDE, SIDE, 3);
  memset(bgrx + 64 * LINE, 0x40, (SIDE - 64) * LINE); /* the rest is empty, as most screens are */
  struct oriel_packet *packet = NULL;
  assert_int_equal(oriel_tiles_encode_whole(bgrx, LINE, SIDE, SIDE, &packet), 0);
  assert_true(packet->size <= ORIEL_TILES_WHOLE_BYTES_MAX);
  assert_int_equal(packet->damage_pixels, SIDE * SIDE);
  assert_int_equal(oriel_tiles_decode(packet->data, packet->size, out, LINE, SIDE, SIDE), 0);
  for (size_t i = 0; i < (size_t)SIDE * SIDE; i++)
    assert_memory_equal(out + 4 * i, bgrx + 4 * i, 3);
  oriel_packet_unref(packet);
  free(bgrx);
  free(out);
}

static void tiles_whole_limits(void **state) {
  (void)state;
  enum { LINE = 2048 * 4, LINES = ORIEL_TILES_WHOLE_PIXELS_MAX / 2048 + 1 };
  uint8_t *bgrx = calloc(LINES, LINE);
  struct oriel_packet *packet = NULL;
  assert_non_null(bgrx);
  assert_int_equal(oriel_tiles_encode_whole(bgrx, LINE, 0, 100, &packet), -EINVAL);
  assert_int_equal(oriel_tiles_encode_whole(bgrx, LINE, 2048, LINES, &packet), -E2BIG);
  assert_int_equal(oriel_tiles_encode_whole(bgrx, LINE, 2048, LINES - 1, &packet), 0);
  oriel_packet_unref(packet);
  srand(1);
  for (size_t i = 0; i < 64 * LINE; i++)
    bgrx[i] = (uint8_t)rand();
  assert_int_equal(oriel_tiles_encode_whole(bgrx, LINE, 2048, 64, &packet), -E2BIG);
  free(bgrx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(tiles_text),        cmocka_unit_test(tiles_ignore_x), cmocka_unit_test(tiles_every_chunk),
    cmocka_unit_test(tiles_run_lengths), cmocka_unit_test(tiles_outside_and_overlap),
    cmocka_unit_test(tiles_limits),      cmocka_unit_test(tiles_known_bytes),
    cmocka_unit_test(tiles_whole),       cmocka_unit_test(tiles_whole_limits),
    cmocka_unit_test(tiles_malformed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
