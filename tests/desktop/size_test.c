/* SPDX-License-Identifier: MIT
 *
 * A desktop whose size changes, and requests for another. Threads run; every wait has a bound.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clock.h"
#include "live.h"

static void new_size_starts_with_a_key(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, true, false);
  live_expect_picture(live, viewer, ORIEL_PACKET_VIDEO, true);
  const uint16_t sizes[][2] = {{800, 600}, {801, 601}, {64, 64}, {20, 10}, {1280, 720}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    fake_drain(viewer);
    assert_int_equal(oriel_surface_resize(live->fake.surface, sizes[i][0], sizes[i][1]), 0);
    live->fake.sink->damaged(live->fake.sink->user);
    struct oriel_packet *packet = live_picture(live, viewer);
    assert_true(packet->key);
    assert_int_equal(packet->width, sizes[i][0] < 64 ? 64 : sizes[i][0]); /* small ones lie on the least canvas */
    assert_int_equal(packet->height, sizes[i][1] < 64 ? 64 : sizes[i][1]);
    oriel_packet_unref(packet);
  }
  struct oriel_delivery delivery = {0};
  assert_int_equal(live_stats(live)->width, 1280);
  while (oriel_viewer_next(viewer, &delivery))
    oriel_packet_unref(delivery.packet);
  oriel_viewer_detach(viewer);
  live_end(live);
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
  struct live *live = live_begin(640, 480, NULL);
  struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_CONTROLLER, true, false);
  live_expect_picture(live, viewer, ORIEL_PACKET_VIDEO, true);
  struct storm storm = {.fake = &live->fake};
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
      pthread_mutex_lock(&live->fake.lock);
      resizes = live->fake.resizes;
      pthread_mutex_unlock(&live->fake.lock);
    }
    if (resizes < i)
      storm.stop = true; /* else the thread would never come back */
    assert_true(resizes >= i);
  }
  atomic_store(&storm.stop, true);
  pthread_join(thread, NULL);
  uint64_t took_ms = (oriel_clock_ns() - start) / ORIEL_NS_PER_MS;
  assert_true(live_stats(live)->pictures_key <= 1 + 4 + 1 + 8 * took_ms / 1000);
  /* What it ends with is shown. */
  assert_int_equal(oriel_surface_resize(live->fake.surface, 320, 200), 0);
  live->fake.sink->damaged(live->fake.sink->user);
  for (uint16_t width = 0; width != 320;) {
    struct oriel_packet *packet = live_picture(live, viewer);
    width = packet->width;
    oriel_packet_unref(packet);
  }
  oriel_viewer_detach(viewer);
  live_end(live);
}

static void source_without_size_is_waited_for(void **state) {
  (void)state;
  struct live *live = live_begin(0, 0, "null");
  struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_VIEWER, true, false);
  fake_drain(viewer);
  live->fake.sink->damaged(live->fake.sink->user);
  assert_int_equal(oriel_surface_resize(live->fake.surface, 320, 200), 0);
  live->fake.sink->damaged(live->fake.sink->user);
  live_expect_picture(live, viewer, ORIEL_PACKET_VIDEO, true);
  assert_int_equal(live_stats(live)->encode_failures, 0);
  oriel_viewer_detach(viewer);
  live_end(live);
}

/* A controller that asks a thousand times costs its guest few mode switches; its last request counts. */
static void resizes_are_spread_out_and_the_newest_wins(void **state) {
  (void)state;
  struct live *live = live_begin(640, 480, "null");
  struct fake *fake = &live->fake;
  struct oriel_viewer *viewer = fake_viewer(live->desktop, ORIEL_ROLE_CONTROLLER, false, false);
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
  live_end(live);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(new_size_starts_with_a_key),
    cmocka_unit_test(storm_of_sizes_is_survived),
    cmocka_unit_test(source_without_size_is_waited_for),
    cmocka_unit_test(resizes_are_spread_out_and_the_newest_wins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
