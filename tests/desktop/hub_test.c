/* SPDX-License-Identifier: MIT
 *
 * desktop/hub: fan-out, joining, skipping, bounds, roles. The desktop's threads are not started: the test publishes
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

struct fixture {
  struct fake fake;
  struct oriel_desktop *desktop;
};

static int set_up(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  fake_init(&fixture->fake, 640, 480);
  fixture->desktop = fake_desktop(&fixture->fake, "null", false);
  *state = fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  fake_end(&fixture->fake, fixture->desktop);
  free(fixture);
  return 0;
}

static uint32_t publish(struct fixture *fixture, enum oriel_packet_kind kind, bool key) {
  struct oriel_packet *packet = fake_packet(kind, key);
  oriel_packet_ref(packet);
  if (kind == ORIEL_PACKET_AUDIO)
    oriel_channel_publish_sound(fixture->desktop, packet);
  else
    oriel_channel_publish(fixture->desktop, ORIEL_CHANNEL_TILES, packet);
  uint32_t sequence = packet->sequence;
  oriel_packet_unref(packet);
  return sequence;
}

static uint32_t publish_key(struct fixture *fixture) {
  return publish(fixture, ORIEL_PACKET_VIDEO, true);
}

static uint32_t publish_video(struct fixture *fixture) {
  return publish(fixture, ORIEL_PACKET_VIDEO, false);
}

static uint32_t publish_tiles(struct fixture *fixture) {
  return publish(fixture, ORIEL_PACKET_TILES, false);
}

/* Sequence of the picture that waits, taken and acknowledged; 0 = none. State and role are passed over. */
static uint32_t take_picture(struct oriel_viewer *viewer) {
  struct oriel_delivery delivery;
  while (oriel_viewer_next(viewer, &delivery)) {
    if (delivery.type != ORIEL_DELIVERY_PICTURE) {
      assert_int_not_equal(delivery.type, ORIEL_DELIVERY_SKIPPED);
      oriel_packet_unref(delivery.packet);
      continue;
    }
    uint32_t sequence = delivery.packet->sequence;
    fake_ack(viewer, delivery.packet);
    oriel_packet_unref(delivery.packet);
    return sequence;
  }
  return 0;
}

/* Lesson 14: nothing is sent before a joiner's key frame. */
static void viewer_joins_at_a_key_frame(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  publish_video(fixture);
  publish_tiles(fixture);
  assert_int_equal(take_picture(viewer), 0);
  uint32_t key = publish_key(fixture);
  assert_int_equal(take_picture(viewer), key);
  uint32_t delta = publish_video(fixture);
  assert_int_equal(take_picture(viewer), delta);
  oriel_viewer_detach(viewer);
}

/* A key frame that is still the newest picture serves who comes later; one that others built on does not. */
static void newcomer_takes_the_newest_key(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  uint32_t key = publish_key(fixture);
  struct oriel_viewer *second = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  assert_int_equal(take_picture(second), key);
  uint32_t delta = publish_video(fixture);
  assert_int_equal(take_picture(second), delta);
  struct oriel_viewer *third = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  assert_int_equal(take_picture(third), 0);
  key = publish_key(fixture);
  oriel_viewer_want(second, false, false);
  oriel_viewer_want(second, true, false); /* a tab that was hidden for a moment */
  assert_int_equal(take_picture(second), key);
  oriel_viewer_detach(third);
  oriel_viewer_detach(second);
  oriel_viewer_detach(viewer);
  /* Nobody looked for a while: the screen may have changed unseen. */
  viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  assert_int_equal(take_picture(viewer), 0);
  oriel_viewer_detach(viewer);
}

static void viewer_first_hears_state_and_role(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_CONTROLLER, true, false);
  struct oriel_delivery delivery;
  publish_key(fixture);
  assert_true(oriel_viewer_pending(viewer));
  assert_true(oriel_viewer_next(viewer, &delivery));
  assert_int_equal(delivery.type, ORIEL_DELIVERY_STATE);
  assert_true(oriel_viewer_next(viewer, &delivery));
  assert_int_equal(delivery.type, ORIEL_DELIVERY_ROLE);
  assert_int_equal(delivery.role, ORIEL_ROLE_CONTROLLER);
  assert_true(oriel_viewer_next(viewer, &delivery));
  assert_int_equal(delivery.type, ORIEL_DELIVERY_CONTROLS);
  assert_int_equal(delivery.controls.holder, oriel_viewer_id(viewer));
  assert_true(oriel_viewer_next(viewer, &delivery));
  assert_int_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
  assert_true(delivery.packet->key);
  oriel_packet_unref(delivery.packet);
  assert_false(oriel_viewer_next(viewer, &delivery));
  assert_int_equal(delivery.type, ORIEL_DELIVERY_NONE);
  assert_false(oriel_viewer_pending(viewer));
  oriel_viewer_detach(viewer);
}

static void fan_out_shares_one_packet_and_wakes_once(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewers[ORIEL_DESKTOP_VIEWERS_MAX], *extra = NULL;
  for (int i = 0; i < ORIEL_DESKTOP_VIEWERS_MAX; i++) {
    viewers[i] = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
    fake_drain(viewers[i]);
  }
  const struct oriel_viewer_config config = {.video = true};
  assert_int_equal(oriel_viewer_attach(fixture->desktop, &config, &extra), -EUSERS);
  unsigned wakes = fixture->fake.wakes;
  publish_key(fixture);
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
  struct fixture *fixture = *state;
  struct oriel_viewer *good = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_viewer *stuck = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_desktop_stats *stats = calloc(1, sizeof *stats);
  uint32_t key = publish_key(fixture);
  assert_int_equal(take_picture(good), key);
  for (int i = 0; i < 1000; i++) {
    uint32_t sequence = i % 3 ? publish_video(fixture) : publish_tiles(fixture);
    assert_int_equal(take_picture(good), sequence);
  }
  /* Nor is a key frame made for it before its connection takes something again. */
  struct oriel_demand demand;
  oriel_channel_survey_locked(&fixture->desktop->hub, ORIEL_CHANNEL_TILES, true, oriel_clock_ns(), &demand);
  assert_false(demand.key_due);
  oriel_desktop_stats(fixture->desktop, stats);
  assert_int_equal(stats->viewer[0].pictures_skipped, 0);
  assert_int_equal(stats->viewer[0].pictures_sent, 1001);
  assert_int_equal(stats->viewer[1].pictures_sent, 0);
  assert_int_equal(stats->viewer[1].skips, 1);
  assert_true(stats->viewer[1].skipping);
  assert_true(stats->viewer[1].picture_queue <= 1);
  fake_drain(stuck);
  oriel_channel_survey_locked(&fixture->desktop->hub, ORIEL_CHANNEL_TILES, true, oriel_clock_ns(), &demand);
  assert_true(demand.key_due);
  free(stats);
  oriel_viewer_detach(good);
  oriel_viewer_detach(stuck);
}

static struct oriel_delivery next_after_control(struct oriel_viewer *viewer) {
  struct oriel_delivery delivery;
  while (oriel_viewer_next(viewer, &delivery))
    if (delivery.type != ORIEL_DELIVERY_STATE && delivery.type != ORIEL_DELIVERY_ROLE &&
        delivery.type != ORIEL_DELIVERY_CONTROLS)
      break;
  return delivery;
}

static void missed_video_is_told_and_recovers_at_a_key(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  publish_key(fixture);
  publish_video(fixture); /* the key still waits in the slot: the chain breaks */
  struct oriel_delivery delivery = next_after_control(viewer);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_SKIPPED);
  assert_int_equal(delivery.skipped.count, 2);
  publish_video(fixture);
  publish_tiles(fixture);
  assert_int_equal(next_after_control(viewer).type, ORIEL_DELIVERY_NONE);
  uint32_t key = publish_key(fixture);
  delivery = next_after_control(viewer);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_SKIPPED);
  assert_int_equal(delivery.skipped.count, 2);
  delivery = next_after_control(viewer);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
  assert_int_equal(delivery.packet->sequence, key);
  oriel_packet_unref(delivery.packet);
  oriel_viewer_detach(viewer);
}

/* A video picture covers what tiles brought: no key frame is needed for a viewer that missed some. */
static void missed_tiles_are_made_good_by_the_next_video(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_demand demand;
  uint32_t key = publish_key(fixture);
  publish_tiles(fixture); /* finds the key in the slot */
  assert_int_equal(take_picture(viewer), key);
  oriel_channel_survey_locked(&fixture->desktop->hub, ORIEL_CHANNEL_TILES, true, oriel_clock_ns(), &demand);
  assert_true(demand.video_due);
  assert_false(demand.key_due);
  publish_tiles(fixture); /* does not fit: what came before is missing */
  assert_int_equal(take_picture(viewer), 0);
  uint32_t video = publish_video(fixture);
  assert_int_equal(take_picture(viewer), video); /* take_picture fails on a notice */
  uint32_t tiles = publish_tiles(fixture);
  assert_int_equal(take_picture(viewer), tiles);
  oriel_viewer_detach(viewer);
}

static struct oriel_viewer *join(struct fixture *fixture, bool part) {
  struct oriel_viewer *viewer = NULL;
  const struct oriel_viewer_config config = {.video = true, .tiles = true, .part = part};
  assert_int_equal(oriel_viewer_attach(fixture->desktop, &config, &viewer), 0);
  return viewer;
}

static const struct oriel_rect somewhere = {64, 64, 64, 64};

/* Video of which a part is drawn; what publishing it says. */
static bool publish_part(struct fixture *fixture) {
  struct oriel_packet *packet = fake_packet(ORIEL_PACKET_VIDEO, false);
  packet->partly = true;
  oriel_damage_add(&packet->part, (struct oriel_rect){0, 0, 16, 16});
  return oriel_channel_publish(fixture->desktop, ORIEL_CHANNEL_TILES, packet);
}

static void publish_refinement(struct fixture *fixture) {
  struct oriel_packet *packet = fake_packet(ORIEL_PACKET_TILES, false);
  packet->sharpening = true;
  oriel_damage_add(&packet->part, somewhere);
  oriel_channel_publish(fixture->desktop, ORIEL_CHANNEL_TILES, packet);
}

/* Who takes parts is told to draw one; who does not draws all, and that is said. */
static void part_is_drawn_by_who_knows_of_parts(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *able = join(fixture, true);
  publish_key(fixture);
  take_picture(able);
  assert_false(publish_part(fixture));
  struct oriel_delivery delivery = fake_next_of(&fixture->fake, able, ORIEL_DELIVERY_PICTURE);
  assert_true(delivery.packet && delivery.picture.partly);
  fake_ack(able, delivery.packet);
  oriel_packet_unref(delivery.packet);
  struct oriel_viewer *plain = join(fixture, false);
  assert_false(publish_part(fixture)); /* it has no picture yet: a key frame comes, of which all is drawn */
  publish_key(fixture);
  take_picture(able);
  take_picture(plain);
  assert_true(publish_part(fixture));
  delivery = fake_next_of(&fixture->fake, plain, ORIEL_DELIVERY_PICTURE);
  assert_true(delivery.packet && !delivery.picture.partly);
  oriel_packet_unref(delivery.packet);
}

/* Refinement that video drove out of the mailbox, or that found it occupied, is missed, whatever part that video has
 * drawn; all of a picture makes up for it. */
static void missed_refinement_outlives_a_part(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = join(fixture, true);
  struct oriel_demand demand;
  publish_key(fixture);
  take_picture(viewer);
  publish_refinement(fixture);
  publish_part(fixture);
  publish_refinement(fixture);
  take_picture(viewer);
  oriel_channel_survey_locked(&fixture->desktop->hub, ORIEL_CHANNEL_TILES, true, oriel_clock_ns(), &demand);
  assert_true(demand.unrefined);
  assert_int_equal(viewer->subscriber.unrefined.count, 1);
  assert_memory_equal(&viewer->subscriber.unrefined.rects[0], &somewhere, sizeof somewhere);
  publish_key(fixture);
  assert_true(oriel_damage_empty(&viewer->subscriber.unrefined));
}

/* Lesson 2: the newer replaces the waiting. */
static void newest_wins_where_the_chain_allows(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  const uint32_t first = publish_key(fixture);
  assert_int_equal(take_picture(viewer), first);
  publish_tiles(fixture);
  uint32_t video = publish_video(fixture); /* covers the tiles */
  assert_int_equal(take_picture(viewer), video);
  publish_video(fixture);
  uint32_t key = publish_key(fixture); /* covers everything */
  assert_int_equal(take_picture(viewer), key);
  oriel_viewer_detach(viewer);
}

static void viewer_without_tiles_has_a_channel_of_its_own(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, false, false);
  struct oriel_viewer *able = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_demand demand;
  struct oriel_hub *hub = &fixture->desktop->hub;
  publish_key(fixture);
  publish_tiles(fixture);
  assert_int_equal(take_picture(viewer), 0);
  oriel_channel_survey_locked(hub, ORIEL_CHANNEL_VIDEO, true, oriel_clock_ns(), &demand);
  assert_false(demand.tiles);
  assert_int_equal(demand.subscribers, 1);
  oriel_channel_survey_locked(hub, ORIEL_CHANNEL_TILES, true, oriel_clock_ns(), &demand);
  assert_true(demand.tiles);
  assert_int_equal(demand.subscribers, 1);
  struct oriel_packet *key = fake_packet(ORIEL_PACKET_VIDEO, true);
  const uint32_t sequence = key->sequence;
  oriel_channel_publish(fixture->desktop, ORIEL_CHANNEL_VIDEO, key);
  assert_int_equal(take_picture(viewer), sequence);
  assert_int_not_equal(take_picture(able), sequence);
  oriel_viewer_detach(able);
  oriel_viewer_detach(viewer);
}

static void chronic_laggard_waits_longer_for_each_key(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_demand demand;
  for (int i = 0; i < 3; i++) {
    fake_drain(viewer);
    publish_key(fixture);
    publish_video(fixture);
    uint64_t now = oriel_clock_ns();
    fake_drain(viewer);
    oriel_channel_survey_locked(&fixture->desktop->hub, ORIEL_CHANNEL_TILES, true, now, &demand);
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

static void viewer_that_never_acknowledges_gets_a_window_of_pictures(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  unsigned taken = 0;
  struct oriel_delivery delivery = {0};
  uint32_t last = 0;
  oriel_viewer_rtt(viewer, 20000);
  publish_key(fixture);
  for (int i = 0; i < 20; i++) {
    delivery = next_after_control(viewer);
    if (delivery.type == ORIEL_DELIVERY_PICTURE) {
      taken++;
      last = delivery.packet->sequence;
      oriel_packet_unref(delivery.packet);
    }
    if (viewer->subscriber.waiting)
      break;
    publish_tiles(fixture);
  }
  assert_int_equal(taken, oriel_flight_window(20000, 60));
  assert_non_null(viewer->subscriber.waiting); /* one waits and no more */
  assert_false(oriel_viewer_pending(viewer));
  unsigned wakes = fixture->fake.wakes;
  uint64_t now = oriel_clock_ns();
  oriel_viewer_ack(viewer, &(struct oriel_viewer_ack){.received = last, .received_ns = now, .decoded = last,
                                                      .decoded_ns = now});
  assert_true(oriel_viewer_pending(viewer));
  assert_int_equal(fixture->fake.wakes, wakes + 1); /* the server is told to come for it */
  oriel_viewer_detach(viewer);
}

static void decoder_that_falls_behind_holds_pictures_back(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  oriel_viewer_rtt(viewer, 200000); /* a wide window */
  publish_key(fixture);
  unsigned taken = 0;
  for (int i = 0; i < 20; i++, publish_tiles(fixture)) {
    struct oriel_delivery delivery = next_after_control(viewer);
    if (delivery.type != ORIEL_DELIVERY_PICTURE)
      break;
    taken++;
    oriel_viewer_ack(viewer, &(struct oriel_viewer_ack){.received = delivery.packet->sequence,
                                                        .received_ns = oriel_clock_ns()});
    oriel_packet_unref(delivery.packet);
  }
  assert_int_equal(taken, ORIEL_DECODE_BACKLOG_MAX + 1);
  oriel_viewer_detach(viewer);
}

static void lying_acknowledgements_change_nothing(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_desktop_stats *stats = calloc(1, sizeof *stats);
  uint64_t now = oriel_clock_ns();
  oriel_viewer_ack(viewer, &(struct oriel_viewer_ack){9, 9, 9, now, now, now, 0}); /* nothing was sent */
  uint32_t key = publish_key(fixture);
  struct oriel_delivery delivery = next_after_control(viewer);
  assert_int_equal(delivery.packet->sequence, key);
  oriel_packet_unref(delivery.packet);
  oriel_viewer_ack(viewer, &(struct oriel_viewer_ack){key - 1, UINT32_MAX, 0x80000000u, now, 1, UINT64_MAX, 0});
  oriel_desktop_stats(fixture->desktop, stats);
  assert_int_equal(stats->viewer[0].in_flight, 1);
  assert_int_equal(stats->viewer[0].painted, 0);
  oriel_viewer_ack(viewer, &(struct oriel_viewer_ack){UINT32_MAX / 2 - 1, 0, 0, UINT64_MAX, 0, 0, 0}); /* the future */
  oriel_desktop_stats(fixture->desktop, stats);
  assert_int_equal(stats->viewer[0].in_flight, 0); /* never negative */
  for (int i = 0; i < ORIEL_STAGES; i++)
    assert_true(stats->stages[i].max_us < 60u * 1000 * 1000);
  free(stats);
  oriel_viewer_detach(viewer);
}

static void want_false_stops_and_true_starts_with_a_key(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, true);
  assert_true(fixture->fake.watched);
  publish_key(fixture);
  take_picture(viewer);
  oriel_viewer_want(viewer, false, false);
  assert_false(fixture->fake.watched);
  publish_key(fixture); /* made for nobody: the screen may have changed since */
  publish(fixture, ORIEL_PACKET_AUDIO, false);
  assert_int_equal(fake_drain(viewer), 0);
  oriel_viewer_want(viewer, false, true);
  assert_int_equal(fixture->fake.watched, ORIEL_WATCH_SOUND);
  oriel_viewer_want(viewer, true, false);
  assert_int_equal(fixture->fake.watched, ORIEL_WATCH_PICTURES);
  oriel_viewer_want(viewer, true, true);
  assert_int_equal(fixture->fake.watched, ORIEL_WATCH_ALL);
  publish_video(fixture);
  assert_int_equal(take_picture(viewer), 0);
  const uint32_t key = publish_key(fixture);
  assert_int_equal(take_picture(viewer), key);
  oriel_viewer_detach(viewer);
  assert_false(fixture->fake.watched);
}

/* Lesson 32: at most one second of sound; lesson 27: after a stall the old part goes. */
static void sound_is_bounded_and_trimmed_after_a_stall(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, true);
  struct oriel_desktop_stats *stats = calloc(1, sizeof *stats);
  fake_drain(viewer);
  for (int i = 0; i < 300; i++)
    publish(fixture, ORIEL_PACKET_AUDIO, false);
  oriel_desktop_stats(fixture->desktop, stats);
  assert_int_equal(stats->viewer[0].audio_queue, 50);
  assert_int_equal(stats->viewer[0].audio_dropped, 250);
  struct oriel_delivery delivery;
  uint32_t expected = 298;
  while (oriel_viewer_next(viewer, &delivery)) {
    assert_int_equal(delivery.type, ORIEL_DELIVERY_AUDIO);
    assert_int_equal(delivery.packet->sequence, expected++);
    oriel_packet_unref(delivery.packet);
  }
  assert_int_equal(expected, 301);
  free(stats);
  oriel_viewer_detach(viewer);
}

static enum oriel_role take_role(struct oriel_viewer *viewer) {
  struct oriel_delivery delivery;
  while (oriel_viewer_next(viewer, &delivery)) {
    oriel_packet_unref(delivery.packet);
    if (delivery.type == ORIEL_DELIVERY_ROLE)
      return delivery.role;
  }
  fail_msg("no role was delivered");
  return ORIEL_ROLE_VIEWER;
}

static void press(struct oriel_viewer *viewer) {
  oriel_viewer_input(viewer, &(struct oriel_input){.type = ORIEL_INPUT_KEY, .key = {.usage = 4, .pressed = true}});
}

static void controls_go_to_the_newest_and_back(void **state) {
  struct fixture *fixture = *state;
  struct fake *fake = &fixture->fake;
  struct oriel_viewer *first = fake_viewer(fixture->desktop, ORIEL_ROLE_CONTROLLER, true, false);
  struct oriel_viewer *watcher = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  assert_int_equal(take_role(first), ORIEL_ROLE_CONTROLLER);
  assert_int_equal(take_role(watcher), ORIEL_ROLE_VIEWER);
  press(first);
  press(watcher); /* refused */
  assert_int_equal(fake->inputs, 1);
  struct oriel_viewer *second = fake_viewer(fixture->desktop, ORIEL_ROLE_CONTROLLER, true, false);
  assert_int_equal(take_role(second), ORIEL_ROLE_CONTROLLER);
  assert_int_equal(take_role(first), ORIEL_ROLE_VIEWER);
  assert_int_equal(fake->releases, 1); /* the key that first held */
  assert_false(oriel_viewer_controls(first));
  press(first);
  assert_int_equal(fake->inputs, 1);
  assert_int_equal(oriel_viewer_resize(first, 800, 600), -EPERM);
  assert_int_equal(oriel_viewer_resize(second, 63, 600), -EINVAL);
  assert_int_equal(oriel_viewer_resize(second, 800, 4321), -EINVAL);
  oriel_viewer_detach(second); /* pressed nothing: nothing to release */
  assert_int_equal(fake->releases, 1);
  assert_true(oriel_viewer_controls(first));
  assert_int_equal(take_role(first), ORIEL_ROLE_CONTROLLER);
  press(first);
  oriel_viewer_detach(first);
  assert_int_equal(fake->releases, 2);
  assert_false(oriel_viewer_controls(watcher)); /* it never asked */
  oriel_viewer_control(watcher, true);
  assert_int_equal(take_role(watcher), ORIEL_ROLE_CONTROLLER);
  oriel_viewer_control(watcher, false);
  assert_int_equal(take_role(watcher), ORIEL_ROLE_VIEWER);
  oriel_viewer_detach(watcher);
}

static void key_request_drops_what_waits(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_demand demand;
  publish_key(fixture);
  take_picture(viewer);
  publish_video(fixture);
  oriel_viewer_request_key(viewer);
  assert_int_equal(take_picture(viewer), 0);
  oriel_channel_survey_locked(&fixture->desktop->hub, ORIEL_CHANNEL_TILES, true, oriel_clock_ns(), &demand);
  assert_true(demand.key_due);
  oriel_viewer_detach(viewer);
}

static void repeated_key_requests_wait_longer(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_demand demand;
  for (int i = 0; i < 2; i++) {
    publish_key(fixture);
    take_picture(viewer);
    for (int again = 0; again < 10; again++) /* once is asked as good as ten times */
      oriel_viewer_request_key(viewer);
    oriel_channel_survey_locked(&fixture->desktop->hub, ORIEL_CHANNEL_TILES, true, oriel_clock_ns(), &demand);
    assert_int_equal(demand.key_due, i == 0);
  }
  assert_true(demand.key_after_ns > oriel_clock_ns());
  assert_int_equal(fixture->desktop->hub.key_requests, 20);
  oriel_viewer_detach(viewer);
}

static void bursts_count_pictures_closer_than_8_ms(void **state) {
  struct fixture *fixture = *state;
  for (int i = 0; i < 3; i++) { /* lesson 16 */
    struct oriel_packet *packet = fake_packet(ORIEL_PACKET_VIDEO, false);
    packet->encoded_ns = (uint64_t)1000 * ORIEL_NS_PER_SECOND + (unsigned)(i * i) * 4 * ORIEL_NS_PER_MS; /* 0, 4, 16 */
    oriel_channel_publish(fixture->desktop, ORIEL_CHANNEL_TILES, packet);
  }
  assert_int_equal(fixture->desktop->hub.bursts, 1);
}

static void stages_follow_a_picture_to_the_screen(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_CONTROLLER, true, false);
  struct oriel_desktop_stats *stats = calloc(1, sizeof *stats);
  fake_drain(viewer);
  uint64_t captured = oriel_clock_ns() - 20 * ORIEL_NS_PER_MS;
  struct oriel_packet *packet = fake_packet(ORIEL_PACKET_VIDEO, true);
  packet->captured_ns = captured;
  packet->taken_ns = captured + ORIEL_NS_PER_MS;
  packet->converted_ns = captured + 2 * ORIEL_NS_PER_MS;
  packet->encoded_ns = captured + 5 * ORIEL_NS_PER_MS;
  oriel_channel_publish(fixture->desktop, ORIEL_CHANNEL_TILES, packet);
  struct oriel_delivery delivery = fake_next(&fixture->fake, viewer);
  uint64_t sent = oriel_clock_ns(), ms = ORIEL_NS_PER_MS;
  uint32_t sequence = delivery.packet->sequence;
  oriel_viewer_sent(viewer, delivery.packet, sent);
  oriel_packet_unref(delivery.packet);
  for (int again = 0; again < 2; again++) { /* repeated acknowledgements count once */
    oriel_viewer_ack(viewer, &(struct oriel_viewer_ack){.received = sequence, .received_ns = sent + 3 * ms});
    oriel_viewer_ack(viewer, &(struct oriel_viewer_ack){sequence, sequence, sequence, sent + 3 * ms, sent + 7 * ms,
                                                        sent + 12 * ms, 0});
  }
  oriel_desktop_stats(fixture->desktop, stats);
  const uint32_t expected_us[ORIEL_STAGES] = {
    [ORIEL_STAGE_CAPTURE] = 1000, [ORIEL_STAGE_CONVERT] = 1000, [ORIEL_STAGE_ENCODE] = 3000,
    [ORIEL_STAGE_WIRE] = 3000,    [ORIEL_STAGE_DECODE] = 4000,  [ORIEL_STAGE_PAINT] = 5000,
  };
  for (int i = 0; i < ORIEL_STAGES; i++) {
    assert_int_equal(stats->stages[i].count, 1);
    if (expected_us[i])
      assert_int_equal(stats->stages[i].p50_us, expected_us[i]);
    assert_string_not_equal(oriel_stage_name((enum oriel_stage)i), "unknown");
  }
  assert_true(stats->stages[ORIEL_STAGE_TOTAL].p50_us >= 32000);
  assert_int_equal(stats->painted_fps, 1);
  assert_int_equal(stats->controller, oriel_viewer_id(viewer));
  free(stats);
  oriel_viewer_detach(viewer);
}

static void cursor_and_volume_coalesce_to_the_newest(void **state) {
  struct fixture *fixture = *state;
  struct oriel_desktop *desktop = fixture->desktop;
  const struct oriel_source_sink *sink = &desktop->sink;
  struct oriel_viewer *viewer = fake_viewer(desktop, ORIEL_ROLE_VIEWER, true, false);
  fake_drain(viewer);
  struct oriel_packet *shape = NULL;
  for (int i = 0; i < 5; i++) {
    oriel_packet_unref(shape);
    shape = oriel_packet_create(ORIEL_PACKET_CURSOR, 8);
    sink->cursor(sink->user, shape);
    sink->cursor_moved(sink->user, i, -i, true);
    sink->volume(sink->user, (float)i, 0.5f, false);
  }
  struct oriel_delivery delivery;
  assert_true(oriel_viewer_next(viewer, &delivery));
  assert_int_equal(delivery.type, ORIEL_DELIVERY_CURSOR);
  assert_ptr_equal(delivery.packet, shape);
  oriel_packet_unref(delivery.packet);
  assert_true(oriel_viewer_next(viewer, &delivery));
  assert_int_equal(delivery.type, ORIEL_DELIVERY_CURSOR_POSITION);
  assert_int_equal(delivery.cursor_position.x, 4);
  assert_int_equal(delivery.cursor_position.y, -4);
  assert_true(oriel_viewer_next(viewer, &delivery));
  assert_int_equal(delivery.type, ORIEL_DELIVERY_VOLUME);
  assert_true(delivery.volume.left > 3.9f);
  assert_false(oriel_viewer_next(viewer, &delivery));
  struct oriel_viewer *late = fake_viewer(desktop, ORIEL_ROLE_VIEWER, true, false);
  delivery = fake_next_of(&fixture->fake, late, ORIEL_DELIVERY_CURSOR); /* joiners get the present shape */
  assert_ptr_equal(delivery.packet, shape);
  oriel_packet_unref(delivery.packet);
  oriel_packet_unref(shape);
  oriel_viewer_detach(late);
  oriel_viewer_detach(viewer);
}

/* A guest that defines huge cursors all the time gets few of them through, pictures go in between, and the newest shape
 * is shown in the end. */
static void cursor_storm_starves_nobody(void **state) {
  struct fixture *fixture = *state;
  struct oriel_bulletin *bulletin = &fixture->desktop->bulletin;
  const struct oriel_source_sink *sink = &fixture->desktop->sink;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  fake_drain(viewer);
  unsigned shapes = 0, pictures = 0;
  uint64_t start = oriel_clock_ns();
  struct oriel_packet *shape = NULL;
  for (unsigned i = 0; i < 1000; i++) {
    oriel_packet_unref(shape);
    shape = oriel_packet_create(ORIEL_PACKET_CURSOR, 8 + 256 * 256 * 4);
    sink->cursor(sink->user, shape);
    if (i % 100 == 0)
      publish_key(fixture);
    struct oriel_delivery delivery;
    if (!oriel_viewer_next(viewer, &delivery))
      continue;
    shapes += delivery.type == ORIEL_DELIVERY_CURSOR;
    if (delivery.type == ORIEL_DELIVERY_PICTURE) {
      pictures++;
      fake_ack(viewer, delivery.packet);
    }
    oriel_packet_unref(delivery.packet);
  }
  uint64_t now = oriel_clock_ns();
  assert_true(shapes >= 1 && shapes <= 2 + (now - start) * 2 / ORIEL_NS_PER_SECOND);
  assert_int_equal(pictures, 10);
  /* The one that waits has its turn without another event. Where that came since, it is shown, and another one waits. */
  uint64_t at = 0;
  for (int i = 0; i < 10 && !at; i++) {
    oriel_packet_unref(shape);
    shape = oriel_packet_create(ORIEL_PACKET_CURSOR, 8 + 256 * 256 * 4);
    sink->cursor(sink->user, shape);
    now = oriel_clock_ns();
    (void)oriel_bulletin_turn(bulletin, now, &at);
  }
  assert_true(at > now && at < now + ORIEL_NS_PER_SECOND);
  assert_true(oriel_bulletin_turn(bulletin, at, &at));
  struct oriel_delivery delivery = fake_next_of(&fixture->fake, viewer, ORIEL_DELIVERY_CURSOR);
  assert_ptr_equal(delivery.packet, shape);
  oriel_packet_unref(delivery.packet);
  /* Even where every shape may go at once, what waits beside it goes first after one of them. */
  viewer->seen.version[ORIEL_NOTICE_CURSOR] = viewer->seen.told = 0;
  uint32_t key = publish_key(fixture);
  assert_int_equal(take_picture(viewer), key);
  assert_true(oriel_bulletin_due(bulletin, &viewer->seen, 1u << ORIEL_NOTICE_CURSOR));
  oriel_packet_unref(shape);
  oriel_viewer_detach(viewer);
}

static void create_rejects_bad_numbers_and_frees_the_source(void **state) {
  (void)state;
  const struct oriel_desktop_config bad[] = {
    {.fps = 0, .opus_frame_ms = 20, .opus_kbps = 64},
    {.fps = 241, .opus_frame_ms = 20, .opus_kbps = 64},
    {.fps = 60, .opus_frame_ms = 15, .opus_kbps = 64},
    {.fps = 60, .opus_frame_ms = 20, .opus_kbps = 5},
    {.fps = 60, .opus_frame_ms = 20, .opus_kbps = 64, .bitrate_kbps = 99},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct fake fake;
    struct oriel_desktop *desktop = NULL;
    fake_init(&fake, 64, 64);
    assert_int_equal(oriel_desktop_create(&bad[i], &fake.source, &desktop), -EINVAL);
    assert_null(desktop);
    fake_finish(&fake); /* asserts that the source is destroyed */
  }
}

#define hub_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
    hub_test(viewer_joins_at_a_key_frame),
    hub_test(newcomer_takes_the_newest_key),
    hub_test(viewer_first_hears_state_and_role),
    hub_test(fan_out_shares_one_packet_and_wakes_once),
    hub_test(stalled_viewer_holds_one_picture_and_disturbs_nobody),
    hub_test(missed_video_is_told_and_recovers_at_a_key),
    hub_test(missed_tiles_are_made_good_by_the_next_video),
    hub_test(part_is_drawn_by_who_knows_of_parts),
    hub_test(missed_refinement_outlives_a_part),
    hub_test(newest_wins_where_the_chain_allows),
    hub_test(viewer_without_tiles_has_a_channel_of_its_own),
    hub_test(chronic_laggard_waits_longer_for_each_key),
    hub_test(viewer_that_never_acknowledges_gets_a_window_of_pictures),
    hub_test(decoder_that_falls_behind_holds_pictures_back),
    hub_test(lying_acknowledgements_change_nothing),
    hub_test(want_false_stops_and_true_starts_with_a_key),
    hub_test(sound_is_bounded_and_trimmed_after_a_stall),
    hub_test(controls_go_to_the_newest_and_back),
    hub_test(key_request_drops_what_waits),
    hub_test(repeated_key_requests_wait_longer),
    hub_test(bursts_count_pictures_closer_than_8_ms),
    hub_test(stages_follow_a_picture_to_the_screen),
    hub_test(cursor_storm_starves_nobody),
    hub_test(cursor_and_volume_coalesce_to_the_newest),
    cmocka_unit_test(create_rejects_bad_numbers_and_frees_the_source),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
