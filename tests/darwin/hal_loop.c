/* SPDX-License-Identifier: MIT
 *
 * The simulator's check of a pair of devices in a loop: what is played at a sample time is recorded at that sample
 * time. See hal.h.
 */
#include "tests/darwin/hal_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Any float, by its sample time and channel, so that a wrong place is heard: never 0, exact in a float. */
static float sound_at(double at, UInt32 channel) {
  uint64_t time = (uint64_t)(int64_t)at;
  return (float)((time * 2654435761u + channel * 40503u) % 65521 + 1) / 65536;
}

struct loop {
  struct hal *hal;
  const struct hal_device *out, *in;
  UInt32 player, recorder;
  float *samples;
};

static void play(const struct loop *loop, double at, UInt32 frames) {
  for (UInt32 i = 0; i < frames; i++)
    for (UInt32 c = 0; c < loop->out->output_channels; c++)
      loop->samples[i * loop->out->output_channels + c] = sound_at(at + i, c);
  hal_play(loop->hal, loop->out, loop->player, at, frames, loop->samples);
}

/* How many frames of [at, at + frames) are what was played there, and how many silent. */
static void record(const struct loop *loop, UInt32 client, double at, UInt32 frames, UInt32 *exact, UInt32 *silent) {
  UInt32 channels = loop->in->input_channels;
  hal_record(loop->hal, loop->in, client, at, frames, loop->samples);
  *exact = *silent = 0;
  for (UInt32 i = 0; i < frames; i++) {
    bool same = true, quiet = true;
    for (UInt32 c = 0; c < channels; c++) {
      same &= loop->samples[i * channels + c] == sound_at(at + i, c);
      quiet &= loop->samples[i * channels + c] == 0;
    }
    *exact += same;
    *silent += quiet;
  }
}

static void expect(const struct loop *loop, UInt32 client, double at, UInt32 frames, bool sound, const char *code,
                   const char *when) {
  UInt32 exact = 0, silent = 0;
  record(loop, client, at, frames, &exact, &silent);
  if ((sound ? exact : silent) != frames)
    hal_fault(loop->hal, code, "%s: of %u frames at %.0f, %u are what was played there, %u silent", when, frames, at,
              exact, silent);
}

static double now(const struct loop *loop) {
  double time = hal_sample_time(loop->hal, loop->in->id, loop->recorder);
  hal_sample_time(loop->hal, loop->out->id, loop->player);
  return ceil(time);
}

static void check_exact(const struct loop *loop, UInt32 frames) {
  double at = now(loop);
  for (unsigned i = 0; i < 40000 / frames + 3; i++) {
    play(loop, at, frames);
    hal_pass(frames, loop->in->rate);
    now(loop);
    expect(loop, loop->recorder, at, frames, true, "loop.exact", "a cycle later");
    at += frames;
  }
}

/* Lesson 25: two recorders, of different sizes and a little apart, hear the same; what was not played is silence. */
static void check_shared(const struct loop *loop) {
  UInt32 second = hal_client_add(loop->hal, loop->in->id);
  hal_client_start(loop->hal, loop->in->id, second);
  double at = now(loop);
  for (unsigned i = 0; i < 60; i++) {
    play(loop, at, 480);
    hal_pass(480, loop->in->rate);
    now(loop);
    expect(loop, loop->recorder, at, 480, true, "loop.split", "the first of two recorders");
    expect(loop, second, at, 160, true, "loop.split", "the second of two recorders");
    expect(loop, second, at + 160, 320, true, "loop.split", "the second of two recorders");
    at += 480;
  }
  hal_client_stop(loop->hal, loop->in->id, second);
  hal_client_remove(loop->hal, loop->in->id, second);
}

static void check_silence(const struct loop *loop) {
  double at = now(loop);
  for (unsigned i = 0; i < 200; i++, at += 512) {
    play(loop, at, 512);
    hal_pass(512, loop->in->rate);
  }
  now(loop);
  /* The player pauses: for seconds, so that any ring goes round more than once. */
  for (unsigned i = 0; i < 400; i++, at += 512) {
    hal_pass(512, loop->in->rate);
    now(loop);
    expect(loop, loop->recorder, at, 512, false, "loop.stale", "after the player paused");
  }
}

/* The machine sleeps in the midst of it, for less than a ring, more, and hours: what was played before is over. */
static void check_suspension(const struct loop *loop) {
  static const double frames[] = {5000, 16384, 20000, 48000 * 3600.0 + 77};
  for (size_t k = 0; k < sizeof frames / sizeof *frames; k++) {
    double at = now(loop);
    for (unsigned i = 0; i < 40; i++, at += 512) {
      play(loop, at, 512);
      hal_pass(512, loop->in->rate);
    }
    hal_pass(frames[k], loop->in->rate);
    at = now(loop);
    for (unsigned i = 0; i < 40; i++, at += 512) {
      hal_pass(512, loop->in->rate);
      now(loop);
      expect(loop, loop->recorder, at, 512, false, "loop.stale", "after the machine slept");
    }
    for (unsigned i = 0; i < 40; i++, at += 512) {
      play(loop, at, 512);
      hal_pass(512, loop->in->rate);
      now(loop);
      expect(loop, loop->recorder, at, 512, true, "loop.exact", "played after the machine slept");
    }
  }
}

/* Lesson 26: others come and go while one plays and one records. */
static void check_others(const struct loop *loop) {
  double at = now(loop);
  for (unsigned i = 0; i < 8; i++) {
    const struct hal_device *device = i % 2 ? loop->in : loop->out;
    UInt32 other = hal_client_add(loop->hal, device->id);
    hal_client_start(loop->hal, device->id, other);
    for (unsigned k = 0; k < 8; k++, at += 256) {
      if (k == 4)
        hal_client_stop(loop->hal, device->id, other);
      play(loop, at, 256);
      hal_pass(256, loop->in->rate);
      now(loop);
      expect(loop, loop->recorder, at, 256, true, "loop.cut", "while another came or went");
    }
    hal_client_remove(loop->hal, device->id, other);
  }
}

void hal_check_loop(struct hal *hal, const struct hal_device *out, const struct hal_device *in) {
  static const UInt32 sizes[] = {32, 64, 512, 4096};
  struct loop loop = {hal, out, in, hal_client_add(hal, out->id), hal_client_add(hal, in->id), NULL};
  loop.samples = calloc((size_t)HAL_FRAMES_MAX * HAL_CHANNELS_MAX, sizeof *loop.samples);
  if (!loop.samples)
    abort();
  hal_client_start(hal, out->id, loop.player);
  hal_client_start(hal, in->id, loop.recorder);
  hal_pass(5000, in->rate);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
    check_exact(&loop, sizes[i]);
  check_shared(&loop);
  check_silence(&loop);
  check_suspension(&loop);
  check_others(&loop);
  hal_client_stop(hal, out->id, loop.player);
  hal_client_stop(hal, in->id, loop.recorder);
  hal_client_remove(hal, out->id, loop.player);
  hal_client_remove(hal, in->id, loop.recorder);
  free(loop.samples);
}
