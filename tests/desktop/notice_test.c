/* SPDX-License-Identifier: MIT
 *
 * A source that says everything thousands of times: each kind keeps to its budget, and the last word is heard.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "fake.h"

enum { TIMES = 20000 };

struct fixture {
  struct fake fake;
  struct oriel_desktop *desktop;
  struct oriel_viewer *viewer;
};

static struct fixture test;

static int set_up(void **state) {
  (void)state;
  fake_init(&test.fake, 64, 64);
  test.desktop = fake_desktop(&test.fake, "null", true);
  const struct oriel_viewer_config config = {.video = true, .audio = true, .microphone = true};
  assert_int_equal(oriel_viewer_attach(test.desktop, &config, &test.viewer), 0);
  fake_drain(test.viewer);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  oriel_viewer_detach(test.viewer);
  oriel_desktop_destroy(test.desktop);
  fake_finish(&test.fake);
  return 0;
}

static void say_position(const struct oriel_source_sink *sink, int i) {
  sink->cursor_moved(sink->user, i, -i, i & 1);
}

static void say_volume(const struct oriel_source_sink *sink, int i) {
  sink->volume(sink->user, (float)i / TIMES, 0, i & 1);
}

static void say_state(const struct oriel_source_sink *sink, int i) {
  sink->state(sink->user, i & 1 ? ORIEL_SOURCE_PAUSED : ORIEL_SOURCE_RUNNING, "why");
}

static void say_mode(const struct oriel_source_sink *sink, int i) {
  sink->pointer_mode(sink->user, i & 1);
}

static void say_microphone(const struct oriel_source_sink *sink, int i) {
  sink->microphone(sink->user, i & 1 ? ORIEL_MICROPHONE_TAKEN : ORIEL_MICROPHONE_READY);
}

static void say_abilities(const struct oriel_source_sink *sink, int i) {
  sink->abilities(sink->user, &(struct oriel_source_abilities){.resize = i & 1});
}

static bool last_position(const struct oriel_delivery *delivery, int last) {
  return delivery->cursor_position.x == last;
}

static bool last_volume(const struct oriel_delivery *delivery, int last) {
  return delivery->volume.left == (float)last / TIMES;
}

static bool last_state(const struct oriel_delivery *delivery, int last) {
  return delivery->state.state == (last & 1 ? ORIEL_SOURCE_PAUSED : ORIEL_SOURCE_RUNNING);
}

static bool last_mode(const struct oriel_delivery *delivery, int last) {
  return delivery->state.absolute_pointer == (last & 1);
}

static bool last_microphone(const struct oriel_delivery *delivery, int last) {
  return delivery->microphone.use == (last & 1 ? ORIEL_MICROPHONE_TAKEN : ORIEL_MICROPHONE_READY);
}

static bool last_abilities(const struct oriel_delivery *delivery, int last) {
  return delivery->abilities.resize == (last & 1);
}

static const struct kind {
  const char *name;
  enum oriel_delivery_type type;
  unsigned rate, burst; /* what viewers may be sent: a second, and at once */
  void (*say)(const struct oriel_source_sink *sink, int i);
  bool (*last)(const struct oriel_delivery *delivery, int last);
} kinds[] = {
  {"position", ORIEL_DELIVERY_CURSOR_POSITION, 125, 1, say_position, last_position},
  {"volume", ORIEL_DELIVERY_VOLUME, 30, 8, say_volume, last_volume},
  {"state", ORIEL_DELIVERY_STATE, 20, 16, say_state, last_state},
  {"pointer mode", ORIEL_DELIVERY_STATE, 20, 16, say_mode, last_mode},
  {"microphone", ORIEL_DELIVERY_MICROPHONE, 10, 8, say_microphone, last_microphone},
  {"abilities", ORIEL_DELIVERY_ABILITIES, 10, 8, say_abilities, last_abilities},
};

static unsigned take(const struct kind *kind, int last, bool *heard) {
  struct oriel_delivery delivery;
  unsigned count = 0;
  while (oriel_viewer_next(test.viewer, &delivery)) {
    if (delivery.type == kind->type) {
      count++;
      *heard = kind->last(&delivery, last);
    }
    oriel_packet_unref(delivery.packet);
  }
  return count;
}

static void flood(const struct kind *kind) {
  const struct oriel_source_sink *sink = test.fake.sink;
  uint64_t start = oriel_clock_ns(), end = start + 2 * ORIEL_NS_PER_SECOND;
  unsigned count = 0;
  bool heard = false;
  for (int i = 1; i <= TIMES; i++) {
    kind->say(sink, i);
    count += take(kind, i, &heard);
  }
  /* The newest comes by itself, at its turn. */
  for (heard = false; !heard && oriel_clock_ns() < end; fake_yield())
    count += take(kind, TIMES, &heard);
  double seconds = (double)(oriel_clock_ns() - start) / (double)ORIEL_NS_PER_SECOND;
  if (!heard)
    fail_msg("the last %s was not heard", kind->name);
  if (count > kind->burst + 1 + kind->rate * seconds)
    fail_msg("%u times %s in %.3f s", count, kind->name, seconds);
}

static void notices_keep_to_their_budgets(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    flood(&kinds[i]);
}

/* Sound comes in real time; a source that says more of it would have it all encoded and sent. */
static void sound_keeps_to_real_time(void **state) {
  (void)state;
  static float frames[960 * 2];
  static struct oriel_desktop_stats stats;
  const struct oriel_source_sink *sink = test.fake.sink;
  uint64_t start = oriel_clock_ns(), now;
  do {
    for (int i = 0; i < 50; i++)
      sink->sound(sink->user, frames, 960, oriel_clock_ns());
    fake_yield();
    fake_drain(test.viewer);
    now = oriel_clock_ns();
  } while (now < start + ORIEL_NS_PER_SECOND);
  oriel_desktop_stats(test.desktop, &stats);
  double seconds = (double)(now - start) / (double)ORIEL_NS_PER_SECOND;
  assert_true(stats.audio_packets > 0);
  assert_true((double)stats.audio_packets <= (1.0 + 1.25 * seconds) * 50 + 2);
  assert_true(stats.audio_overruns > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(notices_keep_to_their_budgets, set_up, tear_down),
    cmocka_unit_test_setup_teardown(sound_keeps_to_real_time, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
