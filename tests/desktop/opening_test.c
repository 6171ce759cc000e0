/* SPDX-License-Identifier: MIT
 *
 * desktop/opening: what a newcomer gets before its key frame. Real threads; every wait has a bound. The linker puts this
 * file's clock and its way to sleep until a time in place of core's.
 */
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/waiter.h"
#include "fake.h"
#include "media/tiles.h"

enum { WIDTH = 640, HEIGHT = 480, SIZE = WIDTH * HEIGHT * 4 };

uint64_t __real_oriel_clock_ns(void);
uint64_t __wrap_oriel_clock_ns(void);
bool __real_oriel_waiter_wait(struct oriel_waiter *waiter, uint64_t until_ns);
bool __wrap_oriel_waiter_wait(struct oriel_waiter *waiter, uint64_t until_ns);

static atomic_uint_fast64_t stopped_ns; /* the clock stands still here: whoever sleeps until a time sleeps on; 0 = not */
static sem_t slept;                     /* posted as one falls into such a sleep */

uint64_t __wrap_oriel_clock_ns(void) {
  const uint64_t at_ns = atomic_load(&stopped_ns);
  return at_ns ? at_ns : __real_oriel_clock_ns();
}

bool __wrap_oriel_waiter_wait(struct oriel_waiter *waiter, uint64_t until_ns) {
  if (!until_ns || !atomic_load(&stopped_ns))
    return __real_oriel_waiter_wait(waiter, until_ns);
  (void)sem_post(&slept);
  return __real_oriel_waiter_wait(waiter, 0);
}

struct fixture {
  struct fake fake;
  struct oriel_desktop *desktop;
};

static int begin(void **state) {
  (void)state;
  return sem_init(&slept, 0, 0);
}

static int end(void **state) {
  (void)state;
  return sem_destroy(&slept);
}

static int set_up(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  fake_init(&fixture->fake, WIDTH, HEIGHT);
  fake_noise(&fixture->fake, (struct oriel_rect){60, 60, 64, 64}, 7);
  fixture->desktop = fake_desktop(&fixture->fake, "null", true);
  *state = fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  atomic_store(&stopped_ns, 0);
  oriel_hub_wake(&fixture->desktop->hub, 0);
  fake_end(&fixture->fake, fixture->desktop);
  free(fixture);
  return 0;
}

static struct oriel_viewer *join(struct fixture *fixture, bool opening) {
  const struct oriel_viewer_config config = {.video = true, .tiles = true, .opening = opening};
  struct oriel_viewer *viewer = NULL;
  assert_int_equal(oriel_viewer_attach(fixture->desktop, &config, &viewer), 0);
  return viewer;
}

static struct oriel_packet *next_picture(struct fixture *fixture, struct oriel_viewer *viewer) {
  struct oriel_delivery delivery = fake_next_of(&fixture->fake, viewer, ORIEL_DELIVERY_PICTURE);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
  fake_ack(viewer, delivery.packet);
  return delivery.packet;
}

/* Its first picture is whole, and what the guest shows; returns its number. */
static uint32_t assert_opening(struct fixture *fixture, struct oriel_viewer *viewer) {
  struct oriel_packet *packet = next_picture(fixture, viewer);
  struct oriel_surface_view view;
  uint8_t *shown = calloc(1, SIZE);
  assert_non_null(shown);
  assert_int_equal(packet->kind, ORIEL_PACKET_TILES);
  assert_true(packet->key);
  assert_false(packet->sharpening);
  assert_int_equal(oriel_tiles_decode(packet->data, packet->size, shown, WIDTH * 4, WIDTH, HEIGHT), 0);
  oriel_surface_lock(fixture->fake.surface, NULL, &view);
  for (size_t i = 0; i < WIDTH * HEIGHT; i++)
    assert_memory_equal(shown + 4 * i, view.bgrx + 4 * i, 3);
  oriel_surface_unlock(fixture->fake.surface, NULL);
  free(shown);
  const uint32_t sequence = packet->sequence;
  oriel_packet_unref(packet);
  return sequence;
}

static uint32_t assert_key(struct fixture *fixture, struct oriel_viewer *viewer) {
  struct oriel_packet *packet = next_picture(fixture, viewer);
  assert_int_equal(packet->kind, ORIEL_PACKET_VIDEO);
  assert_true(packet->key);
  const uint32_t sequence = packet->sequence;
  oriel_packet_unref(packet);
  return sequence;
}

static uint64_t openings(struct fixture *fixture) {
  static struct oriel_desktop_stats stats;
  oriel_desktop_stats(fixture->desktop, &stats);
  return stats.openings;
}

static void opening_goes_before_the_key_frame(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = join(fixture, true);
  const uint32_t opening = assert_opening(fixture, viewer);
  assert_true(opening > 0);
  assert_int_equal(assert_key(fixture, viewer), opening + 1);
  fake_paint(&fixture->fake, (struct oriel_rect){0, 0, 32, 32}, 0x123456);
  struct oriel_packet *packet = next_picture(fixture, viewer); /* and it goes on as ever */
  assert_int_equal(packet->sequence, opening + 2);
  assert_false(packet->key);
  oriel_packet_unref(packet);
  assert_int_equal(openings(fixture), 1);
}

static void opening_is_for_those_who_take_it(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *plain = join(fixture, false);
  const uint32_t first = assert_key(fixture, plain);
  assert_int_equal(openings(fixture), 0);
  fake_paint(&fixture->fake, (struct oriel_rect){0, 0, 32, 32}, 0x123456);
  oriel_packet_unref(next_picture(fixture, plain));
  struct oriel_viewer *newcomer = join(fixture, true);
  assert_int_equal(assert_opening(fixture, newcomer), first + 1);
  const uint32_t key = assert_key(fixture, newcomer);
  assert_int_equal(key, first + 2);
  assert_int_equal(assert_key(fixture, plain), key); /* no number is missing */
}

/* As a wallpaper: nothing would be won. */
static void screen_that_codes_large_has_none(void **state) {
  struct fixture *fixture = *state;
  fake_noise(&fixture->fake, (struct oriel_rect){0, 0, WIDTH, HEIGHT}, 5);
  struct oriel_viewer *viewer = join(fixture, true);
  assert_key(fixture, viewer);
  assert_int_equal(openings(fixture), 0);
}

/* While the page says hello; the key frame comes after it, whenever it is made. */
static void expected_viewer_finds_it(void **state) {
  struct fixture *fixture = *state;
  oriel_desktop_expect(fixture->desktop);
  fake_wait_stat(fixture->desktop, openings, 1);
  struct oriel_viewer *viewer = join(fixture, true);
  struct oriel_viewer *second = join(fixture, true); /* it is what the screen shows, still */
  const uint32_t opening = assert_opening(fixture, viewer);
  assert_int_equal(assert_opening(fixture, second), opening);
  assert_int_equal(assert_key(fixture, viewer), opening + 1);
  assert_int_equal(assert_key(fixture, second), opening + 1);
  assert_int_equal(openings(fixture), 1);
}

/* A page that says nothing, and a screen that changes meanwhile: the key frame comes all the same. */
static void key_frame_does_not_wait_for_long(void **state) {
  struct fixture *fixture = *state;
  for (int news = 0; news < 2; news++) {
    struct oriel_viewer *viewer = join(fixture, true);
    struct oriel_delivery delivery = fake_next_of(&fixture->fake, viewer, ORIEL_DELIVERY_PICTURE);
    assert_int_equal(delivery.packet->kind, ORIEL_PACKET_TILES);
    oriel_packet_unref(delivery.packet);
    if (news)
      fake_paint(&fixture->fake, (struct oriel_rect){0, 0, 32, 32}, 0x777777);
    assert_key(fixture, viewer);
    oriel_viewer_detach(viewer);
  }
}

/* The media thread looks anew, and falls asleep until a time that does not come. */
static void fall_asleep(struct fixture *fixture) {
  struct timespec until;
  while (!sem_trywait(&slept))
    ;
  oriel_hub_wake(&fixture->desktop->hub, 0);
  assert_int_equal(clock_gettime(CLOCK_REALTIME, &until), 0);
  until.tv_sec += 10;
  assert_int_equal(sem_timedwait(&slept, &until), 0);
}

/* The page's word that it shows the opening is all that the key frame waits for: no time has to come. */
static void shown_opening_brings_the_key_frame(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *other = join(fixture, true);
  assert_opening(fixture, other);
  assert_key(fixture, other);
  fake_paint(&fixture->fake, (struct oriel_rect){0, 0, 32, 32}, 0x654321);
  oriel_packet_unref(next_picture(fixture, other)); /* no key frame is there for who comes, and nothing is new */
  atomic_store(&stopped_ns, oriel_clock_ns());
  struct oriel_viewer *viewer = join(fixture, true);
  struct oriel_delivery delivery = fake_next_of(&fixture->fake, viewer, ORIEL_DELIVERY_PICTURE);
  assert_int_equal(delivery.packet->kind, ORIEL_PACKET_TILES);
  const uint32_t opening = delivery.packet->sequence;
  const uint64_t now_ns = oriel_clock_ns();
  oriel_viewer_sent(viewer, delivery.packet, now_ns);
  oriel_packet_unref(delivery.packet);
  oriel_viewer_ack(viewer, &(struct oriel_viewer_ack){.received = opening, .received_ns = now_ns});
  fall_asleep(fixture);
  atomic_store(&stopped_ns, 0); /* which wakes nobody */
  oriel_viewer_ack(viewer, &(struct oriel_viewer_ack){.decoded = opening, .painted = opening, .decoded_ns = now_ns,
                                                       .painted_ns = now_ns});
  assert_int_equal(assert_key(fixture, viewer), opening + 1);
}

/* It shows what was. */
static void old_opening_is_not_handed_over(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = join(fixture, true);
  assert_opening(fixture, viewer);
  assert_key(fixture, viewer);
  fake_paint(&fixture->fake, (struct oriel_rect){0, 0, 32, 32}, 0x654321);
  oriel_packet_unref(next_picture(fixture, viewer));
  struct oriel_viewer *second = join(fixture, true);
  assert_opening(fixture, second); /* compares it with what is shown now */
  assert_int_equal(openings(fixture), 2);
}

static void opening_of_a_hidden_page_is_dropped(void **state) {
  struct fixture *fixture = *state;
  oriel_desktop_expect(fixture->desktop);
  fake_wait_stat(fixture->desktop, openings, 1);
  struct oriel_viewer *viewer = join(fixture, true);
  oriel_viewer_want(viewer, false, false);
  struct oriel_delivery delivery;
  while (oriel_viewer_next(viewer, &delivery)) {
    assert_int_not_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
    oriel_packet_unref(delivery.packet);
  }
  oriel_viewer_want(viewer, true, false); /* it begins anew, with the key frame where one has been made meanwhile */
  struct oriel_packet *first = next_picture(fixture, viewer);
  const bool is_opening = first->kind == ORIEL_PACKET_TILES;
  assert_true(first->key);
  oriel_packet_unref(first);
  if (is_opening)
    assert_key(fixture, viewer);
}

/* Whoever asks for a key frame later has a picture: nothing goes before it. */
static void later_key_frames_have_none(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *viewer = join(fixture, true);
  assert_opening(fixture, viewer);
  assert_key(fixture, viewer);
  oriel_viewer_request_key(viewer);
  assert_key(fixture, viewer);
  assert_int_equal(openings(fixture), 1);
}

/* A page that is reloaded beside others has to wait for its key frame, not for a picture. */
static void opening_does_not_wait_for_the_key_frame(void **state) {
  struct fixture *fixture = *state;
  struct oriel_viewer *other = join(fixture, false);
  assert_key(fixture, other);
  const struct oriel_viewer_config config = {.video = true, .tiles = true, .opening = true, .peer = 42};
  for (uint32_t round = 0; round < 8; round++) { /* four key frames at once, then one in 4 s; a picture within 2 */
    struct oriel_viewer *viewer = NULL;
    fake_paint(&fixture->fake, (struct oriel_rect){0, 0, 32, 32}, round);
    oriel_packet_unref(next_picture(fixture, other));
    assert_int_equal(oriel_viewer_attach(fixture->desktop, &config, &viewer), 0);
    assert_opening(fixture, viewer);
    oriel_viewer_detach(viewer);
    fake_drain(other);
  }
}

int main(void) {
#define opening_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
    opening_test(opening_goes_before_the_key_frame),
    opening_test(opening_is_for_those_who_take_it),
    opening_test(screen_that_codes_large_has_none),
    opening_test(expected_viewer_finds_it),
    opening_test(key_frame_does_not_wait_for_long),
    opening_test(shown_opening_brings_the_key_frame),
    opening_test(old_opening_is_not_handed_over),
    opening_test(opening_of_a_hidden_page_is_dropped),
    opening_test(later_key_frames_have_none),
    opening_test(opening_does_not_wait_for_the_key_frame),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
