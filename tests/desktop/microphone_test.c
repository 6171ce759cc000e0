/* SPDX-License-Identifier: MIT
 *
 * Whose microphone is taken, and what viewers are told about it. Without the desktop's threads.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clock.h"
#include "fake.h"

static struct {
  struct fake fake;
  struct oriel_desktop *desktop;
} test;

static int begin(void **state) {
  (void)state;
  fake_init(&test.fake, 64, 64);
  test.desktop = fake_desktop(&test.fake, "null", false);
  assert_int_equal(oriel_source_start(test.desktop->source, &test.desktop->sink), 0);
  return 0;
}

static int end(void **state) {
  (void)state;
  oriel_desktop_destroy(test.desktop);
  fake_finish(&test.fake);
  return 0;
}

static struct oriel_viewer *join(enum oriel_role role, bool microphone) {
  struct oriel_viewer *viewer = NULL;
  const struct oriel_viewer_config config = {.role = role, .video = true, .microphone = microphone};
  assert_int_equal(oriel_viewer_attach(test.desktop, &config, &viewer), 0);
  return viewer;
}

static const struct oriel_microphone packet = {.opus = "\xF8", .size = 1, .sequence = 1, .captured_ns = 1};
static const struct oriel_microphone ends = {.size = 0};

/* The newest state in the mailbox; fails when there is none. */
static void expect(struct oriel_viewer *viewer, enum oriel_microphone_use use, uint32_t owner) {
  struct oriel_delivery delivery, found = {.type = ORIEL_DELIVERY_NONE};
  while (oriel_viewer_next(viewer, &delivery)) {
    oriel_packet_unref(delivery.packet);
    if (delivery.type == ORIEL_DELIVERY_MICROPHONE)
      found = delivery;
  }
  assert_int_equal(found.type, ORIEL_DELIVERY_MICROPHONE);
  assert_int_equal(found.microphone.use, use);
  assert_int_equal(found.microphone.owner, owner);
}

static void expect_nothing(struct oriel_viewer *viewer) {
  struct oriel_delivery delivery;
  while (oriel_viewer_next(viewer, &delivery)) {
    oriel_packet_unref(delivery.packet);
    assert_int_not_equal(delivery.type, ORIEL_DELIVERY_MICROPHONE);
  }
}

static void microphone_only_of_the_controller(void **state) {
  (void)state;
  struct oriel_viewer *first = join(ORIEL_ROLE_CONTROLLER, true), *watcher = join(ORIEL_ROLE_VIEWER, true);
  expect(first, ORIEL_MICROPHONE_NOWHERE, 0);
  expect(watcher, ORIEL_MICROPHONE_NOWHERE, 0);
  assert_int_equal(oriel_viewer_microphone(watcher, &packet), -EPERM);
  assert_int_equal(oriel_viewer_microphone(watcher, &ends), -EPERM);
  assert_int_equal(test.fake.microphones, 0);
  assert_int_equal(oriel_viewer_microphone(first, &packet), 0);
  assert_int_equal(oriel_viewer_microphone(first, &packet), 0);
  assert_int_equal(test.fake.microphones, 2);
  expect(watcher, ORIEL_MICROPHONE_NOWHERE, oriel_viewer_id(first));
  expect(first, ORIEL_MICROPHONE_NOWHERE, oriel_viewer_id(first));
  expect_nothing(first); /* told of changes, not of packets */
  /* Another takes the controls: the first is heard no longer, and the source is told that its sound ends. */
  struct oriel_viewer *second = join(ORIEL_ROLE_CONTROLLER, true);
  expect(first, ORIEL_MICROPHONE_NOWHERE, 0);
  assert_int_equal(test.fake.microphone_ends, 1);
  assert_int_equal(oriel_viewer_microphone(first, &packet), -EPERM);
  assert_int_equal(oriel_viewer_microphone(second, &packet), 0);
  expect(first, ORIEL_MICROPHONE_NOWHERE, oriel_viewer_id(second));
  assert_int_equal(oriel_viewer_microphone(second, &ends), 0);
  expect(first, ORIEL_MICROPHONE_NOWHERE, 0);
  assert_int_equal(test.fake.microphone_ends, 2);
  /* It leaves while it talks. */
  assert_int_equal(oriel_viewer_microphone(second, &packet), 0);
  oriel_viewer_detach(second);
  expect(watcher, ORIEL_MICROPHONE_NOWHERE, 0);
  assert_int_equal(test.fake.microphone_ends, 3);
  oriel_viewer_detach(first);
  oriel_viewer_detach(watcher);
}

static void microphone_use_is_told_to_those_who_ask(void **state) {
  (void)state;
  struct oriel_viewer *viewer = join(ORIEL_ROLE_CONTROLLER, true), *old = join(ORIEL_ROLE_VIEWER, false);
  const struct oriel_source_sink *sink = test.fake.sink;
  expect(viewer, ORIEL_MICROPHONE_NOWHERE, 0);
  sink->microphone(sink->user, ORIEL_MICROPHONE_READY);
  assert_true(oriel_viewer_pending(viewer));
  sink->microphone(sink->user, ORIEL_MICROPHONE_TAKEN);
  expect(viewer, ORIEL_MICROPHONE_TAKEN, 0);
  sink->microphone(sink->user, ORIEL_MICROPHONE_TAKEN);
  expect_nothing(viewer);
  oriel_desktop_look(test.desktop, oriel_clock_ns()); /* without a guest's stream: no news */
  expect_nothing(viewer);
  expect_nothing(old); /* a page that does not know the message */
  struct oriel_viewer *late = join(ORIEL_ROLE_VIEWER, true);
  expect(late, ORIEL_MICROPHONE_TAKEN, 0);
  oriel_viewer_detach(viewer);
  oriel_viewer_detach(old);
  oriel_viewer_detach(late);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(microphone_only_of_the_controller, begin, end),
    cmocka_unit_test_setup_teardown(microphone_use_is_told_to_those_who_ask, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
