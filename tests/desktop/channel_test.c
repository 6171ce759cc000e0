/* SPDX-License-Identifier: MIT
 *
 * desktop/channel: fan-out, joining, skipping and catching up. The desktop's threads are not started: the test publishes
 * packets as they would, so that every case is exact.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "fake.h"

/* Lesson 14: nothing is sent before a joiner's key frame. */
static void viewer_joins_at_a_key_frame(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  fake_publish_video(fixture->desktop);
  fake_publish_tiles(fixture->desktop);
  assert_int_equal(fake_take_picture(viewer), 0);
  uint32_t key = fake_publish_key(fixture->desktop);
  assert_int_equal(fake_take_picture(viewer), key);
  uint32_t delta = fake_publish_video(fixture->desktop);
  assert_int_equal(fake_take_picture(viewer), delta);
  oriel_viewer_detach(viewer);
}

/* A key frame that is still the newest picture serves who comes later; one that others built on does not. */
static void newcomer_takes_the_newest_key(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  uint32_t key = fake_publish_key(fixture->desktop);
  struct oriel_viewer *second = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  assert_int_equal(fake_take_picture(second), key);
  uint32_t delta = fake_publish_video(fixture->desktop);
  assert_int_equal(fake_take_picture(second), delta);
  struct oriel_viewer *third = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  assert_int_equal(fake_take_picture(third), 0);
  key = fake_publish_key(fixture->desktop);
  oriel_viewer_want(second, false, false);
  oriel_viewer_want(second, true, false); /* a tab that was hidden for a moment */
  assert_int_equal(fake_take_picture(second), key);
  oriel_viewer_detach(third);
  oriel_viewer_detach(second);
  oriel_viewer_detach(viewer);
  /* Nobody looked for a while: the screen may have changed unseen. */
  viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  assert_int_equal(fake_take_picture(viewer), 0);
  oriel_viewer_detach(viewer);
}

static void fan_out_shares_one_packet_and_wakes_once(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewers[ORIEL_DESKTOP_VIEWERS_MAX], *extra = NULL;
  for (int i = 0; i < ORIEL_DESKTOP_VIEWERS_MAX; i++) {
    viewers[i] = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
    fake_drain(viewers[i]);
  }
  const struct oriel_viewer_config config = {.video = true};
  assert_int_equal(oriel_viewer_attach(fixture->desktop, &config, &extra), -EUSERS);
  unsigned wakes = fixture->fake.wakes;
  fake_publish_key(fixture->desktop);
  assert_int_equal(fixture->fake.wakes, wakes + 1);
  const struct oriel_packet *shared = NULL;
  for (int i = 0; i < ORIEL_DESKTOP_VIEWERS_MAX; i++) {
    struct oriel_delivery delivery;
    assert_true(oriel_viewer_next(viewers[i], &delivery));
    assert_int_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
    if (!shared)
      shared = delivery.packet;
    assert_ptr_equal(delivery.packet, shared);
    oriel_packet_unref(delivery.packet);
    oriel_viewer_detach(viewers[i]);
  }
}

/* Lessons 3 and 32: one viewer that never drains holds one picture and disturbs nobody. */
static void stalled_viewer_holds_one_picture_and_disturbs_nobody(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *good = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_viewer *stuck = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_desktop_stats *stats = calloc(1, sizeof *stats);
  uint32_t key = fake_publish_key(fixture->desktop);
  assert_int_equal(fake_take_picture(good), key);
  for (int i = 0; i < 1000; i++) {
    uint32_t sequence = i % 3 ? fake_publish_video(fixture->desktop) : fake_publish_tiles(fixture->desktop);
    assert_int_equal(fake_take_picture(good), sequence);
  }
  /* Nor is a key frame made for it before its connection takes something again. */
  struct oriel_demand demand;
  oriel_channel_demand(&fixture->desktop->hub.channels[ORIEL_CHANNEL_TILES], true, oriel_clock_ns(), &demand);
  assert_false(demand.key_due);
  oriel_desktop_stats(fixture->desktop, stats);
  assert_int_equal(stats->viewer[0].pictures_skipped, 0);
  assert_int_equal(stats->viewer[0].pictures_sent, 1001);
  assert_int_equal(stats->viewer[1].pictures_sent, 0);
  assert_int_equal(stats->viewer[1].skips, 1);
  assert_true(stats->viewer[1].skipping);
  assert_true(stats->viewer[1].picture_queue <= 1);
  fake_drain(stuck);
  oriel_channel_demand(&fixture->desktop->hub.channels[ORIEL_CHANNEL_TILES], true, oriel_clock_ns(), &demand);
  assert_true(demand.key_due);
  free(stats);
  oriel_viewer_detach(good);
  oriel_viewer_detach(stuck);
}

static void missed_video_is_told_and_recovers_at_a_key(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  fake_publish_key(fixture->desktop);
  fake_publish_video(fixture->desktop); /* the key still waits in the slot: the chain breaks */
  struct oriel_delivery delivery = fake_next_after_control(viewer);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_SKIPPED);
  assert_int_equal(delivery.skipped.count, 2);
  fake_publish_video(fixture->desktop);
  fake_publish_tiles(fixture->desktop);
  assert_int_equal(fake_next_after_control(viewer).type, ORIEL_DELIVERY_NONE);
  uint32_t key = fake_publish_key(fixture->desktop);
  delivery = fake_next_after_control(viewer);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_SKIPPED);
  assert_int_equal(delivery.skipped.count, 2);
  delivery = fake_next_after_control(viewer);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
  assert_int_equal(delivery.packet->sequence, key);
  oriel_packet_unref(delivery.packet);
  oriel_viewer_detach(viewer);
}

/* A video picture covers what tiles brought: no key frame is needed for a viewer that missed some. */
static void missed_tiles_are_made_good_by_the_next_video(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_demand demand;
  uint32_t key = fake_publish_key(fixture->desktop);
  fake_publish_tiles(fixture->desktop); /* finds the key in the slot */
  assert_int_equal(fake_take_picture(viewer), key);
  oriel_channel_demand(&fixture->desktop->hub.channels[ORIEL_CHANNEL_TILES], true, oriel_clock_ns(), &demand);
  assert_true(demand.video_due);
  assert_false(demand.key_due);
  fake_publish_tiles(fixture->desktop); /* does not fit: what came before is missing */
  assert_int_equal(fake_take_picture(viewer), 0);
  uint32_t video = fake_publish_video(fixture->desktop);
  assert_int_equal(fake_take_picture(viewer), video); /* take_picture fails on a notice */
  uint32_t tiles = fake_publish_tiles(fixture->desktop);
  assert_int_equal(fake_take_picture(viewer), tiles);
  oriel_viewer_detach(viewer);
}

static struct oriel_viewer *join(struct fake_fixture *fixture, bool part) {
  struct oriel_viewer *viewer = NULL;
  const struct oriel_viewer_config config = {.video = true, .tiles = true, .part = part};
  assert_int_equal(oriel_viewer_attach(fixture->desktop, &config, &viewer), 0);
  return viewer;
}

static const struct oriel_rect somewhere = {64, 64, 64, 64};

/* Video of which a part is drawn; what publishing it says. */
static bool publish_part(struct fake_fixture *fixture) {
  struct oriel_packet *packet = fake_packet(ORIEL_PACKET_VIDEO, false);
  packet->partly = true;
  oriel_damage_add(&packet->part, (struct oriel_rect){0, 0, 16, 16});
  return oriel_desktop_publish(fixture->desktop, ORIEL_CHANNEL_TILES, packet);
}

static void publish_refinement(struct fake_fixture *fixture) {
  struct oriel_packet *packet = fake_packet(ORIEL_PACKET_TILES, false);
  packet->sharpening = true;
  oriel_damage_add(&packet->part, somewhere);
  oriel_desktop_publish(fixture->desktop, ORIEL_CHANNEL_TILES, packet);
}

/* Who takes parts is told to draw one; who does not draws all, and that is said. */
static void part_is_drawn_by_who_knows_of_parts(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *able = join(fixture, true);
  fake_publish_key(fixture->desktop);
  fake_take_picture(able);
  assert_false(publish_part(fixture));
  struct oriel_delivery delivery = fake_next_of(&fixture->fake, able, ORIEL_DELIVERY_PICTURE);
  assert_true(delivery.packet && delivery.picture.partly);
  fake_ack(able, delivery.packet);
  oriel_packet_unref(delivery.packet);
  struct oriel_viewer *plain = join(fixture, false);
  assert_false(publish_part(fixture)); /* it has no picture yet: a key frame comes, of which all is drawn */
  fake_publish_key(fixture->desktop);
  fake_take_picture(able);
  fake_take_picture(plain);
  assert_true(publish_part(fixture));
  delivery = fake_next_of(&fixture->fake, plain, ORIEL_DELIVERY_PICTURE);
  assert_true(delivery.packet && !delivery.picture.partly);
  oriel_packet_unref(delivery.packet);
}

/* Refinement that video drove out of the mailbox, or that found it occupied, is missed, whatever part that video has
 * drawn; all of a picture makes up for it. */
static void missed_refinement_outlives_a_part(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = join(fixture, true);
  struct oriel_demand demand;
  fake_publish_key(fixture->desktop);
  fake_take_picture(viewer);
  publish_refinement(fixture);
  publish_part(fixture);
  publish_refinement(fixture);
  fake_take_picture(viewer);
  oriel_channel_demand(&fixture->desktop->hub.channels[ORIEL_CHANNEL_TILES], true, oriel_clock_ns(), &demand);
  assert_true(demand.unrefined);
  assert_int_equal(viewer->subscriber.unrefined.count, 1);
  assert_memory_equal(&viewer->subscriber.unrefined.rects[0], &somewhere, sizeof somewhere);
  fake_publish_key(fixture->desktop);
  assert_true(oriel_damage_empty(&viewer->subscriber.unrefined));
}

/* Lesson 2: the newer replaces the waiting. */
static void newest_wins_where_the_chain_allows(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  const uint32_t first = fake_publish_key(fixture->desktop);
  assert_int_equal(fake_take_picture(viewer), first);
  fake_publish_tiles(fixture->desktop);
  uint32_t video = fake_publish_video(fixture->desktop); /* covers the tiles */
  assert_int_equal(fake_take_picture(viewer), video);
  fake_publish_video(fixture->desktop);
  uint32_t key = fake_publish_key(fixture->desktop); /* covers everything */
  assert_int_equal(fake_take_picture(viewer), key);
  oriel_viewer_detach(viewer);
}

static void viewer_without_tiles_has_a_channel_of_its_own(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, false, false);
  struct oriel_viewer *able = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_demand demand;
  struct oriel_hub *hub = &fixture->desktop->hub;
  fake_publish_key(fixture->desktop);
  fake_publish_tiles(fixture->desktop);
  assert_int_equal(fake_take_picture(viewer), 0);
  oriel_channel_demand(&hub->channels[ORIEL_CHANNEL_VIDEO], true, oriel_clock_ns(), &demand);
  assert_false(demand.tiles);
  assert_int_equal(demand.subscribers, 1);
  oriel_channel_demand(&hub->channels[ORIEL_CHANNEL_TILES], true, oriel_clock_ns(), &demand);
  assert_true(demand.tiles);
  assert_int_equal(demand.subscribers, 1);
  struct oriel_packet *key = fake_packet(ORIEL_PACKET_VIDEO, true);
  const uint32_t sequence = key->sequence;
  oriel_desktop_publish(fixture->desktop, ORIEL_CHANNEL_VIDEO, key);
  assert_int_equal(fake_take_picture(viewer), sequence);
  assert_int_not_equal(fake_take_picture(able), sequence);
  oriel_viewer_detach(able);
  oriel_viewer_detach(viewer);
}

static void chronic_laggard_waits_longer_for_each_key(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_demand demand;
  for (int i = 0; i < 3; i++) {
    fake_drain(viewer);
    fake_publish_key(fixture->desktop);
    fake_publish_video(fixture->desktop);
    uint64_t now = oriel_clock_ns();
    fake_drain(viewer);
    oriel_channel_demand(&fixture->desktop->hub.channels[ORIEL_CHANNEL_TILES], true, now, &demand);
    if (i == 0) {
      assert_true(demand.key_due);
      continue;
    }
    assert_false(demand.key_due);
    uint64_t latest = now + (unsigned)i * ORIEL_NS_PER_SECOND;
    assert_in_range(demand.key_after_ns, latest - ORIEL_NS_PER_SECOND / 2, latest);
  }
  oriel_viewer_detach(viewer);
}

static void key_request_drops_what_waits(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_demand demand;
  fake_publish_key(fixture->desktop);
  fake_take_picture(viewer);
  fake_publish_video(fixture->desktop);
  oriel_viewer_request_key(viewer);
  assert_int_equal(fake_take_picture(viewer), 0);
  oriel_channel_demand(&fixture->desktop->hub.channels[ORIEL_CHANNEL_TILES], true, oriel_clock_ns(), &demand);
  assert_true(demand.key_due);
  oriel_viewer_detach(viewer);
}

static void repeated_key_requests_wait_longer(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_demand demand;
  for (int i = 0; i < 2; i++) {
    fake_publish_key(fixture->desktop);
    fake_take_picture(viewer);
    for (int again = 0; again < 10; again++) /* once is asked as good as ten times */
      oriel_viewer_request_key(viewer);
    oriel_channel_demand(&fixture->desktop->hub.channels[ORIEL_CHANNEL_TILES], true, oriel_clock_ns(), &demand);
    assert_int_equal(demand.key_due, i == 0);
  }
  assert_true(demand.key_after_ns > oriel_clock_ns());
  assert_int_equal(fixture->desktop->hub.channels[ORIEL_CHANNEL_TILES].counters.key_requests, 20);
  oriel_viewer_detach(viewer);
}

/* Another way has nothing of what went before. */
static void renewed_viewer_begins_with_a_key_at_once(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  uint32_t key = fake_publish_key(fixture->desktop);
  assert_int_equal(fake_take_picture(viewer), key);
  oriel_viewer_renew(viewer);
  assert_int_equal(fake_take_picture(viewer), key); /* which still is what the screen shows */
  fake_publish_video(fixture->desktop);
  for (int i = 0; i < 3; i++) { /* no back-off, as after a request */
    struct oriel_demand demand;
    const uint64_t now_ns = oriel_clock_ns();
    oriel_viewer_renew(viewer);
    assert_int_equal(fake_take_picture(viewer), 0);
    oriel_channel_demand(&fixture->desktop->hub.channels[ORIEL_CHANNEL_TILES], true, now_ns, &demand);
    assert_true(demand.key_due);
    fake_publish_tiles(fixture->desktop);
    fake_publish_video(fixture->desktop);
    assert_int_equal(fake_take_picture(viewer), 0);
    key = fake_publish_key(fixture->desktop);
    assert_int_equal(fake_take_picture(viewer), key);
    fake_publish_video(fixture->desktop);
    assert_int_not_equal(fake_take_picture(viewer), 0);
  }
  oriel_viewer_want(viewer, false, false);
  oriel_viewer_renew(viewer); /* who does not look waits for nothing */
  fake_publish_key(fixture->desktop);
  assert_int_equal(fake_take_picture(viewer), 0);
  oriel_viewer_detach(viewer);
}

static void held_viewer_is_handed_the_newest_when_let_go(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  const uint32_t key = fake_publish_key(fixture->desktop);
  assert_int_equal(fake_take_picture(viewer), key);
  oriel_viewer_hold(viewer, true);
  fake_publish_tiles(fixture->desktop);
  assert_false(oriel_viewer_pending(viewer));
  const uint32_t video = fake_publish_video(fixture->desktop);
  assert_int_equal(fake_take_picture(viewer), 0);
  oriel_viewer_hold(viewer, false);
  assert_true(oriel_viewer_pending(viewer));
  assert_int_equal(fake_take_picture(viewer), video);
  oriel_viewer_detach(viewer);
}

static void bursts_count_pictures_closer_than_8_ms(void **state) {
  struct fake_fixture *fixture = *state;
  for (int i = 0; i < 3; i++) { /* lesson 16 */
    struct oriel_packet *packet = fake_packet(ORIEL_PACKET_VIDEO, false);
    packet->encoded_ns = (uint64_t)1000 * ORIEL_NS_PER_SECOND + (unsigned)(i * i) * 4 * ORIEL_NS_PER_MS; /* 0, 4, 16 */
    oriel_desktop_publish(fixture->desktop, ORIEL_CHANNEL_TILES, packet);
  }
  assert_int_equal(fixture->desktop->hub.channels[ORIEL_CHANNEL_TILES].counters.bursts, 1);
}

#define channel_test(name) cmocka_unit_test_setup_teardown(name, fake_set_up, fake_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
    channel_test(viewer_joins_at_a_key_frame),
    channel_test(newcomer_takes_the_newest_key),
    channel_test(fan_out_shares_one_packet_and_wakes_once),
    channel_test(stalled_viewer_holds_one_picture_and_disturbs_nobody),
    channel_test(missed_video_is_told_and_recovers_at_a_key),
    channel_test(missed_tiles_are_made_good_by_the_next_video),
    channel_test(part_is_drawn_by_who_knows_of_parts),
    channel_test(missed_refinement_outlives_a_part),
    channel_test(newest_wins_where_the_chain_allows),
    channel_test(viewer_without_tiles_has_a_channel_of_its_own),
    channel_test(chronic_laggard_waits_longer_for_each_key),
    channel_test(key_request_drops_what_waits),
    channel_test(repeated_key_requests_wait_longer),
    channel_test(renewed_viewer_begins_with_a_key_at_once),
    channel_test(held_viewer_is_handed_the_newest_when_let_go),
    channel_test(bursts_count_pictures_closer_than_8_ms),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
