/* SPDX-License-Identifier: MIT
 *
 * Times of the sound driver's IO callbacks and what its transport thread costs. The engine under the Apple face, on any
 * system; the callbacks are called as an IO thread would.
 */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audio/oriel-audio.h"
#include "bench/series.h"
#include "core/clock.h"
#include "driver/engine.h"
#include "transport/listener.h"
#include "transport/stream.h"

enum { FRAMES_MAX = 4096, CHANNELS_MAX = 16 };

static struct series series;
static float frames[FRAMES_MAX * CHANNELS_MAX], heard[FRAMES_MAX * CHANNELS_MAX];

static void fail(const char *what) {
  fprintf(stderr, "driver_bench: %s\n", what);
  exit(1);
}

static void begin(const char *name, const char *unit, const char *target, double limit) {
  series.name = name;
  series.unit = unit;
  series.target = target;
  series.limit = limit;
  series.judge = SERIES_P99_MOST;
}

static void quiet(enum engine_log_level level, const char *text) {
  (void)level, (void)text;
}

static const struct engine_world world = {.now = oriel_clock_ns, .ticks_per_second = 1000000000, .log = quiet};

static struct engine *make(unsigned channels, uint32_t rate, const char *transport, bool shared) {
  struct settings settings = settings_default;
  struct engine *engine = NULL;
  settings.output_channels = settings.input_channels = channels;
  settings.rate = rate;
  settings.microphone[0] = '\0';
  snprintf(settings.transport, sizeof settings.transport, "%s", transport);
  settings.shared_memory[0] = '\0';
  if (shared)
    snprintf(settings.shared_memory, sizeof settings.shared_memory, "oriel-bench-%d", (int)getpid());
  if (engine_create(&world, &settings, &engine) < 0)
    fail("no engine");
  for (size_t i = 0; i < FRAMES_MAX * CHANNELS_MAX; i++)
    frames[i] = 0.3f * sinf((float)i * 0.01f);
  return engine;
}

static void bench_write(const char *name, unsigned channels, size_t count, bool ramping, const char *target,
                        double limit) {
  struct engine *engine = make(channels, 48000, "", true);
  int64_t time = 48000;
  begin(name, "us", target, limit);
  engine_start(engine, ENGINE_OUTPUT, 1);
  for (int i = 0; i < 10000; i++, time += (int64_t)count) {
    if (ramping)
      engine_set_volume(engine, ENGINE_OUTPUT, i & 1 ? 0.5f : 0.9f);
    const uint64_t start = oriel_clock_ns();
    engine_write(engine, time, frames, count, start);
    series_add(&series, (double)(oriel_clock_ns() - start) / 1e3);
  }
  series_report(&series);
  engine_destroy(engine);
}

static void bench_read(const char *name, unsigned channels, uint32_t rate, size_t count, const char *target,
                       double limit) {
  struct engine *engine = make(channels, rate, "", false);
  int64_t time = 48000;
  begin(name, "us", target, limit);
  engine_start(engine, ENGINE_INPUT, 1);
  for (int i = 0; i < 10000; i++, time += (int64_t)count) {
    const uint64_t start = oriel_clock_ns();
    engine_read(engine, time, heard, count, start);
    series_add(&series, (double)(oriel_clock_ns() - start) / 1e3);
  }
  series_report(&series);
  engine_destroy(engine);
}

/* Frames between what is played and what a reader of the shared memory has, after each callback; any wrong bit ends the
 * run. */
static void bench_delay(size_t count) {
  char name[80], shm[32];
  struct engine *engine = make(2, 48000, "", true);
  struct oriel_audio_reader *reader = NULL;
  snprintf(shm, sizeof shm, "oriel-bench-%d", (int)getpid());
  if (oriel_audio_reader_open(shm, 0, &reader) < 0)
    fail("no shared memory");
  snprintf(name, sizeof name, "delay added, bit-exact, %zu frames", count);
  begin(name, "frames", "0", 0);
  int64_t time = 48000;
  for (int i = 0; i < 1000; i++, time += (int64_t)count) {
    for (size_t f = 0; f < 2 * count; f++)
      frames[f] = (float)((i * 7919 + (int)f) % 65536) / 65536;
    engine_write(engine, time, frames, count, oriel_clock_ns());
    const ssize_t got = oriel_audio_reader_read(reader, heard, count, 0);
    if (got < 0 || memcmp(heard, frames, (size_t)got * 2 * sizeof *frames) != 0)
      fail("what was heard is not what was played");
    series_add(&series, (double)(count - (size_t)got));
  }
  series_report(&series);
  oriel_audio_reader_close(reader);
  engine_destroy(engine);
}

/* CPU time of all threads but this one. */
static double cpu_ms(void) {
  struct timespec all, own;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &all);
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &own);
  return (double)(all.tv_sec - own.tv_sec) * 1e3 + (double)(all.tv_nsec - own.tv_nsec) / 1e6;
}

static void sleep_until(uint64_t time_ns) {
  const struct timespec time = {(time_t)(time_ns / ORIEL_NS_PER_SECOND), (long)(time_ns % ORIEL_NS_PER_SECOND)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

/* Plays two seconds in real time to a peer that reads: how long after each cycle its sound arrives, and the driver's
 * CPU. */
static void bench_stream(const char *name, const char *cpu_name, const char *options, size_t cycle, const char *target,
                         double limit, const char *cpu_target, double cpu_limit) {
  char path[128], why[256];
  struct oriel_transport_address address;
  struct oriel_listener *listener = NULL;
  snprintf(path, sizeof path, "unix:///tmp/oriel-bench.%d%s", (int)getpid(), options);
  if (oriel_transport_address_parse(path, &address, why, sizeof why) < 0 ||
      oriel_listener_create(&address, &listener, why, sizeof why) < 0)
    fail(why);
  struct engine *engine = make(2, 48000, path, false);
  engine_start(engine, ENGINE_OUTPUT, 1);
  struct pollfd ready = {.fd = oriel_listener_fd(listener), .events = POLLIN};
  if (poll(&ready, 1, 5000) != 1)
    fail("the driver does not dial");
  const int fd = oriel_listener_accept(listener);
  begin(name, "ms", target, limit);
  uint8_t bytes[65536];
  const uint64_t start = oriel_clock_ns();
  const double cpu = cpu_ms();
  int64_t time = 48000;
  for (uint64_t next = start; next < start + 2 * ORIEL_NS_PER_SECOND; next += cycle * ORIEL_NS_PER_SECOND / 48000) {
    sleep_until(next);
    while (oriel_stream_receive(fd, bytes, sizeof bytes) > 0)
      ;
    const uint64_t wrote = oriel_clock_ns();
    engine_write(engine, time, frames, cycle, wrote);
    time += (int64_t)cycle;
    struct pollfd stream = {.fd = fd, .events = POLLIN};
    if (poll(&stream, 1, (int)(cycle / 48) - 1) == 1)
      series_add(&series, (double)(oriel_clock_ns() - wrote) / 1e6);
  }
  const double share = (cpu_ms() - cpu) / 20; /* percent of 2 s */
  series_report(&series);
  begin(cpu_name, "% core", cpu_target, cpu_limit);
  series_add(&series, share);
  series_report(&series);
  engine_destroy(engine);
  close(fd);
  oriel_listener_destroy(listener);
}

int main(int argc, char **argv) {
  series_options(argc, argv);
  static const size_t sizes[] = {32, 64, 512, 4096};
  for (int i = 0; i < 4; i++)
    bench_delay(sizes[i]);
  bench_write("output callback 32 x 2", 2, 32, false, NULL, 0);
  bench_write("output callback 512 x 2", 2, 512, false, "< 20 us", 20);
  bench_write("output callback 512 x 2, volume ramping", 2, 512, true, "< 20 us", 20);
  bench_write("output callback 512 x 16", 16, 512, false, NULL, 0);
  bench_write("output callback 4096 x 2", 2, 4096, false, NULL, 0);
  bench_read("input callback 512 x 2, silent", 2, 48000, 512, "< 20 us", 20);
  bench_read("input callback 512 x 2, silent, at 44.1 kHz", 2, 44100, 512, NULL, 0);
  bench_stream("callback to peer, PCM, cycles of 512", "  its CPU, PCM", "?format=pcm", 512, "<= 10 ms", 10, "< 1 %",
               1);
  bench_stream("callback to peer, Opus 5 ms, cycles of 512", "  its CPU, Opus 5 ms", "?frame=5", 512, NULL, 0, "< 3 %",
               3);
  series_end();
  return 0;
}
