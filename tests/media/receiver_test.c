/* SPDX-License-Identifier: MIT
 *
 * The receiver in simulated time: clocks, targets, stalls, losses, bad input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "tests/media/link.h"

static struct oriel_receiver_stats stats_of(const struct link *link) {
  struct oriel_receiver_stats stats;
  oriel_receiver_stats(link->receiver, &stats);
  return stats;
}

static void open_pcm(struct link *link, uint32_t target_min_us) {
  assert_int_equal(link_open(link, true, target_min_us), 0);
}

/* Lesson 24: a wrong clock drifts into noise after minutes. */
static void drift_locks(double ppm, size_t packet, size_t pull, uint64_t random) {
  struct link link = {.packet = packet, .pull = pull, .sender_ppm = ppm, .jitter_ns = 200e3, .pull_jitter_ns = 20e3,
                      .channels = 1, .random = random};
  open_pcm(&link, 0);
  link_run(&link, 10);
  for (int second = 0; second < 30; second++) {
    link_run(&link, 1);
    struct oriel_receiver_stats stats = stats_of(&link);
    assert_true(stats.locked);
    assert_true(fabs(link_level_error_ms(&link)) <= 0.25);
    assert_true(fabs(stats.drift_ppm - link_drift_ppm(&link)) <= 1);
    assert_true(fabs((stats.ratio - 1) * 1e6 - link_drift_ppm(&link)) <= 1);
  }
  assert_int_equal(stats_of(&link).underruns, 0);
  link_close(&link);
}

static void drift_of_a_fast_sender_locks(void **state) {
  (void)state;
  drift_locks(1000, 240, 256, 1);
  drift_locks(1000, 120, 128, 2);
}

static void drift_of_a_slow_sender_locks(void **state) {
  (void)state;
  drift_locks(-1000, 240, 256, 3);
  drift_locks(-1000, 120, 512, 4);
}

static void drift_that_turns_is_followed(void **state) {
  (void)state;
  struct link link = {.packet = 240, .pull = 256, .sender_ppm = 300, .jitter_ns = 200e3, .channels = 1};
  open_pcm(&link, 0);
  link_run(&link, 60);
  link.sender_ppm = -300;
  link_run(&link, 30);
  struct oriel_receiver_stats stats = stats_of(&link);
  assert_true(fabs(stats.drift_ppm + 300) < 5);
  assert_true(fabs(link_level_error_ms(&link)) <= 0.25);
  link_close(&link);
}

static void heard_exact(struct link *link, const float *frames, size_t count) {
  uint64_t *wrong = link->user, read = link->receiver->out.resampler.position - RECEIVER_RING_FIRST;
  if (link->now_ns < 12e9) /* it begins with its first sample, and learns of the jitter later */
    return;
  for (size_t i = 0; i < count; i++)
    *wrong += frames[i] != link_sample(link, read - count + i);
}

static void same_clock_is_bit_exact(void **state) {
  (void)state;
  uint64_t wrong = 0;
  struct link link = {.packet = 240, .pull = 256, .jitter_ns = 300e3, .channels = 1, .heard = heard_exact,
                      .user = &wrong};
  open_pcm(&link, 0);
  link_run(&link, 30);
  assert_int_equal(wrong, 0);
  assert_int_equal(stats_of(&link).underruns, 0);
  assert_true(stats_of(&link).ratio == 1);
  link_close(&link);
}

static void ratio_returns_to_exactly_one(void **state) {
  (void)state;
  struct receiver_control control;
  receiver_control_init(&control);
  for (int i = 0; i < 2000; i++)
    receiver_control_step(&control, 1e-3, 1e-6, 1e-3, 0.01);
  assert_true(control.ratio > 1.001 && control.ratio <= 1.005);
  for (int i = 0; i < 2000; i++) {
    double before = control.ratio;
    receiver_control_step(&control, 0, 1e-6, 0, 0.01);
    assert_true(fabs(control.ratio - before) <= 2.01e-5); /* the slew limit */
  }
  assert_true(control.ratio == 1);
  for (int i = 0; i < 2000; i++)
    receiver_control_step(&control, 0.5, 1e-6, -10, 0.01);
  assert_true(control.ratio <= 1.005);
}

/* The benchmark runs a day of it. */
static void bursts_for_an_hour_never_run_dry(void **state) {
  (void)state;
  for (int sign = -1; sign <= 1; sign += 2) {
    struct link link = {.packet = 160, .pull = 80, .rate = 8000, .channels = 1, .sender_ppm = 300 * sign,
                        .jitter_ns = 1e6, .burst_ns = 20e6, .burst_every_ns = 10e9};
    open_pcm(&link, 55000);
    link_run(&link, 3600);
    struct oriel_receiver_stats stats = stats_of(&link);
    assert_int_equal(stats.underruns, 0);
    assert_int_equal(stats.concealed_frames, 0);
    assert_true(fabs(link_level_error_ms(&link)) <= 0.25);
    link_close(&link);
  }
}

static void target_follows_jitter(void **state) {
  (void)state;
  struct link link = {.packet = 240, .pull = 240, .channels = 1, .jitter_ns = 200e3, .burst_ns = 20e6,
                      .burst_every_ns = 5e9};
  open_pcm(&link, 0);
  link_run(&link, 4);
  assert_true(stats_of(&link).target_us < 13000); /* a packet, a pull, 2 ms */
  link_run(&link, 600);
  struct oriel_receiver_stats stats = stats_of(&link);
  assert_true(stats.target_us > 28000 && stats.target_us < 36000);
  assert_true(stats.jitter_us > 18000);
  assert_true(stats.underruns >= 1 && stats.underruns <= 2); /* while it learned */
  link.burst_every_ns = 0;
  link_run(&link, 600);
  assert_true(stats_of(&link).target_us < 13000); /* forgotten */
  assert_int_equal(stats_of(&link).underruns, stats.underruns);
  link_close(&link);
}

/* Lesson 27: after a reconnection old sound stayed as delay for ever. */
static void held_path_leaves_no_delay(void **state) {
  (void)state;
  struct link link = {.packet = 240, .pull = 256, .channels = 1, .sender_ppm = 100, .jitter_ns = 200e3};
  open_pcm(&link, 0);
  link_run(&link, 20);
  uint32_t target_us = stats_of(&link).target_us;
  link.held = true;
  link_run(&link, 2);
  uint64_t read = link.receiver->out.resampler.position;
  link.held = false;
  link_run(&link, 0.02);
  assert_true(link.receiver->out.resampler.position > read + 90000); /* current at once, the backlog is skipped */
  link_run(&link, 0.98);
  struct oriel_receiver_stats stats = stats_of(&link);
  assert_true(fabs(link_level_error_ms(&link)) <= 0.25);
  assert_true(stats.target_us <= target_us + 1000);
  assert_int_equal(stats.underruns, 1);
  assert_true(stats.trimmed_frames > 90000);
  link_close(&link);
}

static void paused_sender_leaves_no_delay(void **state) {
  (void)state;
  struct link link = {.packet = 240, .pull = 256, .channels = 1, .sender_ppm = -100, .jitter_ns = 200e3};
  open_pcm(&link, 0);
  link_run(&link, 20);
  uint32_t target_us = stats_of(&link).target_us;
  link.silent_sender = true;
  link_run(&link, 2);
  link.silent_sender = false;
  link_run(&link, 1);
  struct oriel_receiver_stats stats = stats_of(&link);
  assert_true(stats.level_us < target_us + 1000 && stats.level_us + 1000 > target_us);
  assert_true(stats.target_us <= target_us + 1000);
  assert_int_equal(stats.underruns, 1);
  link_close(&link);
}

/* A sender with DTX leaves silence out. Its pauses say nothing about the path: sound after many of them is as punctual
 * as before. Jitter that comes in between is learned as ever. */
static void pauses_of_dtx_are_no_jitter(void **state) {
  (void)state;
  struct link link = {.packet = 960, .pull = 480};
  assert_int_equal(link_open(&link, false, 0), 0);
  link_run(&link, 3);
  struct oriel_receiver_stats before, after;
  oriel_receiver_stats(link.receiver, &before);
  for (int i = 0; i < 40; i++) {
    link.silent_sender = true;
    link_run(&link, 0.04 + 0.02 * (i % 7)); /* 40 to 160 ms */
    link.silent_sender = false;
    link_run(&link, 0.6);
  }
  oriel_receiver_stats(link.receiver, &after);
  assert_true(after.jitter_us < before.jitter_us + 5000);
  assert_true(after.target_us < before.target_us + 5000);
  link.burst_ns = 35e6;
  link.burst_every_ns = 0.5e9;
  link.next_burst_ns = link.now_ns;
  link_run(&link, 5);
  oriel_receiver_stats(link.receiver, &after);
  assert_true(after.jitter_us > 20000);
  link_close(&link);
}

static void paused_consumer_hears_current_sound(void **state) {
  (void)state;
  const double pauses[] = {0.3, 2, 20}; /* the last overflows the ring */
  for (int i = 0; i < 3; i++) {
    struct link link = {.packet = 240, .pull = 256, .channels = 1, .jitter_ns = 200e3};
    open_pcm(&link, 0);
    link_run(&link, 10);
    link.next_pull_ns += pauses[i] * 1e9;
    link_run(&link, pauses[i] + 1);
    struct oriel_receiver_stats stats = stats_of(&link);
    assert_true(fabs(link_level_error_ms(&link)) <= 0.5);
    assert_int_equal(stats.underruns, 0);
    assert_true((double)stats.trimmed_frames > pauses[i] * 47000);
    link_close(&link);
  }
}

static void path_that_changes_is_followed(void **state) {
  (void)state;
  struct link link = {.packet = 240, .pull = 256, .channels = 1, .path_ns = 60e6, .jitter_ns = 100e3};
  open_pcm(&link, 0);
  link_run(&link, 10);
  assert_true(fabs(link_level_error_ms(&link)) <= 0.25);
  link.path_ns = 0; /* 60 ms too much are in the ring: cut */
  link_run(&link, 1.5);
  assert_true(fabs(link_level_error_ms(&link)) <= 1);
  assert_int_equal(stats_of(&link).underruns, 0);
  assert_true(stats_of(&link).trimmed_frames > 2600);
  link.path_ns = 60e6; /* 60 ms too few: it runs dry once */
  link_run(&link, 3);
  assert_true(fabs(link_level_error_ms(&link)) <= 1);
  assert_int_equal(stats_of(&link).underruns, 1);
  link_close(&link);
}

/* A consumer asks ahead of time by what its device holds, or counts from when its cycle began. */
static void consumers_may_ask_early_or_late(void **state) {
  (void)state;
  const double due_ms[] = {-10, 5, 20, 60};
  for (int i = 0; i < 4; i++) {
    struct link link = {.packet = 240, .pull = 256, .channels = 1, .jitter_ns = 200e3, .sender_ppm = 100,
                        .due_ns = due_ms[i] * 1e6};
    open_pcm(&link, 0);
    link_run(&link, 10);
    uint64_t underruns = stats_of(&link).underruns;
    assert_true(underruns <= 2); /* until it knows */
    link_run(&link, 300);
    struct oriel_receiver_stats stats = stats_of(&link);
    assert_int_equal(stats.underruns, underruns);
    assert_true(stats.locked);
    assert_true(stats.target_us < 13000 + fmax(due_ms[i], 0) * 1000);
    link_close(&link);
  }
}

/* Lesson 23: never started and starved are different things. */
static void starved_is_not_never_started(void **state) {
  (void)state;
  struct link link = {.packet = 240, .pull = 256, .channels = 1, .silent_sender = true};
  open_pcm(&link, 0);
  link_run(&link, 1);
  struct oriel_receiver_stats stats = stats_of(&link);
  assert_int_equal(stats.last_packet_ns, 0);
  assert_int_equal(stats.underruns, 0);
  assert_true(stats.silent_frames > 47000);
  link.silent_sender = false;
  link_run(&link, 1);
  link.silent_sender = true;
  link_run(&link, 1);
  stats = stats_of(&link);
  assert_true(stats.last_packet_ns > 0);
  assert_int_equal(stats.underruns, 1);
  link_close(&link);
}

/* A sound of its own level, in packets of 2.5 ms that come at their pace, then five seconds without any. `heard` counts
 * the frames at its level, `sounding` all that are not silent (concealment adds to both, the first 5 ms fade in),
 * `late` is how many frames after its arrival the first is, and `old` counts what the sound before left. */
struct short_sound { size_t heard, sounding, late, old; };

static struct short_sound play_short(struct oriel_receiver *receiver, unsigned which, size_t frames, size_t pull,
                                     uint64_t *at) {
  enum { PACKET = 120, RATE = 48000 };
  struct short_sound result = {.late = SIZE_MAX};
  const float level = 0.1f * (float)(which + 1);
  float out[960];
  uint64_t begin = *at + RATE / 100 + 31, sent = 0; /* in the middle of a pull */
  for (uint64_t end = *at + 5 * RATE; *at < end; *at += pull) {
    for (; sent < frames && begin + sent <= *at; sent += PACKET) {
      float packet[PACKET];
      for (size_t i = 0; i < PACKET; i++)
        packet[i] = level;
      oriel_receiver_push(receiver, packet, sizeof packet, which * frames / PACKET + sent / PACKET,
                          1000000000 + (begin + sent) * 1000000000 / RATE);
    }
    oriel_receiver_pull(receiver, out, pull, 1000000000 + *at * 1000000000 / RATE);
    for (size_t i = 0; i < pull; i++) {
      if (out[i] != 0 && result.late == SIZE_MAX)
        result.late = (size_t)(*at + i - begin);
      result.heard += fabsf(out[i] - level) < 1e-4f;
      result.sounding += out[i] != 0;
      result.old += !result.heard && fabsf(out[i] - level + 0.1f) < 1e-4f && which > 0;
    }
  }
  return result;
}

/* However short it is, and however much is pulled at once. */
static void short_sounds_are_heard_whole_and_once(void **state) {
  (void)state;
  enum { FADE = 240 };
  static const size_t lengths[] = {120, 240, 480, 960, 2400}, pulls[] = {128, 256, 960};
  for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
    for (size_t p = 0; p < sizeof pulls / sizeof *pulls; p++) {
      const struct oriel_receiver_config config = {.is_pcm = true, .channels = 1, .rate = 48000};
      struct oriel_receiver *receiver = NULL;
      assert_int_equal(oriel_receiver_create(&config, &receiver), 0);
      uint64_t at = 0;
      for (unsigned which = 0; which < 3; which++) {
        const struct short_sound sound = play_short(receiver, which, lengths[l], pulls[p], &at);
        if (sound.sounding + 1 < lengths[l] || sound.heard + FADE < lengths[l] || sound.late > 4800 || sound.old > 8)
          print_message("%zu frames, pulls of %zu, sound %u: %zu and %zu heard after %zu, %zu old\n", lengths[l],
                        pulls[p], which, sound.sounding, sound.heard, sound.late, sound.old);
        assert_true(sound.sounding + 1 >= lengths[l]); /* a fade begins with nothing */
        assert_true(sound.heard + FADE >= lengths[l]);
        assert_true(sound.late <= 4800);
        assert_true(sound.old <= 8); /* as the fade-in passes its level */
      }
      oriel_receiver_destroy(receiver);
    }
  }
}

static void reset_starts_afresh(void **state) {
  (void)state;
  struct link link = {.packet = 240, .pull = 240, .channels = 1, .tone_hz = 440};
  open_pcm(&link, 100000);
  link_run(&link, 5);
  link.silent_sender = true;
  oriel_receiver_reset(link.receiver);
  float frames[240];
  oriel_receiver_pull(link.receiver, frames, 240, (uint64_t)(link.base_ns + link.now_ns));
  assert_true(fabsf(frames[0]) + fabsf(frames[20]) > 0.01f); /* fading */
  oriel_receiver_pull(link.receiver, frames, 240, (uint64_t)(link.base_ns + link.now_ns + 5e6));
  for (int i = 0; i < 240; i++)
    assert_true(frames[i] == 0);
  link.silent_sender = false;
  link.sequence = 0;
  link.sent = 0;
  link_run(&link, 1);
  assert_true(fabs(stats_of(&link).level_us - 100000.0) < 1000);
  assert_int_equal(stats_of(&link).underruns, 0);
  link_close(&link);
}

static void lost_packets_are_concealed(void **state) {
  (void)state;
  struct link link = {.packet = 240, .pull = 256, .channels = 1, .tone_hz = 440, .lost = 0.02};
  open_pcm(&link, 0);
  link_run(&link, 30);
  struct oriel_receiver_stats stats = stats_of(&link);
  assert_true(stats.lost_packets > 60 && stats.lost_packets < 250);
  assert_true(stats.underruns <= 6);
  assert_true(fabs(link_level_error_ms(&link)) <= 0.5);
  link_close(&link);
}

static void loss_without_numbers_is_recovered_from(void **state) {
  (void)state;
  struct link link = {.packet = 240, .pull = 256, .channels = 1, .jitter_ns = 200e3};
  open_pcm(&link, 0);
  link_run(&link, 10);
  uint32_t target_us = stats_of(&link).target_us;
  for (int i = 0; i < 10; i++) {
    link.silent_sender = true; /* one packet, and nobody counts */
    link_run(&link, 0.005);
    link.silent_sender = false;
    link_run(&link, 3);
    struct oriel_receiver_stats stats = stats_of(&link);
    assert_true(fabs((double)stats.level_us - stats.target_us) < 2000);
    assert_true(stats.underruns <= (uint64_t)i + 1);
  }
  assert_true(stats_of(&link).target_us < target_us + 6000);
  link_close(&link);
}

static void late_and_doubled_packets_are_dropped(void **state) {
  (void)state;
  const struct oriel_receiver_config config = {.is_pcm = true, .channels = 1, .rate = 48000};
  struct oriel_receiver *receiver = NULL;
  assert_int_equal(oriel_receiver_create(&config, &receiver), 0);
  float frames[240] = {0};
  assert_int_equal(oriel_receiver_push(receiver, frames, sizeof frames, 10, 1000000), 0);
  assert_int_equal(oriel_receiver_push(receiver, frames, sizeof frames, 11, 6000000), 0);
  uint64_t written = receiver_ring_written(&receiver->ring);
  assert_int_equal(oriel_receiver_push(receiver, frames, sizeof frames, 11, 6000000), 0);
  assert_int_equal(oriel_receiver_push(receiver, frames, sizeof frames, 9, 6000000), 0);
  assert_int_equal(receiver_ring_written(&receiver->ring), written);
  assert_int_equal(oriel_receiver_push(receiver, frames, sizeof frames, 14, 21000000), 0);
  assert_int_equal(receiver_ring_written(&receiver->ring), written + 3 * 240);
  struct oriel_receiver_stats stats;
  oriel_receiver_stats(receiver, &stats);
  assert_int_equal(stats.lost_packets, 2);
  oriel_receiver_destroy(receiver);
}

static void bad_packets_are_counted(void **state) {
  (void)state;
  for (int is_pcm = 0; is_pcm < 2; is_pcm++) {
    const struct oriel_receiver_config config = {.is_pcm = is_pcm, .channels = 2, .rate = 48000};
    struct oriel_receiver *receiver = NULL;
    assert_int_equal(oriel_receiver_create(&config, &receiver), 0);
    uint8_t bytes[1600];
    memset(bytes, 0xff, sizeof bytes);
    bytes[0] = 0xff; /* Opus: code 3, count 63: more than 120 ms */
    assert_int_equal(oriel_receiver_push(receiver, bytes, 0, 0, 1), -EBADMSG);
    assert_int_equal(oriel_receiver_push(receiver, bytes, 1501, 1, 2), -EBADMSG);
    assert_int_equal(oriel_receiver_push(receiver, bytes, 1499, 2, 3), -EBADMSG);
    struct oriel_receiver_stats stats;
    oriel_receiver_stats(receiver, &stats);
    assert_int_equal(stats.bad_packets, 3);
    assert_int_equal(stats.packets, 3);
    oriel_receiver_destroy(receiver);
  }
}

static void not_a_number_is_silence(void **state) {
  (void)state;
  struct link link = {.packet = 240, .pull = 256, .channels = 1};
  open_pcm(&link, 0);
  link_run(&link, 1);
  float frames[240];
  for (int i = 0; i < 240; i++)
    frames[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -1e30f;
  for (int n = 0; n < 100; n++) {
    oriel_receiver_push(link.receiver, frames, sizeof frames, link.sequence++, (uint64_t)(link.base_ns + link.now_ns));
    oriel_receiver_pull(link.receiver, link.output, 256, (uint64_t)(link.base_ns + link.now_ns));
    link.now_ns += 5e6;
    for (int i = 0; i < 256; i++)
      assert_true(isfinite(link.output[i]) && fabsf(link.output[i]) < 40);
  }
  link_close(&link);
}

static void pulls_of_any_size_work(void **state) {
  (void)state;
  const size_t pulls[] = {1, 7, 32, 1024, 4096, 8192};
  for (size_t i = 0; i < sizeof pulls / sizeof *pulls; i++) {
    struct link link = {.packet = 240, .pull = pulls[i], .channels = 1, .sender_ppm = 100, .jitter_ns = 100e3};
    open_pcm(&link, 0);
    link_run(&link, pulls[i] == 1 ? 5 : 20);
    assert_int_equal(stats_of(&link).underruns, 0);
    assert_true(stats_of(&link).target_us > pulls[i] * 1000000 / 48000);
    link_close(&link);
  }
}

static void configuration_out_of_range_is_refused(void **state) {
  (void)state;
  const struct oriel_receiver_config wrong[] = {
    {.is_pcm = true, .channels = 0, .rate = 48000}, {.is_pcm = true, .channels = 17, .rate = 48000},
    {.is_pcm = true, .channels = 2, .rate = 7999}, {.is_pcm = true, .channels = 2, .rate = 192001},
    {.channels = 1, .rate = 48000}, {.channels = 2, .rate = 44100},
    {.channels = 2, .rate = 48000, .target_min_us = 50000, .target_max_us = 40000},
    {.channels = 2, .rate = 48000, .target_max_us = 2000001},
  };
  struct oriel_receiver *receiver = NULL;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(oriel_receiver_create(&wrong[i], &receiver), -EINVAL);
  assert_null(receiver);
  oriel_receiver_destroy(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(drift_of_a_fast_sender_locks),
    cmocka_unit_test(drift_of_a_slow_sender_locks),
    cmocka_unit_test(drift_that_turns_is_followed),
    cmocka_unit_test(same_clock_is_bit_exact),
    cmocka_unit_test(ratio_returns_to_exactly_one),
    cmocka_unit_test(bursts_for_an_hour_never_run_dry),
    cmocka_unit_test(target_follows_jitter),
    cmocka_unit_test(held_path_leaves_no_delay),
    cmocka_unit_test(paused_sender_leaves_no_delay),
    cmocka_unit_test(pauses_of_dtx_are_no_jitter),
    cmocka_unit_test(paused_consumer_hears_current_sound),
    cmocka_unit_test(path_that_changes_is_followed),
    cmocka_unit_test(consumers_may_ask_early_or_late),
    cmocka_unit_test(starved_is_not_never_started),
    cmocka_unit_test(short_sounds_are_heard_whole_and_once),
    cmocka_unit_test(reset_starts_afresh),
    cmocka_unit_test(lost_packets_are_concealed),
    cmocka_unit_test(loss_without_numbers_is_recovered_from),
    cmocka_unit_test(late_and_doubled_packets_are_dropped),
    cmocka_unit_test(bad_packets_are_counted),
    cmocka_unit_test(not_a_number_is_silence),
    cmocka_unit_test(pulls_of_any_size_work),
    cmocka_unit_test(configuration_out_of_range_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
