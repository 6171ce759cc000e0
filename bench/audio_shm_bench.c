/* SPDX-License-Identifier: MIT
 *
 * Sound through shared memory: throughput as a share of memcpy's, cost per block, and the way from one process to
 * another.
 *
 * Throughput: a block is written into the ring and read out again, against two memcpy of the same size over a buffer
 * as large as the ring, turn and turn about. One way: a writer process publishes periods by the clock; the reader
 * waits in oriel_audio_reader_read. Delay counts from the time of a period's first frame, so that it includes the
 * period.
 */
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "audio/oriel-audio.h"
#include "bench/series.h"

enum { CHANNELS = 2, RATE = 48000, RING = 1 << 18, BLOCK_MAX = 65536 };

static void check(int rc, const char *what) {
  if (rc < 0) {
    fprintf(stderr, "audio_shm_bench: %s: %s\n", what, oriel_audio_error_text(rc));
    exit(1);
  }
}

struct rig {
  char name[32];
  struct oriel_audio_writer *writer;
  struct oriel_audio_reader *reader;
};

/* A sealed memory; a name's memory behind the guard; a name's memory, copied. */
enum way { MAPPED, GUARDED, BY_PREAD, WAYS };
static const char *const way_names[WAYS] = {"mapped", "guarded", "by pread"};

static void rig_open(struct rig *rig, enum way way) {
  const bool direct = way == MAPPED;
  const struct oriel_audio_writer_config config = {.channels = CHANNELS, .rate = RATE, .ring_frames = RING};
  snprintf(rig->name, sizeof rig->name, "oriel-bench-%d", (int)getpid());
  check(oriel_audio_writer_create(direct ? NULL : rig->name, &config, &rig->writer), "create");
  check(direct ? oriel_audio_reader_open_fd(oriel_audio_writer_fd(rig->writer), &rig->reader)
               : oriel_audio_reader_open(rig->name, way == GUARDED ? ORIEL_AUDIO_GUARDED : 0, &rig->reader), "open");
}

static void rig_close(struct rig *rig) {
  oriel_audio_reader_close(rig->reader);
  oriel_audio_writer_destroy(rig->writer);
}

static float in[BLOCK_MAX * CHANNELS], out[BLOCK_MAX * CHANNELS], middle[RING * CHANNELS];

/* ns per block through a buffer like the ring. */
static double time_memcpy(size_t block, int rounds) {
  const uint64_t start_ns = oriel_audio_clock_ns();
  size_t at = 0;
  for (int i = 0; i < rounds; i++) {
    memcpy(middle + at * CHANNELS, in, block * CHANNELS * sizeof *in);
    __asm__ volatile("" ::: "memory");
    memcpy(out, middle + at * CHANNELS, block * CHANNELS * sizeof *in);
    __asm__ volatile("" ::: "memory");
    at = at + 2 * block <= RING ? at + block : 0;
  }
  return (double)(oriel_audio_clock_ns() - start_ns) / rounds;
}

static double time_ring(struct rig *rig, size_t block, int rounds) {
  const uint64_t start_ns = oriel_audio_clock_ns();
  for (int i = 0; i < rounds; i++) {
    oriel_audio_writer_write(rig->writer, in, block, 1);
    if (oriel_audio_reader_read(rig->reader, out, block, 0) != (ssize_t)block)
      check(ORIEL_AUDIO_BAD_LAYOUT, "read");
  }
  return (double)(oriel_audio_clock_ns() - start_ns) / rounds;
}

static void bench_throughput(enum way way, size_t block, bool limited) {
  char names[2][64];
  snprintf(names[0], sizeof names[0], "%s, %zu frames: write and read a block", way_names[way], block);
  snprintf(names[1], sizeof names[1], "%s, %zu frames: share of memcpy's speed", way_names[way], block);
  struct series cost = {.name = names[0], .unit = "us"};
  struct series share = {.name = names[1], .unit = "%"};
  if (limited) {
    share.target = ">= 80 %";
    share.limit = 80;
    share.judge = SERIES_MEDIAN_LEAST;
  }
  struct rig rig;
  rig_open(&rig, way);
  const int rounds = (int)(BLOCK_MAX * 4 / block < 2000 ? BLOCK_MAX * 4 / block : 2000);
  time_ring(&rig, block, rounds);
  time_memcpy(block, rounds);
  for (int i = 0; i < 100; i++) {
    const double plain_ns = time_memcpy(block, rounds), ring_ns = time_ring(&rig, block, rounds);
    series_add(&cost, ring_ns / 1000);
    series_add(&share, 100 * plain_ns / ring_ns);
  }
  series_report(&cost);
  series_report(&share);
  rig_close(&rig);
}

static void sleep_until(uint64_t at_ns) {
  const struct timespec at = {.tv_sec = (time_t)(at_ns / 1000000000u), .tv_nsec = (long)(at_ns % 1000000000u)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* Each frame carries the time of its period's first frame, in ms since base_ns, split over the two channels. */
static void play(struct oriel_audio_writer *writer, size_t period, uint64_t base_ns) {
  uint64_t due_ns = base_ns;
  oriel_audio_writer_set_running(writer, true);
  for (;;) {
    const uint64_t us = (due_ns - base_ns) / 1000;
    for (size_t i = 0; i < period; i++) {
      in[2 * i] = (float)(us >> 16) / 1024;
      in[2 * i + 1] = (float)(us & 0xffff) / 65536;
    }
    due_ns += 1000000000ull * period / RATE;
    sleep_until(due_ns);
    oriel_audio_writer_write(writer, in, period, oriel_audio_clock_ns());
  }
}

static void bench_one_way(enum way way, size_t period) {
  char names[2][80], target[32];
  const double period_ms = 1000.0 * (double)period / RATE;
  snprintf(names[0], sizeof names[0], "one way, %s, periods of %zu frames (%.1f ms)", way_names[way], period,
           period_ms);
  snprintf(names[1], sizeof names[1], "  of it beyond the period");
  snprintf(target, sizeof target, "<= %.1f ms", period_ms + 1);
  struct series whole = {.name = names[0], .unit = "ms", .target = target, .limit = period_ms + 1};
  struct series beyond = {.name = names[1], .unit = "ms", .target = "<= 1 ms", .limit = 1};
  struct rig rig;
  rig_open(&rig, way);
  const uint64_t base_ns = oriel_audio_clock_ns();
  const pid_t pid = fork();
  if (pid == 0)
    play(rig.writer, period, base_ns);
  for (int i = -20; i < 300; i++) {
    if (oriel_audio_reader_read(rig.reader, out, period, 1000) != (ssize_t)period)
      continue;
    const uint64_t now_ns = oriel_audio_clock_ns();
    const uint64_t us = (uint64_t)lrintf(out[0] * 1024) << 16 | (uint64_t)lrintf(out[1] * 65536);
    if (i < 0)
      continue;
    series_add(&whole, (double)(now_ns - base_ns) / 1e6 - (double)us / 1e3);
    series_add(&beyond, whole.samples[whole.count - 1] - period_ms);
  }
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  series_report(&whole);
  series_report(&beyond);
  rig_close(&rig);
}

int main(int argc, char **argv) {
  series_options(argc, argv);
  for (size_t i = 0; i < BLOCK_MAX * CHANNELS; i++)
    in[i] = (float)(i % 1000) / 1000;
  memset(middle, 0, sizeof middle);
  for (enum way way = MAPPED; way < WAYS; way++)
    for (size_t block = 32; block <= BLOCK_MAX; block = block == 32 ? 64 : block * 4)
      bench_throughput(way, block, way != BY_PREAD && block >= 4096);
  for (enum way way = MAPPED; way < WAYS; way++) {
    bench_one_way(way, 64);
    bench_one_way(way, 512);
  }
  series_end();
  return 0;
}
