/* SPDX-License-Identifier: MIT
 *
 * desktop/sound_thread: sound from the source's thread to a viewer. Every wait has a bound.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <opus.h>

#include "core/clock.h"
#include "fake.h"

enum { PACKET = 960, LONG = 48000 };

struct fixture {
  struct fake fake;
  struct oriel_desktop *desktop;
  struct oriel_viewer *viewer;
  float frames[LONG * 2];
};

static int set_up(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  fake_init(&fixture->fake, 640, 480);
  fixture->desktop = fake_desktop(&fixture->fake, "null", true);
  fixture->viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, true);
  oriel_viewer_want(fixture->viewer, false, true);
  fake_drain(fixture->viewer);
  for (int i = 0; i < LONG; i++) /* 1 kHz */
    fixture->frames[2 * i] = fixture->frames[2 * i + 1] = (float)(0.25 * sin(6.283185307 * i / 48));
  *state = fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  oriel_viewer_detach(fixture->viewer);
  oriel_desktop_destroy(fixture->desktop);
  fake_finish(&fixture->fake);
  free(fixture);
  return 0;
}

static void sound(struct fixture *fixture, size_t count, uint64_t captured_ns) {
  fixture->fake.sink->sound(fixture->fake.sink->user, fixture->frames, count, captured_ns);
}

static struct oriel_packet *take(struct fixture *fixture) {
  struct oriel_delivery delivery = fake_next_of(&fixture->fake, fixture->viewer, ORIEL_DELIVERY_AUDIO);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_AUDIO);
  return delivery.packet;
}

static void packets_carry_the_time_of_capture(void **state) {
  struct fixture *fixture = *state;
  const uint64_t start = oriel_clock_ns(), block_ns = ORIEL_NS_PER_SECOND / 100;
  for (unsigned i = 0; i < 20; i++) { /* two blocks of 10 ms for each packet */
    sound(fixture, PACKET / 2, start + i * block_ns);
    if (i % 2 == 0)
      continue;
    struct oriel_packet *packet = take(fixture);
    assert_true(packet->captured_ns == start + (i - 1) * block_ns);
    assert_int_equal(packet->sequence, i / 2 + 1);
    oriel_packet_unref(packet);
  }
}

static void packets_decode_to_the_tone(void **state) {
  struct fixture *fixture = *state;
  int error = 0;
  OpusDecoder *decoder = opus_decoder_create(48000, 2, &error);
  float decoded[PACKET * 2];
  unsigned crossings = 0;
  uint64_t start = oriel_clock_ns();
  for (unsigned i = 0; i < 25; i++) {
    sound(fixture, PACKET, start + i * 20 * ORIEL_NS_PER_MS);
    struct oriel_packet *packet = take(fixture);
    assert_int_equal(opus_decode_float(decoder, packet->data, (opus_int32)packet->size, decoded, PACKET, 0), PACKET);
    oriel_packet_unref(packet);
    for (int k = 1; i >= 5 && k < PACKET; k++)
      crossings += decoded[2 * k - 2] < 0 && decoded[2 * k] >= 0;
  }
  opus_decoder_destroy(decoder);
  assert_in_range(crossings, 380, 402); /* 20 packets of 20 ms at 1 kHz; the border between two is not counted */
}

/* Lesson 27: a long backlog is cut to 60 ms. */
static void long_block_is_trimmed(void **state) {
  struct fixture *fixture = *state;
  const uint64_t start = oriel_clock_ns();
  sound(fixture, LONG, start);
  for (int i = 0; i < 3; i++) {
    struct oriel_packet *packet = take(fixture);
    assert_in_range(packet->captured_ns, start + (940u + (unsigned)i * 20) * ORIEL_NS_PER_MS - 1000,
                    start + (940u + (unsigned)i * 20) * ORIEL_NS_PER_MS + 1000);
    oriel_packet_unref(packet);
  }
  struct oriel_desktop_stats *stats = calloc(1, sizeof *stats);
  oriel_desktop_stats(fixture->desktop, stats);
  assert_int_equal(stats->audio_packets, 3);
  assert_int_equal(stats->audio_overruns, 1);
  free(stats);
}

/* Lesson 25: what was not written is silence, not what comes after. */
static void sound_that_stops_ends_with_silence(void **state) {
  struct fixture *fixture = *state;
  const uint64_t start = oriel_clock_ns();
  sound(fixture, PACKET / 4, start);
  struct oriel_packet *packet = take(fixture); /* the rest of the packet never comes */
  assert_true(packet->captured_ns == start);
  oriel_packet_unref(packet);
  assert_true(oriel_clock_ns() - start >= 50 * ORIEL_NS_PER_MS);
  sound(fixture, PACKET, start + ORIEL_NS_PER_SECOND);
  packet = take(fixture);
  assert_true(packet->captured_ns == start + ORIEL_NS_PER_SECOND);
  oriel_packet_unref(packet);
}

static void gap_in_capture_times_is_not_glued(void **state) {
  struct fixture *fixture = *state;
  const uint64_t start = oriel_clock_ns();
  sound(fixture, PACKET / 2, start);
  sound(fixture, PACKET, start + 500 * ORIEL_NS_PER_MS);
  struct oriel_packet *packet = take(fixture);
  assert_true(packet->captured_ns == start);
  oriel_packet_unref(packet);
  packet = take(fixture);
  assert_true(packet->captured_ns == start + 500 * ORIEL_NS_PER_MS);
  oriel_packet_unref(packet);
}

static void unwanted_sound_is_not_encoded_nor_kept(void **state) {
  struct fixture *fixture = *state;
  oriel_viewer_want(fixture->viewer, false, false);
  for (int i = 0; i < 10; i++)
    sound(fixture, PACKET, oriel_clock_ns());
  oriel_viewer_want(fixture->viewer, false, true);
  const uint64_t start = oriel_clock_ns();
  sound(fixture, PACKET, start);
  struct oriel_packet *packet = take(fixture);
  assert_true(packet->captured_ns == start);
  assert_int_equal(packet->sequence, 1);
  oriel_packet_unref(packet);
}

/* Lesson 27: what a former listener left behind is not what the next one hears first. */
static void next_listener_hears_nothing_old(void **state) {
  (void)state;
  struct fake fake;
  float frames[PACKET * 2] = {0};
  fake_init(&fake, 640, 480);
  struct oriel_desktop *desktop = fake_desktop(&fake, "null", false); /* the audio thread starts later */
  struct oriel_viewer *viewer = fake_viewer(desktop, ORIEL_ROLE_VIEWER, true, true);
  const uint64_t start = oriel_clock_ns();
  desktop->sink.sound(desktop, frames, PACKET / 4, start);
  oriel_viewer_want(viewer, false, false);
  oriel_viewer_want(viewer, false, true);
  desktop->sink.sound(desktop, frames, PACKET, start + 20 * ORIEL_NS_PER_MS);
  assert_int_equal(oriel_desktop_start(desktop), 0);
  struct oriel_delivery delivery = fake_next_of(&fake, viewer, ORIEL_DELIVERY_AUDIO);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_AUDIO);
  assert_true(delivery.packet->captured_ns == start + 20 * ORIEL_NS_PER_MS);
  oriel_packet_unref(delivery.packet);
  oriel_viewer_detach(viewer);
  oriel_desktop_destroy(desktop);
  fake_finish(&fake);
}

#define audio_case(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
    audio_case(packets_carry_the_time_of_capture),
    audio_case(packets_decode_to_the_tone),
    audio_case(long_block_is_trimmed),
    audio_case(sound_that_stops_ends_with_silence),
    audio_case(gap_in_capture_times_is_not_glued),
    audio_case(unwanted_sound_is_not_encoded_nor_kept),
    cmocka_unit_test(next_listener_hears_nothing_old),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
