/* SPDX-License-Identifier: MIT
 *
 * The IO callbacks: played frames into the ring and into shared memory, recorded frames out of the microphone's
 * receiver. Data threads: no allocation, no lock, no system call, no log.
 */
#include "driver/engine.h"

#include <string.h>

#include "driver/engine_impl.h"
#include "driver/turn.h"
#include "media/downmix.h"

enum {
  BRING_FRAMES = 512,
  BRING_STEREO = 640, /* what 512 frames at 44.1 kHz need at 48 kHz, and more */
  GAP_MAX = 4096,     /* frames of a gap that are bridged rather than taken for a new start; or a cycle, if longer */
  SPIN_MAX = 4000,    /* turns to wait for another recorder's callback: some 20 us */
};

static int64_t gap_most(size_t count) {
  return count > GAP_MAX ? (int64_t)count : GAP_MAX;
}

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* Counts a cycle; a step in sample time while running is an xrun. The bits of positive floats sort as the floats do. */
static void count_cycle(struct device *device, int64_t at, size_t count) {
  if (atomic_load_explicit(&device->has_next, memory_order_relaxed) && at != device->next_at)
    atomic_fetch_add_explicit(&device->io.xruns, 1, memory_order_relaxed);
  device->next_at = at + (int64_t)count;
  atomic_store_explicit(&device->has_next, true, memory_order_relaxed);
  atomic_fetch_add_explicit(&device->io.cycles, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&device->io.frames, count, memory_order_relaxed);
  atomic_store_explicit(&device->io.period, (uint32_t)count, memory_order_relaxed);
}

static void measure(struct device *device, const float *frames, size_t samples) {
  float peak = 0;
  for (size_t i = 0; i < samples; i++) {
    const float size = frames[i] < 0 ? -frames[i] : frames[i];
    peak = size > peak ? size : peak;
  }
  if (bits_of(peak) > atomic_load_explicit(&device->io.peak, memory_order_relaxed))
    atomic_store_explicit(&device->io.peak, bits_of(peak), memory_order_relaxed);
}

/* Shared memory goes on without a seam: a short gap becomes silence, a repetition is left out. */
static void publish(struct engine *engine, int64_t at, const struct sample_span *span, unsigned channels,
                    uint64_t now_ns) {
  const size_t count = span->count[0] + span->count[1];
  const int64_t gap = at - engine->writer_at, most = gap_most(count);
  size_t skip = 0;
  if (engine->writer_placed && gap > 0 && gap <= most)
    oriel_audio_writer_silence(engine->writer, (size_t)gap, now_ns);
  if (engine->writer_placed && gap < 0 && -gap <= most)
    skip = (size_t)-gap;
  for (int piece = 0; piece < 2; piece++) {
    const size_t left_out = skip < span->count[piece] ? skip : span->count[piece];
    skip -= left_out;
    if (span->count[piece] > left_out)
      oriel_audio_writer_write(engine->writer, span->frames[piece] + left_out * channels,
                               span->count[piece] - left_out, now_ns);
  }
  const int64_t end = at + (int64_t)count;
  if (!engine->writer_placed || end > engine->writer_at || gap < -most)
    engine->writer_at = end;
  engine->writer_placed = true;
}

static void write_some(struct engine *engine, int64_t at, const float *frames, size_t count, uint32_t rate,
                       uint64_t now_ns) {
  struct device *device = &engine->devices[ENGINE_OUTPUT];
  const unsigned channels = device->ring.channels;
  struct sample_span span;
  sample_ring_begin(&device->ring, at, count, &span);
  memcpy(span.frames[0], frames, span.count[0] * channels * sizeof *frames);
  memcpy(span.frames[1], frames + span.count[0] * channels, span.count[1] * channels * sizeof *frames);
  for (int piece = 0; piece < 2; piece++) {
    gain_apply(&device->gain, span.frames[piece], span.count[piece], channels, rate);
    measure(device, span.frames[piece], span.count[piece] * channels);
  }
  sample_ring_commit(&device->ring);
  if (engine->writer)
    publish(engine, at, &span, channels, now_ns);
}

void engine_write(struct engine *engine, int64_t at, const float *frames, size_t count, uint64_t now) {
  struct device *device = &engine->devices[ENGINE_OUTPUT];
  const uint64_t now_ns = engine_world_ns(&engine->world, now);
  struct timeline_view view;
  timeline_read(&device->timeline, &view);
  count_cycle(device, at, count);
  pump_writes(engine->pump, at);
  for (size_t done = 0, some; done < count; done += some) {
    some = count - done < SAMPLE_RING_WRITE_MAX ? count - done : SAMPLE_RING_WRITE_MAX;
    write_some(engine, at + (int64_t)done, frames + done * device->ring.channels, some, view.rate, now_ns);
  }
  pump_wrote(engine->pump, (uint32_t)count, now_ns);
}

/* `count` (at most BRING_FRAMES) frames of the microphone into the ring. */
static void bring_some(struct engine *engine, int64_t at, size_t count, uint32_t rate, uint64_t due_ns) {
  struct device *device = &engine->devices[ENGINE_INPUT];
  const unsigned channels = device->ring.channels;
  float stereo[2 * BRING_STEREO], converted[2 * BRING_FRAMES];
  size_t needed = resampler_input_for(&engine->resampler, count);
  if (needed)
    microphone_pull(engine->microphone, stereo, needed, due_ns);
  const float *brought = stereo;
  if (rate != STREAM_RATE) {
    size_t given = count;
    resampler_run(&engine->resampler, stereo, &needed, converted, &given);
    brought = converted;
  }
  struct sample_span span;
  sample_ring_begin(&device->ring, at, count, &span);
  for (int piece = 0; piece < 2; piece++) {
    oriel_upmix(brought, span.frames[piece], channels, span.count[piece]);
    gain_apply(&device->gain, span.frames[piece], span.count[piece], channels, rate);
    measure(device, span.frames[piece], span.count[piece] * channels);
    brought += 2 * span.count[0];
  }
  sample_ring_commit(&device->ring);
}

/* Sound up to `to` into the ring, unless it is there. */
static void bring(struct engine *engine, int64_t at, int64_t to, uint64_t now_ns) {
  struct device *device = &engine->devices[ENGINE_INPUT];
  struct timeline_view view;
  timeline_read(&device->timeline, &view);
  int64_t begin, end;
  sample_ring_extent(&device->ring, &begin, &end);
  if (to <= end && end - to <= SAMPLE_RING_FRAMES / 2)
    return;
  /* A short gap is brought too, so that the receiver's clock sees every frame of ours. */
  const bool is_bridged = end <= at && at - end <= gap_most((size_t)(to - at)) && end > 0;
  const int64_t from = is_bridged || (at < end && to > end) ? end : at;
  /* Due by the timeline rather than by when this callback happens to run: a clock without jitter. */
  const int64_t late = to - at;
  for (int64_t time = from; time < to; time += BRING_FRAMES) {
    const int64_t some = to - time < BRING_FRAMES ? to - time : BRING_FRAMES;
    const uint64_t due =
      time < 0 ? now_ns : engine_world_ns(&engine->world, timeline_host(&view, (uint64_t)(time + late)));
    bring_some(engine, time, (size_t)some, view.rate, due);
  }
}

void engine_read(struct engine *engine, int64_t at, float *frames, size_t count, uint64_t now) {
  struct device *device = &engine->devices[ENGINE_INPUT];
  /* One brings for all. Another recorder's callback at the same instant waits a moment for it, with a bound; after that
   * it reads what is there. */
  if (turn_take(&engine->bringing, SPIN_MAX)) {
    int64_t begin, end;
    sample_ring_extent(&device->ring, &begin, &end);
    if (at + (int64_t)count > end) /* a second recorder's cycle is no xrun */
      count_cycle(device, at, count);
    for (size_t done = 0, some; done < count; done += some) {
      some = count - done < SAMPLE_RING_WRITE_MAX ? count - done : SAMPLE_RING_WRITE_MAX;
      bring(engine, at + (int64_t)done, at + (int64_t)(done + some), engine_world_ns(&engine->world, now));
    }
    turn_give(&engine->bringing);
  }
  sample_ring_read(&device->ring, at, frames, count);
}
