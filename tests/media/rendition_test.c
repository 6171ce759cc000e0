/* SPDX-License-Identifier: MIT
 *
 * media/rendition: plans by hand-made times and demands; packets of real surfaces.
 */
#include "media/rendition.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"

#define MS ORIEL_NS_PER_MS
#define S ORIEL_NS_PER_SECOND
static const uint64_t start = 1000 * S;

struct fixture {
  struct oriel_surface *surface;
  struct oriel_rendition rendition;
  unsigned rates; /* how often the rate was asked for */
};
static struct fixture test;

static struct oriel_rate rate(void *user, uint16_t width, uint16_t height, uint64_t now_ns) {
  (void)user;
  (void)now_ns;
  assert_true(width >= 64 && height >= 64);
  test.rates++;
  return (struct oriel_rate){.kbps = 4000, .cap_kbps = 8000};
}

static void begin(const char *encoder) {
  oriel_rendition_init(&test.rendition, &(struct oriel_rendition_config){.encoder = encoder, .fps = 60, .rate = rate});
}

static int set_up(void **state) {
  (void)state;
  test.rates = 0;
  begin("null");
  return oriel_surface_create(&test.surface);
}

static int tear_down(void **state) {
  (void)state;
  oriel_rendition_finish(&test.rendition);
  oriel_surface_destroy(test.surface);
  return 0;
}

/* One that looks, has the picture before, and takes tiles. */
static const struct oriel_demand follows = {.subscribers = 1, .live = 1, .live_ready = 1, .tiles = true,
                                            .refinable = true};
static const struct oriel_demand joins = {.subscribers = 1, .tiles = true, .key_due = true};

static struct oriel_rendition_step plan(const struct oriel_demand *demand, bool damaged, uint64_t now_ns) {
  return oriel_rendition_plan(&test.rendition, demand, damaged, now_ns);
}

static int make(enum oriel_rendition_action action, bool tiles, struct oriel_packet **packet) {
  const struct oriel_rendition_step step = {.action = action, .tiles = tiles};
  return oriel_rendition_make(&test.rendition, test.surface, &step, packet);
}

/* Makes one and lets go of it; its sequence. */
static uint32_t made(enum oriel_rendition_action action, bool tiles, enum oriel_packet_kind kind, bool key) {
  struct oriel_packet *packet = NULL;
  assert_int_equal(make(action, tiles, &packet), 0);
  assert_int_equal(packet->kind, kind);
  assert_int_equal(packet->key, key);
  assert_true(packet->captured_ns && packet->taken_ns && packet->converted_ns && packet->encoded_ns);
  assert_true(packet->taken_ns <= packet->encoded_ns);
  const uint32_t sequence = packet->sequence;
  oriel_packet_unref(packet);
  return sequence;
}

static void paint(struct oriel_rect rect, uint8_t value) {
  static uint8_t pixels[640 * 480 * 4];
  for (size_t i = 0; i < sizeof pixels; i++)
    pixels[i] = (uint8_t)(value + i * 31 % 7);
  assert_int_equal(oriel_surface_write(test.surface, rect, pixels, 640 * 4, ORIEL_PIXEL_BGRX8888, 0), 0);
}

/* ---- plans ---- */

static void plan_of_nobody_keeps_no_encoder(void **state) {
  (void)state;
  const uint64_t begun = oriel_clock_ns(); /* what is made has the clock's times */
  const struct oriel_demand nobody = {.tiles = true};
  assert_int_equal(plan(&nobody, true, begun).action, ORIEL_RENDITION_SLEEP);
  assert_int_equal(plan(&nobody, true, begun).wake_ns, 0);
  assert_int_equal(oriel_surface_resize(test.surface, 128, 128), 0);
  made(ORIEL_RENDITION_KEY, true, ORIEL_PACKET_VIDEO, true);
  const struct oriel_rendition_step kept = plan(&nobody, true, begun);
  assert_int_equal(kept.action, ORIEL_RENDITION_SLEEP);
  assert_true(kept.wake_ns > begun && kept.wake_ns <= begun + 10 * S);
  assert_int_equal(plan(&follows, true, begun + S).action, ORIEL_RENDITION_PICTURE); /* somebody came back */
  assert_int_equal(plan(&nobody, true, kept.wake_ns).action, ORIEL_RENDITION_SLEEP);
  assert_int_equal(plan(&nobody, true, kept.wake_ns + 10 * S).action, ORIEL_RENDITION_RELEASE);
  oriel_rendition_release(&test.rendition);
  assert_int_equal(plan(&nobody, true, kept.wake_ns + 20 * S).wake_ns, 0);
}

/* At most four key frames a second, and one a second for long, however many ask. */
static void plan_of_key_frames_has_a_budget(void **state) {
  (void)state;
  assert_int_equal(oriel_surface_resize(test.surface, 64, 64), 0);
  unsigned keys = 0;
  for (uint64_t now = start; now < start + 60 * S; now += 10 * MS) {
    const struct oriel_rendition_step step = plan(&joins, true, now);
    if (step.action == ORIEL_RENDITION_KEY) {
      keys++;
      oriel_rate_limit_take(&test.rendition.key_spacing, now);
      oriel_rate_limit_take(&test.rendition.key_average, now);
      assert_int_not_equal(plan(&joins, true, now + 200 * MS).action, ORIEL_RENDITION_KEY);
    } else {
      assert_true(step.wake_ns > now);
    }
  }
  assert_in_range(keys, 60, 60 + 8);
  const struct oriel_demand waits = {.subscribers = 1, .key_after_ns = start + 7};
  assert_int_equal(plan(&waits, false, start).wake_ns, start + 7);
}

static void plan_of_pictures_keeps_the_pace(void **state) {
  (void)state;
  unsigned pictures = 0;
  for (uint64_t now = start; now < start + S; now += MS) {
    if (plan(&follows, true, now).action != ORIEL_RENDITION_PICTURE)
      continue;
    oriel_rate_limit_take(&test.rendition.pace, now);
    pictures++;
  }
  assert_in_range(pictures, 58, 62);
  assert_int_equal(plan(&follows, false, start + 2 * S).action, ORIEL_RENDITION_SLEEP);
}

/* What nobody can take is not made, and said to be held back once. */
static void plan_without_takers_holds_back(void **state) {
  (void)state;
  const struct oriel_demand busy = {.subscribers = 1, .live = 1, .tiles = true, .blocked = true};
  assert_true(plan(&busy, true, start).held_back);
  assert_int_equal(plan(&busy, true, start).action, ORIEL_RENDITION_SLEEP);
  assert_false(plan(&busy, true, start).held_back);
}

static void plan_of_tiles_asks_everybody(void **state) {
  (void)state;
  struct oriel_demand demand = follows;
  assert_true(plan(&demand, true, start).tiles);
  demand.tiles = false;
  assert_false(plan(&demand, true, start).tiles);
  demand = follows;
  demand.video_due = true;
  const struct oriel_rendition_step step = plan(&demand, false, start); /* without anything new */
  assert_int_equal(step.action, ORIEL_RENDITION_PICTURE);
  assert_true(step.video_due && !step.tiles);
}

/* ---- packets ---- */

static void make_without_a_size_says_so(void **state) {
  (void)state;
  struct oriel_packet *packet = NULL;
  assert_int_equal(make(ORIEL_RENDITION_KEY, true, &packet), -EAGAIN);
  assert_null(packet);
}

static void make_begins_with_a_key_frame(void **state) {
  (void)state;
  assert_int_equal(oriel_surface_resize(test.surface, 640, 480), 0);
  assert_int_equal(made(ORIEL_RENDITION_PICTURE, true, ORIEL_PACKET_VIDEO, true), 2);
  assert_string_equal(oriel_rendition_encoder(&test.rendition), "null");
  struct oriel_packet *packet = NULL;
  assert_int_equal(make(ORIEL_RENDITION_PICTURE, true, &packet), -ENODATA);
  paint((struct oriel_rect){0, 0, 16, 16}, 9);
  assert_int_equal(made(ORIEL_RENDITION_PICTURE, true, ORIEL_PACKET_TILES, false), 3);
  paint((struct oriel_rect){0, 0, 16, 16}, 11);
  assert_int_equal(made(ORIEL_RENDITION_PICTURE, false, ORIEL_PACKET_VIDEO, false), 4);
  assert_true(test.rates > 1);
}

static void make_never_numbers_a_picture_0(void **state) {
  (void)state;
  assert_int_equal(oriel_surface_resize(test.surface, 64, 64), 0);
  test.rendition.sequence = UINT32_MAX;
  assert_int_equal(made(ORIEL_RENDITION_KEY, false, ORIEL_PACKET_VIDEO, true), 1);
}

/* Two of one surface: neither takes from the other. */
static void renditions_share_a_surface(void **state) {
  (void)state;
  static struct oriel_rendition other;
  const struct oriel_rendition_step step = {.action = ORIEL_RENDITION_PICTURE};
  struct oriel_packet *packet = NULL;
  oriel_rendition_init(&other, &(struct oriel_rendition_config){.encoder = "null", .fps = 60, .rate = rate});
  assert_int_equal(oriel_surface_resize(test.surface, 640, 480), 0);
  made(ORIEL_RENDITION_KEY, true, ORIEL_PACKET_VIDEO, true);
  assert_int_equal(oriel_rendition_make(&other, test.surface, &step, &packet), 0);
  assert_true(packet->key);
  oriel_packet_unref(packet);
  paint((struct oriel_rect){32, 32, 16, 16}, 3);
  made(ORIEL_RENDITION_PICTURE, true, ORIEL_PACKET_TILES, false);
  assert_int_equal(oriel_rendition_make(&other, test.surface, &step, &packet), 0);
  assert_int_equal(packet->kind, ORIEL_PACKET_VIDEO);
  assert_int_equal(packet->sequence, 3);
  oriel_packet_unref(packet);
  oriel_rendition_finish(&other);
}

static void make_again_after_an_encoder_that_refused(void **state) {
  (void)state;
  struct oriel_packet *packet = NULL;
  oriel_rendition_finish(&test.rendition);
  begin("no such encoder");
  assert_int_equal(oriel_surface_resize(test.surface, 64, 64), 0);
  assert_true(make(ORIEL_RENDITION_KEY, false, &packet) < 0);
  assert_null(packet);
  const uint64_t now = oriel_clock_ns();
  const struct oriel_rendition_step later = plan(&follows, false, now);
  assert_int_equal(later.action, ORIEL_RENDITION_SLEEP);
  assert_true(later.wake_ns > now);
  assert_int_equal(plan(&follows, false, later.wake_ns).action, ORIEL_RENDITION_PICTURE); /* what was taken is owed */
  test.rendition.config.encoder = "null";
  made(ORIEL_RENDITION_PICTURE, true, ORIEL_PACKET_VIDEO, true);
}

/* A guest that changes its size all the time gets eight encoders a second, and is asked again at their pace. */
static void make_of_sizes_that_never_rest_has_a_bound(void **state) {
  (void)state;
  struct oriel_packet *packet = NULL;
  unsigned pictures = 0;
  const uint64_t begun = oriel_clock_ns();
  for (uint16_t side = 64; side < 1000; side++) {
    assert_int_equal(oriel_surface_resize(test.surface, 64, side), 0);
    const int error = make(ORIEL_RENDITION_KEY, false, &packet);
    if (error) {
      assert_int_equal(error, -EBUSY);
      assert_true(test.rendition.retry_at_ns > begun);
      continue;
    }
    pictures++;
    oriel_packet_unref(packet);
  }
  assert_in_range(pictures, 1, 4 + 1 + (oriel_clock_ns() - begun) * 8 / S); /* a burst of four, then eight a second */
}

/* A still screen: video, then refinement until nothing is owed, and once more what somebody missed. */
static void still_screen_ends_exact(void **state) {
  (void)state;
  assert_int_equal(oriel_surface_resize(test.surface, 256, 128), 0);
  made(ORIEL_RENDITION_KEY, true, ORIEL_PACKET_VIDEO, true);
  uint64_t now = oriel_clock_ns() + 10 * S;
  unsigned parts = 0;
  for (; plan(&follows, false, now).action == ORIEL_RENDITION_REFINE && parts < 100; now += S, parts++)
    made(ORIEL_RENDITION_REFINE, true, ORIEL_PACKET_TILES, false);
  assert_in_range(parts, 1, 8);
  assert_int_equal(plan(&follows, false, now).action, ORIEL_RENDITION_SLEEP);
  struct oriel_demand missed = follows;
  missed.unrefined = true;
  now += 100 * S;
  assert_int_equal(plan(&missed, false, now).action, ORIEL_RENDITION_OWE);
  assert_true(plan(&missed, false, now).wake_ns > now); /* rarely */
  struct oriel_damage part = {0};
  oriel_damage_add(&part, (struct oriel_rect){0, 0, 10, 10});
  oriel_rendition_owe(&test.rendition, &part);
  assert_int_equal(plan(&follows, false, now).action, ORIEL_RENDITION_REFINE);
  made(ORIEL_RENDITION_REFINE, true, ORIEL_PACKET_TILES, false);
  assert_int_equal(plan(&follows, false, now + S).action, ORIEL_RENDITION_SLEEP);
}

static void expect_size(enum oriel_rendition_action action, bool key, unsigned width, unsigned height) {
  struct oriel_packet *packet = NULL;
  assert_int_equal(make(action, false, &packet), 0);
  assert_int_equal(packet->key, key);
  assert_int_equal(packet->width, width);
  assert_int_equal(packet->height, height);
  oriel_packet_unref(packet);
}

/* Pictures smaller than the screen, by the damage alone; another size begins with a key frame. */
static void shrunk_pictures_follow_the_damage(void **state) {
  (void)state;
  assert_int_equal(oriel_surface_resize(test.surface, 643, 481), 0);
  expect_size(ORIEL_RENDITION_KEY, true, 643, 481);
  oriel_rendition_shrink(&test.rendition, 2);
  paint((struct oriel_rect){33, 17, 1, 1}, 3);
  expect_size(ORIEL_RENDITION_PICTURE, true, 321, 240);
  oriel_surface_fill(test.surface, 0xffffff, start);
  expect_size(ORIEL_RENDITION_PICTURE, false, 321, 240);
  const struct oriel_picture *picture = &test.rendition.picture;
  assert_int_equal(picture->y[0], 255);
  const uint8_t black[4] = {0};
  for (int32_t y = 32; y < 96; y++)
    for (int32_t x = 64; x < 128; x++)
      assert_int_equal(oriel_surface_write(test.surface, (struct oriel_rect){x, y, 1, 1}, black, 4,
                                           ORIEL_PIXEL_BGRX8888, 0), 0);
  expect_size(ORIEL_RENDITION_PICTURE, false, 321, 240);
  assert_int_equal(picture->y[16 * picture->stride_y + 32], 0);
  assert_int_equal(picture->y[47 * picture->stride_y + 63], 0);
  assert_int_equal(picture->y[47 * picture->stride_y + 64], 255);
  assert_int_equal(picture->y[15 * picture->stride_y + 63], 255);
  oriel_rendition_shrink(&test.rendition, 4);
  expect_size(ORIEL_RENDITION_KEY, true, 160, 120);
  assert_int_equal(oriel_surface_resize(test.surface, 200, 400), 0); /* a quarter would be below the least size */
  expect_size(ORIEL_RENDITION_KEY, true, 200, 400);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(plan_of_nobody_keeps_no_encoder, set_up, tear_down),
    cmocka_unit_test_setup_teardown(plan_of_key_frames_has_a_budget, set_up, tear_down),
    cmocka_unit_test_setup_teardown(plan_of_pictures_keeps_the_pace, set_up, tear_down),
    cmocka_unit_test_setup_teardown(plan_without_takers_holds_back, set_up, tear_down),
    cmocka_unit_test_setup_teardown(plan_of_tiles_asks_everybody, set_up, tear_down),
    cmocka_unit_test_setup_teardown(make_without_a_size_says_so, set_up, tear_down),
    cmocka_unit_test_setup_teardown(make_begins_with_a_key_frame, set_up, tear_down),
    cmocka_unit_test_setup_teardown(make_never_numbers_a_picture_0, set_up, tear_down),
    cmocka_unit_test_setup_teardown(renditions_share_a_surface, set_up, tear_down),
    cmocka_unit_test_setup_teardown(make_again_after_an_encoder_that_refused, set_up, tear_down),
    cmocka_unit_test_setup_teardown(make_of_sizes_that_never_rest_has_a_bound, set_up, tear_down),
    cmocka_unit_test_setup_teardown(still_screen_ends_exact, set_up, tear_down),
    cmocka_unit_test_setup_teardown(shrunk_pictures_follow_the_damage, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
