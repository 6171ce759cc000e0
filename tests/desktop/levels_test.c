/* SPDX-License-Identifier: MIT
 *
 * desktop/levels: a viewer that carries little beside one that carries much, and its way to the lower rendition and
 * back. The desktop's threads run in the last case; times of looks are the test's own.
 */
#include "desktop/levels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clock.h"
#include "fake.h"

enum { CAP_KBPS = 8000, STEP_MS = 250, STEP_BYTES = 187500 /* of motion: 6 Mbit/s */ };

struct fixture {
  struct fake fake;
  struct oriel_desktop *desktop;
  struct oriel_viewer *fast, *slow;
  uint64_t now_ns;
};

static struct oriel_viewer *attach(struct oriel_desktop *desktop) {
  const struct oriel_viewer_config config = {.video = true};
  struct oriel_viewer *viewer = NULL;
  assert_int_equal(oriel_viewer_attach(desktop, &config, &viewer), 0);
  return viewer;
}

static void begin(struct fixture *fixture, bool start) {
  fake_init(&fixture->fake, 640, 480);
  fixture->desktop = fake_desktop(&fixture->fake, "null", start);
  fixture->fast = attach(fixture->desktop);
  fixture->slow = attach(fixture->desktop);
  fixture->now_ns = oriel_clock_ns();
  oriel_viewer_carries(fixture->fast, 20000);
  oriel_viewer_carries(fixture->slow, 1000);
}

static int set_up(void **state) {
  static struct fixture fixture;
  begin(&fixture, false);
  *state = &fixture;
  return 0;
}

static int set_up_running(void **state) {
  static struct fixture fixture;
  begin(&fixture, true);
  *state = &fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  fake_end(&fixture->fake, fixture->desktop);
  return 0;
}

static uint32_t kbps_of(struct fixture *fixture, enum oriel_channel_kind kind) {
  pthread_mutex_lock(&fixture->desktop->hub.lock);
  oriel_hub_refer_locked(&fixture->desktop->hub);
  pthread_mutex_unlock(&fixture->desktop->hub.lock);
  return oriel_channel_kbps(&fixture->desktop->hub.channels[kind], CAP_KBPS, oriel_clock_ns());
}

static uint32_t publish(struct fixture *fixture, enum oriel_channel_kind kind, bool key, size_t size) {
  static uint32_t sequence = 1;
  struct oriel_packet *packet = oriel_packet_create(ORIEL_PACKET_VIDEO, size);
  assert_non_null(packet);
  packet->key = key;
  packet->sequence = ++sequence;
  packet->captured_ns = packet->encoded_ns = oriel_clock_ns();
  oriel_desktop_publish(fixture->desktop, kind, packet);
  return sequence;
}

/* So long the screen moves, or stands still; who looks takes what it gets. How many pictures the fast one missed. */
static unsigned pass(struct fixture *fixture, bool moves, unsigned ms) {
  unsigned missed = 0;
  for (unsigned at = 0; at < ms; at += STEP_MS) {
    (void)kbps_of(fixture, ORIEL_CHANNEL_VIDEO);
    const uint32_t sequence = publish(fixture, ORIEL_CHANNEL_VIDEO, false, moves ? STEP_BYTES : 100);
    missed += fake_take_picture(fixture->fast) != sequence;
    (void)fake_take_picture(fixture->slow);
    fixture->now_ns += STEP_MS * ORIEL_NS_PER_MS;
    oriel_desktop_look(fixture->desktop, fixture->now_ns);
  }
  return missed;
}

static void first_picture(struct fixture *fixture) {
  const uint32_t key = publish(fixture, ORIEL_CHANNEL_VIDEO, true, 1000);
  assert_int_equal(fake_take_picture(fixture->fast), key);
  assert_int_equal(fake_take_picture(fixture->slow), key);
}

static void slow_viewer_goes_low_and_the_fast_one_keeps_its_rate(void **state) {
  struct fixture *fixture = *state;
  first_picture(fixture);
  assert_int_equal(pass(fixture, true, 4000), 0);
  assert_int_equal(fixture->slow->kind, ORIEL_CHANNEL_LOW);
  assert_int_equal(fixture->fast->kind, ORIEL_CHANNEL_VIDEO);
  assert_int_equal(kbps_of(fixture, ORIEL_CHANNEL_VIDEO), CAP_KBPS);
  assert_int_equal(kbps_of(fixture, ORIEL_CHANNEL_LOW), 1000);
  assert_int_equal(fake_take_picture(fixture->slow), 0); /* nothing of the first any more */
  publish(fixture, ORIEL_CHANNEL_LOW, false, 1000);
  assert_int_equal(fake_take_picture(fixture->slow), 0); /* and of the lower one first a key frame */
  const uint32_t key = publish(fixture, ORIEL_CHANNEL_LOW, true, 1000);
  assert_int_equal(fake_take_picture(fixture->slow), key);
  const uint32_t next = publish(fixture, ORIEL_CHANNEL_LOW, false, 1000);
  assert_int_equal(fake_take_picture(fixture->slow), next);
}

static void slow_viewer_comes_back_when_it_carries_enough(void **state) {
  struct fixture *fixture = *state;
  first_picture(fixture);
  (void)pass(fixture, true, 4000);
  assert_int_equal(fixture->slow->kind, ORIEL_CHANNEL_LOW);
  oriel_viewer_carries(fixture->slow, 20000);
  assert_int_equal(pass(fixture, true, 4500), 0);
  assert_int_equal(fixture->slow->kind, ORIEL_CHANNEL_LOW);
  assert_int_equal(pass(fixture, true, 1000), 0);
  assert_int_equal(fixture->slow->kind, ORIEL_CHANNEL_VIDEO);
  const uint32_t key = publish(fixture, ORIEL_CHANNEL_VIDEO, true, 1000);
  assert_int_equal(fake_take_picture(fixture->slow), key);
  assert_int_equal(fake_take_picture(fixture->fast), key);
}

static void rate_follows_the_slowest_of_those_who_count(void **state) {
  struct fixture *fixture = *state;
  first_picture(fixture);
  oriel_viewer_carries(fixture->slow, 5000); /* more than half of what the other gets */
  assert_int_equal(pass(fixture, true, 4000), 0);
  assert_int_equal(fixture->slow->kind, ORIEL_CHANNEL_VIDEO);
  assert_int_equal(kbps_of(fixture, ORIEL_CHANNEL_VIDEO), 5000);
}

static void nobody_goes_low_without_a_better_one_or_motion(void **state) {
  struct fixture *fixture = *state;
  first_picture(fixture);
  assert_int_equal(pass(fixture, false, 10000), 0);
  assert_int_equal(fixture->slow->kind, ORIEL_CHANNEL_VIDEO);
  oriel_viewer_carries(fixture->fast, 1200);
  assert_int_equal(pass(fixture, true, 10000), 0);
  assert_int_equal(fixture->slow->kind, ORIEL_CHANNEL_VIDEO);
  assert_int_equal(fixture->fast->kind, ORIEL_CHANNEL_VIDEO);
  assert_int_equal(kbps_of(fixture, ORIEL_CHANNEL_VIDEO), 1000);
}

/* One picture, acknowledged: of which rendition, and whether it is a key frame. */
static struct oriel_packet *picture(struct fixture *fixture, struct oriel_viewer *viewer) {
  struct oriel_delivery delivery = fake_next_of(&fixture->fake, viewer, ORIEL_DELIVERY_PICTURE);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
  fake_ack(viewer, delivery.packet);
  return delivery.packet;
}

static void lower_rendition_is_smaller_and_begins_with_a_key_frame(void **state) {
  struct fixture *fixture = *state;
  const struct oriel_rect all = {0, 0, 640, 480};
  struct oriel_packet *packet = NULL;
  bool low = false;
  oriel_viewer_carries(fixture->slow, 200);
  for (unsigned i = 0; i < 100 && !low; i++) {
    fake_paint(&fixture->fake, all, i);
    oriel_packet_unref(picture(fixture, fixture->fast));
    oriel_packet_unref(packet);
    packet = picture(fixture, fixture->slow);
    low = packet->rendition == ORIEL_CHANNEL_LOW;
    fixture->now_ns += STEP_MS * ORIEL_NS_PER_MS;
    fixture->desktop->hub.levels.used_kbps[ORIEL_CHANNEL_VIDEO] = 6000; /* of the test's time */
    oriel_desktop_look(fixture->desktop, fixture->now_ns);
  }
  assert_true(low && packet->key);
  assert_int_equal(packet->width, 320);
  assert_int_equal(packet->height, 240);
  oriel_packet_unref(packet);
  for (unsigned i = 0; i < 5; i++) { /* and the fast one goes on as before */
    fake_paint(&fixture->fake, all, 1000 + i);
    packet = picture(fixture, fixture->fast);
    assert_int_equal(packet->rendition, ORIEL_CHANNEL_VIDEO);
    assert_int_equal(packet->width, 640);
    oriel_packet_unref(packet);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(slow_viewer_goes_low_and_the_fast_one_keeps_its_rate, set_up, tear_down),
    cmocka_unit_test_setup_teardown(slow_viewer_comes_back_when_it_carries_enough, set_up, tear_down),
    cmocka_unit_test_setup_teardown(rate_follows_the_slowest_of_those_who_count, set_up, tear_down),
    cmocka_unit_test_setup_teardown(nobody_goes_low_without_a_better_one_or_motion, set_up, tear_down),
    cmocka_unit_test_setup_teardown(lower_rendition_is_smaller_and_begins_with_a_key_frame, set_up_running,
                                    tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
