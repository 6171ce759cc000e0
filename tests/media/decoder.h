/* SPDX-License-Identifier: MIT
 *
 * For tests: decoders around libavcodec, and a reader of the few SPS fields that lessons 6 and 18 are about.
 */
#ifndef ORIEL_TESTS_MEDIA_DECODER_H
#define ORIEL_TESTS_MEDIA_DECODER_H

#include <libavcodec/avcodec.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/packet.h"

struct decoder {
  AVCodecContext *context;
  AVFrame *frame; /* the last picture */
};

struct sps {
  int profile, level;
  int width, height;
  bool has_colour;
  bool full_range;
  int primaries, transfer, matrix;
  bool has_restriction;
  unsigned reorder_frames, buffered_frames;
};

/** Of H.264, and of VP8. */
void decoder_open(struct decoder *decoder);
void decoder_open_vp8(struct decoder *decoder);
void decoder_close(struct decoder *decoder);
/** Decodes one packet, which must yield exactly one picture at once; fails the test otherwise. */
const AVFrame *decoder_decode(struct decoder *decoder, const struct oriel_packet *packet);

/** Finds the first unit of a type (1 P slice, 5 IDR, 7 SPS, 8 PPS); NULL when there is none. */
const uint8_t *unit_find(const struct oriel_packet *packet, unsigned type, size_t *size);
/** Parses the access unit's SPS; fails the test when there is none. */
void sps_parse(const struct oriel_packet *packet, struct sps *sps);

#endif
