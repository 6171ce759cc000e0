/* SPDX-License-Identifier: MIT
 *
 * What the receiver sounds like: no seam clicks, the resampler is clean, lost sound is made up for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <opus/opus.h>

#include "tests/media/link.h"

/* ---- seams ---- */

#define TONE_HZ 440
/* The tone's own steepest step, and as much again by half for what a fade adds. */
#define STEP_MOST (0.5 * 2 * M_PI * TONE_HZ / 48000 * 1.5)

struct steps {
  float last, most;
  double level; /* mean magnitude of the last pull */
};

static void heard_steps(struct link *link, const float *frames, size_t count) {
  struct steps *steps = link->user;
  steps->level = 0;
  for (size_t i = 0; i < count; i++) {
    float sample = frames[i * link->channels];
    steps->most = fmaxf(steps->most, fabsf(sample - steps->last));
    steps->last = sample;
    steps->level += fabs((double)sample) / (double)count;
  }
}

enum seam { HELD, SILENT, PAUSED, RESET, LATE, LOST, PATH, SEAMS };

static void make_seam(struct link *link, enum seam seam) {
  switch (seam) {
  case HELD:
  case LATE:
    link->held = true;
    link_run(link, seam == HELD ? 2 : 0.025);
    link->held = false;
    break;
  case SILENT:
    link->silent_sender = true;
    link_run(link, 2);
    link->silent_sender = false;
    break;
  case PAUSED:
    link->next_pull_ns += 0.5e9;
    link_run(link, 0.5);
    break;
  case RESET:
    oriel_receiver_reset(link->receiver);
    break;
  case LOST:
    link->lost = 0.5;
    link_run(link, 0.2);
    link->lost = 0;
    break;
  case PATH:
    link->path_ns = link->path_ns > 0 ? 0 : 60e6;
    break;
  case SEAMS:
    break;
  }
}

static void seams_do_not_click(void **state) {
  (void)state;
  for (int format = 0; format < 2; format++)
    for (int seam = 0; seam < SEAMS; seam++)
      for (int ppm = 0; ppm <= 200; ppm += 200) {
        if (format == 1 && seam == LOST)
          continue; /* Opus' own concealment of half the packets is as rough as it is */
        struct steps steps = {0};
        struct link link = {.packet = 240, .pull = 256, .channels = format ? 2 : 1, .tone_hz = TONE_HZ,
                            .sender_ppm = ppm,
                            .jitter_ns = 100e3, .random = (uint64_t)seam};
        assert_int_equal(link_open(&link, format == 0, 0), 0);
        link.user = &steps;
        link.heard = heard_steps;
        for (int round = 0; round < 6; round++) {
          link_run(&link, 1 + 0.0137 * round);
          make_seam(&link, (enum seam)seam);
          link_run(&link, 1);
          if (steps.most > STEP_MOST)
            print_message("format %d seam %d round %d ppm %d: a step of %f, most %f\n", format, seam, round, ppm,
                          (double)steps.most, STEP_MOST);
          assert_true(steps.most <= STEP_MOST);
          assert_true(steps.level > 0.25 && steps.level < 0.4); /* and it plays on */
        }
        link_close(&link);
      }
}

/* Late sound is filled with more of the same, not with a hole. */
static void short_gap_is_filled(void **state) {
  (void)state;
  struct receiver_conceal conceal;
  assert_int_equal(receiver_conceal_init(&conceal, 2, 48000), 0);
  float frames[2 * 2400], filled[2 * 2400];
  for (int i = 0; i < 2400; i++)
    for (int channel = 0; channel < 2; channel++)
      frames[2 * i + channel] = (float)(0.4 * sin(2 * M_PI * i * 300 / 48000) + 0.1 * sin(2 * M_PI * i * 900 / 48000));
  receiver_conceal_heard(&conceal, frames, 2400);
  receiver_conceal_begin(&conceal);
  receiver_conceal_render(&conceal, filled, 2400);
  for (int i = 0; i < 480; i++) { /* 10 ms go on as the tone would have */
    double would = 0.4 * sin(2 * M_PI * (i + 2400) * 300 / 48000) + 0.1 * sin(2 * M_PI * (i + 2400) * 900 / 48000);
    assert_true(fabs(filled[2 * i + 1] - would) < 0.02);
  }
  assert_true(receiver_conceal_is_over(&conceal));
  for (int i = 1440; i < 2400; i++)
    assert_true(filled[2 * i] == 0);
  receiver_conceal_finish(&conceal);
}

/* ---- the resampler ---- */

/* Everything but the tone, against it, in dB: a least-squares fit of the tone is taken out. */
static double thd_n(double hz, double pace) {
  enum { COUNT = 48000 };
  struct receiver_ring ring;
  struct receiver_resampler resampler;
  assert_int_equal(receiver_ring_init(&ring, 131072, 1), 0);
  assert_int_equal(receiver_resampler_init(&resampler, 1), 0);
  float *frames = malloc(sizeof(float) * 60000);
  assert_non_null(frames);
  for (int i = 0; i < 60000; i++)
    frames[i] = (float)(0.9 * sin(2 * M_PI * fmod(i * hz / 48000, 1)));
  receiver_ring_write(&ring, frames, 60000);
  resampler.position = 1000;
  resampler.pace = (uint64_t)llround(pace * 0x1p32);
  for (int i = 0; i < COUNT; i += 240) {
    assert_int_equal(receiver_resampler_ready(&resampler, receiver_ring_written(&ring), 240), 240);
    receiver_resampler_read(&resampler, &ring, frames + i, 240);
  }
  double omega = 2 * M_PI * hz * ((double)resampler.pace * 0x1p-32) / 48000;
  double ss = 0, cc = 0, sc = 0, sx = 0, cx = 0, rest = 0, tone = 0;
  for (int i = 0; i < COUNT; i++) {
    double s = sin(omega * i), c = cos(omega * i), x = (double)frames[i];
    ss += s * s, cc += c * c, sc += s * c, sx += s * x, cx += c * x;
  }
  double det = ss * cc - sc * sc, a = (sx * cc - cx * sc) / det, b = (cx * ss - sx * sc) / det;
  for (int i = 0; i < COUNT; i++) {
    double fit = a * sin(omega * i) + b * cos(omega * i), error = (double)frames[i] - fit;
    tone += fit * fit;
    rest += error * error;
  }
  free(frames);
  receiver_resampler_finish(&resampler);
  receiver_ring_finish(&ring);
  assert_true(fabs(sqrt(a * a + b * b) / 0.9 - 1) < 0.001); /* and as loud as before */
  return 10 * log10(rest / tone);
}

static void resampler_is_clean(void **state) {
  (void)state;
  const double paces[] = {1.0003, 0.9997, 1.005, 0.995};
  for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
    double low = thd_n(1000, paces[i]), high = thd_n(15000, paces[i]);
    print_message("pace %.4f: THD+N of 1 kHz %.1f dB, of 15 kHz %.1f dB\n", paces[i], low, high);
    assert_true(low < -100);
    assert_true(high < -90);
  }
}

static void resampler_at_one_copies(void **state) {
  (void)state;
  struct receiver_ring ring;
  struct receiver_resampler resampler;
  assert_int_equal(receiver_ring_init(&ring, 4096, 3), 0);
  assert_int_equal(receiver_resampler_init(&resampler, 3), 0);
  float frames[3 * 1000], read[3 * RECEIVER_CHUNK];
  for (int i = 0; i < 3 * 1000; i++)
    frames[i] = (float)i * 1e-4f;
  receiver_ring_write(&ring, frames, 1000);
  resampler.position = RECEIVER_RING_FIRST + 100;
  receiver_resampler_read(&resampler, &ring, read, RECEIVER_CHUNK);
  assert_memory_equal(read, frames + 300, sizeof read);
  assert_int_equal(receiver_resampler_ready(&resampler, receiver_ring_written(&ring), 10000), 1000 - 356);
  /* The filter itself, at phase zero, gives the same bits. */
  resampler.position = RECEIVER_RING_FIRST + 100;
  resampler.pace = RECEIVER_PACE_ONE + 1;
  receiver_resampler_read(&resampler, &ring, read, 1);
  assert_memory_equal(read, frames + 300, 3 * sizeof *read);
  receiver_resampler_finish(&resampler);
  receiver_ring_finish(&ring);
}

/* ---- Opus ---- */

static void opus_is_heard(void **state) {
  (void)state;
  struct link link = {.packet = 960, .pull = 480, .tone_hz = 440, .sender_ppm = 50};
  assert_int_equal(link_open(&link, false, 0), 0);
  link_run(&link, 3);
  double level = 0;
  for (int i = 0; i < 480; i++)
    level += fabs((double)link.output[2 * i]) / 480;
  assert_true(level > 0.25 && level < 0.4);
  link_close(&link);
}

static void opus_losses_are_recovered(void **state) {
  (void)state;
  const struct oriel_receiver_config config = {.channels = 2, .rate = 48000};
  struct oriel_receiver *receiver = NULL;
  assert_int_equal(oriel_receiver_create(&config, &receiver), 0);
  int error = 0;
  OpusEncoder *encoder = opus_encoder_create(48000, 2, OPUS_APPLICATION_VOIP, &error);
  assert_non_null(encoder);
  opus_encoder_ctl(encoder, OPUS_SET_BITRATE(32000));
  opus_encoder_ctl(encoder, OPUS_SET_MAX_BANDWIDTH(OPUS_BANDWIDTH_WIDEBAND));
  opus_encoder_ctl(encoder, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
  opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(1));
  opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC(20));
  for (uint64_t i = 0; i < 200; i++) {
    float frames[960 * 2];
    for (int n = 0; n < 960; n++) {
      double at = (double)i * 960 + n;
      frames[2 * n] = frames[2 * n + 1] = (float)(0.3 * sin(at * 0.03) * sin(at * 1e-4));
    }
    uint8_t packet[1500];
    int size = opus_encode_float(encoder, frames, 960, packet, sizeof packet);
    assert_true(size > 0);
    if (i % 10 != 5)
      assert_int_equal(oriel_receiver_push(receiver, packet, (size_t)size, i, 1000000000 + i * 20000000), 0);
  }
  struct oriel_receiver_stats stats;
  oriel_receiver_stats(receiver, &stats);
  assert_int_equal(stats.lost_packets, 20);
  assert_true(stats.recovered_packets >= 15);
  opus_encoder_destroy(encoder);
  oriel_receiver_destroy(receiver);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(seams_do_not_click),
    cmocka_unit_test(short_gap_is_filled),
    cmocka_unit_test(resampler_is_clean),
    cmocka_unit_test(resampler_at_one_copies),
    cmocka_unit_test(opus_is_heard),
    cmocka_unit_test(opus_losses_are_recovered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
