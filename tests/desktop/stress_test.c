/* SPDX-License-Identifier: MIT
 *
 * desktop: everything at once. A pattern in motion with its tone, a second thread that asks for snapshots, statistics
 * and commands, and the network thread that attaches, acknowledges, stalls, types and detaches. Meant for TSan and
 * ASan; the assertions hold whatever the timing.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/clock.h"
#include "fake.h"

enum { VIEWERS = 12, ROUNDS = 400 };

struct other {
  struct oriel_desktop *desktop;
  atomic_bool stop;
  unsigned snapshots;
};

static void *other_thread(void *argument) {
  struct other *other = argument;
  struct oriel_desktop_stats *stats = malloc(sizeof *stats);
  for (unsigned i = 0; !atomic_load(&other->stop); i++) {
    uint8_t *png = NULL;
    size_t size = 0;
    oriel_desktop_stats(other->desktop, stats);
    if (i % 16 == 0 && fake_snapshot(other->desktop, &png, &size) == 0)
      other->snapshots += size > 0;
    if (i % 8 == 3)
      oriel_desktop_command(other->desktop, i & 16 ? ORIEL_COMMAND_PAUSE : ORIEL_COMMAND_RESUME);
    free(png);
    fake_yield();
  }
  oriel_desktop_command(other->desktop, ORIEL_COMMAND_RESUME);
  free(stats);
  return NULL;
}

static struct oriel_desktop *pattern_desktop(const char *address) {
  struct oriel_source *source = NULL;
  struct oriel_desktop *desktop = NULL;
  char why[200];
  const struct oriel_desktop_config config = {.fps = 60, .opus_frame_ms = 10, .opus_kbps = 64};
  assert_int_equal(oriel_source_create(address, &source, why, sizeof why), 0);
  assert_int_equal(oriel_desktop_create(&config, source, &desktop), 0);
  assert_int_equal(oriel_desktop_start(desktop), 0);
  return desktop;
}

/* What one viewer does in one round; returns whether a picture came. */
static bool serve(struct oriel_viewer *viewer, bool acknowledges) {
  struct oriel_delivery delivery;
  bool picture = false;
  while (oriel_viewer_pending(viewer) && oriel_viewer_next(viewer, &delivery)) {
    if (delivery.type == ORIEL_DELIVERY_PICTURE) {
      picture = true;
      if (acknowledges)
        fake_ack(viewer, delivery.packet);
      else
        oriel_viewer_sent(viewer, delivery.packet, oriel_clock_ns());
    }
    oriel_packet_unref(delivery.packet);
  }
  return picture;
}

static void type(struct oriel_viewer *viewer, uint32_t random) {
  struct oriel_input input = {.type = ORIEL_INPUT_KEY, .key = {(uint16_t)(4 + random % 26), random & 1}};
  oriel_viewer_input(viewer, &input);
  input = (struct oriel_input){.type = ORIEL_INPUT_POINTER, .pointer = {(uint16_t)(random % 700), 100}};
  oriel_viewer_input(viewer, &input);
}

static void random_act(struct oriel_desktop *desktop, struct oriel_viewer **viewer, uint32_t random) {
  if (!*viewer) {
    *viewer = fake_viewer(desktop, random & 1 ? ORIEL_ROLE_CONTROLLER : ORIEL_ROLE_VIEWER, random & 2, random & 4);
    return;
  }
  switch (random % 16) {
  case 0:
    oriel_viewer_detach(*viewer);
    *viewer = NULL;
    break;
  case 1:
    oriel_viewer_request_key(*viewer);
    break;
  case 2:
    oriel_viewer_want(*viewer, random & 32, random & 64);
    break;
  case 3:
    oriel_viewer_control(*viewer, random & 32);
    break;
  case 4:
    oriel_viewer_rtt(*viewer, random % 100000);
    break;
  case 5:
    oriel_viewer_resize(*viewer, (uint16_t)(320 + random % 64), 240);
    break;
  default:
    type(*viewer, random >> 8);
  }
}

static void desktop_survives_everything_at_once(void **state) {
  (void)state;
  struct oriel_desktop *desktop = pattern_desktop("pattern:?size=320x240&scene=motion&fps=60");
  struct oriel_viewer *viewers[VIEWERS] = {0};
  struct other other = {.desktop = desktop};
  pthread_t thread;
  uint32_t random = 1;
  unsigned pictures = 0;
  assert_int_equal(pthread_create(&thread, NULL, other_thread, &other), 0);
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < VIEWERS; i++) {
      random = random * 1664525u + 1013904223u;
      if (random >> 30 == 0)
        random_act(desktop, &viewers[i], random >> 8);
      if (viewers[i] && i % 4) /* every fourth never drains */
        pictures += serve(viewers[i], i % 4 != 1);
    }
    fake_yield();
  }
  atomic_store(&other.stop, true);
  pthread_join(thread, NULL);
  for (int i = 0; i < VIEWERS; i++)
    oriel_viewer_detach(viewers[i]);
  assert_true(pictures > 10);
  assert_true(other.snapshots > 0);
  struct oriel_desktop_stats *stats = malloc(sizeof *stats);
  oriel_desktop_stats(desktop, stats);
  assert_int_equal(stats->viewers, 0);
  assert_int_equal(stats->watching, 0);
  assert_int_equal(stats->encode_failures, 0);
  assert_int_equal(stats->controller, 0);
  free(stats);
  oriel_desktop_destroy(desktop);
}

static void desktop_comes_and_goes(void **state) {
  (void)state;
  for (int i = 0; i < 20; i++) {
    struct oriel_desktop *desktop = pattern_desktop("pattern:?size=128x128&scene=scroll&fps=120");
    struct oriel_viewer *viewer = fake_viewer(desktop, ORIEL_ROLE_CONTROLLER, true, true);
    uint64_t until = oriel_clock_ns() + 2 * ORIEL_NS_PER_SECOND;
    while (i % 2 && !serve(viewer, true) && oriel_clock_ns() < until)
      fake_yield();
    oriel_viewer_detach(viewer);
    oriel_desktop_destroy(desktop);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(desktop_survives_everything_at_once),
    cmocka_unit_test(desktop_comes_and_goes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
