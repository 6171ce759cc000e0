/* SPDX-License-Identifier: MIT
 *
 * The microphone's way into a QEMU that is none: what a recorder gets, when, and what a QEMU that means harm may ask.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "fake_qemu.h"
#include "media/opus.h"
#include "recorder.h"
#include "source/source.h"

#define IN "org.qemu.Display1.AudioInListener"

enum { PATIENCE_MS = 15000, RATE = 48000, PACKET = 480, TONE_HZ = 1000, READ = 16384 };

/* As in qemu_peer_test.c. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) {
  return "ignore_noninstrumented_modules=1";
}

static struct {
  char path[64];
  struct fake_qemu *fake;
  struct recorder recorder;
  struct oriel_source *source;
  struct oriel_opus_encoder *encoder;
  uint32_t sequence;
  uint64_t tone; /* frames of it so far */
} test;

static int begin(void **state) {
  (void)state;
  char address[96], why[160];
  memset(&test, 0, sizeof test);
  snprintf(test.path, sizeof test.path, "/tmp/oriel-microphone-test-%d", (int)getpid());
  unlink(test.path);
  test.fake = fake_qemu_start(test.path, &(struct fake_qemu_options){.has_audio = true});
  snprintf(address, sizeof address, "qemu:%s", test.path);
  recorder_init(&test.recorder);
  assert_int_equal(oriel_opus_encoder_create(10, 96, &test.encoder), 0);
  assert_int_equal(oriel_source_create(address, &test.source, why, sizeof why), 0);
  assert_int_equal(oriel_source_start(test.source, &test.recorder.sink), 0);
  oriel_source_watch(test.source, true);
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_MICROPHONE, 1));
  return 0;
}

static int end(void **state) {
  (void)state;
  oriel_source_destroy(test.source);
  recorder_finish(&test.recorder);
  fake_qemu_stop(test.fake);
  oriel_opus_encoder_destroy(test.encoder);
  return 0;
}

static bool call(const char *member, GVariant *body) {
  char *refused = fake_qemu_call(test.fake, FAKE_MICROPHONE, IN, member, body, NULL);
  g_free(refused);
  return !refused;
}

static GVariant *pcm(guint64 id, guchar bits, guint32 rate, guchar channels) {
  return g_variant_new("(tybbuyuub)", id, bits, TRUE, FALSE, rate, channels, 4, 192000, FALSE);
}

/* Bytes that a Read gave; -1 when it was refused. */
static long ask(guint64 id, guint64 size, void *into) {
  char *refused;
  GVariant *value = fake_qemu_ask(test.fake, FAKE_MICROPHONE, IN, "Read", g_variant_new("(tt)", id, size), NULL,
                                  &refused);
  g_free(refused);
  if (!value)
    return -1;
  GVariant *bytes = g_variant_get_child_value(value, 0);
  gsize count;
  const void *data = g_variant_get_fixed_array(bytes, &count, 1);
  assert_true(count <= size && count <= 64 * 1024);
  if (into && count)
    memcpy(into, data, count);
  g_variant_unref(bytes);
  g_variant_unref(value);
  return (long)count;
}

/* Ten milliseconds of the tone. */
static int push(void) {
  float frames[2 * PACKET];
  for (size_t i = 0; i < PACKET; i++, test.tone++)
    frames[2 * i] = frames[2 * i + 1] = 0.5f * (float)sin(2 * M_PI * TONE_HZ * (double)test.tone / RATE);
  struct oriel_packet *packet;
  assert_int_equal(oriel_opus_encode(test.encoder, frames, oriel_clock_ns(), &packet), 0);
  const struct oriel_microphone microphone = {.opus = packet->data, .size = packet->size, .sequence = ++test.sequence,
                                              .captured_ns = oriel_clock_ns()};
  const int result = oriel_source_microphone(test.source, &microphone);
  oriel_packet_unref(packet);
  return result;
}

static bool has_use(const struct recorder *recorder, const void *want) {
  return recorder->use == *(const enum oriel_microphone_use *)want;
}

static void expect_use(enum oriel_microphone_use use) {
  assert_true(recorder_wait(&test.recorder, has_use, &use, PATIENCE_MS));
}

struct take {
  int16_t frames[2 * 4 * RATE];
  size_t count;
};

/* A guest that records: a Read each 10 ms for so long, and packets as they are captured. */
static void record(guint64 id, unsigned ms, bool talks, struct take *take) {
  const uint64_t start = oriel_clock_ns();
  take->count = 0;
  for (unsigned at = 0; at < ms; at += 10) {
    const uint64_t due = start + at * ORIEL_NS_PER_MS;
    const struct timespec until = {.tv_sec = (time_t)(due / ORIEL_NS_PER_SECOND),
                                   .tv_nsec = (long)(due % ORIEL_NS_PER_SECOND)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL); /* the pace of both clocks */
    if (talks)
      assert_int_equal(push(), 0);
    int16_t part[READ / 2];
    const long size = ask(id, READ, part);
    assert_true(size >= 0 && size % 4 == 0);
    const size_t room = sizeof take->frames / 4 - take->count;
    const size_t count = (size_t)size / 4 < room ? (size_t)size / 4 : room;
    memcpy(take->frames + 2 * take->count, part, count * 4);
    take->count += count;
  }
}

/* Amplitude (1 = full) of a tone in the left channel: the mean over pieces of 20 ms, for the receiver bends the pitch a
 * little while it settles. */
static double level(const struct take *take, size_t from, double hz, double rate) {
  const size_t piece = (size_t)(rate / 50);
  double sum = 0;
  size_t pieces = 0;
  for (size_t at = from; at + piece <= take->count; at += piece, pieces++) {
    double re = 0, im = 0;
    for (size_t i = at; i < at + piece; i++) {
      re += take->frames[2 * i] / 32768.0 * cos(2 * M_PI * hz * (double)i / rate);
      im += take->frames[2 * i] / 32768.0 * sin(2 * M_PI * hz * (double)i / rate);
    }
    sum += 2 * hypot(re, im) / (double)piece;
  }
  return pieces ? sum / (double)pieces : 0;
}

static int loudest(const struct take *take, size_t from) {
  int most = 0;
  for (size_t i = 2 * from; i < 2 * take->count; i++)
    most = abs(take->frames[i]) > most ? abs(take->frames[i]) : most;
  return most;
}

/* The tone arrives at its pitch, in QEMU's own rate, at the pace of time; then silence, never old sound (lesson 25). */
static void microphone_tone_then_silence(void **state) {
  (void)state;
  static struct take take;
  const guint32 rates[] = {48000, 44100};
  for (size_t i = 0; i < 2; i++) {
    const guint32 rate = rates[i];
    expect_use(ORIEL_MICROPHONE_READY);
    assert_int_equal(push(), -ENOTCONN); /* nobody records: dropped, and not heard later (lesson 27) */
    assert_true(call("Init", pcm(7, 16, rate, 2)));
    assert_true(call("SetEnabled", g_variant_new("(tb)", (guint64)7, TRUE)));
    expect_use(ORIEL_MICROPHONE_TAKEN);
    record(7, 300, false, &take);
    assert_int_equal(loudest(&take, 0), 0);
    record(7, 1500, true, &take);
    assert_in_range(take.count, (size_t)(rate * 1.3), (size_t)(rate * 1.7));
    const size_t from = take.count / 2;
    const double there = level(&take, from, TONE_HZ, rate), elsewhere = level(&take, from, TONE_HZ * 1.1, rate);
    print_message("at %u Hz: tone %.3f, beside it %.3f\n", rate, there, elsewhere);
    assert_true(there > 0.4);
    assert_true(elsewhere < 0.1); /* the other rate would put it at 1088 or 919 Hz */
    const struct oriel_microphone ends = {.size = 0};
    assert_int_equal(oriel_source_microphone(test.source, &ends), 0);
    record(7, 800, false, &take);
    assert_int_equal(loudest(&take, take.count / 2), 0);
    assert_true(call("SetEnabled", g_variant_new("(tb)", (guint64)7, FALSE)));
    expect_use(ORIEL_MICROPHONE_READY);
    assert_true(call("Fini", g_variant_new("(t)", (guint64)7)));
  }
}

/* Two recorders hear the same, not every other sample (lesson 25). A third joins by reading alone. */
static void microphone_recorders_share(void **state) {
  (void)state;
  static struct take take;
  assert_true(call("Init", pcm(1, 16, RATE, 2)));
  assert_true(call("Init", pcm(2, 16, RATE, 2)));
  const uint64_t limit = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  ask(1, READ, NULL);
  expect_use(ORIEL_MICROPHONE_TAKEN);
  double second = 0;
  while (second < 0.4 && oriel_clock_ns() < limit) {
    record(1, 60, true, &take); /* less than what a voice may lag behind */
    int16_t *other = take.frames;
    take.count = (size_t)ask(2, READ, other) / 4;
    second = take.count > 960 ? level(&take, 0, TONE_HZ, RATE) : 0;
  }
  assert_true(second > 0.4);
  fake_qemu_drop_listener(test.fake, FAKE_MICROPHONE);
  expect_use(ORIEL_MICROPHONE_READY); /* it forgot its recorders with the connection */
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_MICROPHONE, 2));
}

/* What the guest's mixer says is applied. */
static void microphone_volume(void **state) {
  (void)state;
  static struct take take;
  assert_true(call("Init", pcm(1, 16, RATE, 2)));
  GVariant *volumes = g_variant_new_parsed("[byte 255, byte 255]");
  assert_true(call("SetVolume", g_variant_new("(tb@ay)", (guint64)1, TRUE, volumes)));
  ask(1, READ, NULL);
  record(1, 500, true, &take);
  assert_int_equal(loudest(&take, take.count / 2), 0);
  assert_true(call("SetVolume", g_variant_new("(tb@ay)", (guint64)1, FALSE, g_variant_new_parsed("[byte 64]"))));
  record(1, 800, true, &take);
  const double quarter = level(&take, take.count / 2, TONE_HZ, RATE);
  assert_true(quarter > 0.08 && quarter < 0.16);
  assert_false(call("SetVolume", g_variant_new("(tb@ay)", (guint64)1, FALSE, g_variant_new_parsed("@ay []"))));
}

/* Sizes, counts and words of the guest's choice. */
static void microphone_hostile(void **state) {
  (void)state;
  assert_int_equal(ask(5, READ, NULL), -1); /* never announced */
  static const guint64 sizes[] = {0, 1, 3, 4, 65536, 65537, UINT32_MAX, UINT64_MAX};
  static const struct {
    guchar bits, channels;
    guint32 rate;
  } formats[] = {{16, 2, 48000}, {32, 8, 192000}, {8, 1, 8000}, {32, 7, 44100}};
  for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
    assert_true(call("Init", pcm(5, formats[f].bits, formats[f].rate, formats[f].channels)));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      assert_int_not_equal(ask(5, sizes[i], NULL), -1);
      (void)push();
    }
  }
  /* What is read at once is what time brought, whatever is asked for: a greedy reader gets no more. */
  assert_true(call("Init", pcm(5, 16, RATE, 2)));
  const uint64_t start = oriel_clock_ns();
  long total = 0;
  for (unsigned i = 0; i < 300; i++)
    total += ask(5, UINT64_MAX, NULL);
  const double passed = (double)(oriel_clock_ns() - start) / ORIEL_NS_PER_SECOND;
  assert_true((double)total <= (passed + 0.2) * RATE * 4);
  /* More voices than there are places: the first eight are kept while they read. */
  for (guint64 id = 100; id < 164; id++) {
    const bool placed = call("Init", pcm(id, 16, RATE, 2));
    assert_true(!placed || ask(id, 1024, NULL) >= 0);
  }
  static const char *const bodies[] = {"()", "(1,)", "('text',)", "(@ay [],)", "(<<<<1>>>>,)", "(uint64 1, true, 'x')"};
  static const char *const members[] = {"Init", "Fini", "SetEnabled", "SetVolume", "Read", "Write", "x"};
  for (size_t m = 0; m < sizeof members / sizeof *members; m++)
    for (size_t b = 0; b < sizeof bodies / sizeof *bodies; b++)
      assert_false(call(members[m], g_variant_new_parsed(bodies[b])));
  /* And packets that are none. */
  uint8_t noise[1501];
  for (size_t i = 0; i < sizeof noise; i++)
    noise[i] = (uint8_t)(i * 131 + 7);
  assert_true(call("Fini", g_variant_new("(t)", (guint64)5)) || ask(5, 0, NULL) == -1);
  for (size_t size = 1; size <= 1500; size += 97) {
    const struct oriel_microphone packet = {.opus = noise, .size = size, .sequence = (uint32_t)(size * 7919)};
    (void)oriel_source_microphone(test.source, &packet);
  }
  const struct oriel_microphone large = {.opus = noise, .size = 1501};
  assert_int_equal(oriel_source_microphone(test.source, &large), -EINVAL);
}

/* Once used, QEMU has its listener also while nobody watches: without one it gives its guest old sound, repeated. */
static void microphone_stays_when_nobody_watches(void **state) {
  (void)state;
  oriel_source_watch(test.source, false);
  assert_int_equal(push(), -ENOTCONN);
  oriel_source_watch(test.source, true);
  oriel_source_watch(test.source, false);
  /* It may have gone and come in between; in the end it is there. */
  const uint64_t limit = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  const enum oriel_microphone_use taken = ORIEL_MICROPHONE_TAKEN;
  unsigned times = 0; /* in a row: the first answers may come from a registration that is just ending */
  while (times < 20 && oriel_clock_ns() < limit)
    times = call("Init", pcm(1, 16, RATE, 2)) && ask(1, READ, NULL) >= 0 &&
            recorder_wait(&test.recorder, has_use, &taken, 50) ? times + 1 : 0;
  assert_int_equal(times, 20);
  fake_qemu_drop_control(test.fake);
  expect_use(ORIEL_MICROPHONE_READY);
}

static void microphone_of_a_source_without(void **state) {
  (void)state;
  char why[160];
  struct oriel_source *pattern;
  assert_int_equal(oriel_source_create("pattern:", &pattern, why, sizeof why), 0);
  assert_int_equal(oriel_source_microphone(pattern, &(struct oriel_microphone){.opus = "x", .size = 1}), -ENOTSUP);
  oriel_source_destroy(pattern);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(microphone_tone_then_silence, begin, end),
    cmocka_unit_test_setup_teardown(microphone_recorders_share, begin, end),
    cmocka_unit_test_setup_teardown(microphone_volume, begin, end),
    cmocka_unit_test_setup_teardown(microphone_hostile, begin, end),
    cmocka_unit_test_setup_teardown(microphone_stays_when_nobody_watches, begin, end),
    cmocka_unit_test(microphone_of_a_source_without),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
