/* SPDX-License-Identifier: MIT
 *
 * The microphone's way into a QEMU that is none: what a recorder gets, when, and what a QEMU that means harm may ask.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
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
#include "media/opus.h"
#include "peer.h"

#define IN "org.qemu.Display1.AudioInListener"

enum { PATIENCE_MS = PEER_PATIENCE_MS, RATE = 48000, PACKET = 480, TONE_HZ = 1000, READ = 16384 };

static struct oriel_opus_encoder *encoder;
static uint32_t sequence;
static uint64_t frame; /* of the tone, so far */

static int begin(void **state) {
  sequence = 0;
  frame = 0;
  peer_begin(state);
  assert_int_equal(oriel_opus_encoder_create(10, 96, &encoder), 0);
  peer_start(&(struct fake_qemu_options){.has_audio = true});
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_MICROPHONE, 1));
  return 0;
}

static int end(void **state) {
  oriel_opus_encoder_destroy(encoder);
  return peer_end(state);
}

static bool call(const char *member, GVariant *body) {
  char *refused = fake_qemu_call(test.fake, FAKE_MICROPHONE, IN, member, body, NULL);
  g_free(refused);
  return !refused;
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
  for (size_t i = 0; i < PACKET; i++, frame++)
    frames[2 * i] = frames[2 * i + 1] = 0.5f * (float)sin(2 * M_PI * TONE_HZ * (double)frame / RATE);
  struct oriel_packet *packet;
  assert_int_equal(oriel_opus_encode(encoder, frames, oriel_clock_ns(), &packet), 0);
  const struct oriel_microphone microphone = {.opus = packet->data, .size = packet->size, .sequence = ++sequence,
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

/* Through all of it: who records is told, and hears; and forgotten with the connection. */
static void microphone_is_heard_by_who_records(void **state) {
  (void)state;
  static int16_t part[READ / 2];
  int loudest = 0;
  expect_use(ORIEL_MICROPHONE_READY);
  assert_int_equal(push(), -ENOTCONN);
  assert_true(call("Init", peer_pcm(7, 16, RATE, 2, false)));
  assert_true(call("SetEnabled", g_variant_new("(tb)", (guint64)7, TRUE)));
  expect_use(ORIEL_MICROPHONE_TAKEN);
  const uint64_t limit = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  while (loudest < 8192 && oriel_clock_ns() < limit) {
    const struct timespec pause = {.tv_nsec = 10000000};
    assert_int_equal(push(), 0);
    const long size = ask(7, READ, part);
    assert_true(size >= 0 && size % 4 == 0);
    for (long i = 0; i < size / 2; i++)
      loudest = abs(part[i]) > loudest ? abs(part[i]) : loudest;
    nanosleep(&pause, NULL); /* the pace of sound */
  }
  assert_true(loudest >= 8192);
  fake_qemu_drop_listener(test.fake, FAKE_MICROPHONE);
  expect_use(ORIEL_MICROPHONE_READY);
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_MICROPHONE, 2));
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
    assert_true(call("Init", peer_pcm(5, formats[f].bits, formats[f].rate, formats[f].channels, false)));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      assert_int_not_equal(ask(5, sizes[i], NULL), -1);
      (void)push();
    }
  }
  /* What is read at once is what time brought, whatever is asked for: a greedy reader gets no more. */
  assert_true(call("Init", peer_pcm(5, 16, RATE, 2, false)));
  const uint64_t start = oriel_clock_ns();
  long total = 0;
  for (unsigned i = 0; i < 300; i++)
    total += ask(5, UINT64_MAX, NULL);
  const double passed = (double)(oriel_clock_ns() - start) / ORIEL_NS_PER_SECOND;
  assert_true((double)total <= (passed + 0.2) * RATE * 4);
  /* More voices than there are places: the first eight are kept while they read. */
  for (guint64 id = 100; id < 164; id++) {
    const bool placed = call("Init", peer_pcm(id, 16, RATE, 2, false));
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

static void *destroy_source(void *user) {
  oriel_source_destroy(user);
  return NULL;
}

static int loudest_of(const int16_t *part, long size) {
  int most = 0;
  for (long i = 0; i < size / 2; i++)
    most = abs(part[i]) > most ? abs(part[i]) : most;
  return most;
}

/* Reads until the source has gone; the loudest of what was read last, or -1 where a read was too late to tell. */
static int read_to_the_end(void) {
  static int16_t part[READ / 2];
  const struct timespec pause = {.tv_nsec = 10000000};
  int last = INT_MAX;
  bool late = false;
  uint64_t before = oriel_clock_ns();
  for (long size = 0; size >= 0; nanosleep(&pause, NULL)) {
    late |= oriel_clock_ns() - before > 60 * ORIEL_NS_PER_MS;
    before = oriel_clock_ns();
    size = ask(7, READ, part);
    if (size > 0)
      last = loudest_of(part, size);
  }
  return late ? -1 : last;
}

static int leave_while_it_records(void) {
  static int16_t part[READ / 2];
  const struct timespec pause = {.tv_nsec = 10000000};
  const uint64_t limit = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  assert_true(call("Init", peer_pcm(7, 16, RATE, 2, false)));
  assert_true(call("SetEnabled", g_variant_new("(tb)", (guint64)7, TRUE)));
  for (int loudest = 0; loudest < 8192; nanosleep(&pause, NULL)) {
    assert_true(oriel_clock_ns() < limit);
    assert_int_equal(push(), 0);
    loudest = loudest_of(part, ask(7, READ, part));
  }
  for (unsigned i = 0; i < 10; i++) /* enough for a while */
    assert_int_equal(push(), 0);
  pthread_t thread; /* the fake is this thread's */
  assert_int_equal(pthread_create(&thread, NULL, destroy_source, test.source), 0);
  test.source = NULL;
  const int last = read_to_the_end();
  pthread_join(thread, NULL);
  return last;
}

/* What a guest has recorded last when we end is what its QEMU repeats to it afterwards. */
static void microphone_leaves_silence_behind(void **state) {
  int last = -1;
  for (unsigned tries = 0; last < 0 && tries < 20; tries++) {
    begin(state);
    last = leave_while_it_records();
    end(state);
  }
  assert_int_equal(last, 0);
}

/* A recorder of the guest's that was there before any viewer, as after a start of ours while it records, gets silence:
 * without a listener QEMU gives it what its buffer happens to hold, repeated. */
static void microphone_is_silent_before_anybody_watches(void **state) {
  (void)state;
  static int16_t part[READ / 2];
  test.fake = fake_qemu_start(test.path, &(struct fake_qemu_options){.has_audio = true});
  peer_attach();
  for (unsigned attached = 1; attached <= 2; attached++) {
    assert_true(fake_qemu_wait_listener(test.fake, FAKE_MICROPHONE, attached));
    assert_true(call("Init", peer_pcm(7, 16, RATE, 2, false)));
    assert_true(call("SetEnabled", g_variant_new("(tb)", (guint64)7, TRUE)));
    expect_use(ORIEL_MICROPHONE_TAKEN);
    long size = 0;
    for (const uint64_t limit = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS; !size && oriel_clock_ns() < limit;)
      size = ask(7, READ, part);
    assert_true(size > 0);
    for (long i = 0; i < size / 2; i++)
      assert_int_equal(part[i], 0);
    fake_qemu_drop_control(test.fake);
    expect_use(ORIEL_MICROPHONE_NOWHERE);
  }
}

/* QEMU has its listener also while nobody watches any more. */
static void microphone_stays_when_nobody_watches(void **state) {
  (void)state;
  oriel_source_watch(test.source, ORIEL_WATCH_NOTHING);
  assert_int_equal(push(), -ENOTCONN);
  oriel_source_watch(test.source, ORIEL_WATCH_ALL);
  oriel_source_watch(test.source, ORIEL_WATCH_NOTHING);
  /* It may have gone and come in between; in the end it is there. */
  const uint64_t limit = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  const enum oriel_microphone_use taken = ORIEL_MICROPHONE_TAKEN;
  unsigned times = 0; /* in a row: the first answers may come from a registration that is just ending */
  while (times < 20 && oriel_clock_ns() < limit)
    times = call("Init", peer_pcm(1, 16, RATE, 2, false)) && ask(1, READ, NULL) >= 0 &&
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
    cmocka_unit_test_setup_teardown(microphone_is_silent_before_anybody_watches, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(microphone_is_heard_by_who_records, begin, end),
    cmocka_unit_test(microphone_leaves_silence_behind),
    cmocka_unit_test_setup_teardown(microphone_hostile, begin, end),
    cmocka_unit_test_setup_teardown(microphone_stays_when_nobody_watches, begin, end),
    cmocka_unit_test(microphone_of_a_source_without),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
