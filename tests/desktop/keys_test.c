/* SPDX-License-Identifier: MIT
 *
 * Budgets of key frames: of a peer, whatever it makes anew, and of all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clock.h"
#include "desktop/keys.h"
#include "fake.h"

#define S ORIEL_NS_PER_SECOND
#define MS ORIEL_NS_PER_MS

static void keys_of_a_peer(void **state) {
  (void)state;
  struct oriel_keys keys = {0};
  uint64_t now = 100 * S;
  for (int i = 0; i < 4; i++)
    assert_int_equal(oriel_keys_ask(&keys, 7, now), 0);
  uint64_t next = oriel_keys_ask(&keys, 7, now);
  assert_int_equal(next, now + 4 * S);
  assert_int_equal(oriel_keys_ask(&keys, 7, now + S), next); /* one for all that wait */
  assert_int_equal(oriel_keys_ask(&keys, 8, now), 0);        /* others have their own */
  /* A minute of asking all the time: one in four seconds. */
  unsigned made = 0;
  uint64_t last = 0;
  for (now += 4 * S; now < 164 * S; now += 10 * MS) {
    uint64_t at = oriel_keys_ask(&keys, 7, now);
    made += at != last;
    last = at;
    assert_true(at <= now + 4 * S);
  }
  assert_in_range(made, 13, 16);
  assert_int_equal(oriel_keys_ask(&keys, 7, now + 30 * S), 0);
  for (int i = 0; i < 1000; i++)
    assert_int_equal(oriel_keys_ask(&keys, 0, now), 0);
}

static void keys_of_many_peers(void **state) {
  (void)state;
  struct oriel_keys keys = {0};
  uint64_t now = 100 * S;
  for (uint64_t peer = 1; peer <= 1000; peer++)
    assert_int_equal(oriel_keys_ask(&keys, peer, now += MS), 0);
  for (int i = 0; i < 3; i++) /* the newest are still known */
    assert_int_equal(oriel_keys_ask(&keys, 1000, now), 0);
  assert_true(oriel_keys_ask(&keys, 1000, now) > now);
}

/* A page that hides and shows itself, and one that connects anew all the time, beside one that only looks: the same
 * budget. */
static void keys_of_a_viewer_that_changes_its_mind(void **state) {
  (void)state;
  static struct oriel_desktop_stats stats;
  struct fake fake;
  fake_init(&fake, 64, 64);
  struct oriel_desktop *desktop = fake_desktop(&fake, "null", true);
  const struct oriel_viewer_config config = {.video = true, .peer = 42};
  struct oriel_viewer *bystander = fake_viewer(desktop, ORIEL_ROLE_VIEWER, true, false), *viewer;
  struct oriel_delivery first = fake_next_of(&fake, bystander, ORIEL_DELIVERY_PICTURE);
  assert_true(first.packet && first.packet->key);
  oriel_packet_unref(first.packet);
  const uint64_t begun = oriel_clock_ns();
  for (uint32_t colour = 0; oriel_clock_ns() < begun + 2500 * MS; colour++) {
    assert_int_equal(oriel_viewer_attach(desktop, &config, &viewer), 0);
    fake_paint(&fake, (struct oriel_rect){0, 0, 64, 64}, colour);
    oriel_viewer_want(viewer, false, false);
    oriel_viewer_want(viewer, true, false);
    oriel_viewer_request_key(viewer);
    for (int i = 0; i < 20; i++, fake_yield())
      fake_drain(viewer);
    oriel_viewer_detach(viewer);
    fake_drain(bystander);
  }
  oriel_desktop_stats(desktop, &stats);
  const uint64_t allowed = 1 + 4 + (oriel_clock_ns() - begun) / (4 * S) + 1; /* the bystander's, a burst, one in 4 s */
  assert_in_range(stats.pictures_key, 1, allowed);
  oriel_viewer_detach(bystander);
  oriel_desktop_destroy(desktop);
  fake_finish(&fake);
}

/* Whoever looks alone is no burden to others, and sees a picture after each reload. */
static void keys_of_a_page_that_is_reloaded(void **state) {
  (void)state;
  struct fake fake;
  fake_init(&fake, 64, 64);
  struct oriel_desktop *desktop = fake_desktop(&fake, "null", true);
  const struct oriel_viewer_config config = {.video = true, .peer = 42};
  for (uint32_t round = 0; round < 7; round++) {
    struct oriel_viewer *viewer = NULL;
    fake_paint(&fake, (struct oriel_rect){0, 0, 64, 64}, round);
    assert_int_equal(oriel_viewer_attach(desktop, &config, &viewer), 0);
    struct oriel_delivery delivery = fake_next_of(&fake, viewer, ORIEL_DELIVERY_PICTURE); /* two seconds at most */
    assert_int_equal(delivery.type, ORIEL_DELIVERY_PICTURE);
    assert_true(delivery.packet->key);
    oriel_packet_unref(delivery.packet);
    oriel_viewer_detach(viewer);
  }
  oriel_desktop_destroy(desktop);
  fake_finish(&fake);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(keys_of_a_peer),
    cmocka_unit_test(keys_of_many_peers),
    cmocka_unit_test(keys_of_a_viewer_that_changes_its_mind),
    cmocka_unit_test(keys_of_a_page_that_is_reloaded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
