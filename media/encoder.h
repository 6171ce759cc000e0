/* SPDX-License-Identifier: MIT
 *
 * Video encoders behind one table: for H.264 x264 first, libavcodec's (VAAPI, NVENC, VideoToolbox) next, `null` last; for
 * VP8 libvpx.
 *
 * Thread-safety: one encoder belongs to one media thread; every call from that thread. Encode is synchronous and has
 * one frame in flight: when it returns the picture is whole. No look-ahead, no reordering, no periodic key frame; of
 * H.264 zero reorder frames in the SPS VUI (lesson 18), parameter sets on every IDR (lesson 6).
 */
#ifndef ORIEL_MEDIA_ENCODER_H
#define ORIEL_MEDIA_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"
#include "media/encoder_config.h"
#include "media/picture.h"

struct oriel_encoder;

/** Bits per second x 1000 that look good for this size: about 0.08 bit per pixel at 60 fps, within 1500..60000. */
uint32_t oriel_encoder_default_kbps(uint16_t width, uint16_t height);

/** Opens the first encoder of the table for the config's codec that works, or the one called `name` ("x264",
 *  "h264_vaapi", "null", ...; NULL = any but null; "lavc:NAME" = libavcodec's H.264 encoder of that name, in the table
 *  or not). `null` yields packets that count and travel like any other and hold only an access unit delimiter: no decoder
 *  shows them. 0, -EINVAL (config), -ENOENT (no such name for this codec), -ENODEV (nothing works), -ENOSYS (no
 *  libavcodec is installed), -ENOMEM. */
int oriel_encoder_create(const char *name, const struct oriel_encoder_config *config, struct oriel_encoder **encoder);
void oriel_encoder_destroy(struct oriel_encoder *encoder);
/** Name in the table, or libavcodec's; static. */
const char *oriel_encoder_name(const struct oriel_encoder *encoder);
/** Changes fps and bitrate without a restart and without an IDR. Size must be unchanged. 0, -EINVAL. */
int oriel_encoder_reconfigure(struct oriel_encoder *encoder, const struct oriel_encoder_config *config);
/** Encodes one picture of the configured size. *packet gets a new ORIEL_PACKET_VIDEO with one reference (kind, key,
 *  sharpening, sizes and times set; sequence 0, the rendition numbers it). The first picture, and the first after a
 *  failure, is a key whatever the request says. An odd width or height is coded rounded up: the packet's size is the
 *  visible one. 0, -EINVAL (picture of another size), -ENOMEM, -EIO (the encoder refused). */
int oriel_encoder_encode(struct oriel_encoder *encoder, const struct oriel_picture *picture,
                         const struct oriel_encode_request *request, struct oriel_packet **packet);
/** True while some part of the last pictures was coded coarser than SHARPEN would. */
bool oriel_encoder_needs_sharpening(const struct oriel_encoder *encoder);

/** Name of a row of the table for a codec, `index` from 0; static. NULL past the end. */
const char *oriel_encoder_at(enum oriel_codec codec, size_t index);
/** The range that pictures for an encoder of this codec must have. */
enum oriel_picture_range oriel_encoder_range(enum oriel_codec codec);
/** For `oriel doctor`: name of a row and whether it opens here, which may take 0.2 s; as oriel_encoder_at. False past the
 *  end. */
bool oriel_encoder_probe(enum oriel_codec codec, size_t index, const char **name, bool *works, char *why,
                         size_t why_size);

#endif
