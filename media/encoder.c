/* SPDX-License-Identifier: MIT
 *
 * The table of video encoders and what all of them share: checks, the first picture's key, packet fields. Called by one
 * media thread per encoder; oriel_encoder_probe by anyone.
 */
#include "media/encoder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "media/encoder_impl.h"

enum {
  FPS_MAX = 240,
  KBPS_MIN = 100,
  KBPS_MAX = 400000,
  DEFAULT_KBPS_MIN = 1500,
  DEFAULT_KBPS_MAX = 60000,
};

struct backend {
  const char *name;
  const struct oriel_encoder_impl *impl;
  enum oriel_codec codec;
};

/* In the order of preference; software first, because small damage is coded sooner here than a GPU is asked. */
static const struct backend backends[] = {
  {"x264", &oriel_encoder_x264, ORIEL_CODEC_H264},
  {"h264_vaapi", &oriel_encoder_lavc, ORIEL_CODEC_H264},
  {"h264_nvenc", &oriel_encoder_lavc, ORIEL_CODEC_H264},
  {"h264_videotoolbox", &oriel_encoder_lavc, ORIEL_CODEC_H264},
  {"libvpx", &oriel_encoder_vpx, ORIEL_CODEC_VP8},
  {"null", &oriel_encoder_null, ORIEL_CODEC_H264},
};
enum { BACKENDS = sizeof backends / sizeof backends[0] };

/* Any H.264 encoder libavcodec knows, by its own name: "lavc:libx264". Not in the table, never chosen by itself. */
static const char lavc_prefix[] = "lavc:";

struct oriel_encoder {
  const struct oriel_encoder_impl *impl;
  void *state;
  const char *name;
  struct oriel_encoder_config config;
  bool key_due; /* nothing coded yet, or the last encode failed */
};

uint32_t oriel_encoder_default_kbps(uint16_t width, uint16_t height) {
  uint64_t kbps = (uint64_t)width * height * 60 * 8 / 100 / 1000;
  if (kbps < DEFAULT_KBPS_MIN)
    return DEFAULT_KBPS_MIN;
  return kbps > DEFAULT_KBPS_MAX ? DEFAULT_KBPS_MAX : (uint32_t)kbps;
}

static bool config_valid(const struct oriel_encoder_config *config) {
  return config->codec < ORIEL_CODECS && config->width >= ORIEL_PICTURE_SIZE_MIN && config->width <= ORIEL_PICTURE_WIDTH_MAX &&
         config->height >= ORIEL_PICTURE_SIZE_MIN && config->height <= ORIEL_PICTURE_HEIGHT_MAX && config->fps >= 1 &&
         config->fps <= FPS_MAX && config->bitrate_kbps >= KBPS_MIN && config->bitrate_kbps <= KBPS_MAX;
}

static int backend_open(const struct backend *backend, const char *codec, const struct oriel_encoder_config *config,
                        struct oriel_encoder *encoder) {
  encoder->impl = backend->impl;
  encoder->name = backend->name;
  return backend->impl->open(codec, config, &encoder->state, &encoder->name);
}

static int open_named(const char *name, const struct oriel_encoder_config *config, struct oriel_encoder *encoder) {
  size_t prefix = strlen(lavc_prefix);
  if (!strncmp(name, lavc_prefix, prefix) && config->codec == ORIEL_CODEC_H264) {
    const struct backend any = {lavc_prefix, &oriel_encoder_lavc, ORIEL_CODEC_H264};
    return backend_open(&any, name + prefix, config, encoder);
  }
  for (size_t i = 0; i < BACKENDS; i++)
    if (backends[i].codec == config->codec && !strcmp(name, backends[i].name))
      return backend_open(&backends[i], name, config, encoder);
  return -ENOENT;
}

static int open_first(const struct oriel_encoder_config *config, struct oriel_encoder *encoder) {
  for (size_t i = 0; i < BACKENDS - 1; i++) {
    if (backends[i].codec != config->codec)
      continue;
    int error = backend_open(&backends[i], backends[i].name, config, encoder);
    if (error == 0 || error == -ENOMEM)
      return error;
  }
  return -ENODEV;
}

int oriel_encoder_create(const char *name, const struct oriel_encoder_config *config, struct oriel_encoder **encoder) {
  if (!config_valid(config))
    return -EINVAL;
  struct oriel_encoder *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->config = *config;
  made->key_due = true;
  int error = name ? open_named(name, config, made) : open_first(config, made);
  if (error < 0) {
    free(made);
    return error;
  }
  *encoder = made;
  return 0;
}

void oriel_encoder_destroy(struct oriel_encoder *encoder) {
  if (!encoder)
    return;
  encoder->impl->close(encoder->state);
  free(encoder);
}

const char *oriel_encoder_name(const struct oriel_encoder *encoder) {
  return encoder->name;
}

int oriel_encoder_reconfigure(struct oriel_encoder *encoder, const struct oriel_encoder_config *config) {
  if (!config_valid(config) || config->codec != encoder->config.codec || config->width != encoder->config.width ||
      config->height != encoder->config.height)
    return -EINVAL;
  int error = encoder->impl->reconfigure(encoder->state, config);
  if (error == 0)
    encoder->config = *config;
  return error;
}

static uint32_t damage_pixels(const struct oriel_encoder *encoder, const struct oriel_damage *damage) {
  uint64_t all = (uint64_t)encoder->config.width * encoder->config.height;
  uint64_t area = damage ? oriel_damage_area(damage) : all;
  return (uint32_t)(area < all ? area : all);
}

int oriel_encoder_encode(struct oriel_encoder *encoder, const struct oriel_picture *picture,
                         const struct oriel_encode_request *request, struct oriel_packet **packet) {
  if (picture->width != encoder->config.width || picture->height != encoder->config.height ||
      picture->range != oriel_encoder_range(encoder->config.codec))
    return -EINVAL;
  struct oriel_encode_request actual = *request;
  actual.force_key |= encoder->key_due;
  struct oriel_packet *made = NULL;
  int error = encoder->impl->encode(encoder->state, picture, &actual, &made);
  if (error == 0 && actual.force_key && !made->key) { /* a viewer would wait at the door for ever */
    oriel_packet_unref(made);
    error = -EIO;
  }
  encoder->key_due = error < 0;
  if (error < 0)
    return error;
  made->codec = encoder->config.codec;
  made->sharpening = request->quality == ORIEL_QUALITY_SHARPEN && !made->key;
  made->width = picture->width;
  made->height = picture->height;
  made->captured_ns = request->captured_ns;
  made->converted_ns = request->converted_ns;
  made->encoded_ns = oriel_clock_ns();
  made->damage_pixels = damage_pixels(encoder, actual.force_key ? NULL : request->damage);
  *packet = made;
  return 0;
}

bool oriel_encoder_needs_sharpening(const struct oriel_encoder *encoder) {
  return encoder->impl->needs_sharpening && encoder->impl->needs_sharpening(encoder->state);
}

static const char *open_failure(int error) {
  switch (error) {
  case -ENOENT:
    return "this libavcodec was built without it";
  case -ENOSYS:
    return "there is no libavcodec of the version it was built for";
  case -ENODEV:
    return "no such device here, or its driver refused";
  default:
    return strerror(-error);
  }
}

const char *oriel_encoder_at(enum oriel_codec codec, size_t index) {
  for (size_t i = 0; i < BACKENDS; i++)
    if (backends[i].codec == codec && index-- == 0)
      return backends[i].name;
  return NULL;
}

enum oriel_picture_range oriel_encoder_range(enum oriel_codec codec) {
  return codec == ORIEL_CODEC_VP8 ? ORIEL_RANGE_LIMITED : ORIEL_RANGE_FULL;
}

bool oriel_encoder_probe(enum oriel_codec codec, size_t index, const char **name, bool *works, char *why,
                         size_t why_size) {
  const struct oriel_encoder_config config = {
    .codec = codec, .width = 640, .height = 480, .fps = 60, .bitrate_kbps = 2000};
  struct oriel_encoder *encoder = NULL;
  *name = oriel_encoder_at(codec, index);
  if (!*name)
    return false;
  int error = oriel_encoder_create(*name, &config, &encoder);
  oriel_encoder_destroy(encoder);
  *works = error == 0;
  if (why_size)
    snprintf(why, why_size, "%s", error ? open_failure(error) : "opens");
  return true;
}
