/* SPDX-License-Identifier: MIT
 *
 * The receiver of sound in simulated time: how fast and how exactly it follows a sender's clock, what it costs, and a
 * day of jitter. Takes a minute.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/series.h"
#include "tests/media/link.h"

enum { SEEDS = 8 };

static void open_link(struct link *link, bool is_pcm, uint32_t target_min_us) {
  if (link_open(link, is_pcm, target_min_us) < 0) {
    fprintf(stderr, "receiver_bench: out of memory\n");
    exit(1);
  }
}

static struct oriel_receiver_stats stats_of(const struct link *link) {
  struct oriel_receiver_stats stats;
  oriel_receiver_stats(link->receiver, &stats);
  return stats;
}

/* +-1000 ppm. Locked: from then on the level stays within 0.25 ms and the pace within 5 ppm. */
static void bench_drift(const char *kind, size_t packet, double jitter_ns) {
  char names[4][80];
  const char *what[] = {"+-1000 ppm locked after", "drift off, 10..60 s", "ratio off, 10..60 s", "level off, 10..60 s"};
  for (int i = 0; i < 4; i++)
    snprintf(names[i], sizeof names[i], "%s: %s", kind, what[i]);
  struct series lock = {.name = names[0], .unit = "s", .target = "<= 10 s", .limit = 10};
  struct series drift = {.name = names[1], .unit = "ppm"}, ratio = {.name = names[2], .unit = "ppm"};
  struct series level = {.name = names[3], .unit = "ms", .target = "<= 0.25 ms", .limit = 0.25};
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct link link = {.packet = packet, .pull = 256, .channels = 1, .sender_ppm = seed % 2 ? 1000 : -1000,
                        .jitter_ns = jitter_ns, .pull_jitter_ns = 20e3, .random = seed};
    open_link(&link, true, 0);
    double locked = 0, most_drift = 0, most_ratio = 0, most_level = 0;
    for (int i = 1; i <= 600; i++) {
      link_run(&link, 0.1);
      struct oriel_receiver_stats stats = stats_of(&link);
      double off = fabs(stats.drift_ppm - link_drift_ppm(&link));
      double pace = fabs((stats.ratio - 1) * 1e6 - link_drift_ppm(&link)), depth = fabs(link_level_error_ms(&link));
      if (depth > 0.25 || pace > 5)
        locked = i * 0.1;
      if (i > 100) {
        most_drift = fmax(most_drift, off);
        most_ratio = fmax(most_ratio, pace);
        most_level = fmax(most_level, depth);
      }
    }
    series_add(&lock, locked);
    series_add(&drift, most_drift);
    series_add(&ratio, most_ratio);
    series_add(&level, most_level);
    link_close(&link);
  }
  if (jitter_ns <= 200e3) { /* what one machine's sockets and timers do */
    drift.target = ratio.target = "<= 1 ppm";
    drift.limit = ratio.limit = 1;
  }
  series_report(&lock);
  series_report(&drift);
  series_report(&ratio);
  series_report(&level);
}

static void bench_stall(const char *name, bool held) {
  struct series series = {.name = name, .unit = "ms", .target = "<= 1000 ms", .limit = 1000};
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct link link = {.packet = 240, .pull = 256, .channels = 1, .sender_ppm = 100, .jitter_ns = 200e3,
                        .random = seed};
    open_link(&link, true, 0);
    link_run(&link, 20);
    link.held = held;
    link.silent_sender = !held;
    link_run(&link, 2);
    link.held = link.silent_sender = false;
    double back = 0;
    for (int i = 1; i <= 200; i++) {
      link_run(&link, 0.01);
      struct oriel_receiver_stats stats = stats_of(&link);
      double off_us = fabs((double)stats.level_us - stats.target_us);
      if (off_us > 1000 || link.receiver->out.state != RECEIVER_PLAYING)
        back = i * 10;
    }
    series_add(&series, back);
    link_close(&link);
  }
  series_report(&series);
}

static double cpu_s(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

struct packets {
  size_t count;
  struct {
    size_t size;
    uint8_t data[1500];
  } at[800];
};

/* Two seconds of music-like sound in packets. */
static void make_packets(struct packets *packets, bool is_pcm, size_t frames) {
  struct oriel_opus_encoder *opus = NULL;
  packets->count = 2 * 48000 / frames;
  if (!is_pcm && oriel_opus_encoder_create((unsigned)(frames / 48), 128, &opus) < 0)
    exit(1);
  for (size_t n = 0; n < packets->count; n++) {
    float sound[960 * 2];
    for (size_t i = 0; i < 2 * frames; i++)
      sound[i] = (float)(0.2 * sin((double)(n * frames + i) * 0.03) + 0.2 * sin((double)(n * frames + i) * 0.0411)) +
                 (float)((n * frames + i) * 2654435761u >> 16 & 1023) * 1e-4f;
    packets->at[n].size = 2 * frames * sizeof(float);
    struct oriel_packet *coded = NULL;
    if (is_pcm) {
      memcpy(packets->at[n].data, sound, packets->at[n].size);
    } else if (oriel_opus_encode(opus, sound, 1, &coded) == 0) {
      memcpy(packets->at[n].data, coded->data, packets->at[n].size = coded->size);
      oriel_packet_unref(coded);
    }
  }
  oriel_opus_encoder_destroy(opus);
}

static void bench_cpu(const char *kind, bool is_pcm, size_t frames, const char *target, double limit) {
  static struct packets packets;
  struct series both = {.name = kind, .unit = "%", .target = target, .limit = limit};
  struct series pulls = {.name = "  of it the pulls of 256 frames", .unit = "%"};
  make_packets(&packets, is_pcm, frames);
  for (int seed = 0; seed < SEEDS; seed++) {
    const struct oriel_receiver_config config = {.is_pcm = is_pcm, .channels = 2, .rate = 48000};
    struct oriel_receiver *receiver = NULL;
    if (oriel_receiver_create(&config, &receiver) < 0)
      exit(1);
    static float sound[256 * 2];
    double pushed_s = 0, pulled_s = 0, send_ns = 1e9, pull_ns = 1e9;
    uint64_t sequence = 0;
    while (send_ns < 21e9) { /* 20 s at +300 ppm, so that the filter works */
      double start = cpu_s();
      for (; send_ns <= pull_ns; send_ns += (double)frames / 48e3 * 1e9 / 1.0003, sequence++)
        oriel_receiver_push(receiver, packets.at[sequence % packets.count].data,
                            packets.at[sequence % packets.count].size,
                            sequence, (uint64_t)send_ns);
      double middle = cpu_s();
      oriel_receiver_pull(receiver, sound, 256, (uint64_t)pull_ns);
      pull_ns += 256 / 48e3 * 1e9;
      pushed_s += middle - start;
      pulled_s += cpu_s() - middle;
    }
    series_add(&both, (pushed_s + pulled_s) / 20 * 100);
    series_add(&pulls, pulled_s / 20 * 100);
    oriel_receiver_destroy(receiver);
  }
  series_report(&both);
  series_report(&pulls);
}

/* 8 kHz, one channel: the same work for clocks and buffer, the filter in a sixth of the time. */
static void bench_day(const char *name, uint32_t target_min_us, const char *target, int first_sign) {
  struct series dry = {.name = name, .unit = "", .target = target, .limit = 0.5};
  struct series level = {.name = "  level's error at its end", .unit = "ms"};
  struct series depth = {.name = "  its target", .unit = "ms"};
  for (int sign = first_sign; sign <= 1; sign += 2) {
    struct link link = {.packet = 160, .pull = 80, .rate = 8000, .channels = 1, .sender_ppm = 300 * sign,
                        .jitter_ns = 1e6,
                        .burst_ns = 20e6, .burst_every_ns = 10e9, .random = (uint64_t)(sign + 1)};
    open_link(&link, true, target_min_us);
    link_run(&link, 24 * 3600);
    series_add(&dry, (double)stats_of(&link).underruns);
    series_add(&level, fabs(link_level_error_ms(&link)));
    series_add(&depth, stats_of(&link).target_us / 1e3);
    link_close(&link);
  }
  series_report(&dry);
  series_report(&level);
  series_report(&depth);
}

int main(int argc, char **argv) {
  series_options(argc, argv);
  bench_drift("2.5 ms packets, 0.2 ms jitter", 120, 200e3);
  bench_drift("5 ms packets, 0.2 ms jitter", 240, 200e3);
  bench_drift("6.7 ms packets, 1 ms jitter", 320, 1e6);
  bench_stall("back at target after 2 s held back", true);
  bench_stall("back at target after 2 s without sound", false);
  bench_cpu("a core, PCM 2.5 ms packets, 48 kHz stereo", true, 120, "< 1 %", 1);
  bench_cpu("a core, Opus 5 ms packets", false, 240, "< 3 %", 3);
  bench_cpu("a core, Opus 20 ms packets", false, 960, "< 3 %", 3);
  bench_day("24 h, +-300 ppm, bursts of 20 ms: dry, 55 ms set", 55000, "0", -1);
  bench_day("24 h, the same, depth learned: dry", 0, NULL, 1);
  series_end();
  return 0;
}
