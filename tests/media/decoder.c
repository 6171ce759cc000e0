/* SPDX-License-Identifier: MIT
 *
 * For tests: decodes what our encoders made, by a decoder of other hands.
 */
#include "decoder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void open_codec(struct decoder *decoder, enum AVCodecID id) {
  const AVCodec *codec = avcodec_find_decoder(id);
  assert_non_null(codec);
  decoder->context = avcodec_alloc_context3(codec);
  assert_non_null(decoder->context);
  /* Without AV_CODEC_FLAG_LOW_DELAY: a stream that does not promise zero reordering would be held back, and the test
   * would see it. */
  decoder->context->thread_count = 1;
  decoder->context->err_recognition = AV_EF_EXPLODE | AV_EF_CRCCHECK;
  av_log_set_level(AV_LOG_ERROR);
  assert_int_equal(avcodec_open2(decoder->context, codec, NULL), 0);
  decoder->frame = av_frame_alloc();
  assert_non_null(decoder->frame);
}

void decoder_open(struct decoder *decoder) {
  open_codec(decoder, AV_CODEC_ID_H264);
}

void decoder_open_vp8(struct decoder *decoder) {
  open_codec(decoder, AV_CODEC_ID_VP8);
}

void decoder_close(struct decoder *decoder) {
  av_frame_free(&decoder->frame);
  avcodec_free_context(&decoder->context);
}

const AVFrame *decoder_decode(struct decoder *decoder, const struct oriel_packet *packet) {
  AVPacket *unit = av_packet_alloc();
  assert_non_null(unit);
  assert_int_equal(av_new_packet(unit, (int)packet->size), 0);
  memcpy(unit->data, packet->data, packet->size);
  assert_int_equal(avcodec_send_packet(decoder->context, unit), 0);
  av_packet_free(&unit);
  assert_int_equal(avcodec_receive_frame(decoder->context, decoder->frame), 0);
  assert_int_equal(decoder->frame->decode_error_flags, 0);
  return decoder->frame;
}

const uint8_t *unit_find(const struct oriel_packet *packet, unsigned type, size_t *size) {
  const uint8_t *found = NULL;
  for (size_t i = 0; i + 3 < packet->size; i++) {
    const uint8_t *at = packet->data + i;
    if (at[0] || at[1] || at[2] != 1)
      continue;
    if (found) {
      *size = (size_t)(at - found);
      return found;
    }
    if ((at[3] & 0x1Fu) == type)
      found = at + 3;
  }
  if (found)
    *size = packet->size - (size_t)(found - packet->data);
  return found;
}

struct bits {
  uint8_t bytes[256];
  size_t size, position; /* bytes, bits */
};

static unsigned bits_read(struct bits *bits, unsigned count) {
  unsigned value = 0;
  while (count--) {
    assert_true(bits->position / 8 < bits->size);
    unsigned byte = bits->bytes[bits->position / 8];
    value = value << 1 | (byte >> (7 - bits->position % 8) & 1u);
    bits->position++;
  }
  return value;
}

static unsigned bits_ue(struct bits *bits) {
  unsigned zeros = 0;
  while (!bits_read(bits, 1))
    assert_true(++zeros < 32);
  return (1u << zeros) - 1 + bits_read(bits, zeros);
}

/* H.264 E.1.1 */
static void vui_parse(struct bits *bits, struct sps *sps) {
  if (bits_read(bits, 1) && bits_read(bits, 8) == 255)
    bits_read(bits, 32);
  if (bits_read(bits, 1)) /* overscan */
    bits_read(bits, 1);
  if (bits_read(bits, 1)) { /* video signal type */
    bits_read(bits, 3);
    sps->full_range = bits_read(bits, 1);
    sps->has_colour = bits_read(bits, 1);
    if (sps->has_colour) {
      sps->primaries = (int)bits_read(bits, 8);
      sps->transfer = (int)bits_read(bits, 8);
      sps->matrix = (int)bits_read(bits, 8);
    }
  }
  if (bits_read(bits, 1)) { /* chroma location */
    bits_ue(bits);
    bits_ue(bits);
  }
  if (bits_read(bits, 1)) { /* timing */
    bits_read(bits, 32);
    bits_read(bits, 32);
    bits_read(bits, 1);
  }
  bool nal_hrd = bits_read(bits, 1);
  assert_false(nal_hrd);
  bool vcl_hrd = bits_read(bits, 1);
  assert_false(vcl_hrd);
  bits_read(bits, 1); /* pic_struct */
  sps->has_restriction = bits_read(bits, 1);
  if (sps->has_restriction) {
    bits_read(bits, 1);
    for (int i = 0; i < 4; i++)
      bits_ue(bits);
    sps->reorder_frames = bits_ue(bits);
    sps->buffered_frames = bits_ue(bits);
  }
}

/* H.264 7.3.2.1.1, frames only, no scaling lists */
void sps_parse(const struct oriel_packet *packet, struct sps *sps) {
  size_t size = 0;
  const uint8_t *unit = unit_find(packet, 7, &size);
  assert_non_null(unit);
  struct bits bits = {.size = 0};
  for (size_t i = 1, zeros = 0; i < size && bits.size < sizeof bits.bytes; i++) { /* without emulation prevention */
    bool prevention = zeros >= 2 && unit[i] == 3;
    zeros = unit[i] || prevention ? 0 : zeros + 1;
    if (!prevention)
      bits.bytes[bits.size++] = unit[i];
  }
  *sps = (struct sps){.profile = (int)bits_read(&bits, 8)};
  bits_read(&bits, 8);
  sps->level = (int)bits_read(&bits, 8);
  bits_ue(&bits);
  if (sps->profile >= 100) {
    assert_int_equal(bits_ue(&bits), 1); /* 4:2:0 */
    bits_ue(&bits);
    bits_ue(&bits);
    bits_read(&bits, 1);
    assert_int_equal(bits_read(&bits, 1), 0);
  }
  bits_ue(&bits);
  unsigned order = bits_ue(&bits);
  if (order == 0)
    bits_ue(&bits);
  assert_int_not_equal(order, 1);
  bits_ue(&bits);
  bits_read(&bits, 1);
  sps->width = 16 * (int)(bits_ue(&bits) + 1);
  sps->height = 16 * (int)(bits_ue(&bits) + 1);
  assert_int_equal(bits_read(&bits, 1), 1); /* frames only */
  bits_read(&bits, 1);
  if (bits_read(&bits, 1)) { /* cropping, in units of two pixels */
    unsigned left = bits_ue(&bits), right = bits_ue(&bits), top = bits_ue(&bits), bottom = bits_ue(&bits);
    sps->width -= 2 * (int)(left + right);
    sps->height -= 2 * (int)(top + bottom);
  }
  if (bits_read(&bits, 1))
    vui_parse(&bits, sps);
}
