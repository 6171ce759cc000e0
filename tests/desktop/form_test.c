/* SPDX-License-Identifier: MIT
 *
 * desktop/outlet: what each kind of viewer is sent, what is coded beside the others, and when that yields. Threads run;
 * every wait has a bound.
 */
#include "desktop/outlet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "fake.h"

static const struct oriel_rect all = {0, 0, 640, 480}, small = {32, 32, 64, 64};

struct fixture {
  struct fake fake;
  struct oriel_desktop *desktop;
};

static int set_up(void **state) {
  static struct fixture fixture;
  fake_init(&fixture.fake, 640, 480);
  fixture.desktop = fake_desktop(&fixture.fake, "null", true);
  *state = &fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  fake_end(&fixture->fake, fixture->desktop);
  return 0;
}

static struct oriel_viewer *viewer_of(struct fixture *fixture, bool h264, bool vp8, bool tiles) {
  const struct oriel_viewer_config config = {.video = h264, .vp8 = vp8, .tiles = tiles, .part = tiles};
  struct oriel_viewer *viewer = NULL;
  assert_int_equal(oriel_viewer_attach(fixture->desktop, &config, &viewer), 0);
  return viewer;
}

/* The next picture, acknowledged; the caller unrefs. */
static struct oriel_packet *picture(struct fixture *fixture, struct oriel_viewer *viewer) {
  struct oriel_delivery delivery = fake_next_of(&fixture->fake, viewer, ORIEL_DELIVERY_PICTURE);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
  fake_ack(viewer, delivery.packet);
  return delivery.packet;
}

static void expect(struct fixture *fixture, struct oriel_viewer *viewer, enum oriel_packet_kind kind,
                   enum oriel_codec codec, bool key) {
  struct oriel_packet *packet = picture(fixture, viewer);
  assert_int_equal(packet->kind, kind);
  assert_int_equal(packet->key, key);
  if (kind == ORIEL_PACKET_VIDEO)
    assert_int_equal(packet->codec, codec);
  assert_int_equal(packet->rendition, viewer->kind);
  assert_true(packet->captured_ns <= packet->converted_ns && packet->converted_ns <= packet->encoded_ns);
  oriel_packet_unref(packet);
}

static void each_gets_the_best_codec_that_it_takes(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *first = viewer_of(fixture, true, true, false), *other = viewer_of(fixture, false, true, false);
  expect(fixture, first, ORIEL_PACKET_VIDEO, ORIEL_CODEC_H264, true);
  expect(fixture, other, ORIEL_PACKET_VIDEO, ORIEL_CODEC_VP8, true);
  for (uint32_t i = 1; i < 6; i++) {
    fake_paint(&fixture->fake, all, i);
    expect(fixture, first, ORIEL_PACKET_VIDEO, ORIEL_CODEC_H264, false);
    expect(fixture, other, ORIEL_PACKET_VIDEO, ORIEL_CODEC_VP8, false);
  }
}

/* Pages in VP8 get small changes as tiles, as others do; beside a viewer of video alone they are video for all. */
static void tiles_go_while_all_take_them(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *page = viewer_of(fixture, false, true, true);
  expect(fixture, page, ORIEL_PACKET_VIDEO, ORIEL_CODEC_VP8, true);
  fake_paint(&fixture->fake, small, 1);
  expect(fixture, page, ORIEL_PACKET_TILES, ORIEL_CODEC_VP8, false);
  struct oriel_viewer *player = viewer_of(fixture, false, true, false);
  expect(fixture, player, ORIEL_PACKET_VIDEO, ORIEL_CODEC_VP8, true);
  expect(fixture, page, ORIEL_PACKET_VIDEO, ORIEL_CODEC_VP8, true);
  fake_paint(&fixture->fake, small, 2);
  expect(fixture, page, ORIEL_PACKET_VIDEO, ORIEL_CODEC_VP8, false);
  expect(fixture, player, ORIEL_PACKET_VIDEO, ORIEL_CODEC_VP8, false);
}

/* It is there while somebody looks, and so is its thread. */
static void vp8_is_coded_for_nobody_but_its_own(void **state) {
  struct fixture *fixture = *state;
  struct oriel_channel *channel = &fixture->desktop->hub.channels[ORIEL_CHANNEL_VP8];
  struct oriel_viewer *first = viewer_of(fixture, true, true, false);
  expect(fixture, first, ORIEL_PACKET_VIDEO, ORIEL_CODEC_H264, true);
  for (uint32_t i = 0; i < 5; i++) {
    fake_paint(&fixture->fake, all, i);
    expect(fixture, first, ORIEL_PACKET_VIDEO, ORIEL_CODEC_H264, false);
  }
  pthread_mutex_lock(&channel->lock);
  assert_int_equal(channel->counters.video, 0);
  assert_string_equal(channel->encoder, "");
  pthread_mutex_unlock(&channel->lock);
}

/* However long it takes: the others' pictures come meanwhile, and a desktop ends while it works. */
static void a_picture_on_the_side_keeps_nobody_waiting(void **state) {
  struct fixture *fixture = *state;
  assert_int_equal(oriel_surface_resize(fixture->fake.surface, 2560, 1440), 0);
  struct oriel_viewer *other = viewer_of(fixture, false, true, false), *first = viewer_of(fixture, true, false, false);
  expect(fixture, first, ORIEL_PACKET_VIDEO, ORIEL_CODEC_H264, true);
  expect(fixture, other, ORIEL_PACKET_VIDEO, ORIEL_CODEC_VP8, true);
  const struct oriel_rect whole = {0, 0, 2560, 1440};
  for (uint32_t i = 0; i < 8; i++) {
    fake_noise(&fixture->fake, whole, i);
    expect(fixture, first, ORIEL_PACKET_VIDEO, ORIEL_CODEC_H264, false);
  }
}

static void thrift_makes_smaller_what_takes_too_long(void **state) {
  (void)state;
  struct oriel_thrift thrift;
  oriel_thrift_init(&thrift, 1);
  assert_int_equal(oriel_thrift_note(&thrift, 60 * ORIEL_NS_PER_MS), 1);
  assert_int_equal(oriel_thrift_note(&thrift, 60 * ORIEL_NS_PER_MS), 1);
  assert_int_equal(oriel_thrift_note(&thrift, 20 * ORIEL_NS_PER_MS), 1); /* was a hiccup */
  for (unsigned i = 0; i < 3; i++)
    assert_int_equal(oriel_thrift_note(&thrift, 60 * ORIEL_NS_PER_MS), i == 2 ? 2 : 1);
  for (unsigned i = 0; i < 300; i++)
    assert_int_equal(oriel_thrift_note(&thrift, 15 * ORIEL_NS_PER_MS), 2); /* four times that would be too long */
  for (unsigned i = 0; i < 3; i++)
    assert_int_equal(oriel_thrift_note(&thrift, 40 * ORIEL_NS_PER_MS), i == 2 ? 4 : 2);
  for (unsigned i = 0; i < 10; i++)
    assert_int_equal(oriel_thrift_note(&thrift, 90 * ORIEL_NS_PER_MS), 4);
  for (unsigned i = 0; i < 180; i++)
    (void)oriel_thrift_note(&thrift, 3 * ORIEL_NS_PER_MS);
  assert_int_equal(thrift.shrink, 1);
  oriel_thrift_init(&thrift, 2);
  for (unsigned i = 0; i < 180; i++)
    assert_int_equal(oriel_thrift_note(&thrift, 3 * ORIEL_NS_PER_MS), 2); /* never larger than its form */
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(each_gets_the_best_codec_that_it_takes, set_up, tear_down),
    cmocka_unit_test_setup_teardown(tiles_go_while_all_take_them, set_up, tear_down),
    cmocka_unit_test_setup_teardown(vp8_is_coded_for_nobody_but_its_own, set_up, tear_down),
    cmocka_unit_test_setup_teardown(a_picture_on_the_side_keeps_nobody_waiting, set_up, tear_down),
    cmocka_unit_test(thrift_makes_smaller_what_takes_too_long),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
