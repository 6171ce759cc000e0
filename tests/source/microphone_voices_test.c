/* SPDX-License-Identifier: MIT
 *
 * source/qemu/microphone in simulated time: what a guest's recorders get, and when.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "media/opus.h"
#include "peer.h"
#include "source/qemu/microphone.h"

enum { RATE = 48000, PACKET = 480, TONE_HZ = 1000, READ = 16384 };

static struct {
  struct oriel_qemu_microphone *microphone;
  struct oriel_opus_encoder *encoder;
  uint64_t now_ns;
  uint32_t sequence;
  uint64_t tone; /* frames of it so far */
} voices;

static int begin(void **state) {
  (void)state;
  memset(&voices, 0, sizeof voices);
  recorder_init(&test.recorder);
  voices.now_ns = 1000 * ORIEL_NS_PER_SECOND;
  assert_int_equal(oriel_qemu_microphone_create(&voices.microphone), 0);
  oriel_qemu_microphone_attach(voices.microphone, &test.recorder.sink);
  oriel_qemu_microphone_available(voices.microphone, true);
  assert_int_equal(oriel_opus_encoder_create(10, 96, &voices.encoder), 0);
  return 0;
}

static int end(void **state) {
  (void)state;
  oriel_qemu_microphone_destroy(voices.microphone);
  oriel_opus_encoder_destroy(voices.encoder);
  recorder_finish(&test.recorder);
  return 0;
}

static void pass(unsigned ms) {
  voices.now_ns += ms * ORIEL_NS_PER_MS;
}

/* Takes a floating body; true when the call was taken. */
static bool call(const char *member, GVariant *body, GVariant **reply) {
  GVariant *none = NULL;
  const struct oriel_qemu_call call = {
      .member = member, .body = g_variant_ref_sink(body), .reply = reply ? reply : &none, .now_ns = voices.now_ns};
  const char *refused = oriel_qemu_microphone_message(voices.microphone, &call);
  g_variant_unref(body);
  assert_null(none);
  return !refused;
}

/* Ten milliseconds of the tone. */
static int push(void) {
  float frames[2 * PACKET];
  for (size_t i = 0; i < PACKET; i++, voices.tone++)
    frames[2 * i] = frames[2 * i + 1] = 0.5f * (float)sin(2 * M_PI * TONE_HZ * (double)voices.tone / RATE);
  struct oriel_packet *packet;
  assert_int_equal(oriel_opus_encode(voices.encoder, frames, voices.now_ns, &packet), 0);
  const struct oriel_microphone microphone = {
      .opus = packet->data, .size = packet->size, .sequence = ++voices.sequence};
  const int result = oriel_qemu_microphone_push(voices.microphone, &microphone, voices.now_ns);
  oriel_packet_unref(packet);
  return result;
}

struct take {
  int16_t frames[2 * 4 * RATE];
  size_t count;
};

static void hear(guint64 id, struct take *take) {
  GVariant *reply = NULL;
  assert_true(call("Read", g_variant_new("(tt)", id, (guint64)READ), &reply));
  g_variant_ref_sink(reply);
  GVariant *bytes = g_variant_get_child_value(reply, 0);
  gsize size;
  const void *data = g_variant_get_fixed_array(bytes, &size, 1);
  assert_true(size <= READ && size % 4 == 0 && take->count + size / 4 <= 4 * RATE);
  if (size)
    memcpy(take->frames + 2 * take->count, data, size);
  take->count += size / 4;
  g_variant_unref(bytes);
  g_variant_unref(reply);
}

/* A guest that records: a Read each 10 ms for so long, and packets as they are captured. */
static void record(guint64 id, unsigned ms, bool talks, struct take *take) {
  take->count = 0;
  for (unsigned at = 0; at < ms; at += 10, pass(10)) {
    if (talks)
      assert_int_equal(push(), 0);
    hear(id, take);
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
    assert_int_equal(test.recorder.use, ORIEL_MICROPHONE_READY);
    assert_int_equal(push(), -ENOTCONN); /* nobody records: dropped, and not heard later (lesson 27) */
    assert_true(call("Init", peer_pcm(7, 16, rate, 2, false), NULL));
    assert_true(call("SetEnabled", g_variant_new("(tb)", (guint64)7, TRUE), NULL));
    assert_int_equal(test.recorder.use, ORIEL_MICROPHONE_TAKEN);
    record(7, 300, false, &take);
    assert_int_equal(loudest(&take, 0), 0);
    record(7, 1500, true, &take);
    assert_in_range(take.count, (size_t)(rate * 1.49), (size_t)(rate * 1.51));
    const size_t from = take.count / 2;
    assert_true(level(&take, from, TONE_HZ, rate) > 0.4);
    assert_true(level(&take, from, TONE_HZ * 1.1, rate) < 0.1); /* the other rate would put it at 1088 or 919 Hz */
    const struct oriel_microphone ends = {.size = 0};
    assert_int_equal(oriel_qemu_microphone_push(voices.microphone, &ends, voices.now_ns), 0);
    record(7, 800, false, &take);
    assert_int_equal(loudest(&take, take.count / 2), 0);
    assert_true(call("SetEnabled", g_variant_new("(tb)", (guint64)7, FALSE), NULL));
    assert_int_equal(test.recorder.use, ORIEL_MICROPHONE_READY);
    assert_true(call("Fini", g_variant_new("(t)", (guint64)7), NULL));
    pass(5000);
  }
}

/* At the end a recorder's sound fades, and no sooner than QEMU's buffer holds silence is it safe to go. */
static void microphone_ends_in_silence(void **state) {
  (void)state;
  static struct take take;
  assert_true(call("Init", peer_pcm(7, 16, 44100, 2, false), NULL));
  assert_int_equal(*oriel_qemu_microphone_mute(voices.microphone), 0); /* nobody records */
  end(NULL);
  begin(NULL);
  assert_true(call("Init", peer_pcm(7, 16, 44100, 2, false), NULL));
  assert_true(call("SetEnabled", g_variant_new("(tb)", (guint64)7, TRUE), NULL));
  record(7, 500, true, &take);
  assert_true(loudest(&take, take.count - 400) > 8192);
  const gint *sounding = oriel_qemu_microphone_mute(voices.microphone);
  unsigned reads = 0;
  for (; *sounding && reads < 10; reads++)
    record(7, 10, true, &take);
  assert_in_range(reads, 5, 7);
  assert_true(take.count >= 400);
  assert_int_equal(loudest(&take, 0), 0);
  assert_true(call("SetVolume", g_variant_new("(tb@ay)", (guint64)7, FALSE, peer_bytes(2, 255)), NULL));
  record(7, 100, true, &take);
  assert_int_equal(loudest(&take, 0), 0);
}

/* Two recorders hear the same, not every other sample (lesson 25). */
static void microphone_recorders_share(void **state) {
  (void)state;
  static struct take one, other;
  assert_true(call("Init", peer_pcm(1, 16, RATE, 2, false), NULL));
  assert_true(call("Init", peer_pcm(2, 16, RATE, 2, false), NULL));
  other.count = one.count = 0;
  for (unsigned i = 0; i < 150; i++, pass(10)) {
    if (i)
      assert_int_equal(push(), 0);
    hear(1, &one);
    hear(2, &other);
  }
  assert_int_equal(one.count, other.count);
  assert_memory_equal(one.frames, other.frames, one.count * 4);
  assert_true(level(&one, one.count / 2, TONE_HZ, RATE) > 0.4);
}

/* What the guest's mixer says is applied. */
static void microphone_volume(void **state) {
  (void)state;
  static struct take take;
  assert_true(call("Init", peer_pcm(1, 16, RATE, 2, false), NULL));
  assert_true(call("SetVolume", g_variant_new("(tb@ay)", (guint64)1, TRUE, peer_bytes(2, 255)), NULL));
  record(1, 10, false, &take);
  record(1, 500, true, &take);
  assert_int_equal(loudest(&take, take.count / 2), 0);
  assert_true(call("SetVolume", g_variant_new("(tb@ay)", (guint64)1, FALSE, peer_bytes(1, 64)), NULL));
  record(1, 800, true, &take);
  const double quarter = level(&take, take.count / 2, TONE_HZ, RATE);
  assert_true(quarter > 0.11 && quarter < 0.14);
  assert_false(call("SetVolume", g_variant_new("(tb@ay)", (guint64)1, FALSE, peer_bytes(0, 0)), NULL));
}

/* What is read at once is what time brought, whatever is asked for; a QEMU that slept gets the present (lesson 27). */
static void microphone_reader_gets_no_more_than_time_brought(void **state) {
  (void)state;
  static struct take take;
  take.count = 0;
  assert_true(call("Init", peer_pcm(1, 16, RATE, 2, false), NULL));
  for (unsigned i = 0; i < 300; i++)
    hear(1, &take);
  assert_true(take.count <= RATE / 100);
  pass(60000);
  take.count = 0;
  hear(1, &take);
  assert_true(take.count <= RATE / 100);
}

static void microphone_voice_that_sleeps_gives_way(void **state) {
  (void)state;
  for (guint64 id = 0; id < 8; id++)
    assert_true(call("Init", peer_pcm(id, 16, RATE, 2, false), NULL));
  assert_false(call("Init", peer_pcm(8, 16, RATE, 2, false), NULL));
  static struct take take;
  take.count = 0;
  pass(500);
  hear(0, &take);
  assert_true(call("Init", peer_pcm(8, 16, RATE, 2, false), NULL));
  hear(0, &take);
  assert_false(call("Fini", g_variant_new("(t)", (guint64)1), NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(microphone_tone_then_silence, begin, end),
    cmocka_unit_test_setup_teardown(microphone_ends_in_silence, begin, end),
    cmocka_unit_test_setup_teardown(microphone_recorders_share, begin, end),
    cmocka_unit_test_setup_teardown(microphone_volume, begin, end),
    cmocka_unit_test_setup_teardown(microphone_reader_gets_no_more_than_time_brought, begin, end),
    cmocka_unit_test_setup_teardown(microphone_voice_that_sleeps_gives_way, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
