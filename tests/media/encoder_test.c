/* SPDX-License-Identifier: MIT
 *
 * Video encoders, checked by decoding every stream with libavcodec.
 */
#include "media/encoder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/clock.h"
#include "decoder.h"
#include "scene.h"

/* A source, an encoder and a decoder at the other end. */
struct rig {
  struct oriel_picture picture;
  struct oriel_encoder *encoder;
  struct decoder decoder;
  uint8_t *bgrx;
  int width, height, stride;
  uint64_t now_ns;
};

static void rig_open(struct rig *rig, const char *name, int width, int height, uint32_t kbps) {
  *rig = (struct rig){.width = width, .height = height, .stride = width * 4, .now_ns = ORIEL_NS_PER_SECOND};
  struct oriel_encoder_config config = {
    .width = (uint16_t)width, .height = (uint16_t)height, .fps = 60, .bitrate_kbps = kbps};
  assert_int_equal(oriel_picture_init(&rig->picture, config.width, config.height, ORIEL_RANGE_FULL), 0);
  assert_int_equal(oriel_encoder_create(name, &config, &rig->encoder), 0);
  rig->bgrx = calloc((size_t)height, (size_t)rig->stride);
  assert_non_null(rig->bgrx);
  decoder_open(&rig->decoder);
}

static void rig_close(struct rig *rig) {
  decoder_close(&rig->decoder);
  oriel_encoder_destroy(rig->encoder);
  oriel_picture_finish(&rig->picture);
  free(rig->bgrx);
}

/* Converts and encodes; the caller owns the packet. */
static struct oriel_packet *rig_encode(struct rig *rig, const struct oriel_damage *damage, bool key,
                                       enum oriel_encode_quality quality) {
  struct oriel_damage all = {.count = 1, .rects = {{0, 0, rig->width, rig->height}}};
  oriel_picture_convert(&rig->picture, rig->bgrx, rig->stride, damage ? damage : &all);
  rig->now_ns += ORIEL_NS_PER_SECOND / 60;
  struct oriel_encode_request request = {.damage = damage, .force_key = key, .quality = quality,
                                         .captured_ns = rig->now_ns - 1000, .converted_ns = rig->now_ns};
  struct oriel_packet *packet = NULL;
  assert_int_equal(oriel_encoder_encode(rig->encoder, &rig->picture, &request, &packet), 0);
  assert_non_null(packet);
  assert_int_equal(packet->kind, ORIEL_PACKET_VIDEO);
  return packet;
}

static size_t rig_send(struct rig *rig, const struct oriel_damage *damage, bool key,
                       enum oriel_encode_quality quality) {
  struct oriel_packet *packet = rig_encode(rig, damage, key, quality);
  decoder_decode(&rig->decoder, packet);
  size_t size = packet->size;
  oriel_packet_unref(packet);
  return size;
}

static double rig_psnr(const struct rig *rig) {
  const AVFrame *frame = rig->decoder.frame;
  return scene_psnr_planes(rig->picture.y, rig->picture.stride_y, frame->data[0], frame->linesize[0], rig->width,
                           rig->height);
}

static const struct oriel_damage nothing = {.count = 0};

/* Lesson 6: parameter sets on every IDR. Lesson 18: zero reorder in the VUI. */
static void check_key(const struct oriel_packet *packet, int width, int height) {
  size_t size = 0;
  assert_true(packet->key);
  const uint8_t *sps_unit = unit_find(packet, 7, &size), *pps_unit = unit_find(packet, 8, &size);
  const uint8_t *idr = unit_find(packet, 5, &size);
  assert_non_null(sps_unit);
  assert_non_null(pps_unit);
  assert_non_null(idr);
  assert_true(sps_unit < idr && pps_unit < idr);
  assert_null(unit_find(packet, 1, &size));
  struct sps sps;
  sps_parse(packet, &sps);
  assert_int_equal(sps.width, (width + 1) & ~1);
  assert_int_equal(sps.height, (height + 1) & ~1);
  assert_true(sps.has_restriction);
  assert_int_equal(sps.reorder_frames, 0);
  assert_int_equal(sps.buffered_frames, 1);
  assert_true(sps.has_colour);
  assert_true(sps.full_range);
  assert_int_equal(sps.primaries, 1);
  assert_int_equal(sps.transfer, 13);
  assert_int_equal(sps.matrix, 6);
}

static void key_decodes(const char *name) {
  struct rig rig;
  rig_open(&rig, name, 1280, 720, 4400);
  scene_text(rig.bgrx, rig.stride, rig.width, rig.height, 0);
  for (int i = 0; i < 5; i++) {
    bool key = i == 0 || i == 3;
    struct oriel_packet *packet = rig_encode(&rig, NULL, i == 3, ORIEL_QUALITY_NORMAL);
    assert_int_equal(packet->key, key);
    size_t size = 0;
    if (key)
      check_key(packet, rig.width, rig.height);
    else
      assert_null(unit_find(packet, 5, &size));
    assert_int_equal(packet->width, 1280);
    assert_int_equal(packet->height, 720);
    assert_true(packet->captured_ns < packet->converted_ns && packet->encoded_ns); /* lesson 9 */
    assert_int_equal(packet->damage_pixels, 1280 * 720);
    assert_false(packet->sharpening);
    decoder_decode(&rig.decoder, packet);
    assert_int_equal(rig.decoder.context->has_b_frames, 0);
    assert_true(rig_psnr(&rig) > 25);
    oriel_packet_unref(packet);
  }
  rig_close(&rig);
}

static void encoder_x264_key(void **unused) {
  (void)unused;
  key_decodes("x264");
}

static void encoder_default_is_x264(void **unused) {
  (void)unused;
  const struct oriel_encoder_config config = {.width = 64, .height = 64, .fps = 60, .bitrate_kbps = 100};
  struct oriel_encoder *encoder = NULL;
  assert_int_equal(oriel_encoder_create(NULL, &config, &encoder), 0);
  assert_string_equal(oriel_encoder_name(encoder), "x264");
  oriel_encoder_destroy(encoder);
}

/* What a viewer who joins late sees: the second key alone must decode. */
static void encoder_late_joiner(void **unused) {
  (void)unused;
  struct rig rig;
  rig_open(&rig, "x264", 640, 360, 2000);
  scene_text(rig.bgrx, rig.stride, rig.width, rig.height, 0);
  for (int i = 0; i < 10; i++)
    rig_send(&rig, NULL, false, ORIEL_QUALITY_NORMAL);
  struct decoder late;
  decoder_open(&late);
  struct oriel_packet *packet = rig_encode(&rig, NULL, true, ORIEL_QUALITY_NORMAL);
  const AVFrame *frame = decoder_decode(&late, packet);
  double psnr = scene_psnr_planes(rig.picture.y, rig.picture.stride_y, frame->data[0], frame->linesize[0], 640, 360);
  assert_true(psnr > 25);
  oriel_packet_unref(packet);
  decoder_close(&late);
  rig_close(&rig);
}

static uint8_t *luma_copy(const struct rig *rig) {
  uint8_t *copy = malloc((size_t)rig->width * (size_t)rig->height);
  assert_non_null(copy);
  for (int y = 0; y < rig->height; y++)
    memcpy(copy + (ptrdiff_t)y * rig->width,
           rig->decoder.frame->data[0] + (ptrdiff_t)y * rig->decoder.frame->linesize[0], (size_t)rig->width);
  return copy;
}

/* Small damage changes the macroblocks it touches, and not one pixel elsewhere, whatever the quality was before. */
static void encoder_damage_is_local(void **unused) {
  (void)unused;
  struct rig rig;
  rig_open(&rig, "x264", 640, 480, 1500);
  for (int i = 0; i < 20; i++) { /* motion against a low cap leaves a coarse picture */
    scene_video(rig.bgrx, rig.stride, rig.width, rig.height, i);
    rig_send(&rig, NULL, false, ORIEL_QUALITY_NORMAL);
  }
  rig.now_ns += ORIEL_NS_PER_SECOND;
  const struct oriel_damage damage = {.count = 1, .rects = {{100, 60, 50, 20}}};
  rig_send(&rig, &nothing, false, ORIEL_QUALITY_NORMAL); /* lets what the loop filter blurred settle */
  for (int i = 0; i < 4; i++) {
    uint8_t *before = luma_copy(&rig);
    for (int y = 60; y < 80; y++)
      for (int x = 100; x < 150; x++)
        scene_pixel(rig.bgrx + (ptrdiff_t)y * rig.stride + 4 * (ptrdiff_t)x, i % 2 ? 250 : 5, i % 2 ? 250 : 5, 5);
    rig_send(&rig, &damage, false, ORIEL_QUALITY_NORMAL);
    uint8_t *after = luma_copy(&rig);
    unsigned outside = 0, inside = 0;
    for (int y = 0; y < rig.height; y++)
      for (int x = 0; x < rig.width; x++) {
        bool damaged = x >= 96 && x < 160 && y >= 48 && y < 80;
        bool changed = before[y * rig.width + x] != after[y * rig.width + x];
        *(damaged ? &inside : &outside) += changed;
      }
    assert_int_equal(outside, 0);
    assert_true(inside >= 50 * 20);
    free(before);
    free(after);
  }
  rig_close(&rig);
}

static int sharpen(struct rig *rig) {
  int passes = 0;
  while (oriel_encoder_needs_sharpening(rig->encoder)) {
    assert_true(++passes <= 12);
    rig->now_ns += ORIEL_NS_PER_SECOND / 4;
    struct oriel_packet *packet = rig_encode(rig, &nothing, false, ORIEL_QUALITY_SHARPEN);
    assert_true(packet->sharpening);
    assert_false(packet->key);
    decoder_decode(&rig->decoder, packet);
    oriel_packet_unref(packet);
  }
  return passes;
}

static void sharpen_reaches(int width, int height, uint32_t kbps, int most_passes) {
  struct rig rig;
  rig_open(&rig, "x264", width, height, kbps);
  scene_text(rig.bgrx, rig.stride, rig.width, rig.height, 0);
  rig_send(&rig, NULL, false, ORIEL_QUALITY_NORMAL);
  double first = rig_psnr(&rig);
  assert_true(oriel_encoder_needs_sharpening(rig.encoder));
  int passes = sharpen(&rig);
  double sharp = rig_psnr(&rig);
  print_message("%dx%d at %u kbit/s: %.1f dB, sharpened in %d to %.1f dB\n", width, height, kbps, first, passes, sharp);
  assert_true(sharp >= 42);
  assert_in_range(passes, 1, (uintmax_t)most_passes);
  rig_close(&rig);
}

static void encoder_sharpen_text(void **unused) {
  (void)unused;
  sharpen_reaches(1280, 720, 4400, 6);
  sharpen_reaches(1920, 1080, 10000, 6);
  sharpen_reaches(641, 359, 500, 10);
}

/* Sharpening codes what is coarse, and leaves what is sharp alone. */
static void encoder_sharpen_once(void **unused) {
  (void)unused;
  struct rig rig;
  rig_open(&rig, "x264", 640, 480, 8000);
  scene_text(rig.bgrx, rig.stride, rig.width, rig.height, 0);
  rig_send(&rig, NULL, false, ORIEL_QUALITY_NORMAL);
  sharpen(&rig);
  assert_false(oriel_encoder_needs_sharpening(rig.encoder));
  size_t idle = rig_send(&rig, &nothing, false, ORIEL_QUALITY_SHARPEN);
  assert_true(idle < 100);
  const struct oriel_damage damage = {.count = 1, .rects = {{300, 200, 16, 16}}};
  memset(rig.bgrx + 200 * (ptrdiff_t)rig.stride + 1200, 17, 64);
  rig_send(&rig, &damage, false, ORIEL_QUALITY_NORMAL);
  assert_true(oriel_encoder_needs_sharpening(rig.encoder));
  rig.now_ns += ORIEL_NS_PER_SECOND;
  size_t one = rig_send(&rig, &nothing, false, ORIEL_QUALITY_SHARPEN);
  assert_true(one < 1500);
  assert_false(oriel_encoder_needs_sharpening(rig.encoder));
  rig_close(&rig);
}

static void encoder_sizes(void **unused) {
  (void)unused;
  static const int sizes[][2] = {{64, 64},   {65, 65},    {67, 64},     {64, 999},   {333, 211}, {1023, 769},
                                 {1366, 768}, {2559, 1439}, {3840, 2160}, {7680, 4320}, {7679, 4319}};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct rig rig;
    rig_open(&rig, "x264", sizes[i][0], sizes[i][1],
             oriel_encoder_default_kbps((uint16_t)sizes[i][0], (uint16_t)sizes[i][1]));
    scene_text(rig.bgrx, rig.stride, rig.width, rig.height, 0);
    struct oriel_packet *packet = rig_encode(&rig, NULL, false, ORIEL_QUALITY_NORMAL);
    check_key(packet, rig.width, rig.height);
    const AVFrame *frame = decoder_decode(&rig.decoder, packet);
    assert_int_equal(frame->width, (rig.width + 1) & ~1);
    assert_int_equal(frame->height, (rig.height + 1) & ~1);
    assert_true(rig_psnr(&rig) > 20);
    oriel_packet_unref(packet);
    /* The last, possibly odd, corner is damaged. */
    const struct oriel_damage corner = {.count = 1, .rects = {{rig.width - 13, rig.height - 13, 13, 13}}};
    for (int y = rig.height - 13; y < rig.height; y++)
      memset(rig.bgrx + (ptrdiff_t)y * rig.stride + 4 * (ptrdiff_t)(rig.width - 13), 255, 52);
    rig_send(&rig, &corner, false, ORIEL_QUALITY_NORMAL);
    const AVFrame *after = rig.decoder.frame;
    assert_true(after->data[0][(ptrdiff_t)(rig.height - 1) * after->linesize[0] + rig.width - 1] > 200);
    rig_close(&rig);
  }
}

/* No window of 250 ms may carry more than bucket, loan and refill: twice its share, and what a wrong guess adds. */
static void encoder_bitrate_cap(void **unused) {
  (void)unused;
  enum { FRAMES = 150, WINDOW = 15 };
  const uint32_t kbps = 3000;
  struct rig rig;
  rig_open(&rig, "x264", 1280, 720, kbps);
  size_t sizes[FRAMES];
  double worst = 0, total = 0;
  for (int i = 0; i < FRAMES; i++) {
    if (i % 50 < 40)
      scene_video(rig.bgrx, rig.stride, rig.width, rig.height, i);
    else
      scene_text(rig.bgrx, rig.stride, rig.width, rig.height, i / 5 * 40); /* whole new screens */
    sizes[i] = rig_send(&rig, NULL, i == 75, ORIEL_QUALITY_NORMAL) * 8;
    total += (double)sizes[i];
    double window = 0;
    for (int j = i; j >= 0 && j > i - WINDOW; j--)
      window += (double)sizes[j];
    worst = window > worst ? window : worst;
  }
  double allowed = kbps * 1000.0 * 0.25;
  print_message("worst 250 ms: %.2f of the cap; average %.2f\n", worst / allowed, total / (kbps * 1000.0 * 2.5));
  assert_true(worst < 2.0 * allowed);
  assert_true(total < 1.15 * kbps * 1000.0 * 2.5);
  assert_true(total > 0.5 * kbps * 1000.0 * 2.5); /* and it uses what it has */
  rig_close(&rig);
}

static void encoder_reconfigure_without_key(void **unused) {
  (void)unused;
  struct rig rig;
  rig_open(&rig, "x264", 1280, 720, 20000);
  struct oriel_encoder_config config = {.width = 1280, .height = 720, .fps = 30, .bitrate_kbps = 2000};
  size_t before = 0, after = 0;
  for (int i = 0; i < 60; i++) {
    scene_video(rig.bgrx, rig.stride, rig.width, rig.height, i * 37); /* too far to find motion */
    if (i == 30)
      assert_int_equal(oriel_encoder_reconfigure(rig.encoder, &config), 0);
    struct oriel_packet *packet = rig_encode(&rig, NULL, false, ORIEL_QUALITY_NORMAL);
    assert_int_equal(packet->key, i == 0);
    decoder_decode(&rig.decoder, packet);
    if (i >= 15 && i < 30)
      before += packet->size;
    if (i >= 45)
      after += packet->size;
    oriel_packet_unref(packet);
  }
  print_message("%zu bytes at 20 Mbit/s, %zu at 2\n", before, after);
  assert_true(after * 3 < before * 2);
  assert_true((double)after * 8 < 1.5 * 2000 * 1000 * 0.25);
  config.width = 1278;
  assert_int_equal(oriel_encoder_reconfigure(rig.encoder, &config), -EINVAL);
  config.width = 1280;
  config.fps = 0;
  assert_int_equal(oriel_encoder_reconfigure(rig.encoder, &config), -EINVAL);
  rig_close(&rig);
}

static void encoder_quiet_is_cheap(void **unused) {
  (void)unused;
  struct rig rig;
  rig_open(&rig, "x264", 1280, 720, 4400);
  scene_text(rig.bgrx, rig.stride, rig.width, rig.height, 0);
  rig_send(&rig, NULL, false, ORIEL_QUALITY_NORMAL);
  for (int i = 0; i < 20; i++)
    assert_true(rig_send(&rig, &nothing, false, ORIEL_QUALITY_NORMAL) < 200);
  rig_close(&rig);
}

static void encoder_bad_config(void **unused) {
  (void)unused;
  static const struct oriel_encoder_config bad[] = {
    {.width = 63, .height = 64, .fps = 60, .bitrate_kbps = 1000},
    {.width = 64, .height = 63, .fps = 60, .bitrate_kbps = 1000},
    {.width = 7681, .height = 64, .fps = 60, .bitrate_kbps = 1000},
    {.width = 64, .height = 4321, .fps = 60, .bitrate_kbps = 1000},
    {.width = 64, .height = 64, .fps = 241, .bitrate_kbps = 1000},
    {.width = 64, .height = 64, .fps = 0, .bitrate_kbps = 1000},
    {.width = 64, .height = 64, .fps = 60, .bitrate_kbps = 99},
    {.width = 64, .height = 64, .fps = 60, .bitrate_kbps = 400001},
  };
  struct oriel_encoder *encoder = NULL;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(oriel_encoder_create(NULL, &bad[i], &encoder), -EINVAL);
  const struct oriel_encoder_config good = {.width = 64, .height = 64, .fps = 60, .bitrate_kbps = 1000};
  assert_int_equal(oriel_encoder_create("h265", &good, &encoder), -ENOENT);
  assert_int_equal(oriel_encoder_create("lavc:nothing", &good, &encoder), -ENOENT);
  assert_int_equal(oriel_encoder_create("lavc:mjpeg", &good, &encoder), -ENOENT);
  assert_null(encoder);
  oriel_encoder_destroy(NULL);
}

static void encoder_extreme_configs(void **unused) {
  (void)unused;
  static const struct oriel_encoder_config extremes[] = {
    {.width = 7680, .height = 4320, .fps = 240, .bitrate_kbps = 400000},
    {.width = 7680, .height = 64, .fps = 1, .bitrate_kbps = 100},
    {.width = 64, .height = 4320, .fps = 1, .bitrate_kbps = 400000},
  };
  for (size_t i = 0; i < sizeof extremes / sizeof extremes[0]; i++) {
    struct oriel_encoder *encoder = NULL;
    struct oriel_picture picture;
    assert_int_equal(oriel_picture_init(&picture, extremes[i].width, extremes[i].height, ORIEL_RANGE_FULL), 0);
    assert_int_equal(oriel_encoder_create("x264", &extremes[i], &encoder), 0);
    const struct oriel_encode_request request = {.captured_ns = 1};
    struct oriel_packet *packet = NULL;
    assert_int_equal(oriel_encoder_encode(encoder, &picture, &request, &packet), 0);
    check_key(packet, extremes[i].width, extremes[i].height);
    oriel_packet_unref(packet);
    oriel_encoder_destroy(encoder);
    oriel_picture_finish(&picture);
  }
}

static void encoder_wrong_picture(void **unused) {
  (void)unused;
  struct rig rig;
  rig_open(&rig, "x264", 64, 64, 1000);
  struct oriel_picture other;
  assert_int_equal(oriel_picture_init(&other, 66, 64, ORIEL_RANGE_FULL), 0);
  const struct oriel_encode_request request = {.captured_ns = 1};
  struct oriel_packet *packet = NULL;
  assert_int_equal(oriel_encoder_encode(rig.encoder, &other, &request, &packet), -EINVAL);
  assert_null(packet);
  oriel_picture_finish(&other);
  rig_close(&rig);
}

static void encoder_null(void **unused) {
  (void)unused;
  struct rig rig;
  rig_open(&rig, "null", 640, 480, 1000);
  for (int i = 0; i < 3; i++) {
    struct oriel_packet *packet = rig_encode(&rig, &nothing, false, ORIEL_QUALITY_NORMAL);
    assert_int_equal(packet->key, i == 0);
    assert_int_equal(packet->size, 1000 * 1000 / 8 / 60); /* as large as the bitrate allows */
    assert_int_equal(packet->data[4], 9);
    assert_int_equal(packet->data[10], 22); /* reserved: whoever sends it drops it not, as filler, and nobody shows it */
    oriel_packet_unref(packet);
  }
  assert_false(oriel_encoder_needs_sharpening(rig.encoder));
  rig_close(&rig);
}

/* libavcodec's way, through a software encoder where there is one; hardware is only asked whether it opens. */
static void encoder_lavc(void **unused) {
  (void)unused;
  struct rig rig;
  const struct oriel_encoder_config config = {.width = 641, .height = 479, .fps = 60, .bitrate_kbps = 3000};
  struct oriel_encoder *encoder = NULL;
  if (oriel_encoder_create("lavc:libx264", &config, &encoder) == -ENOENT)
    skip();
  assert_string_equal(oriel_encoder_name(encoder), "libx264");
  oriel_encoder_destroy(encoder);
  rig_open(&rig, "lavc:libx264", 641, 479, 3000);
  for (int i = 0; i < 20; i++) {
    scene_text(rig.bgrx, rig.stride, rig.width, rig.height, i);
    struct oriel_packet *packet = rig_encode(&rig, NULL, i == 10, ORIEL_QUALITY_NORMAL);
    assert_int_equal(packet->key, i == 0 || i == 10);
    if (packet->key)
      check_key(packet, rig.width, rig.height);
    decoder_decode(&rig.decoder, packet);
    assert_true(rig_psnr(&rig) > 20);
    oriel_packet_unref(packet);
  }
  struct oriel_encoder_config slower = config;
  slower.bitrate_kbps = 1000;
  assert_int_equal(oriel_encoder_reconfigure(rig.encoder, &slower), 0);
  assert_true(oriel_encoder_needs_sharpening(rig.encoder));
  sharpen(&rig);
  assert_true(rig_psnr(&rig) > 30);
  rig_close(&rig);
}

static void encoder_probe_lists_all(void **unused) {
  (void)unused;
  const char *name = NULL, *last = NULL;
  char why[80];
  bool works = false, x264_works = false;
  size_t count = 0;
  while (oriel_encoder_probe(ORIEL_CODEC_H264, count, &name, &works, why, sizeof why)) {
    if (count == 0)
      assert_string_equal(name, "x264");
    x264_works |= count == 0 && works;
    assert_true(strlen(why) > 0);
    /* A machine without the device must say so; one with it must open. */
    const struct oriel_encoder_config config = {.width = 640, .height = 480, .fps = 60, .bitrate_kbps = 2000};
    struct oriel_encoder *encoder = NULL;
    int rc = oriel_encoder_create(name, &config, &encoder);
    assert_true(works ? rc == 0 : rc == -ENODEV || rc == -ENOENT);
    oriel_encoder_destroy(encoder);
    last = name;
    count++;
  }
  assert_true(x264_works);
  assert_string_equal(last, "null");
  assert_int_equal(count, 5);
}

static void encoder_default_kbps(void **unused) {
  (void)unused;
  assert_int_equal(oriel_encoder_default_kbps(64, 64), 1500);
  assert_in_range(oriel_encoder_default_kbps(1280, 720), 4000, 5000);
  assert_int_equal(oriel_encoder_default_kbps(7680, 4320), 60000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(encoder_x264_key),
    cmocka_unit_test(encoder_default_is_x264),
    cmocka_unit_test(encoder_late_joiner),
    cmocka_unit_test(encoder_damage_is_local),
    cmocka_unit_test(encoder_sharpen_text),
    cmocka_unit_test(encoder_sharpen_once),
    cmocka_unit_test(encoder_sizes),
    cmocka_unit_test(encoder_bitrate_cap),
    cmocka_unit_test(encoder_reconfigure_without_key),
    cmocka_unit_test(encoder_quiet_is_cheap),
    cmocka_unit_test(encoder_bad_config),
    cmocka_unit_test(encoder_extreme_configs),
    cmocka_unit_test(encoder_wrong_picture),
    cmocka_unit_test(encoder_null),
    cmocka_unit_test(encoder_lavc),
    cmocka_unit_test(encoder_probe_lists_all),
    cmocka_unit_test(encoder_default_kbps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
