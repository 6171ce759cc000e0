/* SPDX-License-Identifier: MIT
 *
 * Video pictures of which a part is drawn, and tiles that make exact what was drawn. Every viewer shows video as one
 * wrong colour, so that only tiles make its screen right: where too little is drawn or owed, it never becomes so. Real
 * threads; every wait has a bound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "fake.h"
#include "media/tiles.h"

enum { WIDTH = 650, HEIGHT = 490, STRIDE = WIDTH * 4, PAGES = 4, VIDEO = 0x55 };

struct page {
  struct oriel_viewer *viewer;
  uint8_t bgrx[STRIDE * HEIGHT];
  uint64_t video_drawn, refined; /* pixels */
};

struct fixture {
  struct fake fake;
  struct oriel_desktop *desktop;
  struct page pages[PAGES];
  uint32_t seed;
};

static const struct oriel_rect all = {0, 0, WIDTH, HEIGHT};

static uint32_t random_below(struct fixture *fixture, uint32_t count) {
  fixture->seed = fixture->seed * 1664525u + 1013904223u;
  return (uint32_t)((uint64_t)fixture->seed * count >> 32);
}

static int set_up(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  fixture->seed = 4711;
  fake_init(&fixture->fake, WIDTH, HEIGHT);
  fake_paint(&fixture->fake, all, 0x204060);
  fixture->desktop = fake_desktop(&fixture->fake, "x264", true);
  *state = fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  fake_end(&fixture->fake, fixture->desktop);
  free(fixture);
  return 0;
}

static void join(struct fixture *fixture, struct page *page, bool part) {
  const struct oriel_viewer_config config = {.video = true, .tiles = true, .part = part};
  memset(page, 0, sizeof *page);
  assert_int_equal(oriel_viewer_attach(fixture->desktop, &config, &page->viewer), 0);
}

static void draw_video(struct page *page, struct oriel_rect rect) {
  for (int y = rect.y; y < rect.y + rect.height; y++)
    memset(page->bgrx + (size_t)y * STRIDE + (size_t)rect.x * 4, VIDEO, (size_t)rect.width * 4);
  page->video_drawn += (uint64_t)rect.width * (uint64_t)rect.height;
}

static void draw(struct page *page, const struct oriel_delivery *delivery) {
  const struct oriel_packet *packet = delivery->packet;
  if (packet->kind == ORIEL_PACKET_TILES) {
    assert_int_equal(oriel_tiles_decode(packet->data, packet->size, page->bgrx, STRIDE, WIDTH, HEIGHT), 0);
    page->refined += packet->sharpening ? packet->damage_pixels : 0;
  } else if (!delivery->picture.partly) {
    draw_video(page, all);
  } else {
    assert_false(packet->key);
    for (int i = 0; i < packet->part.count; i++)
      draw_video(page, packet->part.rects[i]);
  }
}

/* Takes the next thing that waits, as a connection would. */
static bool take(struct page *page) {
  struct oriel_delivery delivery;
  if (!page->viewer || !oriel_viewer_next(page->viewer, &delivery))
    return false;
  if (delivery.type == ORIEL_DELIVERY_PICTURE) {
    draw(page, &delivery);
    fake_ack(page->viewer, delivery.packet);
  }
  oriel_packet_unref(delivery.packet);
  return true;
}

static bool exact(struct fixture *fixture, const struct page *page) {
  struct oriel_surface_view view;
  oriel_surface_lock(fixture->fake.surface, NULL, &view);
  bool same = true;
  for (int i = 0; same && i < WIDTH * HEIGHT; i++)
    same = !memcmp(page->bgrx + i / WIDTH * STRIDE + i % WIDTH * 4,
                   view.bgrx + (ptrdiff_t)(i / WIDTH) * view.stride + i % WIDTH * 4, 3);
  oriel_surface_unlock(fixture->fake.surface, NULL);
  return same;
}

static bool all_exact(struct fixture *fixture) {
  for (int i = 0; i < PAGES; i++)
    if (fixture->pages[i].viewer && !exact(fixture, &fixture->pages[i]))
      return false;
  return true;
}

/* Until every screen is the surface at once; one that missed a part waits for it to be owed once more. */
static void wait_exact(struct fixture *fixture) {
  const uint64_t until = oriel_clock_ns() + 30 * ORIEL_NS_PER_SECOND;
  while (!all_exact(fixture)) {
    for (int i = 0; i < PAGES; i++)
      while (take(&fixture->pages[i]))
        ;
    assert_true(oriel_clock_ns() < until);
    fake_yield();
  }
}

static void forget_counts(struct fixture *fixture) {
  for (int i = 0; i < PAGES; i++)
    fixture->pages[i].video_drawn = fixture->pages[i].refined = 0;
}

/* Larger than tiles are used for: 320 x 240 at most once aligned to blocks of 64 pixels, of 650 x 490. */
static void change(struct fixture *fixture) {
  fake_noise(&fixture->fake, (struct oriel_rect){70, 70, 240, 180}, 3);
}

static void change_is_refined_alone(void **state) {
  struct fixture *fixture = *state;
  struct page *page = &fixture->pages[0];
  join(fixture, page, true);
  wait_exact(fixture);
  assert_true(page->video_drawn >= WIDTH * HEIGHT);
  forget_counts(fixture);
  change(fixture);
  wait_exact(fixture);
  assert_in_range(page->video_drawn, 240 * 180, UINT64_MAX); /* by sharpening more than once */
  assert_in_range(page->refined, 240 * 180, 320 * 256);
}

/* Tiles that a video picture covers, and what of it is drawn. */
static void tiles_before_a_video_picture_are_part_of_it(void **state) {
  struct fixture *fixture = *state;
  struct page *page = &fixture->pages[0];
  join(fixture, page, true);
  wait_exact(fixture);
  fake_noise(&fixture->fake, (struct oriel_rect){600, 440, 20, 20}, 9);
  wait_exact(fixture);
  forget_counts(fixture);
  change(fixture);
  wait_exact(fixture);
  assert_in_range(page->refined, 240 * 180 + 20 * 20, 320 * 256 + 64 * 64);
}

/* One that knows of no parts draws all of it: all is owed, and both end exact. */
static void viewer_that_draws_all_makes_all_owed(void **state) {
  struct fixture *fixture = *state;
  join(fixture, &fixture->pages[0], true);
  join(fixture, &fixture->pages[1], false);
  wait_exact(fixture);
  forget_counts(fixture);
  change(fixture);
  wait_exact(fixture);
  assert_in_range(fixture->pages[1].refined, WIDTH * HEIGHT, UINT64_MAX);
}

/* A key frame for somebody is drawn wholly by everybody. */
static void newcomer_makes_all_owed(void **state) {
  struct fixture *fixture = *state;
  join(fixture, &fixture->pages[0], true);
  wait_exact(fixture);
  forget_counts(fixture);
  join(fixture, &fixture->pages[1], true);
  wait_exact(fixture);
  assert_in_range(fixture->pages[0].refined, WIDTH * HEIGHT, UINT64_MAX);
  forget_counts(fixture);
  change(fixture);
  wait_exact(fixture);
  assert_in_range(fixture->pages[1].refined, 240 * 180, 320 * 256);
}

static void paint_something(struct fixture *fixture) {
  const int32_t widths[] = {8, 40, 300, WIDTH}, heights[] = {8, 16, 200, HEIGHT};
  const uint32_t kind = random_below(fixture, 16);
  const unsigned size = kind < 8 ? 0 : kind < 12 ? 1 : kind < 15 ? 2 : 3;
  const struct oriel_rect rect = {
    .x = (int32_t)random_below(fixture, (uint32_t)(WIDTH - widths[size]) + 1),
    .y = (int32_t)random_below(fixture, (uint32_t)(HEIGHT - heights[size]) + 1),
    .width = widths[size], .height = heights[size],
  };
  if (random_below(fixture, 2))
    fake_noise(&fixture->fake, rect, fixture->seed);
  else
    fake_paint(&fixture->fake, rect, fixture->seed);
}

/* Long enough for refinement to begin, and to be interrupted. */
static void rest(struct fixture *fixture) {
  static struct oriel_desktop_stats stats;
  oriel_desktop_stats(fixture->desktop, &stats);
  const uint64_t refined = stats.pictures_refined, until = oriel_clock_ns() + 3 * ORIEL_NS_PER_SECOND;
  while (stats.pictures_refined < refined + 2 && oriel_clock_ns() < until) {
    while (take(&fixture->pages[0]))
      ;
    oriel_desktop_stats(fixture->desktop, &stats);
    fake_yield();
  }
}

/* Quick and slow viewers, one that knows of no parts, one that comes and goes, one that asks for key frames. */
static void everybody_ends_exact(void **state) {
  struct fixture *fixture = *state;
  for (int i = 0; i < PAGES; i++)
    join(fixture, &fixture->pages[i], i != 3);
  for (unsigned step = 0; step < 240; step++) {
    if (random_below(fixture, 4) == 0)
      paint_something(fixture);
    while (take(&fixture->pages[0]))
      ;
    for (int i = 1; i < PAGES; i++)
      if (random_below(fixture, 8) == 0)
        take(&fixture->pages[i]);
    if (step < 100 && step % 50 == 49) {
      oriel_viewer_request_key(fixture->pages[1].viewer);
      oriel_viewer_detach(fixture->pages[2].viewer);
      join(fixture, &fixture->pages[2], true);
    }
    if (step == 100) {
      oriel_viewer_detach(fixture->pages[3].viewer);
      fixture->pages[3].viewer = NULL;
    }
    if (step % 80 == 70)
      rest(fixture);
    fake_yield();
  }
  wait_exact(fixture);
}

#define part_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
    part_test(change_is_refined_alone),
    part_test(tiles_before_a_video_picture_are_part_of_it),
    part_test(viewer_that_draws_all_makes_all_owed),
    part_test(newcomer_makes_all_owed),
    part_test(everybody_ends_exact),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
