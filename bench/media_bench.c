/* SPDX-License-Identifier: MIT
 *
 * Times of the media room alone, one thread, medians. Nothing here needs a guest, a browser or a network.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/series.h"
#include "core/clock.h"
#include "media/encoder.h"
#include "media/opus.h"
#include "media/pcm.h"
#include "media/png.h"
#include "media/tiles.h"
#include "tests/media/scene.h"

enum { FRAMES = 12, ROUNDS = 400 };

static double since_ms(uint64_t start_ns) {
  return (double)(oriel_clock_ns() - start_ns) / 1e6;
}

static void *need(void *memory) {
  if (!memory) {
    fprintf(stderr, "media_bench: out of memory\n");
    exit(1);
  }
  return memory;
}

static void check(int rc, const char *what) {
  if (rc < 0) {
    fprintf(stderr, "media_bench: %s: %s\n", what, strerror(-rc));
    exit(1);
  }
}

static uint8_t *make_text(int width, int height) {
  uint8_t *bgrx = need(malloc((size_t)width * (size_t)height * 4));
  scene_text(bgrx, width * 4, width, height, 0);
  return bgrx;
}

static void bench_convert(const char *name, int width, int height, struct oriel_rect rect) {
  struct series series = {.name = name, .unit = "ms"};
  uint8_t *bgrx = make_text(width, height);
  struct oriel_picture picture;
  check(oriel_picture_init(&picture, (uint16_t)width, (uint16_t)height, ORIEL_RANGE_FULL), name);
  const struct oriel_damage damage = {.count = 1, .rects = {rect}};
  for (int i = 0; i < 200; i++) {
    uint64_t start = oriel_clock_ns();
    oriel_picture_convert(&picture, bgrx, width * 4, &damage);
    series_add(&series, since_ms(start));
  }
  series_report(&series);
  oriel_picture_finish(&picture);
  free(bgrx);
}

struct rig {
  struct oriel_encoder *encoder;
  struct oriel_picture picture;
  int width, height;
};

static void rig_open(struct rig *rig, int width, int height) {
  *rig = (struct rig){.width = width, .height = height};
  struct oriel_encoder_config config = {.width = (uint16_t)width, .height = (uint16_t)height, .fps = 60};
  config.bitrate_kbps = oriel_encoder_default_kbps(config.width, config.height);
  check(oriel_picture_init(&rig->picture, config.width, config.height, ORIEL_RANGE_FULL), "picture");
  check(oriel_encoder_create("x264", &config, &rig->encoder), "x264");
}

static void rig_close(struct rig *rig) {
  oriel_encoder_destroy(rig->encoder);
  oriel_picture_finish(&rig->picture);
}

/* Capture to access unit; returns ms, *bytes what came out. `now_ns` is the rate control's time: pictures at 60 fps,
 * however fast this loop goes. */
static double rig_encode(struct rig *rig, const uint8_t *bgrx, const struct oriel_damage *damage,
                         enum oriel_encode_quality quality, uint64_t now_ns, size_t *bytes) {
  uint64_t start = oriel_clock_ns();
  oriel_picture_convert(&rig->picture, bgrx, rig->width * 4, damage);
  const struct oriel_encode_request request = {
    .damage = damage, .quality = quality, .captured_ns = start, .converted_ns = now_ns};
  struct oriel_packet *packet = NULL;
  check(oriel_encoder_encode(rig->encoder, &rig->picture, &request, &packet), "encode");
  double ms = since_ms(start);
  *bytes = packet->size;
  oriel_packet_unref(packet);
  return ms;
}

static void bench_small(const char *name, int width, int height, const char *target, double limit) {
  struct series series = {.name = name, .unit = "ms", .target = target, .limit = limit};
  struct rig rig;
  rig_open(&rig, width, height);
  uint8_t *bgrx = make_text(width, height);
  struct oriel_damage damage = {.count = 1, .rects = {{0, 0, width, height}}};
  uint64_t now = ORIEL_NS_PER_SECOND;
  size_t bytes = 0;
  rig_encode(&rig, bgrx, &damage, ORIEL_QUALITY_NORMAL, now, &bytes);
  damage.rects[0] = (struct oriel_rect){320, 240, 32, 32};
  for (int i = 0; i < 300; i++) {
    for (int y = 240; y < 272; y++)
      scene_text(bgrx + ((ptrdiff_t)y * width + 320) * 4, 0, 32, 1, i + y); /* 32 pixels of margin grey */
    memset(bgrx + ((ptrdiff_t)(240 + i % 16) * width + 320) * 4, i & 255, 64);
    now += ORIEL_NS_PER_SECOND / 10;
    series_add(&series, rig_encode(&rig, bgrx, &damage, ORIEL_QUALITY_NORMAL, now, &bytes));
  }
  series_report(&series);
  free(bgrx);
  rig_close(&rig);
}

static void bench_motion(const char *name, const char *size_name, int width, int height, bool video,
                         const char *target, double limit) {
  struct series series = {.name = name, .unit = "ms", .target = target, .limit = limit};
  struct series sizes = {.name = size_name, .unit = "kB"};
  struct rig rig;
  rig_open(&rig, width, height);
  size_t frame_size = (size_t)width * (size_t)height * 4;
  uint8_t *frames = need(malloc(FRAMES * frame_size));
  for (int i = 0; i < FRAMES; i++) {
    if (video)
      scene_video(frames + (size_t)i * frame_size, width * 4, width, height, i);
    else
      scene_text(frames + (size_t)i * frame_size, width * 4, width, height, i);
  }
  const struct oriel_damage all = {.count = 1, .rects = {{0, 0, width, height}}};
  uint64_t now = ORIEL_NS_PER_SECOND;
  for (int i = 0; i < 180; i++) {
    int at = i % (2 * FRAMES - 2);
    at = at < FRAMES ? at : 2 * FRAMES - 2 - at; /* there and back, without a jump */
    now += ORIEL_NS_PER_SECOND / 60;
    size_t bytes = 0;
    double ms = rig_encode(&rig, frames + (size_t)at * frame_size, &all, ORIEL_QUALITY_NORMAL, now, &bytes);
    if (i >= 30) {
      series_add(&series, ms);
      series_add(&sizes, (double)bytes / 1000);
    }
  }
  series_report(&series);
  series_report(&sizes);
  free(frames);
  rig_close(&rig);
}

static void bench_sharpen(const char *name, int width, int height) {
  struct series series = {.name = name, .unit = "ms"};
  uint8_t *bgrx = make_text(width, height);
  const struct oriel_damage all = {.count = 1, .rects = {{0, 0, width, height}}}, none = {.count = 0};
  for (int i = 0; i < 10; i++) {
    struct rig rig;
    rig_open(&rig, width, height);
    uint64_t now = ORIEL_NS_PER_SECOND;
    size_t bytes = 0;
    rig_encode(&rig, bgrx, &all, ORIEL_QUALITY_NORMAL, now, &bytes);
    if (oriel_encoder_needs_sharpening(rig.encoder))
      series_add(&series, rig_encode(&rig, bgrx, &none, ORIEL_QUALITY_SHARPEN, now + ORIEL_NS_PER_SECOND, &bytes));
    rig_close(&rig);
  }
  if (series.count)
    series_report(&series);
  free(bgrx);
}

static void bench_tiles(const char *name, int width, int height, const char *target, double limit) {
  struct series series = {.name = name, .unit = "ms", .target = target, .limit = limit};
  uint8_t *bgrx = make_text(1280, 720);
  const struct oriel_damage damage = {.count = 1, .rects = {{60, 60, width, height}}};
  for (int i = 0; i < 200; i++) {
    struct oriel_packet *packet = NULL;
    uint64_t start = oriel_clock_ns();
    int rc = oriel_tiles_encode(bgrx, 1280 * 4, 1280, 720, &damage, &packet);
    series_add(&series, since_ms(start));
    if (rc != -E2BIG)
      check(rc, name);
    oriel_packet_unref(packet);
  }
  series_report(&series);
  free(bgrx);
}

static void bench_opus(const char *name, unsigned frame_ms) {
  struct series series = {.name = name, .unit = "ms"};
  struct oriel_opus_encoder *encoder = NULL;
  check(oriel_opus_encoder_create(frame_ms, 128, &encoder), name);
  float frames[2 * 960];
  for (int n = 0; n < ROUNDS; n++) {
    for (int i = 0; i < 2 * 960; i++) /* a chord and some noise: music is dearer than a tone */
      frames[i] = (float)(0.2 * sin((n * 960 + i) * 0.03) + 0.2 * sin((n * 960 + i) * 0.0411)) +
                  (float)(scene_noise((uint32_t)(n * 1920 + i)) & 1023) * 1e-4f;
    struct oriel_packet *packet = NULL;
    uint64_t start = oriel_clock_ns();
    check(oriel_opus_encode(encoder, frames, start, &packet), name);
    series_add(&series, since_ms(start));
    oriel_packet_unref(packet);
  }
  series_report(&series);
  oriel_opus_encoder_destroy(encoder);
}

static void bench_pcm(const char *name, uint32_t rate) {
  struct series series = {.name = name, .unit = "ms"};
  const struct oriel_pcm_format format = {.bits = 16, .is_signed = true, .rate = rate, .channels = 2};
  struct oriel_pcm_converter *converter = NULL;
  check(oriel_pcm_converter_create(&format, &converter), name);
  int16_t bytes[2 * 960];
  for (int n = 0; n < ROUNDS; n++) {
    for (int i = 0; i < 2 * 960; i++)
      bytes[i] = (int16_t)(scene_noise((uint32_t)(n * 1920 + i)) & 0x7FFF);
    const float *frames = NULL;
    size_t count = 0;
    uint64_t start = oriel_clock_ns();
    check(oriel_pcm_convert(converter, bytes, rate / 50 * 4, &frames, &count), name);
    series_add(&series, since_ms(start));
  }
  series_report(&series);
  oriel_pcm_converter_destroy(converter);
}

static void bench_png(const char *name, int width, int height) {
  struct series series = {.name = name, .unit = "ms"};
  uint8_t *bgrx = make_text(width, height);
  for (int i = 0; i < 10; i++) {
    uint8_t *png = NULL;
    size_t size = 0;
    uint64_t start = oriel_clock_ns();
    check(oriel_png_encode(bgrx, width * 4, (unsigned)width, (unsigned)height, &png, &size), name);
    series_add(&series, since_ms(start));
    free(png);
  }
  series_report(&series);
  free(bgrx);
}

int main(int argc, char **argv) {
  series_options(argc, argv);
  bench_convert("convert 32x32 of 1280x720", 1280, 720, (struct oriel_rect){320, 240, 32, 32});
  bench_convert("convert 1280x720", 1280, 720, (struct oriel_rect){0, 0, 1280, 720});
  bench_convert("convert 1920x1080", 1920, 1080, (struct oriel_rect){0, 0, 1920, 1080});
  bench_small("capture to access unit, 32x32 of 1280x720", 1280, 720, "<= 2 ms", 2);
  bench_small("capture to access unit, 32x32 of 1920x1080", 1920, 1080, NULL, 0);
  bench_motion("capture to access unit, video 1280x720", "  its size", 1280, 720, true, NULL, 0);
  bench_motion("capture to access unit, scrolled text 1280x720", "  its size ", 1280, 720, false, NULL, 0);
  bench_motion("capture to access unit, full motion 1920x1080", "  its size  ", 1920, 1080, true, "<= 8 ms", 8);
  bench_sharpen("sharpen text 1280x720", 1280, 720);
  bench_sharpen("sharpen text 1920x1080", 1920, 1080);
  bench_tiles("tiles 32x32", 32, 32, NULL, 0);
  bench_tiles("tiles 64x64", 64, 64, "< 0.2 ms", 0.2);
  bench_tiles("tiles 384x256 (the most)", 384, 256, "< 1 ms", 1);
  bench_opus("Opus 5 ms packet, 128 kbit/s", 5);
  bench_opus("Opus 20 ms packet, 128 kbit/s", 20);
  bench_pcm("PCM 20 ms, 48 kHz", 48000);
  bench_pcm("PCM 20 ms, 44.1 kHz", 44100);
  bench_png("PNG 1280x720", 1280, 720);
  series_end();
  return 0;
}
