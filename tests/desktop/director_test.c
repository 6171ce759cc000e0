/* SPDX-License-Identifier: MIT
 *
 * desktop/director: what is made, and when. Threads run; every wait has a bound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/clock.h"
#include "live.h"

/* Whatever it costs here: when a picture comes, those before the one that may have been on its way already have used no
 * more than their part of the time. */
static void pictures_keep_to_the_limit_of_processor_time(void **state) {
  (void)state;
  enum { PERCENT = 5, PICTURES_MAX = 400 };
  const uint64_t burst_us = 250 * 1000, from_ns = oriel_clock_ns();
  struct live *live = calloc(1, sizeof *live);
  fake_init(&live->fake, 640, 480);
  live->fake.cpu_percent = PERCENT;
  live->desktop = fake_desktop(&live->fake, "x264", true);
  struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, true, false);
  uint64_t used_us = 0;
  for (uint32_t i = 0; i < PICTURES_MAX && live_stats(live)->cpu_limited < 8; i++) {
    const uint64_t before_us = used_us;
    used_us = live->stats.cpu_us;
    fake_noise(&live->fake, live_all, i);
    oriel_packet_unref(live_picture(live, viewer));
    const uint64_t passed_us = (oriel_clock_ns() - from_ns) / ORIEL_NS_PER_US;
    assert_true(before_us * 100 <= (passed_us + burst_us) * PERCENT);
  }
  assert_true(live_stats(live)->cpu_limited >= 8);
  oriel_viewer_detach(viewer);
  live_end(live);
}

static void viewer_gets_a_key_at_once_and_changes_after(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, true, false);
  live_expect_picture(live, viewer, ORIEL_PACKET_VIDEO, true);
  fake_paint(&live->fake, live_small, 0xFF0000);
  live_expect_picture(live, viewer, ORIEL_PACKET_TILES, false);
  fake_paint(&live->fake, live_all, 0x00FF00);
  live_expect_picture(live, viewer, ORIEL_PACKET_VIDEO, false);
  assert_int_equal(live_stats(live)->pictures_key, 1);
  assert_int_equal(live_stats(live)->width, 640);
  oriel_viewer_detach(viewer);
  live_end(live);
}

/* Each kind gets packets of its own of one change; what one of them waits for holds up nobody else. */
static void viewer_without_tiles_leaves_the_others_their_tiles(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  struct oriel_viewer *able = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, true, false);
  live_expect_picture(live, able, ORIEL_PACKET_VIDEO, true);
  struct oriel_viewer *plain = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, false, false);
  live_expect_picture(live, plain, ORIEL_PACKET_VIDEO, true);
  for (int i = 0; i < 5; i++) {
    fake_paint(&live->fake, live_small, 0xFF0000 + (uint32_t)i);
    live_expect_picture(live, plain, ORIEL_PACKET_VIDEO, false);
    live_expect_picture(live, able, ORIEL_PACKET_TILES, false);
  }
  fake_wait_stat(live->desktop, pictures_tiles, 5);
  assert_int_equal(live_stats(live)->viewer[0].pictures_skipped, 0);
  assert_int_equal(live_stats(live)->viewer[1].pictures_skipped, 0);
  oriel_viewer_detach(plain);
  fake_paint(&live->fake, live_small, 0x00FF00);
  live_expect_picture(live, able, ORIEL_PACKET_TILES, false);
  oriel_viewer_detach(able);
  live_end(live);
}

/* One that takes nothing any more, of either kind, stops the pictures of its own channel alone. */
static void channels_do_not_wait_for_one_another(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  struct oriel_viewer *able = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_viewer *plain = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, false, false);
  live_expect_picture(live, able, ORIEL_PACKET_VIDEO, true);
  live_expect_picture(live, plain, ORIEL_PACKET_VIDEO, true);
  struct oriel_viewer *const followers[] = {able, plain}; /* in turn, the other one takes nothing */
  for (unsigned i = 0; i < 2; i++) {
    for (int change = 0; change < 10; change++) {
      fake_paint(&live->fake, live_small, (uint32_t)(change * 2) + i + 1);
      live_expect_picture(live, followers[i], i ? ORIEL_PACKET_VIDEO : ORIEL_PACKET_TILES, false);
    }
    for (unsigned rest = 0; rest < 2; rest++) /* the one that waited for it, and one of all that came since */
      oriel_packet_unref(live_picture(live, followers[1 - i]));
  }
  oriel_viewer_detach(plain);
  oriel_viewer_detach(able);
  live_end(live);
}

/* Lesson 2: nobody can take a picture, so none is made; the newest state goes out when somebody can. */
static void changes_are_held_back_while_nobody_can_take_them(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, true, false);
  fake_wait_stat(live->desktop, pictures_key, 1); /* the key waits in the slot */
  for (int i = 0; i < 20; i++)
    fake_paint(&live->fake, (struct oriel_rect){i * 8, 0, 8, 8}, 0xFF0000);
  fake_wait_stat(live->desktop, held_back, 1);
  assert_int_equal(live_stats(live)->pictures_video + live_stats(live)->pictures_tiles, 1);
  live_expect_picture(live, viewer, ORIEL_PACKET_VIDEO, true);
  struct oriel_packet *packet = live_picture(live, viewer);
  assert_int_equal(packet->damage_pixels, 20 * 8 * 8); /* all in one */
  oriel_packet_unref(packet);
  assert_int_equal(live_stats(live)->held_back, 1);
  oriel_viewer_detach(viewer);
  live_end(live);
}

static void joiners_share_key_frames(void **state) {
  (void)state;
  enum { JOINERS = 20 };
  struct live *live = live_begin(640, 480, "null");
  struct oriel_viewer *viewers[JOINERS];
  for (int i = 0; i < JOINERS; i++)
    viewers[i] = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, true, false);
  for (int i = 0; i < JOINERS; i++)
    live_expect_picture(live, viewers[i], ORIEL_PACKET_VIDEO, true);
  assert_in_range(live_stats(live)->pictures_key, 1, 2); /* the first joiner may have had one before the others came */
  for (int i = 0; i < JOINERS; i++)
    fake_drain(viewers[i]);
  uint64_t before = live_stats(live)->pictures_key, began = oriel_clock_ns();
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 40; i++) /* another viewer each time: one alone would be put off */
      oriel_viewer_request_key(viewers[round]);
    live_expect_picture(live, viewers[round], ORIEL_PACKET_VIDEO, true);
  }
  assert_true(oriel_clock_ns() - began >= 500 * ORIEL_NS_PER_MS); /* four a second */
  assert_int_equal(live_stats(live)->pictures_key, before + 3);
  assert_int_equal(live_stats(live)->key_requests, 120);
  for (int i = 0; i < JOINERS; i++)
    oriel_viewer_detach(viewers[i]);
  live_end(live);
}

static void pictures_keep_to_the_rate(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, true, false);
  live_expect_picture(live, viewer, ORIEL_PACKET_VIDEO, true);
  uint64_t began = oriel_clock_ns();
  unsigned count = 0;
  for (uint32_t i = 0; oriel_clock_ns() < began + ORIEL_NS_PER_SECOND / 2; i++) {
    struct oriel_delivery delivery;
    fake_paint(&live->fake, live_all, i);
    fake_yield(); /* still far more often than 60 a second; without a pause the surface's lock would never be free */
    while (oriel_viewer_next(viewer, &delivery)) {
      if (delivery.type == ORIEL_DELIVERY_PICTURE) {
        fake_ack(viewer, delivery.packet);
        count++;
      }
      oriel_packet_unref(delivery.packet);
    }
  }
  uint64_t elapsed = oriel_clock_ns() - began;
  assert_true(count <= elapsed * 60 / ORIEL_NS_PER_SECOND + 3);
  assert_true(count >= 5);
  oriel_viewer_detach(viewer);
  live_end(live);
}

/* What changed while nobody looked is no delay of the picture that a newcomer gets. */
static void joining_picture_has_its_own_time(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  live->fake.silent = true;
  for (unsigned i = 0; i < 2; i++) { /* the first viewer of all, and one that joins others */
    uint64_t joined = oriel_clock_ns();
    oriel_surface_damage(live->fake.surface, live_small, joined - 5 * ORIEL_NS_PER_SECOND);
    struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, true, false);
    struct oriel_packet *packet = live_picture(live, viewer);
    assert_true(packet->key);
    assert_true(packet->captured_ns >= joined && packet->captured_ns <= packet->converted_ns);
    oriel_packet_unref(packet);
    assert_true(live_stats(live)->stages[ORIEL_STAGE_CAPTURE].count == 2 * i + 1);
    assert_true(live_stats(live)->stages[ORIEL_STAGE_CAPTURE].max_us < 1000000);
    fake_paint(&live->fake, live_small, 0xFF0000); /* the next one shall not find this key frame */
    oriel_packet_unref(live_picture(live, viewer));
  }
  while (live->desktop->hub.count)
    oriel_viewer_detach(live->desktop->hub.viewers[0]);
  live_end(live);
}

/* First by video, then, once and only once, block by block without loss. */
static void still_screen_is_sharpened_refined_and_then_left_alone(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "x264");
  struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, true, false);
  fake_noise(&live->fake, live_all, 5);
  unsigned passes = 0;
  uint64_t refined = 0;
  for (;;) {
    struct oriel_delivery delivery = fake_next_of(&live->fake, viewer, ORIEL_DELIVERY_PICTURE);
    if (delivery.type == ORIEL_DELIVERY_NONE)
      break; /* two seconds without a picture */
    fake_ack(viewer, delivery.packet);
    const bool tiles = delivery.packet->kind == ORIEL_PACKET_TILES;
    assert_true(delivery.packet->sharpening || delivery.packet->key || !passes);
    passes += !tiles && delivery.packet->sharpening;
    refined += tiles ? delivery.packet->damage_pixels : 0;
    assert_true(tiles || !refined); /* no video after it */
    oriel_packet_unref(delivery.packet);
  }
  assert_in_range(passes, 1, 8);
  assert_int_equal(refined, 640 * 480);
  assert_int_equal(live_stats(live)->pictures_sharpened, passes);
  assert_true(live_stats(live)->pictures_refined > 0);
  assert_int_equal(live_stats(live)->pictures_key, 1);
  oriel_viewer_detach(viewer);
  live_end(live);
}

static void missing_encoder_is_survived(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "no-such-encoder");
  struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, true, false);
  fake_wait_stat(live->desktop, encode_failures, 1);
  assert_int_equal(live_stats(live)->pictures_video, 0);
  oriel_viewer_detach(viewer);
  live_end(live);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(pictures_keep_to_the_limit_of_processor_time),
    cmocka_unit_test(viewer_gets_a_key_at_once_and_changes_after),
    cmocka_unit_test(viewer_without_tiles_leaves_the_others_their_tiles),
    cmocka_unit_test(channels_do_not_wait_for_one_another),
    cmocka_unit_test(changes_are_held_back_while_nobody_can_take_them),
    cmocka_unit_test(joiners_share_key_frames),
    cmocka_unit_test(pictures_keep_to_the_rate),
    cmocka_unit_test(joining_picture_has_its_own_time),
    cmocka_unit_test(still_screen_is_sharpened_refined_and_then_left_alone),
    cmocka_unit_test(missing_encoder_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
