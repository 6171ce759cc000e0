/* SPDX-License-Identifier: MIT
 *
 * desktop/lossless: a viewer that takes tiles alone gets the surface as it is, whoever else looks, and others lose
 * nothing by it. Real threads; every wait has a bound.
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

enum { SIDE_MAX = 640 };

/* What a page without a video decoder shows. */
struct page {
  struct oriel_viewer *viewer;
  uint8_t bgrx[SIDE_MAX * SIDE_MAX * 4];
  uint16_t width, height;
  unsigned packets;
};

struct fixture {
  struct fake fake;
  struct oriel_desktop *desktop;
  struct page page;
};

static int set_up(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  fake_init(&fixture->fake, 640, 480);
  fake_noise(&fixture->fake, (struct oriel_rect){60, 60, 128, 128}, 7);
  fixture->desktop = fake_desktop(&fixture->fake, "null", true);
  *state = fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  fake_end(&fixture->fake, fixture->desktop);
  free(fixture);
  return 0;
}

static struct oriel_viewer *join(struct fixture *fixture) {
  const struct oriel_viewer_config config = {.tiles = true};
  assert_int_equal(oriel_viewer_attach(fixture->desktop, &config, &fixture->page.viewer), 0);
  return fixture->page.viewer;
}

static void show(struct page *page, const struct oriel_packet *packet) {
  assert_int_equal(packet->kind, ORIEL_PACKET_TILES);
  assert_true(packet->key); /* each stands for itself */
  if (packet->width != page->width || packet->height != page->height)
    memset(page->bgrx, 0, sizeof page->bgrx);
  page->width = packet->width;
  page->height = packet->height;
  assert_int_equal(oriel_tiles_decode(packet->data, packet->size, page->bgrx, page->width * 4, page->width,
                                      page->height), 0);
  page->packets++;
}

/* Takes all that waits, as the page's connection would. */
static void take(struct page *page) {
  struct oriel_delivery delivery;
  while (oriel_viewer_next(page->viewer, &delivery)) {
    if (delivery.type == ORIEL_DELIVERY_PICTURE) {
      show(page, delivery.packet);
      fake_ack(page->viewer, delivery.packet);
    }
    oriel_packet_unref(delivery.packet);
  }
}

static bool equal(struct fixture *fixture) {
  const struct page *page = &fixture->page;
  struct oriel_surface_view view;
  oriel_surface_lock(fixture->fake.surface, NULL, &view);
  bool same = page->width >= view.width && page->height >= view.height && view.width;
  for (unsigned y = 0; same && y < view.height; y++) {
    const uint8_t *a = page->bgrx + (size_t)y * page->width * 4, *b = view.bgrx + (ptrdiff_t)y * view.stride;
    for (unsigned x = 0; same && x < view.width; x++)
      same = !memcmp(a + x * 4, b + x * 4, 3);
  }
  oriel_surface_unlock(fixture->fake.surface, NULL);
  return same;
}

/* Until nothing is owed any more. What the others have not taken stays damage. */
static void wait_equal(struct fixture *fixture) {
  const uint64_t until = oriel_clock_ns() + 10 * ORIEL_NS_PER_SECOND;
  bool same = false;
  while (!same && oriel_clock_ns() < until) {
    take(&fixture->page);
    pthread_mutex_lock(&fixture->page.viewer->channel->lock);
    const struct oriel_refine *owed = fixture->page.viewer->owed;
    const bool through = owed->width && !owed->left;
    pthread_mutex_unlock(&fixture->page.viewer->channel->lock);
    same = through && equal(fixture);
    fake_yield();
  }
  assert_true(same);
}

static void lossless_viewer_gets_the_surface_exactly(void **state) {
  struct fixture *fixture = *state;
  join(fixture);
  wait_equal(fixture);
  fake_paint(&fixture->fake, (struct oriel_rect){100, 90, 40, 20}, 0xff8000);
  const unsigned before = fixture->page.packets;
  wait_equal(fixture);
  assert_true(fixture->page.packets - before <= 4); /* what changed, not the picture */
  struct oriel_desktop_stats stats;
  oriel_desktop_stats(fixture->desktop, &stats);
  assert_int_equal(stats.pictures_video, 0); /* nobody could show it */
}

static void lossless_viewer_follows_another_size(void **state) {
  struct fixture *fixture = *state;
  join(fixture);
  wait_equal(fixture);
  assert_int_equal(oriel_surface_resize(fixture->fake.surface, 320, 50), 0);
  fake_paint(&fixture->fake, (struct oriel_rect){0, 0, 320, 50}, 0x204060);
  wait_equal(fixture);
  assert_int_equal(fixture->page.width, 320);
  assert_int_equal(fixture->page.height, 64); /* no picture is smaller */
}

static void lossless_viewer_begins_anew_when_it_looks_again(void **state) {
  struct fixture *fixture = *state;
  join(fixture);
  wait_equal(fixture);
  oriel_viewer_want(fixture->page.viewer, false, false);
  fake_paint(&fixture->fake, (struct oriel_rect){0, 0, 64, 64}, 0x123456);
  memset(fixture->page.bgrx, 0, sizeof fixture->page.bgrx);
  oriel_viewer_want(fixture->page.viewer, true, false);
  wait_equal(fixture);
}

/* Small changes still go out to the others as tiles, and the picture's key frame as video. */
static void lossless_viewer_takes_nothing_from_others(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *other = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, false);
  struct oriel_delivery delivery = fake_next_of(&fixture->fake, other, ORIEL_DELIVERY_PICTURE);
  assert_true(delivery.packet->key && delivery.packet->kind == ORIEL_PACKET_VIDEO);
  fake_ack(other, delivery.packet);
  oriel_packet_unref(delivery.packet);
  join(fixture);
  wait_equal(fixture);
  fake_paint(&fixture->fake, (struct oriel_rect){100, 90, 40, 20}, 0xff8000);
  do {
    delivery = fake_next_of(&fixture->fake, other, ORIEL_DELIVERY_PICTURE);
    fake_ack(other, delivery.packet);
    const bool news = delivery.packet->kind == ORIEL_PACKET_TILES && !delivery.packet->sharpening;
    oriel_packet_unref(delivery.packet);
    if (news)
      break;
  } while (true);
  wait_equal(fixture);
}

/* One that stands still keeps its damage, and the other one gets it all the same. */
static void lossless_viewer_waits_for_nobody(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *asleep = fake_viewer(fixture->desktop, ORIEL_ROLE_CONTROLLER, true, false);
  fake_wait_stat(fixture->desktop, pictures_key, 1); /* lies in its mailbox from now on */
  join(fixture);
  wait_equal(fixture);
  fake_paint(&fixture->fake, (struct oriel_rect){0, 0, 640, 30}, 0x00ff00);
  wait_equal(fixture);
  struct oriel_delivery delivery = fake_next_of(&fixture->fake, asleep, ORIEL_DELIVERY_PICTURE);
  fake_ack(asleep, delivery.packet);
  oriel_packet_unref(delivery.packet);
  delivery = fake_next_of(&fixture->fake, asleep, ORIEL_DELIVERY_PICTURE); /* the change, which was left for it */
  assert_int_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
  oriel_packet_unref(delivery.packet);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(lossless_viewer_gets_the_surface_exactly, set_up, tear_down),
    cmocka_unit_test_setup_teardown(lossless_viewer_follows_another_size, set_up, tear_down),
    cmocka_unit_test_setup_teardown(lossless_viewer_begins_anew_when_it_looks_again, set_up, tear_down),
    cmocka_unit_test_setup_teardown(lossless_viewer_takes_nothing_from_others, set_up, tear_down),
    cmocka_unit_test_setup_teardown(lossless_viewer_waits_for_nobody, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
