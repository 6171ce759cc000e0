/* SPDX-License-Identifier: MIT
 *
 * desktop/watch: the source works for who looks or listens, and for nobody else. Threads run; every wait has a bound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clock.h"
#include "live.h"

/* --audio-passthru listens always: the sound alone is watched then, and the picture path rests. */
static void passthru_watches_no_pictures(void **state) {
  (void)state;
  struct fake fake;
  static struct oriel_desktop_stats stats;
  fake_init(&fake, 640, 480);
  fake.passthru = true;
  struct oriel_desktop *desktop = fake_desktop(&fake, "null", true);
  assert_int_equal(fake.watched, ORIEL_WATCH_SOUND);
  for (int i = 0; i < 50; i++)
    fake_paint(&fake, live_all, (uint32_t)i);
  struct oriel_viewer *viewer = fake_viewer(desktop, ORIEL_ROLE_VIEWER, true, true);
  assert_int_equal(fake.watched, ORIEL_WATCH_PICTURES | ORIEL_WATCH_SOUND);
  oriel_viewer_detach(viewer);
  assert_int_equal(fake.watched, ORIEL_WATCH_SOUND);
  oriel_desktop_stats(desktop, &stats);
  assert_true(stats.sound.has_playback);
  assert_true(stats.pictures_video <= 1); /* the viewer's, where it was quick */
  assert_int_equal(stats.pictures_tiles, 0);
  oriel_desktop_destroy(desktop);
  fake_finish(&fake);
}

static void unwatched_desktop_converts_nothing(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  for (int i = 0; i < 50; i++)
    fake_paint(&live->fake, live_all, (uint32_t)i);
  /* A viewer that wants only sound does not make it work either. */
  struct oriel_viewer *viewer = NULL;
  const struct oriel_viewer_config listener = {.audio = true};
  assert_int_equal(oriel_viewer_attach(live->desktop, &listener, &viewer), 0);
  assert_int_equal(live->fake.watched, ORIEL_WATCH_SOUND); /* and the source makes no pictures for it */
  for (int i = 0; i < 50; i++)
    fake_paint(&live->fake, live_all, (uint32_t)i);
  oriel_viewer_detach(viewer);
  for (int i = 0; i < 50; i++)
    fake_paint(&live->fake, live_all, (uint32_t)i);
  assert_int_equal(live_stats(live)->pictures_video, 0);
  assert_int_equal(live_stats(live)->conversions, 0);
  assert_int_equal(live_stats(live)->pictures_tiles, 0);
  assert_false(live->fake.watched);
  live_end(live);
}

static unsigned what_is_watched(struct live *live) {
  pthread_mutex_lock(&live->fake.lock);
  const unsigned what = live->fake.watched;
  pthread_mutex_unlock(&live->fake.lock);
  return what;
}

/* Between the log-in and the hello the first picture is made: once, for who comes, and for nobody it is forgotten. Of a
 * screen that codes small enough it is an opening (opening_test.c). */
static void expected_viewer_finds_its_picture(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  fake_noise(&live->fake, (struct oriel_rect){0, 0, 640, 480}, 3);
  oriel_desktop_expect(live->desktop);
  fake_wait_stat(live->desktop, pictures_key, 1);
  fake_paint(&live->fake, live_small, 0xFF0000); /* for nobody: no picture is made of it */
  struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, true, false);
  live_expect_picture(live, viewer, ORIEL_PACKET_VIDEO, true);
  live_expect_picture(live, viewer, ORIEL_PACKET_TILES, false);
  assert_int_equal(live_stats(live)->pictures_key, 1);
  oriel_desktop_expect(live->desktop); /* others look: no key frame for one who may not come */
  fake_paint(&live->fake, live_small, 0x00FF00);
  live_expect_picture(live, viewer, ORIEL_PACKET_TILES, false);
  assert_int_equal(live_stats(live)->pictures_key, 1);
  oriel_viewer_detach(viewer);
  const uint64_t until = oriel_clock_ns() + 10 * ORIEL_NS_PER_SECOND;
  while (what_is_watched(live) && oriel_clock_ns() < until)
    fake_yield();
  assert_int_equal(what_is_watched(live), ORIEL_WATCH_NOTHING);
  live_end(live);
}

static void silent_source_shows_what_it_had(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  live->fake.silent = true;
  struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, true, false);
  live_expect_picture(live, viewer, ORIEL_PACKET_VIDEO, true);
  oriel_viewer_detach(viewer);
  live_end(live);
}

static bool watched(struct fake *fake, unsigned *watches) {
  pthread_mutex_lock(&fake->lock);
  bool is = fake->watched;
  *watches = fake->watches;
  pthread_mutex_unlock(&fake->lock);
  return is;
}

/* A page that hides and shows itself a thousand times does not start the source as often, and it rests in the end. */
static void flapping_viewer_starts_the_source_rarely(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, false, false);
  uint64_t began = oriel_clock_ns();
  unsigned watches;
  for (unsigned i = 0; i < 1000; i++) {
    oriel_viewer_want(viewer, false, false);
    oriel_viewer_want(viewer, true, false);
  }
  assert_true(watched(&live->fake, &watches));
  assert_true(watches <= 10 + (oriel_clock_ns() - began) / (500 * ORIEL_NS_PER_MS));
  oriel_packet_unref(live_picture(live, viewer)); /* it still sees something */
  oriel_viewer_want(viewer, false, false);
  uint64_t until = oriel_clock_ns() + 5 * ORIEL_NS_PER_SECOND;
  while (watched(&live->fake, &watches) && oriel_clock_ns() < until)
    fake_yield();
  assert_false(watched(&live->fake, &watches));
  oriel_viewer_detach(viewer);
  live_end(live);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(passthru_watches_no_pictures),
    cmocka_unit_test(unwatched_desktop_converts_nothing),
    cmocka_unit_test(flapping_viewer_starts_the_source_rarely),
    cmocka_unit_test(expected_viewer_finds_its_picture),
    cmocka_unit_test(silent_source_shows_what_it_had),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
