/* SPDX-License-Identifier: MIT
 *
 * media/motion: small changes as tiles, motion as video.
 */
#include "media/motion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/clock.h"
#include "media/tiles.h"

#define MS ORIEL_NS_PER_MS
static const uint64_t start = 1000 * ORIEL_NS_PER_SECOND;

static void motion_sends_small_changes_as_tiles(void **state) {
  (void)state;
  struct oriel_motion motion = {0};
  for (int i = 0; i < 100; i++) { /* typing */
    uint64_t now = start + (uint64_t)i * 100 * MS;
    assert_true(oriel_motion_tiles(&motion, 128, 4000, now));
    oriel_motion_note(&motion, 128, 200, 4000, now);
  }
  assert_false(oriel_motion_tiles(&motion, ORIEL_TILES_PIXELS_MAX + 1, 4000, start));
}

static void motion_keeps_to_video_while_it_lasts(void **state) {
  (void)state;
  struct oriel_motion motion = {0};
  uint64_t now = start;
  for (int i = 0; i < 10; i++, now += 16 * MS)
    oriel_motion_note(&motion, 900000, 0, 4000, now);
  assert_false(oriel_motion_tiles(&motion, 128, 4000, now));
  assert_true(oriel_motion_tiles(&motion, 128, 4000, now + 400 * MS));
  /* One large change, such as a window that opens, is not motion. */
  oriel_motion_note(&motion, 900000, 0, 4000, now + 1000 * MS);
  assert_true(oriel_motion_tiles(&motion, 128, 4000, now + 1016 * MS));
}

static void motion_turns_a_small_video_over_to_the_encoder(void **state) {
  (void)state;
  struct oriel_motion motion = {0};
  unsigned tiles = 0, changes = 0;
  bool last = true;
  for (int i = 0; i < 300; i++) { /* 320x240 at 60 fps, 30 KB a tile set: 14 Mbit/s */
    uint64_t now = start + (uint64_t)i * 16 * MS;
    bool now_tiles = oriel_motion_tiles(&motion, 76800, 4000, now);
    oriel_motion_note(&motion, 76800, now_tiles ? 30000 : 0, 4000, now);
    tiles += now_tiles;
    changes += now_tiles != last;
    last = now_tiles;
  }
  assert_in_range(tiles, 3, 10);
  assert_int_equal(changes, 1); /* once, not to and fro */
  assert_true(oriel_motion_tiles(&motion, 128, 4000, start + 6 * ORIEL_NS_PER_SECOND)); /* until it stopped */
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(motion_sends_small_changes_as_tiles),
    cmocka_unit_test(motion_keeps_to_video_while_it_lasts),
    cmocka_unit_test(motion_turns_a_small_video_over_to_the_encoder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
