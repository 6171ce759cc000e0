/* SPDX-License-Identifier: MIT
 *
 * desktop/hub: windows, bounds, sound, controls, stages, cursors. The desktop's threads are not started: the test publishes
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

static void viewer_first_hears_state_and_role(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_CONTROLLER, true, false);
  struct oriel_delivery delivery;
  fake_publish_key(fixture->desktop);
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

static void viewer_that_never_acknowledges_gets_a_window_of_pictures(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  unsigned taken = 0;
  struct oriel_delivery delivery = {0};
  uint32_t last = 0;
  oriel_viewer_rtt(viewer, 20000);
  fake_publish_key(fixture->desktop);
  for (int i = 0; i < 20; i++) {
    delivery = fake_next_after_control(viewer);
    if (delivery.type == ORIEL_DELIVERY_PICTURE) {
      taken++;
      last = delivery.packet->sequence;
      oriel_packet_unref(delivery.packet);
    }
    if (viewer->subscriber.waiting)
      break;
    fake_publish_tiles(fixture->desktop);
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
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  oriel_viewer_rtt(viewer, 200000); /* a wide window */
  fake_publish_key(fixture->desktop);
  unsigned taken = 0;
  for (int i = 0; i < 20; i++, fake_publish_tiles(fixture->desktop)) {
    struct oriel_delivery delivery = fake_next_after_control(viewer);
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
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_desktop_stats *stats = calloc(1, sizeof *stats);
  uint64_t now = oriel_clock_ns();
  oriel_viewer_ack(viewer, &(struct oriel_viewer_ack){9, 9, 9, now, now, now, 0}); /* nothing was sent */
  uint32_t key = fake_publish_key(fixture->desktop);
  struct oriel_delivery delivery = fake_next_after_control(viewer);
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
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, true);
  assert_true(fixture->fake.watched);
  fake_publish_key(fixture->desktop);
  fake_take_picture(viewer);
  oriel_viewer_want(viewer, false, false);
  assert_false(fixture->fake.watched);
  fake_publish_key(fixture->desktop); /* made for nobody: the screen may have changed since */
  fake_publish(fixture->desktop, ORIEL_PACKET_AUDIO, false);
  assert_int_equal(fake_drain(viewer), 0);
  oriel_viewer_want(viewer, false, true);
  assert_int_equal(fixture->fake.watched, ORIEL_WATCH_SOUND);
  oriel_viewer_want(viewer, true, false);
  assert_int_equal(fixture->fake.watched, ORIEL_WATCH_PICTURES);
  oriel_viewer_want(viewer, true, true);
  assert_int_equal(fixture->fake.watched, ORIEL_WATCH_PICTURES | ORIEL_WATCH_SOUND);
  fake_publish_video(fixture->desktop);
  assert_int_equal(fake_take_picture(viewer), 0);
  const uint32_t key = fake_publish_key(fixture->desktop);
  assert_int_equal(fake_take_picture(viewer), key);
  oriel_viewer_detach(viewer);
  assert_false(fixture->fake.watched);
}

/* Lesson 32: at most one second of sound; lesson 27: after a stall the old part goes. */
static void sound_is_bounded_and_trimmed_after_a_stall(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, true);
  struct oriel_desktop_stats *stats = calloc(1, sizeof *stats);
  fake_drain(viewer);
  for (int i = 0; i < 300; i++)
    fake_publish(fixture->desktop, ORIEL_PACKET_AUDIO, false);
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
  struct fake_fixture *fixture = *state;
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

static void stages_follow_a_picture_to_the_screen(void **state) {
  struct fake_fixture *fixture = *state;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_CONTROLLER, true, false);
  struct oriel_desktop_stats *stats = calloc(1, sizeof *stats);
  fake_drain(viewer);
  uint64_t captured = oriel_clock_ns() - 20 * ORIEL_NS_PER_MS;
  struct oriel_packet *packet = fake_packet(ORIEL_PACKET_VIDEO, true);
  packet->captured_ns = captured;
  packet->taken_ns = captured + ORIEL_NS_PER_MS;
  packet->converted_ns = captured + 2 * ORIEL_NS_PER_MS;
  packet->encoded_ns = captured + 5 * ORIEL_NS_PER_MS;
  oriel_desktop_publish(fixture->desktop, ORIEL_CHANNEL_TILES, packet);
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
  }
  assert_true(stats->stages[ORIEL_STAGE_TOTAL].p50_us >= 32000);
  assert_int_equal(stats->painted_fps, 1);
  assert_int_equal(stats->controller, oriel_viewer_id(viewer));
  free(stats);
  oriel_viewer_detach(viewer);
}

static void cursor_and_volume_coalesce_to_the_newest(void **state) {
  struct fake_fixture *fixture = *state;
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
  struct fake_fixture *fixture = *state;
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
      fake_publish_key(fixture->desktop);
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
  uint32_t key = fake_publish_key(fixture->desktop);
  assert_int_equal(fake_take_picture(viewer), key);
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

#define hub_test(name) cmocka_unit_test_setup_teardown(name, fake_set_up, fake_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
    hub_test(viewer_first_hears_state_and_role),
    hub_test(viewer_that_never_acknowledges_gets_a_window_of_pictures),
    hub_test(decoder_that_falls_behind_holds_pictures_back),
    hub_test(lying_acknowledgements_change_nothing),
    hub_test(want_false_stops_and_true_starts_with_a_key),
    hub_test(sound_is_bounded_and_trimmed_after_a_stall),
    hub_test(controls_go_to_the_newest_and_back),
    hub_test(stages_follow_a_picture_to_the_screen),
    hub_test(cursor_storm_starves_nobody),
    hub_test(cursor_and_volume_coalesce_to_the_newest),
    cmocka_unit_test(create_rejects_bad_numbers_and_frees_the_source),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
