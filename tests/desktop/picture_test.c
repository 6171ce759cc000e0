/* SPDX-License-Identifier: MIT
 *
 * desktop: what a viewer receives, decoded by libavcodec and the tiles reference in sequence order, equals the surface.
 * Real x264, real threads; every wait has a bound.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libavcodec/avcodec.h>

#include "core/clock.h"
#include "fake.h"
#include "media/tiles.h"

enum { WIDTH = 640, HEIGHT = 480, PIXELS = WIDTH * HEIGHT };

/* ---- a reference client ---- */

struct client {
  AVCodecContext *decoder;
  AVPacket *unit;
  AVFrame *frame;
  uint8_t *bgrx; /* what it shows */
  uint32_t sequence;
  unsigned video, tiles, keys;
};

static void client_init(struct client *client) {
  memset(client, 0, sizeof *client);
  const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_H264);
  assert_non_null(codec);
  client->decoder = avcodec_alloc_context3(codec);
  client->decoder->flags |= AV_CODEC_FLAG_LOW_DELAY;
  client->decoder->thread_count = 1;
  assert_int_equal(avcodec_open2(client->decoder, codec, NULL), 0);
  client->unit = av_packet_alloc();
  client->frame = av_frame_alloc();
  client->bgrx = calloc(PIXELS, 4);
}

static void client_finish(struct client *client) {
  free(client->bgrx);
  av_frame_free(&client->frame);
  av_packet_free(&client->unit);
  avcodec_free_context(&client->decoder);
}

static uint8_t clamp(double value) {
  return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)(value + 0.5);
}

/* Luma alone: these cases paint greys, so that nothing depends on the matrix or on chroma's resolution. */
static void show_frame(struct client *client) {
  const AVFrame *frame = client->frame;
  bool full = frame->color_range == AVCOL_RANGE_JPEG;
  for (int y = 0; y < HEIGHT; y++) {
    for (int x = 0; x < WIDTH; x++) {
      double luma = frame->data[0][y * frame->linesize[0] + x];
      memset(client->bgrx + ((size_t)y * WIDTH + (size_t)x) * 4, clamp(full ? luma : 255.0 / 219 * (luma - 16)), 4);
    }
  }
}

static void client_take(struct client *client, const struct oriel_packet *packet) {
  assert_true((int32_t)(packet->sequence - client->sequence) > 0 || !client->sequence);
  client->sequence = packet->sequence;
  assert_int_equal(packet->width, WIDTH);
  if (packet->kind == ORIEL_PACKET_TILES) {
    assert_true(client->video > 0);
    assert_int_equal(oriel_tiles_decode(packet->data, packet->size, client->bgrx, WIDTH * 4, WIDTH, HEIGHT), 0);
    client->tiles++;
    return;
  }
  assert_true(packet->key || client->video > 0); /* lesson 14 */
  assert_int_equal(av_new_packet(client->unit, (int)packet->size), 0);
  memcpy(client->unit->data, packet->data, packet->size);
  assert_int_equal(avcodec_send_packet(client->decoder, client->unit), 0);
  av_packet_unref(client->unit);
  assert_int_equal(avcodec_receive_frame(client->decoder, client->frame), 0); /* lesson 18: at once, none held back */
  show_frame(client);
  client->video++;
  client->keys += packet->key;
}

/* ---- a picture that is easy for 4:2:0: grey, so that only luma quality counts ---- */

static void paint_grey(struct fake *fake, struct oriel_rect rect, uint32_t seed) {
  struct oriel_surface_view view;
  oriel_surface_lock(fake->surface, NULL, &view);
  for (int y = 0; y < rect.height; y++)
    for (int x = 0; x < rect.width; x++) {
      uint32_t value = ((uint32_t)(y / 16) * 251 + (uint32_t)(x / 8) + seed) * 2654435761u;
      memset(view.bgrx + (ptrdiff_t)(rect.y + y) * view.stride + (rect.x + x) * 4, (int)(value >> 24), 4);
    }
  oriel_surface_damage_locked(fake->surface, rect, oriel_clock_ns());
  oriel_surface_unlock(fake->surface, NULL);
  if (fake->sink)
    fake->sink->damaged(fake->sink->user); /* once: one picture */
}

static double luma_psnr(struct fake *fake, const struct client *client) {
  struct oriel_surface_view view;
  double error = 0;
  oriel_surface_lock(fake->surface, NULL, &view);
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++) {
      const uint8_t *a = view.bgrx + (ptrdiff_t)y * view.stride + x * 4, *b = client->bgrx + (y * WIDTH + x) * 4;
      double difference = 0.299 * (a[2] - b[2]) + 0.587 * (a[1] - b[1]) + 0.114 * (a[0] - b[0]);
      error += difference * difference;
    }
  oriel_surface_unlock(fake->surface, NULL);
  return error == 0 ? 99 : 10 * log10(255.0 * 255.0 * PIXELS / error);
}

static bool exact(struct fake *fake, const struct client *client, struct oriel_rect rect) {
  struct oriel_surface_view view;
  bool equal = true;
  oriel_surface_lock(fake->surface, NULL, &view);
  for (int y = rect.y; equal && y < rect.y + rect.height; y++)
    for (int x = rect.x; equal && x < rect.x + rect.width; x++)
      equal = !memcmp(view.bgrx + (ptrdiff_t)y * view.stride + x * 4, client->bgrx + (y * WIDTH + x) * 4, 3);
  oriel_surface_unlock(fake->surface, NULL);
  return equal;
}

/* Takes pictures until `count` more came (0 = until two seconds bring none). */
static void follow(struct fake *fake, struct oriel_viewer *viewer, struct client *client, unsigned count) {
  for (unsigned i = 0; !count || i < count; i++) {
    struct oriel_delivery delivery = fake_next_of(fake, viewer, ORIEL_DELIVERY_PICTURE);
    if (delivery.type == ORIEL_DELIVERY_NONE) {
      assert_int_equal(count, 0);
      return;
    }
    client_take(client, delivery.packet);
    fake_ack(viewer, delivery.packet);
    oriel_packet_unref(delivery.packet);
  }
}

/* Both viewers take what comes until a second brings nothing: neither misses a picture while the other is looked at. */
static void settle(struct oriel_viewer *const viewers[2], struct client *const clients[2]) {
  uint64_t until = oriel_clock_ns() + 10 * ORIEL_NS_PER_SECOND, quiet = oriel_clock_ns();
  struct oriel_delivery delivery;
  while (oriel_clock_ns() < until && oriel_clock_ns() < quiet + ORIEL_NS_PER_SECOND) {
    for (int i = 0; i < 2; i++) {
      while (oriel_viewer_next(viewers[i], &delivery)) {
        if (delivery.type == ORIEL_DELIVERY_PICTURE) {
          client_take(clients[i], delivery.packet);
          fake_ack(viewers[i], delivery.packet);
          quiet = oriel_clock_ns();
        }
        oriel_packet_unref(delivery.packet);
      }
    }
    fake_yield();
  }
}

static const struct oriel_rect whole = {0, 0, WIDTH, HEIGHT};

static void still_screen_reaches_the_viewer(void **state) {
  (void)state;
  struct fake fake;
  struct client client;
  fake_init(&fake, WIDTH, HEIGHT);
  paint_grey(&fake, whole, 1);
  struct oriel_desktop *desktop = fake_desktop(&fake, NULL, true);
  struct oriel_viewer *viewer = fake_viewer(desktop, ORIEL_ROLE_VIEWER, true, false);
  client_init(&client);
  follow(&fake, viewer, &client, 0);
  assert_true(luma_psnr(&fake, &client) >= 40);
  assert_int_equal(client.keys, 1);
  oriel_viewer_detach(viewer);
  client_finish(&client);
  oriel_desktop_destroy(desktop);
  fake_finish(&fake);
}

static void small_change_arrives_exactly(void **state) {
  (void)state;
  struct fake fake;
  struct client client;
  const struct oriel_rect cell = {101, 203, 37, 51};
  fake_init(&fake, WIDTH, HEIGHT);
  paint_grey(&fake, whole, 1);
  struct oriel_desktop *desktop = fake_desktop(&fake, NULL, true);
  struct oriel_viewer *viewer = fake_viewer(desktop, ORIEL_ROLE_VIEWER, true, false);
  client_init(&client);
  follow(&fake, viewer, &client, 0);
  unsigned tiles = client.tiles;
  fake_noise(&fake, cell, 7);
  follow(&fake, viewer, &client, 1);
  assert_int_equal(client.tiles, tiles + 1);
  assert_true(exact(&fake, &client, cell));
  oriel_viewer_detach(viewer);
  client_finish(&client);
  oriel_desktop_destroy(desktop);
  fake_finish(&fake);
}

/* Tiles and video take turns; a second viewer joins in between, a third has no tiles for a while. */
static void mixture_of_tiles_and_video_equals_the_surface(void **state) {
  (void)state;
  struct fake fake;
  struct client client, late;
  fake_init(&fake, WIDTH, HEIGHT);
  paint_grey(&fake, whole, 1);
  struct oriel_desktop *desktop = fake_desktop(&fake, NULL, true);
  struct oriel_viewer *viewer = fake_viewer(desktop, ORIEL_ROLE_VIEWER, true, false), *joiner = NULL;
  client_init(&client);
  client_init(&late);
  follow(&fake, viewer, &client, 1);
  uint32_t seed = 99;
  for (int step = 0; step < 60; step++) {
    seed = seed * 1664525u + 1013904223u;
    struct oriel_rect rect = {(int32_t)(seed >> 8) % (WIDTH - 40), (int32_t)(seed >> 20) % (HEIGHT - 40), 24, 32};
    if (step % 10 == 9)
      rect = (struct oriel_rect){0, step, WIDTH, HEIGHT - 100}; /* above what tiles hold */
    paint_grey(&fake, rect, seed);
    follow(&fake, viewer, &client, 1);
    if (step == 30)
      joiner = fake_viewer(desktop, ORIEL_ROLE_VIEWER, true, false);
    if (joiner)
      follow(&fake, joiner, &late, 1);
  }
  settle((struct oriel_viewer *const[]){viewer, joiner}, (struct client *const[]){&client, &late});
  assert_true(client.tiles > 5);
  assert_true(client.video > 5);
  assert_true(luma_psnr(&fake, &client) >= 38);
  assert_true(luma_psnr(&fake, &late) >= 38);
  oriel_viewer_detach(viewer);
  oriel_viewer_detach(joiner);
  client_finish(&client);
  client_finish(&late);
  oriel_desktop_destroy(desktop);
  fake_finish(&fake);
}

/* Coloured and fine: what 4:2:0 cannot hold. */
static void paint_colours(struct fake *fake, struct oriel_rect rect, uint32_t seed) {
  struct oriel_surface_view view;
  oriel_surface_lock(fake->surface, NULL, &view);
  for (int y = 0; y < rect.height; y++)
    for (int x = 0; x < rect.width; x++) {
      uint32_t value = ((uint32_t)(y / 7) * 251 + (uint32_t)(x / 3) + seed) * 2654435761u;
      memcpy(view.bgrx + (ptrdiff_t)(rect.y + y) * view.stride + (rect.x + x) * 4, &value, 3);
    }
  oriel_surface_damage_locked(fake->surface, rect, oriel_clock_ns());
  oriel_surface_unlock(fake->surface, NULL);
  if (fake->sink)
    fake->sink->damaged(fake->sink->user);
}

/* Takes what comes until the client shows the surface bit by bit, 30 seconds at most. */
static void follow_until_exact(struct fake *fake, struct oriel_viewer *viewer, struct client *client) {
  uint64_t until = oriel_clock_ns() + 30 * ORIEL_NS_PER_SECOND;
  while (!exact(fake, client, whole) && oriel_clock_ns() < until)
    follow(fake, viewer, client, 1);
  assert_true(exact(fake, client, whole));
}

static void still_screen_becomes_exact(void **state) {
  (void)state;
  struct fake fake;
  struct client client;
  fake_init(&fake, WIDTH, HEIGHT);
  paint_colours(&fake, whole, 1);
  struct oriel_desktop *desktop = fake_desktop(&fake, NULL, true);
  struct oriel_viewer *viewer = fake_viewer(desktop, ORIEL_ROLE_VIEWER, true, false);
  client_init(&client);
  follow_until_exact(&fake, viewer, &client);
  paint_colours(&fake, whole, 2); /* all of it by video again */
  follow(&fake, viewer, &client, 1);
  assert_false(exact(&fake, &client, whole));
  follow_until_exact(&fake, viewer, &client);
  assert_int_equal(client.keys, 1);
  oriel_viewer_detach(viewer);
  client_finish(&client);
  oriel_desktop_destroy(desktop);
  fake_finish(&fake);
}

/* A viewer that stands still holds nobody up, and becomes exact when it goes on. */
static void stalled_viewer_becomes_exact_later(void **state) {
  (void)state;
  struct fake fake;
  struct client client, late;
  fake_init(&fake, WIDTH, HEIGHT);
  paint_colours(&fake, whole, 1);
  struct oriel_desktop *desktop = fake_desktop(&fake, NULL, true);
  struct oriel_viewer *viewer = fake_viewer(desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_viewer *stalled = fake_viewer(desktop, ORIEL_ROLE_VIEWER, true, false);
  client_init(&client);
  client_init(&late);
  follow(&fake, stalled, &late, 1);
  follow_until_exact(&fake, viewer, &client);
  assert_false(exact(&fake, &late, whole));
  follow_until_exact(&fake, stalled, &late);
  oriel_viewer_detach(stalled);
  oriel_viewer_detach(viewer);
  client_finish(&late);
  client_finish(&client);
  oriel_desktop_destroy(desktop);
  fake_finish(&fake);
}

static struct oriel_viewer_stats viewer_stats(struct oriel_desktop *desktop, unsigned index) {
  struct oriel_desktop_stats *stats = malloc(sizeof *stats);
  oriel_desktop_stats(desktop, stats);
  assert_true(index < stats->viewer_count);
  struct oriel_viewer_stats result = stats->viewer[index];
  free(stats);
  return result;
}

/* Lesson 3: a viewer that stops reading costs the other nothing, is told, and comes back to the same picture. */
static void stalled_viewer_recovers_to_the_same_picture(void **state) {
  (void)state;
  struct fake fake;
  struct client good_client, slow_client;
  fake_init(&fake, WIDTH, HEIGHT);
  paint_grey(&fake, whole, 1);
  struct oriel_desktop *desktop = fake_desktop(&fake, NULL, true);
  struct oriel_viewer *good = fake_viewer(desktop, ORIEL_ROLE_CONTROLLER, true, false);
  struct oriel_viewer *slow = fake_viewer(desktop, ORIEL_ROLE_VIEWER, true, false);
  client_init(&good_client);
  client_init(&slow_client);
  follow(&fake, slow, &slow_client, 1);
  follow(&fake, good, &good_client, 1);
  paint_grey(&fake, whole, 99); /* from here on its picture waits in the slow viewer's mailbox */
  follow(&fake, good, &good_client, 1);
  uint64_t before = viewer_stats(desktop, 0).pictures_skipped;
  for (uint32_t step = 0; step < 10; step++) { /* large: video, of which each builds on the one before */
    paint_grey(&fake, whole, step + 2);
    follow(&fake, good, &good_client, 1);
  }
  assert_int_equal(viewer_stats(desktop, 0).pictures_skipped, before);
  assert_true(viewer_stats(desktop, 1).skipping);
  struct oriel_delivery delivery = fake_next_of(&fake, slow, ORIEL_DELIVERY_SKIPPED);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_SKIPPED);
  assert_true(delivery.skipped.count >= 2);
  paint_grey(&fake, whole, 77);
  settle((struct oriel_viewer *const[]){good, slow}, (struct client *const[]){&good_client, &slow_client});
  assert_false(viewer_stats(desktop, 1).skipping);
  assert_true(luma_psnr(&fake, &good_client) >= 38);
  assert_true(luma_psnr(&fake, &slow_client) >= 38);
  assert_true(slow_client.keys >= 2);
  oriel_viewer_detach(good);
  oriel_viewer_detach(slow);
  client_finish(&good_client);
  client_finish(&slow_client);
  oriel_desktop_destroy(desktop);
  fake_finish(&fake);
}

static void odd_and_tiny_sizes_decode(void **state) {
  (void)state;
  const uint16_t sizes[][2] = {{65, 97}, {30, 20}, {641, 64}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct fake fake;
    struct client client;
    fake_init(&fake, sizes[i][0], sizes[i][1]);
    struct oriel_desktop *desktop = fake_desktop(&fake, NULL, true);
    struct oriel_viewer *viewer = fake_viewer(desktop, ORIEL_ROLE_VIEWER, true, false);
    client_init(&client);
    struct oriel_delivery delivery = fake_next_of(&fake, viewer, ORIEL_DELIVERY_PICTURE);
    assert_int_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
    assert_int_equal(av_new_packet(client.unit, (int)delivery.packet->size), 0);
    memcpy(client.unit->data, delivery.packet->data, delivery.packet->size);
    assert_int_equal(avcodec_send_packet(client.decoder, client.unit), 0);
    av_packet_unref(client.unit);
    assert_int_equal(avcodec_receive_frame(client.decoder, client.frame), 0);
    assert_true(client.frame->width >= sizes[i][0] && client.frame->height >= sizes[i][1]);
    oriel_packet_unref(delivery.packet);
    oriel_viewer_detach(viewer);
    client_finish(&client);
    oriel_desktop_destroy(desktop);
    fake_finish(&fake);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(still_screen_reaches_the_viewer),
    cmocka_unit_test(small_change_arrives_exactly),
    cmocka_unit_test(mixture_of_tiles_and_video_equals_the_surface),
    cmocka_unit_test(stalled_viewer_recovers_to_the_same_picture),
    cmocka_unit_test(still_screen_becomes_exact),
    cmocka_unit_test(stalled_viewer_becomes_exact_later),
    cmocka_unit_test(odd_and_tiny_sizes_decode),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
