/* SPDX-License-Identifier: MIT
 *
 * source/guest_judge: what would be full-scale noise is not heard and named, and sound is never held to be that.
 */
#include "source/guest_judge.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"

enum { FRAMES = 120, BYTES = FRAMES * 8 };
static const uint64_t start = 1000 * ORIEL_NS_PER_SECOND;

static float music(uint64_t frame, double loud) {
  const double at = (double)frame / 48000;
  return (float)(loud * (0.5 * sin(2 * M_PI * 220 * at) + 0.3 * sin(2 * M_PI * 997 * at)));
}

static void put_float(uint8_t *bytes, float sample, bool big_endian) {
  uint32_t bits;
  memcpy(&bits, &sample, sizeof bits);
  for (int i = 0; i < 4; i++)
    bytes[i] = (uint8_t)(bits >> (big_endian ? 24 - 8 * i : 8 * i));
}

static void put_short(uint8_t *bytes, float sample, bool big_endian) {
  const uint16_t value = (uint16_t)(int16_t)lrintf(sample * 32767);
  bytes[big_endian ? 0 : 1] = (uint8_t)(value >> 8);
  bytes[big_endian ? 1 : 0] = (uint8_t)value;
}

enum kind { GOOD, FLOAT_BE, ROUNDED_BE, SHORT_LE, SHORT_BE, SCALED };

static void make(uint8_t *bytes, enum kind kind, uint64_t *frame, double loud) {
  const size_t size = kind == SHORT_LE || kind == SHORT_BE ? 2 : 4;
  for (size_t at = 0; at < BYTES; at += 2 * size, ++*frame)
    for (size_t side = 0; side < 2; side++) {
      const float sample = music(*frame + side * 7, loud);
      uint8_t *to = bytes + at + side * size;
      if (size == 2)
        put_short(to, sample, kind == SHORT_BE);
      else if (kind == ROUNDED_BE)
        put_float(to, roundf(sample * 32767) / 32768, true);
      else
        put_float(to, kind == SCALED ? sample * 32768 : sample, kind == FLOAT_BE);
    }
}

/* Packets at the pace of `rate`; returns how many were heard. */
static unsigned play(struct guest_judge *judge, enum kind kind, double rate, double seconds, double loud,
                     uint64_t *now) {
  uint8_t bytes[BYTES];
  uint64_t frame = 0;
  unsigned heard = 0;
  for (double at = 0; at < seconds; at += FRAMES / rate) {
    make(bytes, kind, &frame, loud);
    heard += guest_judge_pcm(judge, bytes, sizeof bytes, FRAMES, *now + (uint64_t)(at * 1e9));
  }
  *now += (uint64_t)(seconds * 1e9);
  return heard;
}

static void sound_is_heard_however_loud(void **state) {
  (void)state;
  for (double loud = 1e-8; loud < 2; loud *= 10) {
    struct guest_judge judge = {.strange = 0};
    uint64_t now = start;
    assert_int_equal(play(&judge, GOOD, 48000 * (1 + 300e-6), 10, loud, &now), 4002);
    assert_string_equal(judge.fault, "");
  }
}

/* The end of a filter's tail, below anything that is heard. */
static void faint_tails_are_no_fault(void **state) {
  (void)state;
  struct guest_judge judge = {.strange = 0};
  uint8_t bytes[BYTES];
  float level = 1e-3f;
  for (uint64_t i = 0; i < 400; i++) {
    for (size_t at = 0; at < BYTES; at += 4, level *= at % 8 ? 0.997f : 1)
      put_float(bytes + at, at % 16 < 8 ? level : -level, false);
    assert_true(guest_judge_pcm(&judge, bytes, sizeof bytes, FRAMES, start + i * 2500 * ORIEL_NS_PER_US));
  }
  assert_string_equal(judge.fault, "");
}

static void other_samples_are_not_heard_and_named(void **state) {
  (void)state;
  static const struct { enum kind kind; const char *name; } cases[] = {
    {FLOAT_BE, "sample=f32be"}, {ROUNDED_BE, "sample=f32be"}, {SHORT_LE, "sample=s16le"}, {SHORT_BE, "sample=s16be"},
    {SCALED, "no sound"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct guest_judge judge = {.strange = 0};
    uint64_t now = start;
    const unsigned heard = play(&judge, cases[i].kind, 48000, 1, 0.7, &now);
    if (heard || !strstr(judge.fault, cases[i].name))
      print_message("case %zu: %u heard, \"%s\"\n", i, heard, judge.fault);
    assert_int_equal(heard, 0);
    assert_non_null(strstr(judge.fault, cases[i].name));
    assert_true(play(&judge, GOOD, 48000, 5, 0.7, &now) > 1900); /* mended: heard again, and forgiven */
    assert_string_equal(judge.fault, "");
  }
}

static void another_rate_is_named_after_six_seconds(void **state) {
  (void)state;
  static const struct { double rate; const char *name; } cases[] = {
    {44100, "rate=44100"}, {44100 * (1 - 300e-6), "rate=44100"}, {96000, "rate=96000"}, {24000, "rate=24000"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct guest_judge judge = {.strange = 0};
    uint64_t now = start;
    play(&judge, GOOD, cases[i].rate, 9, 0.5, &now);
    assert_non_null(strstr(judge.fault, cases[i].name));
    assert_int_equal(play(&judge, GOOD, cases[i].rate, 1, 0.5, &now), 0);
    now += ORIEL_NS_PER_SECOND;
    assert_true(play(&judge, GOOD, 48000, 9, 0.5, &now) > 2000);
  }
}

/* Loss, pauses and stalls are no rate. */
static void gaps_are_no_fault(void **state) {
  (void)state;
  struct guest_judge judge = {.strange = 0};
  uint8_t bytes[BYTES];
  uint64_t frame = 0, random = 1;
  for (uint64_t i = 0; i < 24000; i++) { /* a minute */
    random = random * 6364136223846793005ull + 1442695040888963407ull;
    make(bytes, GOOD, &frame, 0.5);
    if ((random >> 40) % 100 < 5 || i % 4000 > 3800) /* one in twenty is lost; a pause in ten seconds */
      continue;
    assert_true(guest_judge_pcm(&judge, bytes, sizeof bytes, FRAMES, start + i * 2500 * ORIEL_NS_PER_US +
                                                                        (random >> 30) % (20 * ORIEL_NS_PER_MS)));
  }
  assert_string_equal(judge.fault, "");
}

static void clipping_all_the_time_is_named(void **state) {
  (void)state;
  struct guest_judge judge = {.strange = 0};
  uint64_t now = start;
  play(&judge, GOOD, 48000, 8, 15, &now);
  assert_non_null(strstr(judge.fault, "clips"));
}

static unsigned play_opus(struct guest_judge *judge, const uint8_t *bytes, size_t size, unsigned frames,
                          uint64_t every_ms, unsigned count) {
  unsigned heard = 0;
  for (uint64_t i = 0; i < count; i++)
    heard += guest_judge_opus(judge, bytes, size, frames, true, start + i * every_ms * ORIEL_NS_PER_MS);
  return heard;
}

static void opus_that_is_spaced_otherwise_is_named(void **state) {
  (void)state;
  uint8_t bytes[200] = {0xfc, 1};
  struct guest_judge judge = {.strange = 0};
  assert_int_equal(play_opus(&judge, bytes, sizeof bytes, 960, 20, 500), 500);
  assert_string_equal(judge.fault, "");
  judge = (struct guest_judge){.strange = 0};
  assert_int_equal(play_opus(&judge, bytes, sizeof bytes, 120, 20, 500), 0); /* RTP, read as CELT of 2.5 ms */
  assert_non_null(strstr(judge.fault, "2 ms every 20 ms"));
  judge = (struct guest_judge){.strange = 0};
  assert_true(play_opus(&judge, bytes, sizeof bytes, 120, 2, 500) > 470); /* such Opus that is Opus */
  judge = (struct guest_judge){.strange = 0};
  for (uint64_t i = 0; i < 2000; i++) /* three packets, then a pause of 140 ms: words, not a fault */
    if (i % 10 < 3)
      assert_true(guest_judge_opus(&judge, bytes, sizeof bytes, 960, true, start + i * 20 * ORIEL_NS_PER_MS));
  judge = (struct guest_judge){.strange = 0};
  assert_int_equal(play_opus(&judge, bytes, 3, 960, 200, 500), 500); /* DTX: now and then, and silent */
  assert_string_equal(judge.fault, "");
}

static void datagrams_with_a_length_are_named(void **state) {
  (void)state;
  uint8_t bytes[202] = {0, 200, 0xfc};
  struct guest_judge judge = {.strange = 0};
  assert_int_equal(play_opus(&judge, bytes, sizeof bytes, 480, 20, 20), 0);
  assert_non_null(strstr(judge.fault, "length"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sound_is_heard_however_loud),
    cmocka_unit_test(faint_tails_are_no_fault),
    cmocka_unit_test(other_samples_are_not_heard_and_named),
    cmocka_unit_test(another_rate_is_named_after_six_seconds),
    cmocka_unit_test(gaps_are_no_fault),
    cmocka_unit_test(clipping_all_the_time_is_named),
    cmocka_unit_test(opus_that_is_spaced_otherwise_is_named),
    cmocka_unit_test(datagrams_with_a_length_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
