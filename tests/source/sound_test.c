/* SPDX-License-Identifier: MIT
 *
 * source/qemu/sound: what becomes of several voices that come, pause and end, at times of the test's own. That the
 * bytes reach it from a QEMU is qemu_peer_test's.
 */
#include "source/qemu/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"

enum { FRAMES_MAX = 48000, FULL = 8 }; /* FULL: as many voices as there are places */

static struct {
  struct oriel_source_sink sink;
  struct oriel_qemu_sound *sound;
  uint64_t now;
  size_t frames;
  float left[FRAMES_MAX], right[FRAMES_MAX];
} test;

static void hear(void *user, const float *frames, size_t count, uint64_t captured_ns) {
  (void)user;
  assert_int_equal(captured_ns, test.now);
  assert_in_range(count, 1, FRAMES_MAX - test.frames);
  for (size_t i = 0; i < count; i++, test.frames++) {
    test.left[test.frames] = frames[2 * i];
    test.right[test.frames] = frames[2 * i + 1];
  }
}

static int begin(void **state) {
  (void)state;
  memset(&test, 0, sizeof test);
  test.sink.sound = hear;
  test.now = 1000 * ORIEL_NS_PER_SECOND;
  return oriel_qemu_sound_create(&test.sink, &test.sound);
}

static int end(void **state) {
  (void)state;
  oriel_qemu_sound_destroy(test.sound);
  return 0;
}

static void pass_ms(unsigned ms) {
  test.now += ms * ORIEL_NS_PER_MS;
}

/* NULL, or why it was refused. */
static const char *call(const char *member, GVariant *body) {
  const struct oriel_qemu_call call = {.member = member, .body = g_variant_ref_sink(body), .now_ns = test.now};
  const char *refused = oriel_qemu_sound_message(test.sound, &call);
  g_variant_unref(body);
  return refused;
}

static const char *start(guint64 id) {
  return call("Init", g_variant_new("(tybbuyuub)", id, 16, TRUE, FALSE, 48000, 2, 4, 192000, FALSE));
}

static void stop(guint64 id) {
  assert_null(call("Fini", g_variant_new("(t)", id)));
}

/* `count` frames of one value on both sides. */
static const char *play(guint64 id, int16_t value, size_t count) {
  int16_t samples[2 * 9600];
  assert_in_range(count, 1, 9600);
  for (size_t i = 0; i < 2 * count; i++)
    samples[i] = value;
  return call("Write", g_variant_new("(t@ay)", id, g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, samples,
                                                                             4 * count, 1)));
}

/* That `count` frames more were heard, all of this value. */
static void expect(size_t count, float value) {
  const size_t from = test.frames - count;
  assert_true(test.frames >= count);
  for (size_t i = from; i < test.frames; i++) {
    assert_float_equal(test.left[i], value, 0.0001f);
    assert_float_equal(test.right[i], value, 0.0001f);
  }
}

static void sound_mixes(void **state) {
  (void)state;
  assert_null(start(1));
  assert_null(start(2));
  assert_null(play(1, 0x1000, 100));
  assert_int_equal(test.frames, 100); /* alone, it passes at once */
  expect(100, 0.125f);
  /* As far as both have come. */
  assert_null(play(2, 0x2000, 100));
  assert_int_equal(test.frames, 100);
  assert_null(play(1, 0x1000, 50));
  assert_int_equal(test.frames, 150);
  expect(50, 0.375f);
  /* One that ended holds nobody up, and what it left behind is still mixed in. */
  stop(2);
  assert_null(play(1, 0x1000, 50));
  assert_int_equal(test.frames, 200);
  expect(50, 0.375f);
  assert_null(play(1, 0x1000, 50));
  expect(50, 0.125f);
}

static void sound_paused_voice(void **state) {
  (void)state;
  assert_null(start(1));
  assert_null(start(2));
  assert_null(play(1, 0x1000, 100));
  assert_null(play(2, 0x2000, 100));
  assert_int_equal(test.frames, 100);
  /* It holds the other up for a tenth of a second; then the other's sound comes, and all of it. */
  pass_ms(50);
  assert_null(play(2, 0x2000, 100));
  assert_int_equal(test.frames, 100);
  pass_ms(60);
  assert_null(play(2, 0x2000, 100));
  assert_int_equal(test.frames, 400);
  expect(300, 0.25f);
}

/* What was left in the mix is not heard after a rest (lesson 25). */
static void sound_stale(void **state) {
  (void)state;
  assert_null(start(1));
  assert_null(start(2));
  assert_null(play(1, 0x1000, 100));
  assert_null(play(2, 0x2000, 100));
  pass_ms(2000);
  assert_null(play(1, 0x1000, 100));
  assert_int_equal(test.frames, 200);
  expect(100, 0.125f);
}

/* A voice that runs ahead fills the mix; what does not fit any more goes out without waiting for the other. */
static void sound_bounded(void **state) {
  (void)state;
  assert_null(start(1));
  assert_null(start(2));
  assert_null(play(1, 0x1000, 10));
  assert_null(play(2, 0x2000, 9600));
  assert_int_equal(test.frames, 10);
  assert_null(play(2, 0x2000, 4800));
  assert_int_equal(test.frames, 10 + 4800);
  expect(4800, 0.25f);
}

static void sound_limits(void **state) {
  (void)state;
  for (guint64 id = 0; id < FULL; id++)
    assert_null(start(id));
  /* A place more is that of a voice that forgot to end: the one that is silent for longest. */
  pass_ms(1);
  assert_null(play(0, 0x1000, 10));
  pass_ms(1000);
  for (guint64 id = 2; id < FULL; id++)
    assert_null(play(id, 0x1000, 10));
  assert_null(start(100));
  assert_non_null(play(1, 0x1000, 10));
  assert_null(play(100, 0x1000, 10));
  assert_null(start(101));
  assert_non_null(play(0, 0x1000, 10));
  assert_null(play(101, 0x1000, 10));
  /* When all play, there is none. */
  assert_non_null(start(102));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(sound_mixes, begin, end),
    cmocka_unit_test_setup_teardown(sound_paused_voice, begin, end),
    cmocka_unit_test_setup_teardown(sound_stale, begin, end),
    cmocka_unit_test_setup_teardown(sound_bounded, begin, end),
    cmocka_unit_test_setup_teardown(sound_limits, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
