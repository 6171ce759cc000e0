/* SPDX-License-Identifier: MIT
 *
 * media/encoder_vpx: what a decoder of other hands makes of its frames.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "decoder.h"
#include "media/encoder.h"
#include "scene.h"

struct rig {
  struct oriel_encoder_config config;
  struct oriel_picture picture;
  struct oriel_encoder *encoder;
  struct decoder decoder;
  uint8_t *bgrx;
  uint64_t now_ns;
  size_t size; /* of the last packet */
  bool key;
};

static void begin(struct rig *rig, uint16_t width, uint16_t height, uint32_t kbps) {
  *rig = (struct rig){.now_ns = 1000 * ORIEL_NS_PER_SECOND};
  rig->config = (struct oriel_encoder_config){
    .codec = ORIEL_CODEC_VP8, .width = width, .height = height, .fps = 60, .bitrate_kbps = kbps};
  rig->bgrx = calloc((size_t)width * height, 4);
  assert_non_null(rig->bgrx);
  assert_int_equal(oriel_picture_init(&rig->picture, width, height, ORIEL_RANGE_LIMITED), 0);
  assert_int_equal(oriel_encoder_create(NULL, &rig->config, &rig->encoder), 0);
  decoder_open_vp8(&rig->decoder);
}

static void end(struct rig *rig) {
  decoder_close(&rig->decoder);
  oriel_encoder_destroy(rig->encoder);
  oriel_picture_finish(&rig->picture);
  free(rig->bgrx);
}

static const AVFrame *encode(struct rig *rig, const struct oriel_damage *damage, bool key,
                             enum oriel_encode_quality quality) {
  const struct oriel_damage all = {.count = 1, .rects = {{0, 0, rig->config.width, rig->config.height}}};
  struct oriel_packet *packet = NULL;
  oriel_picture_convert(&rig->picture, rig->bgrx, rig->config.width * 4, damage ? damage : &all);
  rig->now_ns += 100 * ORIEL_NS_PER_MS;
  const struct oriel_encode_request request = {.damage = damage, .force_key = key, .quality = quality,
                                               .captured_ns = rig->now_ns, .converted_ns = rig->now_ns};
  assert_int_equal(oriel_encoder_encode(rig->encoder, &rig->picture, &request, &packet), 0);
  assert_int_equal(packet->codec, ORIEL_CODEC_VP8);
  assert_int_equal(packet->key, !(packet->data[0] & 1)); /* RFC 6386, section 9.1 */
  rig->size = packet->size;
  rig->key = packet->key;
  const AVFrame *frame = decoder_decode(&rig->decoder, packet);
  oriel_packet_unref(packet);
  return frame;
}

/* Of luma, over the visible picture; 99 for none. */
static double error_db(const struct rig *rig, const AVFrame *frame) {
  double sum = 0;
  for (int y = 0; y < rig->config.height; y++)
    for (int x = 0; x < rig->config.width; x++) {
      const double off = frame->data[0][y * frame->linesize[0] + x] - rig->picture.y[y * rig->picture.stride_y + x];
      sum += off * off;
    }
  return sum > 0 ? 10 * log10(255.0 * 255 * rig->config.width * rig->config.height / sum) : 99;
}

static void text(struct rig *rig, int line) {
  scene_text(rig->bgrx, rig->config.width * 4, rig->config.width, rig->config.height, line);
}

static void the_first_is_a_key_frame_and_others_are_by_request(void **state) {
  (void)state;
  struct rig rig;
  begin(&rig, 320, 240, 4000);
  for (int i = 0; i < 6; i++) {
    text(&rig, i);
    const AVFrame *frame = encode(&rig, NULL, i == 3, ORIEL_QUALITY_NORMAL);
    assert_int_equal(rig.key, i == 0 || i == 3);
    assert_true(error_db(&rig, frame) > 30);
  }
  end(&rig);
}

static long clamp(double value) {
  return value < 0 ? 0 : value > 255 ? 255 : lrint(value);
}

/* Of B, G, R. */
static void show(const AVFrame *frame, long shown[3]) {
  const double y = 255.0 / 219 * (frame->data[0][0] - 16), u = frame->data[1][0] - 128, v = frame->data[2][0] - 128;
  shown[0] = clamp(y + 2.017232 * u);
  shown[1] = clamp(y - 0.391762 * u - 0.812968 * v);
  shown[2] = clamp(y + 1.596027 * v);
}

/* Limited range and BT.601, which is all that VP8 has: what a browser makes of it is the screen's colours, to what is
 * lost by rounding, of which libyuv's chroma has one more. */
static void colours_are_the_screens(void **state) {
  (void)state;
  static const uint8_t colours[][3] = {{0, 0, 0}, {255, 255, 255}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255},
                                       {18, 52, 86}, {200, 120, 40}, {128, 128, 128}};
  for (size_t i = 0; i < sizeof colours / sizeof *colours; i++) {
    struct rig rig;
    long shown[3];
    begin(&rig, 64, 64, 8000);
    for (size_t at = 0; at < (size_t)64 * 64 * 4; at++)
      rig.bgrx[at] = at % 4 < 3 ? colours[i][at % 4] : 255;
    (void)encode(&rig, NULL, true, ORIEL_QUALITY_NORMAL);
    const struct oriel_damage nothing = {.count = 0};
    const AVFrame *frame = encode(&rig, &nothing, false, ORIEL_QUALITY_SHARPEN);
    show(frame, shown);
    for (size_t k = 0; k < 3; k++)
      assert_in_range(3 + shown[k] - colours[i][k], 0, 6);
    end(&rig);
  }
}

/* Around small damage nothing changes, however often, and it costs a fraction of a picture. */
static void small_damage_is_small(void **state) {
  (void)state;
  struct rig rig;
  begin(&rig, 1280, 720, 8000);
  text(&rig, 0);
  const AVFrame *frame = encode(&rig, NULL, true, ORIEL_QUALITY_NORMAL);
  const size_t whole = rig.size;
  const double before = error_db(&rig, frame);
  for (unsigned i = 0; i < 20; i++) {
    const struct oriel_damage damage = {.count = 1, .rects = {{600, 300, 12, 16}}};
    for (int y = 300; y < 316; y++)
      memset(rig.bgrx + ((size_t)y * 1280 + 600) * 4, i % 2 ? 255 : 0, 12 * 4);
    frame = encode(&rig, &damage, false, ORIEL_QUALITY_NORMAL);
    assert_true(rig.size * 20 < whole);
  }
  assert_true(error_db(&rig, frame) > before - 0.1);
  end(&rig);
}

static void still_screens_are_sharpened_until_they_are_sharp(void **state) {
  (void)state;
  struct rig rig;
  begin(&rig, 640, 480, 1500);
  text(&rig, 0);
  double db = error_db(&rig, encode(&rig, NULL, true, ORIEL_QUALITY_NORMAL));
  const struct oriel_damage nothing = {.count = 0};
  unsigned passes = 0;
  for (; oriel_encoder_needs_sharpening(rig.encoder) && passes < 12; passes++)
    db = error_db(&rig, encode(&rig, &nothing, false, ORIEL_QUALITY_SHARPEN));
  assert_in_range(passes, 1, 8);
  assert_true(db > 42);
  end(&rig);
}

static void odd_sizes_are_shown_whole(void **state) {
  (void)state;
  static const uint16_t sizes[][2] = {{64, 64}, {65, 67}, {641, 479}, {1366, 769}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct rig rig;
    begin(&rig, sizes[i][0], sizes[i][1], 8000);
    text(&rig, 3);
    const AVFrame *frame = encode(&rig, NULL, true, ORIEL_QUALITY_NORMAL);
    assert_int_equal(frame->width, sizes[i][0]);
    assert_int_equal(frame->height, sizes[i][1]);
    assert_true(error_db(&rig, frame) > 30);
    end(&rig);
  }
}

/* Noise that moves: ten seconds at two rates, changed while it runs, without a key frame. */
static void bitrates_hold_and_change_on_the_fly(void **state) {
  (void)state;
  struct rig rig;
  begin(&rig, 640, 480, 4000);
  for (unsigned part = 0; part < 2; part++) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < 50; i++) {
      for (size_t at = 0; at < (size_t)640 * 480 * 4; at++)
        rig.bgrx[at] = (uint8_t)(scene_noise((uint32_t)(at / 4) + i) & 31);
      (void)encode(&rig, NULL, false, ORIEL_QUALITY_NORMAL);
      assert_int_equal(rig.key, !part && !i);
      bytes += i >= 10 ? rig.size : 0;
    }
    assert_true(bytes * 8 / 4 < rig.config.bitrate_kbps * 1000 * 5 / 4); /* four seconds of ten pictures */
    rig.config.bitrate_kbps = 1000;
    assert_int_equal(oriel_encoder_reconfigure(rig.encoder, &rig.config), 0);
  }
  end(&rig);
}

static void pictures_of_another_range_are_refused(void **state) {
  (void)state;
  struct rig rig;
  struct oriel_picture full;
  struct oriel_packet *packet = NULL;
  const struct oriel_encode_request request = {.force_key = true};
  begin(&rig, 64, 64, 1000);
  assert_int_equal(oriel_picture_init(&full, 64, 64, ORIEL_RANGE_FULL), 0);
  assert_int_equal(oriel_encoder_encode(rig.encoder, &full, &request, &packet), -EINVAL);
  oriel_picture_finish(&full);
  end(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_first_is_a_key_frame_and_others_are_by_request),
    cmocka_unit_test(colours_are_the_screens),
    cmocka_unit_test(small_damage_is_small),
    cmocka_unit_test(still_screens_are_sharpened_until_they_are_sharp),
    cmocka_unit_test(odd_sizes_are_shown_whole),
    cmocka_unit_test(bitrates_hold_and_change_on_the_fly),
    cmocka_unit_test(pictures_of_another_range_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
