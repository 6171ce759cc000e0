/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/audio_probe.h"
#include "cli/audio_tone.h"

static void say(struct oriel_probe *probe, double hz, double level, size_t frames, uint64_t due_ns) {
  float *samples = calloc(frames, 2 * sizeof *samples);
  for (size_t i = 0; i < frames; i++)
    samples[2 * i] = (float)(level * sin(6.283185307179586 * hz * (double)i / ORIEL_PROBE_RATE)),
                samples[2 * i + 1] = 0.9f;
  oriel_probe_take(probe, samples, frames, 2, due_ns);
  free(samples);
}

static void melody_is_heard_in_order(void **state) {
  (void)state;
  static const double notes[] = {523.25, 659.26, 783.99, 1046.5};
  struct oriel_probe *probe = malloc(sizeof *probe);
  oriel_probe_init(probe);
  for (int i = 0; i < 4; i++)
    say(probe, notes[i], 0.25, 19200, 0);
  oriel_probe_tidy(probe, 3);
  assert_int_equal(probe->note_count, 4);
  for (size_t i = 0; i < 4; i++) {
    assert_true(fabs(probe->notes[i].hz / notes[i] - 1) < 0.002);
    assert_true(fabs(probe->notes[i].db + 12.04) < 0.3);
    assert_true(fabs(oriel_probe_note_ms(&probe->notes[i]) - 400) < 110);
  }
  free(probe);
}

static void silence_has_no_note(void **state) {
  (void)state;
  struct oriel_probe *probe = malloc(sizeof *probe);
  oriel_probe_init(probe);
  say(probe, 440, 0, 48000, 0);
  say(probe, 440, 0.0005, 48000, 0); /* -66 dB */
  oriel_probe_tidy(probe, 1);
  assert_int_equal(probe->note_count, 0);
  assert_int_equal(probe->onset_count, 0);
  free(probe);
}

static void torn_note_is_one(void **state) {
  (void)state;
  struct oriel_probe *probe = malloc(sizeof *probe);
  oriel_probe_init(probe);
  say(probe, 700, 0.25, 19200, 0);
  say(probe, 700, 0, 480, 0); /* 10 ms lost */
  say(probe, 700, 0.25, 19200, 0);
  oriel_probe_tidy(probe, 3);
  assert_int_equal(probe->note_count, 1);
  free(probe);
}

static void burst_begins_where_it_is_sent(void **state) {
  (void)state;
  struct oriel_probe *probe = malloc(sizeof *probe);
  oriel_probe_init(probe);
  const uint64_t start_ns = 7000000000ull;
  say(probe, 1000, 0, 4800, start_ns);
  say(probe, 1000, 0.25, 9600, start_ns + 100000000ull);
  say(probe, 1000, 0, 4800, start_ns + 300000000ull);
  say(probe, 1000, 0.25, 4800, start_ns + 400000000ull);
  assert_int_equal(probe->onset_count, 2);
  for (int i = 0; i < 2; i++) { /* within a quarter of a cycle */
    const uint64_t sent_ns = start_ns + 100000000ull + (unsigned)i * 300000000ull;
    assert_true(probe->onset_ns[i] >= sent_ns && probe->onset_ns[i] < sent_ns + 250000);
  }
  free(probe);
}

static void onsets_are_bounded(void **state) {
  (void)state;
  struct oriel_probe *probe = malloc(sizeof *probe);
  oriel_probe_init(probe);
  for (int i = 0; i < ORIEL_PROBE_ONSETS + 10; i++) {
    say(probe, 1000 + 7 * i, 0.3, 480, 0);
    say(probe, 1000, 0, 2500, 0);
  }
  assert_int_equal(probe->onset_count, ORIEL_PROBE_ONSETS);
  assert_true(probe->note_count <= ORIEL_PROBE_NOTES);
  free(probe);
}

struct sink {
  size_t packets, bytes;
};

static void count(void *owner, const uint8_t *packet, size_t size) {
  struct sink *sink = owner;
  (void)packet;
  sink->packets++;
  sink->bytes += size;
}

static void tone_makes_whole_packets(void **state) {
  (void)state;
  static struct oriel_tone tone;
  struct sink sink = {0};
  assert_int_equal(oriel_tone_init(&tone, 1000, false, true, 10000), 0);
  assert_int_equal(oriel_tone_due_ns(&tone, 5), 5 + 10000000);
  assert_int_equal(oriel_tone_next(&tone, count, &sink), 0);
  assert_int_equal(sink.packets, 3); /* 480 frames, of which 187 fit a packet */
  assert_int_equal(sink.bytes, 480 * 8);
  assert_true(fabsf(tone.samples[2 * 12] - ORIEL_TONE_LEVEL) < 1e-4f); /* a quarter of a cycle */
  oriel_tone_finish(&tone);
  sink = (struct sink){0};
  assert_int_equal(oriel_tone_init(&tone, 1000, true, false, 0), 0);
  assert_int_equal(oriel_tone_next(&tone, count, &sink), 0);
  assert_int_equal(sink.packets, 1);
  oriel_tone_finish(&tone);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(melody_is_heard_in_order),      cmocka_unit_test(silence_has_no_note),
    cmocka_unit_test(torn_note_is_one),              cmocka_unit_test(burst_begins_where_it_is_sent),
    cmocka_unit_test(onsets_are_bounded),            cmocka_unit_test(tone_makes_whole_packets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
