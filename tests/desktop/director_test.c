/* SPDX-License-Identifier: MIT
 *
 * desktop/director: what is made, when, and that nothing is when nobody looks. Threads run; every wait has a bound.
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
  struct oriel_desktop_stats stats;
};

static struct fixture *begin(uint16_t width, uint16_t height, const char *encoder) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  fake_init(&fixture->fake, width, height);
  fixture->desktop = fake_desktop(&fixture->fake, encoder, true);
  return fixture;
}

static void end(struct fixture *fixture) {
  oriel_desktop_destroy(fixture->desktop);
  fake_finish(&fixture->fake);
  free(fixture);
}

static const struct oriel_desktop_stats *stats(struct fixture *fixture) {
  oriel_desktop_stats(fixture->desktop, &fixture->stats);
  return &fixture->stats;
}

/* The next picture, acknowledged; the caller unrefs. */
static struct oriel_packet *picture(struct fixture *fixture, struct oriel_viewer *viewer) {
  struct oriel_delivery delivery = fake_next_of(&fixture->fake, viewer, ORIEL_DELIVERY_PICTURE);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
  fake_ack(viewer, delivery.packet);
  return delivery.packet;
}

static void expect_picture(struct fixture *fixture, struct oriel_viewer *viewer, enum oriel_packet_kind kind,
                           bool key) {
  struct oriel_packet *packet = picture(fixture, viewer);
  assert_int_equal(packet->kind, kind);
  assert_int_equal(packet->key, key);
  assert_true(packet->captured_ns && packet->converted_ns && packet->encoded_ns); /* lesson 9 */
  assert_true(packet->captured_ns <= packet->converted_ns && packet->converted_ns <= packet->encoded_ns);
  oriel_packet_unref(packet);
}

static const struct oriel_rect small = {32, 32, 64, 64}, all = {0, 0, 640, 480};

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
    fake_paint(&fake, all, (uint32_t)i);
  struct oriel_viewer *viewer = fake_viewer(desktop, ORIEL_ROLE_VIEWER, true, true);
  assert_int_equal(fake.watched, ORIEL_WATCH_ALL);
  oriel_viewer_detach(viewer);
  assert_int_equal(fake.watched, ORIEL_WATCH_SOUND);
  oriel_desktop_stats(desktop, &stats);
  assert_true(stats.sound.has_playback);
  assert_true(stats.pictures_video <= 1); /* the viewer's, where it was quick */
  assert_int_equal(stats.pictures_tiles, 0);
  oriel_desktop_destroy(desktop);
  fake_finish(&fake);
}

/* Whatever it costs here: when a picture comes, those before the one that may have been on its way already have used no
 * more than their part of the time. */
static void pictures_keep_to_the_limit_of_processor_time(void **state) {
  (void)state;
  enum { PERCENT = 5, PICTURES_MAX = 400 };
  const uint64_t burst_us = 250 * 1000, from_ns = oriel_clock_ns();
  struct fixture *fixture = calloc(1, sizeof *fixture);
  fake_init(&fixture->fake, 640, 480);
  fixture->fake.cpu_percent = PERCENT;
  fixture->desktop = fake_desktop(&fixture->fake, "x264", true);
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  uint64_t used_us = 0;
  for (uint32_t i = 0; i < PICTURES_MAX && stats(fixture)->cpu_limited < 8; i++) {
    const uint64_t before_us = used_us;
    used_us = fixture->stats.cpu_us;
    fake_noise(&fixture->fake, all, i);
    oriel_packet_unref(picture(fixture, viewer));
    const uint64_t passed_us = (oriel_clock_ns() - from_ns) / ORIEL_NS_PER_US;
    assert_true(before_us * 100 <= (passed_us + burst_us) * PERCENT);
  }
  assert_true(stats(fixture)->cpu_limited >= 8);
  oriel_viewer_detach(viewer);
  end(fixture);
}

static void unwatched_desktop_converts_nothing(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  for (int i = 0; i < 50; i++)
    fake_paint(&fixture->fake, all, (uint32_t)i);
  /* A viewer that wants only sound does not make it work either. */
  struct oriel_viewer *viewer = NULL;
  const struct oriel_viewer_config listener = {.audio = true};
  assert_int_equal(oriel_viewer_attach(fixture->desktop, &listener, &viewer), 0);
  assert_int_equal(fixture->fake.watched, ORIEL_WATCH_SOUND); /* and the source makes no pictures for it */
  for (int i = 0; i < 50; i++)
    fake_paint(&fixture->fake, all, (uint32_t)i);
  oriel_viewer_detach(viewer);
  for (int i = 0; i < 50; i++)
    fake_paint(&fixture->fake, all, (uint32_t)i);
  assert_int_equal(stats(fixture)->pictures_video, 0);
  assert_int_equal(stats(fixture)->conversions, 0);
  assert_int_equal(stats(fixture)->pictures_tiles, 0);
  assert_false(fixture->fake.watched);
  end(fixture);
}

static void viewer_gets_a_key_at_once_and_changes_after(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  expect_picture(fixture, viewer, ORIEL_PACKET_VIDEO, true);
  fake_paint(&fixture->fake, small, 0xFF0000);
  expect_picture(fixture, viewer, ORIEL_PACKET_TILES, false);
  fake_paint(&fixture->fake, all, 0x00FF00);
  expect_picture(fixture, viewer, ORIEL_PACKET_VIDEO, false);
  assert_int_equal(stats(fixture)->pictures_key, 1);
  assert_int_equal(stats(fixture)->width, 640);
  oriel_viewer_detach(viewer);
  end(fixture);
}

/* Each kind gets packets of its own of one change; what one of them waits for holds up nobody else. */
static void viewer_without_tiles_leaves_the_others_their_tiles(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  struct oriel_viewer *able = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  expect_picture(fixture, able, ORIEL_PACKET_VIDEO, true);
  struct oriel_viewer *plain = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, false, false);
  expect_picture(fixture, plain, ORIEL_PACKET_VIDEO, true);
  for (int i = 0; i < 5; i++) {
    fake_paint(&fixture->fake, small, 0xFF0000 + (uint32_t)i);
    expect_picture(fixture, plain, ORIEL_PACKET_VIDEO, false);
    expect_picture(fixture, able, ORIEL_PACKET_TILES, false);
  }
  fake_wait_stat(fixture->desktop, pictures_tiles, 5);
  assert_int_equal(stats(fixture)->viewer[0].pictures_skipped, 0);
  assert_int_equal(stats(fixture)->viewer[1].pictures_skipped, 0);
  oriel_viewer_detach(plain);
  fake_paint(&fixture->fake, small, 0x00FF00);
  expect_picture(fixture, able, ORIEL_PACKET_TILES, false);
  oriel_viewer_detach(able);
  end(fixture);
}

/* One that takes nothing any more, of either kind, stops the pictures of its own channel alone. */
static void channels_do_not_wait_for_one_another(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  struct oriel_viewer *able = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_viewer *plain = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, false, false);
  expect_picture(fixture, able, ORIEL_PACKET_VIDEO, true);
  expect_picture(fixture, plain, ORIEL_PACKET_VIDEO, true);
  struct oriel_viewer *const followers[] = {able, plain}; /* in turn, the other one takes nothing */
  for (unsigned i = 0; i < 2; i++) {
    for (int change = 0; change < 10; change++) {
      fake_paint(&fixture->fake, small, (uint32_t)(change * 2) + i + 1);
      expect_picture(fixture, followers[i], i ? ORIEL_PACKET_VIDEO : ORIEL_PACKET_TILES, false);
    }
    for (unsigned rest = 0; rest < 2; rest++) /* the one that waited for it, and one of all that came since */
      oriel_packet_unref(picture(fixture, followers[1 - i]));
  }
  oriel_viewer_detach(plain);
  oriel_viewer_detach(able);
  end(fixture);
}

/* Lesson 2: nobody can take a picture, so none is made; the newest state goes out when somebody can. */
static void changes_are_held_back_while_nobody_can_take_them(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  fake_wait_stat(fixture->desktop, pictures_key, 1); /* the key waits in the slot */
  for (int i = 0; i < 20; i++)
    fake_paint(&fixture->fake, (struct oriel_rect){i * 8, 0, 8, 8}, 0xFF0000);
  fake_wait_stat(fixture->desktop, held_back, 1);
  assert_int_equal(stats(fixture)->pictures_video + stats(fixture)->pictures_tiles, 1);
  expect_picture(fixture, viewer, ORIEL_PACKET_VIDEO, true);
  struct oriel_packet *packet = picture(fixture, viewer);
  assert_int_equal(packet->damage_pixels, 20 * 8 * 8); /* all in one */
  oriel_packet_unref(packet);
  assert_int_equal(stats(fixture)->held_back, 1);
  oriel_viewer_detach(viewer);
  end(fixture);
}

static void joiners_share_key_frames(void **state) {
  (void)state;
  enum { JOINERS = 20 };
  struct fixture *fixture = begin(640, 480, "null");
  struct oriel_viewer *viewers[JOINERS];
  for (int i = 0; i < JOINERS; i++)
    viewers[i] = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  for (int i = 0; i < JOINERS; i++)
    expect_picture(fixture, viewers[i], ORIEL_PACKET_VIDEO, true);
  assert_in_range(stats(fixture)->pictures_key, 1, 2); /* the first joiner may have had one before the others came */
  for (int i = 0; i < JOINERS; i++)
    fake_drain(viewers[i]);
  uint64_t before = stats(fixture)->pictures_key, began = oriel_clock_ns();
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 40; i++) /* another viewer each time: one alone would be put off */
      oriel_viewer_request_key(viewers[round]);
    expect_picture(fixture, viewers[round], ORIEL_PACKET_VIDEO, true);
  }
  assert_true(oriel_clock_ns() - began >= 500 * ORIEL_NS_PER_MS); /* four a second */
  assert_int_equal(stats(fixture)->pictures_key, before + 3);
  assert_int_equal(stats(fixture)->key_requests, 120);
  for (int i = 0; i < JOINERS; i++)
    oriel_viewer_detach(viewers[i]);
  end(fixture);
}

static void pictures_keep_to_the_rate(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  expect_picture(fixture, viewer, ORIEL_PACKET_VIDEO, true);
  uint64_t began = oriel_clock_ns();
  unsigned count = 0;
  for (uint32_t i = 0; oriel_clock_ns() < began + ORIEL_NS_PER_SECOND / 2; i++) {
    struct oriel_delivery delivery;
    fake_paint(&fixture->fake, all, i);
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
  end(fixture);
}

static void new_size_starts_with_a_key(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  expect_picture(fixture, viewer, ORIEL_PACKET_VIDEO, true);
  const uint16_t sizes[][2] = {{800, 600}, {801, 601}, {64, 64}, {20, 10}, {1280, 720}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    fake_drain(viewer);
    assert_int_equal(oriel_surface_resize(fixture->fake.surface, sizes[i][0], sizes[i][1]), 0);
    fixture->fake.sink->damaged(fixture->fake.sink->user);
    struct oriel_packet *packet = picture(fixture, viewer);
    assert_true(packet->key);
    assert_int_equal(packet->width, sizes[i][0] < 64 ? 64 : sizes[i][0]); /* small ones lie on the least canvas */
    assert_int_equal(packet->height, sizes[i][1] < 64 ? 64 : sizes[i][1]);
    oriel_packet_unref(packet);
  }
  struct oriel_delivery delivery = {0};
  assert_int_equal(stats(fixture)->width, 1280);
  while (oriel_viewer_next(viewer, &delivery))
    oriel_packet_unref(delivery.packet);
  oriel_viewer_detach(viewer);
  end(fixture);
}

struct storm {
  struct fake *fake;
  atomic_bool stop;
};

/* Another size each time, as fast as it goes. */
static void *change_sizes(void *user) {
  struct storm *storm = user;
  for (uint32_t i = 0; !atomic_load(&storm->stop); i++) {
    oriel_surface_resize(storm->fake->surface, 65 + i % 512, 65 + i / 512 % 64);
    storm->fake->sink->damaged(storm->fake->sink->user);
  }
  return NULL;
}

/* A guest that changes its size faster than encoders open neither keeps the media thread for itself nor gets a key
 * frame each time. */
static void storm_of_sizes_is_survived(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, NULL);
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_CONTROLLER, true, false);
  expect_picture(fixture, viewer, ORIEL_PACKET_VIDEO, true);
  struct storm storm = {.fake = &fixture->fake};
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, change_sizes, &storm), 0);
  uint64_t start = oriel_clock_ns(), until = start + 2 * ORIEL_NS_PER_SECOND;
  for (unsigned i = 1; i <= 4; i++) { /* the thread does its other work, five times a second */
    assert_int_equal(oriel_viewer_resize(viewer, (uint16_t)(1000 + i), 600), 0);
    unsigned resizes = 0;
    while (resizes < i && oriel_clock_ns() < until) {
      struct oriel_delivery delivery;
      for (; oriel_viewer_next(viewer, &delivery); oriel_packet_unref(delivery.packet))
        if (delivery.type == ORIEL_DELIVERY_PICTURE)
          fake_ack(viewer, delivery.packet);
      fake_yield();
      pthread_mutex_lock(&fixture->fake.lock);
      resizes = fixture->fake.resizes;
      pthread_mutex_unlock(&fixture->fake.lock);
    }
    if (resizes < i)
      storm.stop = true; /* else the thread would never come back */
    assert_true(resizes >= i);
  }
  atomic_store(&storm.stop, true);
  pthread_join(thread, NULL);
  uint64_t took_ms = (oriel_clock_ns() - start) / ORIEL_NS_PER_MS;
  assert_true(stats(fixture)->pictures_key <= 1 + 4 + 1 + 8 * took_ms / 1000);
  /* What it ends with is shown. */
  assert_int_equal(oriel_surface_resize(fixture->fake.surface, 320, 200), 0);
  fixture->fake.sink->damaged(fixture->fake.sink->user);
  for (uint16_t width = 0; width != 320;) {
    struct oriel_packet *packet = picture(fixture, viewer);
    width = packet->width;
    oriel_packet_unref(packet);
  }
  oriel_viewer_detach(viewer);
  end(fixture);
}

/* What changed while nobody looked is no delay of the picture that a newcomer gets. */
static void joining_picture_has_its_own_time(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  fixture->fake.silent = true;
  for (unsigned i = 0; i < 2; i++) { /* the first viewer of all, and one that joins others */
    uint64_t joined = oriel_clock_ns();
    oriel_surface_damage(fixture->fake.surface, small, joined - 5 * ORIEL_NS_PER_SECOND);
    struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
    struct oriel_packet *packet = picture(fixture, viewer);
    assert_true(packet->key);
    assert_true(packet->captured_ns >= joined && packet->captured_ns <= packet->converted_ns);
    oriel_packet_unref(packet);
    assert_true(stats(fixture)->stages[ORIEL_STAGE_CAPTURE].count == 2 * i + 1);
    assert_true(stats(fixture)->stages[ORIEL_STAGE_CAPTURE].max_us < 1000000);
    fake_paint(&fixture->fake, small, 0xFF0000); /* the next one shall not find this key frame */
    oriel_packet_unref(picture(fixture, viewer));
  }
  while (fixture->desktop->hub.count)
    oriel_viewer_detach(fixture->desktop->hub.viewers[0]);
  end(fixture);
}

static void source_without_size_is_waited_for(void **state) {
  (void)state;
  struct fixture *fixture = begin(0, 0, "null");
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  fake_drain(viewer);
  fixture->fake.sink->damaged(fixture->fake.sink->user);
  assert_int_equal(oriel_surface_resize(fixture->fake.surface, 320, 200), 0);
  fixture->fake.sink->damaged(fixture->fake.sink->user);
  expect_picture(fixture, viewer, ORIEL_PACKET_VIDEO, true);
  assert_int_equal(stats(fixture)->encode_failures, 0);
  oriel_viewer_detach(viewer);
  end(fixture);
}

static unsigned what_is_watched(struct fixture *fixture) {
  pthread_mutex_lock(&fixture->fake.lock);
  const unsigned what = fixture->fake.watched;
  pthread_mutex_unlock(&fixture->fake.lock);
  return what;
}

/* Between the log-in and the hello the first picture is made: once, for who comes, and for nobody it is forgotten. Of a
 * screen that codes small enough it is an opening (opening_test.c). */
static void expected_viewer_finds_its_picture(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  fake_noise(&fixture->fake, (struct oriel_rect){0, 0, 640, 480}, 3);
  oriel_desktop_expect(fixture->desktop);
  fake_wait_stat(fixture->desktop, pictures_key, 1);
  fake_paint(&fixture->fake, small, 0xFF0000); /* for nobody: no picture is made of it */
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  expect_picture(fixture, viewer, ORIEL_PACKET_VIDEO, true);
  expect_picture(fixture, viewer, ORIEL_PACKET_TILES, false);
  assert_int_equal(stats(fixture)->pictures_key, 1);
  oriel_desktop_expect(fixture->desktop); /* others look: no key frame for one who may not come */
  fake_paint(&fixture->fake, small, 0x00FF00);
  expect_picture(fixture, viewer, ORIEL_PACKET_TILES, false);
  assert_int_equal(stats(fixture)->pictures_key, 1);
  oriel_viewer_detach(viewer);
  const uint64_t until = oriel_clock_ns() + 10 * ORIEL_NS_PER_SECOND;
  while (what_is_watched(fixture) && oriel_clock_ns() < until)
    fake_yield();
  assert_int_equal(what_is_watched(fixture), ORIEL_WATCH_NOTHING);
  end(fixture);
}

static void silent_source_shows_what_it_had(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  fixture->fake.silent = true;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  expect_picture(fixture, viewer, ORIEL_PACKET_VIDEO, true);
  oriel_viewer_detach(viewer);
  end(fixture);
}

/* First by video, then, once and only once, block by block without loss. */
static void still_screen_is_sharpened_refined_and_then_left_alone(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "x264");
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  fake_noise(&fixture->fake, all, 5);
  unsigned passes = 0;
  uint64_t refined = 0;
  for (;;) {
    struct oriel_delivery delivery = fake_next_of(&fixture->fake, viewer, ORIEL_DELIVERY_PICTURE);
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
  assert_int_equal(stats(fixture)->pictures_sharpened, passes);
  assert_true(stats(fixture)->pictures_refined > 0);
  assert_int_equal(stats(fixture)->pictures_key, 1);
  oriel_viewer_detach(viewer);
  end(fixture);
}

/* Six pictures on their way for 5 ms, then 80, as the page says; `truly` says so by when the acknowledgement comes, and
 * the transport took `path_us` longer than at best. */
static void send_late(struct fixture *fixture, struct oriel_viewer *viewer, bool truly, int64_t path_us) {
  for (uint32_t i = 0; i < 6; i++) {
    fake_paint(&fixture->fake, all, i);
    struct oriel_delivery delivery = fake_next_of(&fixture->fake, viewer, ORIEL_DELIVERY_PICTURE);
    assert_int_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
    uint64_t way = (i < 3 ? 5 : 80) * ORIEL_NS_PER_MS, now = oriel_clock_ns();
    uint64_t sent = truly ? now - way : now, there = sent + way;
    uint32_t sequence = delivery.packet->sequence;
    oriel_viewer_sent(viewer, delivery.packet, sent);
    oriel_viewer_ack(viewer, &(struct oriel_viewer_ack){sequence, sequence, sequence, there, there, there,
                                                         path_us});
    oriel_packet_unref(delivery.packet);
  }
}

/* Lesson 17: the bitrate falls when pictures take longer and longer on their way, and nobody lost any. */
static void rising_delay_lowers_the_bitrate(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_CONTROLLER, false, false);
  expect_picture(fixture, viewer, ORIEL_PACKET_VIDEO, true);
  uint32_t full = stats(fixture)->bitrate_kbps;
  assert_true(full > 0);
  send_late(fixture, viewer, true, INT64_MAX);
  assert_in_range(stats(fixture)->bitrate_kbps, full / 2, full * 8 / 10);
  oriel_viewer_detach(viewer);
  end(fixture);
}

/* A page that acknowledges at once and claims that the pictures were late would take the quality from everybody, and so
 * would one that holds its acknowledgements back. */
static void claimed_delay_lowers_nothing(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_CONTROLLER, false, false);
  expect_picture(fixture, viewer, ORIEL_PACKET_VIDEO, true);
  uint32_t full = stats(fixture)->bitrate_kbps;
  send_late(fixture, viewer, false, INT64_MAX);
  assert_int_equal(stats(fixture)->bitrate_kbps, full);
  send_late(fixture, viewer, true, 20000);
  assert_int_equal(stats(fixture)->bitrate_kbps, full);
  send_late(fixture, viewer, true, 60000); /* what the transport saw as well */
  assert_true(stats(fixture)->bitrate_kbps < full);
  oriel_viewer_detach(viewer);
  end(fixture);
}

/* The bitrate of the next picture of one viewer. */
static uint32_t next_kbps(struct fixture *fixture, struct oriel_viewer *viewer, uint32_t tag) {
  fake_paint(&fixture->fake, all, tag);
  struct oriel_delivery delivery = fake_next_of(&fixture->fake, viewer, ORIEL_DELIVERY_PICTURE);
  const uint32_t sequence = delivery.packet->sequence;
  const uint64_t now = oriel_clock_ns();
  oriel_viewer_sent(viewer, delivery.packet, now);
  oriel_viewer_ack(viewer, &(struct oriel_viewer_ack){sequence, sequence, sequence, now, now, now, INT64_MAX});
  oriel_packet_unref(delivery.packet);
  return stats(fixture)->bitrate_kbps;
}

static void bitrate_is_what_the_best_viewer_carries(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  struct oriel_viewer *first = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, false, false);
  expect_picture(fixture, first, ORIEL_PACKET_VIDEO, true);
  const uint32_t full = stats(fixture)->bitrate_kbps;
  assert_true(full > 700);
  oriel_viewer_carries(first, 500);
  assert_int_equal(next_kbps(fixture, first, 1), 500);
  oriel_viewer_carries(first, 1);
  assert_int_equal(next_kbps(fixture, first, 2), 100);
  oriel_viewer_carries(first, full * 10);
  assert_int_equal(next_kbps(fixture, first, 3), full);
  oriel_viewer_carries(first, 600);
  struct oriel_viewer *second = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, false, false);
  expect_picture(fixture, second, ORIEL_PACKET_VIDEO, true);
  assert_int_equal(next_kbps(fixture, first, 4), full); /* of the second nothing is known */
  oriel_viewer_carries(second, 100); /* a slow or lying one takes nothing from the first */
  assert_int_equal(next_kbps(fixture, first, 5), 600);
  oriel_viewer_carries(second, 700);
  assert_int_equal(next_kbps(fixture, first, 6), 700);
  oriel_viewer_detach(second);
  assert_int_equal(next_kbps(fixture, first, 7), 600);
  oriel_viewer_detach(first);
  end(fixture);
}

static void missing_encoder_is_survived(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "no-such-encoder");
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  fake_wait_stat(fixture->desktop, encode_failures, 1);
  assert_int_equal(stats(fixture)->pictures_video, 0);
  oriel_viewer_detach(viewer);
  end(fixture);
}

static void snapshot_watches_while_it_lasts(void **state) {
  (void)state;
  static const uint8_t signature[] = {0x89, 'P', 'N', 'G'};
  struct fixture *fixture = begin(640, 480, "null");
  uint8_t *png = NULL;
  size_t size = 0;
  assert_int_equal(fake_snapshot(fixture->desktop, &png, &size), 0);
  assert_true(size > 8);
  assert_memory_equal(png, signature, sizeof signature);
  free(png);
  assert_int_equal(fixture->fake.watches, 1);
  assert_false(fixture->fake.watched);
  assert_int_equal(stats(fixture)->pictures_video, 0); /* no encoder for that */
  end(fixture);
}

static void snapshot_gives_up_after_two_seconds(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  uint8_t *png = NULL;
  size_t size = 0;
  fixture->fake.silent = true;
  uint64_t began = oriel_clock_ns();
  assert_int_equal(fake_snapshot(fixture->desktop, &png, &size), -EAGAIN);
  assert_null(png);
  assert_in_range(oriel_clock_ns() - began, 1900 * ORIEL_NS_PER_MS, 10000 * ORIEL_NS_PER_MS);
  end(fixture);
}

/* A controller that asks a thousand times costs its guest few mode switches; its last request counts. */
static void resizes_are_spread_out_and_the_newest_wins(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  struct fake *fake = &fixture->fake;
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_CONTROLLER, false, false);
  uint64_t began = oriel_clock_ns(), until = began + 15 * ORIEL_NS_PER_SECOND;
  for (uint16_t i = 0; i < 1000; i++) {
    assert_int_equal(oriel_viewer_resize(viewer, (uint16_t)(1000 + i), 600), 0);
  }
  pthread_mutex_lock(&fake->lock);
  while (fake->resize_width != 1999 && oriel_clock_ns() < until) {
    pthread_mutex_unlock(&fake->lock);
    fake_yield();
    pthread_mutex_lock(&fake->lock);
  }
  uint64_t took = oriel_clock_ns() - began;
  assert_int_equal(fake->resize_width, 1999);
  assert_true(fake->resizes <= 1 + took / (200 * ORIEL_NS_PER_MS));
  pthread_mutex_unlock(&fake->lock);
  oriel_viewer_detach(viewer);
  end(fixture);
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
  struct fixture *fixture = begin(640, 480, "null");
  struct oriel_viewer *viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, false, false);
  uint64_t began = oriel_clock_ns();
  unsigned watches;
  for (unsigned i = 0; i < 1000; i++) {
    oriel_viewer_want(viewer, false, false);
    oriel_viewer_want(viewer, true, false);
  }
  assert_true(watched(&fixture->fake, &watches));
  assert_true(watches <= 10 + (oriel_clock_ns() - began) / (500 * ORIEL_NS_PER_MS));
  oriel_packet_unref(picture(fixture, viewer)); /* it still sees something */
  oriel_viewer_want(viewer, false, false);
  uint64_t until = oriel_clock_ns() + 5 * ORIEL_NS_PER_SECOND;
  while (watched(&fixture->fake, &watches) && oriel_clock_ns() < until)
    fake_yield();
  assert_false(watched(&fixture->fake, &watches));
  oriel_viewer_detach(viewer);
  end(fixture);
}

static bool is_watched(struct fake *fake) {
  pthread_mutex_lock(&fake->lock);
  const bool watched = fake->watched != ORIEL_WATCH_NOTHING;
  pthread_mutex_unlock(&fake->lock);
  return watched;
}

struct waiting {
  struct fixture *fixture;
  struct oriel_capture capture;
  pthread_t thread;
  uint64_t began_ns;
};

static void *wait_for_a_snapshot(void *user) {
  struct waiting *waiting = user;
  uint8_t *png = NULL;
  size_t size = 0;
  return (void *)(intptr_t)oriel_desktop_snapshot(waiting->fixture->desktop, &waiting->capture, &png, &size);
}

/* One of a source that shows nothing. */
static void begin_waiting(struct waiting *waiting) {
  waiting->fixture = begin(640, 480, "null");
  waiting->fixture->fake.silent = true;
  waiting->began_ns = oriel_clock_ns();
  assert_int_equal(oriel_capture_init(&waiting->capture), 0);
  assert_int_equal(pthread_create(&waiting->thread, NULL, wait_for_a_snapshot, waiting), 0);
  while (!is_watched(&waiting->fixture->fake))
    fake_yield();
}

static void end_waiting(struct waiting *waiting, int expected) {
  void *result;
  pthread_join(waiting->thread, &result);
  assert_int_equal((intptr_t)result, expected);
  assert_true(oriel_clock_ns() - waiting->began_ns < 1900 * ORIEL_NS_PER_MS); /* its patience */
  assert_false(is_watched(&waiting->fixture->fake));
  oriel_capture_finish(&waiting->capture);
  end(waiting->fixture);
}

/* An end does not wait for a picture that never comes. */
static void snapshot_that_waits_is_ended(void **state) {
  (void)state;
  struct waiting waiting;
  begin_waiting(&waiting);
  oriel_desktop_end_snapshot_waits(waiting.fixture->desktop);
  end_waiting(&waiting, -EAGAIN);
}

static void snapshot_that_waits_is_cancelled(void **state) {
  (void)state;
  struct waiting waiting;
  begin_waiting(&waiting);
  oriel_capture_cancel(&waiting.capture);
  end_waiting(&waiting, -ECANCELED);
}

/* Its worker had no time for it before nobody wanted it any more. */
static void snapshot_cancelled_before_it_begins_watches_nothing(void **state) {
  (void)state;
  struct fixture *fixture = begin(640, 480, "null");
  struct oriel_capture capture;
  uint8_t *png = NULL;
  size_t size = 0;
  assert_int_equal(oriel_capture_init(&capture), 0);
  oriel_capture_cancel(&capture);
  assert_int_equal(oriel_desktop_snapshot(fixture->desktop, &capture, &png, &size), -ECANCELED);
  oriel_capture_finish(&capture);
  assert_null(png);
  assert_int_equal(fixture->fake.watches, 0);
  end(fixture);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(passthru_watches_no_pictures),
    cmocka_unit_test(pictures_keep_to_the_limit_of_processor_time),
    cmocka_unit_test(unwatched_desktop_converts_nothing),
    cmocka_unit_test(viewer_gets_a_key_at_once_and_changes_after),
    cmocka_unit_test(viewer_without_tiles_leaves_the_others_their_tiles),
    cmocka_unit_test(channels_do_not_wait_for_one_another),
    cmocka_unit_test(changes_are_held_back_while_nobody_can_take_them),
    cmocka_unit_test(joiners_share_key_frames),
    cmocka_unit_test(pictures_keep_to_the_rate),
    cmocka_unit_test(new_size_starts_with_a_key),
    cmocka_unit_test(storm_of_sizes_is_survived),
    cmocka_unit_test(joining_picture_has_its_own_time),
    cmocka_unit_test(source_without_size_is_waited_for),
    cmocka_unit_test(flapping_viewer_starts_the_source_rarely),
    cmocka_unit_test(resizes_are_spread_out_and_the_newest_wins),
    cmocka_unit_test(expected_viewer_finds_its_picture),
    cmocka_unit_test(silent_source_shows_what_it_had),
    cmocka_unit_test(still_screen_is_sharpened_refined_and_then_left_alone),
    cmocka_unit_test(rising_delay_lowers_the_bitrate),
    cmocka_unit_test(claimed_delay_lowers_nothing),
    cmocka_unit_test(bitrate_is_what_the_best_viewer_carries),
    cmocka_unit_test(missing_encoder_is_survived),
    cmocka_unit_test(snapshot_watches_while_it_lasts),
    cmocka_unit_test(snapshot_gives_up_after_two_seconds),
    cmocka_unit_test(snapshot_that_waits_is_ended),
    cmocka_unit_test(snapshot_that_waits_is_cancelled),
    cmocka_unit_test(snapshot_cancelled_before_it_begins_watches_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
