/* SPDX-License-Identifier: MIT
 *
 * H.264 by libavcodec: the GPU's encoders (VAAPI, NVENC, VideoToolbox), and any software one by name. Called by one
 * media thread.
 *
 * These encoders take no damage hints: unchanged macroblocks cost them time but, by ordinary skip detection, few bits.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media/encoder_impl.h"
#include "media/lavc.h"

enum { SHARPEN_PASSES = 3 }; /* pictures of a still screen after which rate control has brought it to full quality */

struct state {
  AVCodecContext *context;
  AVBufferRef *device; /* owned; NULL for encoders that take pictures from memory */
  AVFrame *frame;      /* owned; the picture in memory */
  AVPacket *unit;      /* owned; reused */
  int64_t pictures;
  int passes_due;
};

static bool device_needed(const AVCodec *codec) {
  return strstr(codec->name, "_vaapi") != NULL;
}

/* Options that exist only in some encoders; those that do not know one refuse it, which is fine. */
static void options_set(AVCodecContext *context) {
  static const struct {
    const char *name, *value;
  } options[] = {
    {"tune", "zerolatency"},  /* libx264 */
    {"preset", "ultrafast"},  /* libx264 */
    {"x264-params", "scenecut=0:repeat-headers=1"},
    {"forced-idr", "1"},      /* libx264, nvenc: a requested I picture is an IDR */
    {"delay", "0"},           /* nvenc */
    {"zerolatency", "1"},     /* nvenc */
    {"rc-lookahead", "0"},    /* nvenc, libx264 */
    {"realtime", "1"},        /* videotoolbox */
    {"prio_speed", "1"},      /* videotoolbox */
    {"async_depth", "1"},     /* vaapi */
    {"idr_interval", "0"},    /* vaapi: every I picture is an IDR */
  };
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
    (void)oriel_lavc()->av_opt_set(context->priv_data, options[i].name, options[i].value, 0);
  if (!strncmp(context->codec->name, "h264_nvenc", 10)) {
    (void)oriel_lavc()->av_opt_set(context->priv_data, "preset", "p1", 0);
    (void)oriel_lavc()->av_opt_set(context->priv_data, "tune", "ull", 0);
  }
}

static void rate_set(AVCodecContext *context, const struct oriel_encoder_config *config) {
  context->bit_rate = context->rc_max_rate = (int64_t)config->bitrate_kbps * 1000;
  context->rc_buffer_size = (int)(context->bit_rate / 8); /* an eighth of a second, as media/rate.c */
  context->framerate = (AVRational){(int)config->fps, 1};
}

static void context_set(AVCodecContext *context, const struct oriel_encoder_config *config) {
  context->width = (config->width + 1) & ~1;
  context->height = (config->height + 1) & ~1;
  context->pix_fmt = AV_PIX_FMT_YUV420P;
  context->time_base = (AVRational){1, (int)config->fps};
  rate_set(context, config);
  context->gop_size = INT32_MAX; /* no periodic key */
  context->max_b_frames = 0;
  context->has_b_frames = 0;
  context->refs = 1;
  context->thread_count = 1;
  context->flags |= AV_CODEC_FLAG_LOW_DELAY;
  context->flags &= ~AV_CODEC_FLAG_GLOBAL_HEADER; /* parameter sets in the stream (lesson 6) */
  /* As in encoder_x264.c. */
  context->color_range = AVCOL_RANGE_JPEG;
  context->color_primaries = AVCOL_PRI_BT709;
  context->color_trc = AVCOL_TRC_IEC61966_2_1;
  context->colorspace = AVCOL_SPC_SMPTE170M;
  options_set(context);
}

/* VAAPI takes pictures from its own surfaces only. */
static int device_open(struct state *state, AVCodecContext *context) {
  if (oriel_lavc()->av_hwdevice_ctx_create(&state->device, AV_HWDEVICE_TYPE_VAAPI, NULL, NULL, 0) < 0)
    return -ENODEV;
  AVBufferRef *frames = oriel_lavc()->av_hwframe_ctx_alloc(state->device);
  if (!frames)
    return -ENOMEM;
  AVHWFramesContext *pool = (AVHWFramesContext *)frames->data;
  pool->format = AV_PIX_FMT_VAAPI;
  pool->sw_format = AV_PIX_FMT_YUV420P;
  pool->width = context->width;
  pool->height = context->height;
  pool->initial_pool_size = 2;
  if (oriel_lavc()->av_hwframe_ctx_init(frames) < 0) {
    oriel_lavc()->av_buffer_unref(&frames);
    return -ENODEV;
  }
  context->hw_frames_ctx = frames;
  context->pix_fmt = AV_PIX_FMT_VAAPI;
  return 0;
}

static void state_close(void *opaque) {
  struct state *state = opaque;
  oriel_lavc()->av_packet_free(&state->unit);
  oriel_lavc()->av_frame_free(&state->frame);
  oriel_lavc()->avcodec_free_context(&state->context);
  oriel_lavc()->av_buffer_unref(&state->device);
  free(state);
}

static int state_prepare(struct state *state, const AVCodec *codec, const struct oriel_encoder_config *config) {
  state->context = oriel_lavc()->avcodec_alloc_context3(codec);
  state->frame = oriel_lavc()->av_frame_alloc();
  state->unit = oriel_lavc()->av_packet_alloc();
  if (!state->context || !state->frame || !state->unit)
    return -ENOMEM;
  context_set(state->context, config);
  if (device_needed(codec)) {
    int error = device_open(state, state->context);
    if (error < 0)
      return error;
  }
  int av_error = oriel_lavc()->avcodec_open2(state->context, codec, NULL);
  return av_error == AVERROR(ENOMEM) ? -ENOMEM : av_error < 0 ? -ENODEV : 0;
}

static int state_open(const char *name, const struct oriel_encoder_config *config, void **opaque,
                      const char **chosen) {
  if (!oriel_lavc())
    return -ENOSYS;
  const AVCodec *codec = oriel_lavc()->avcodec_find_encoder_by_name(name);
  if (!codec || codec->id != AV_CODEC_ID_H264)
    return -ENOENT;
  struct state *state = calloc(1, sizeof *state);
  if (!state)
    return -ENOMEM;
  /* A driver that is not there is an answer here, not news for the user's terminal. */
  oriel_lavc()->av_log_set_level(AV_LOG_QUIET);
  int error = state_prepare(state, codec, config);
  if (error < 0) {
    state_close(state);
    return error;
  }
  *opaque = state;
  *chosen = codec->name;
  return 0;
}

static int state_reconfigure(void *opaque, const struct oriel_encoder_config *config) {
  struct state *state = opaque;
  rate_set(state->context, config); /* NVENC and libx264 look at these before each picture */
  return 0;
}

/* Points a frame at the picture's planes for the length of one encode; libavcodec copies what it keeps. */
static int frame_fill(struct state *state, const struct oriel_picture *picture,
                      const struct oriel_encode_request *request) {
  AVFrame *frame = state->frame;
  oriel_lavc()->av_frame_unref(frame);
  frame->format = AV_PIX_FMT_YUV420P;
  frame->width = picture->coded_width;
  frame->height = picture->coded_height;
  frame->data[0] = picture->y;
  frame->data[1] = picture->u;
  frame->data[2] = picture->v;
  frame->linesize[0] = picture->stride_y;
  frame->linesize[1] = frame->linesize[2] = picture->stride_uv;
  if (state->device) {
    AVFrame *surface = oriel_lavc()->av_frame_alloc();
    if (!surface)
      return -ENOMEM;
    if (oriel_lavc()->av_hwframe_get_buffer(state->context->hw_frames_ctx, surface, 0) < 0 ||
        oriel_lavc()->av_hwframe_transfer_data(surface, frame, 0) < 0) {
      oriel_lavc()->av_frame_free(&surface);
      return -EIO;
    }
    oriel_lavc()->av_frame_unref(frame);
    oriel_lavc()->av_frame_move_ref(frame, surface);
    oriel_lavc()->av_frame_free(&surface);
  }
  frame->pts = state->pictures++;
  frame->pict_type = request->force_key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  return 0;
}

static int unit_copy(const AVPacket *unit, const AVCodecContext *context, bool key, struct oriel_packet **packet) {
  /* Encoders that keep parameter sets to themselves (VideoToolbox) give them as extradata. */
  const uint8_t *head = context->extradata;
  size_t head_size = key && head ? (size_t)context->extradata_size : 0;
  bool annex_b = head_size > 4 && !head[0] && !head[1];
  bool present = unit->size > 4 && ((unit->data[4] & 0x1F) == 7 || (unit->data[3] & 0x1F) == 7);
  if (!annex_b || present)
    head_size = 0;
  struct oriel_packet *made = oriel_packet_create(ORIEL_PACKET_VIDEO, head_size + (size_t)unit->size);
  if (!made)
    return -ENOMEM;
  if (head_size)
    memcpy(made->data, head, head_size);
  memcpy(made->data + head_size, unit->data, (size_t)unit->size);
  made->key = key;
  *packet = made;
  return 0;
}

static int state_encode(void *opaque, const struct oriel_picture *picture, const struct oriel_encode_request *request,
                        struct oriel_packet **packet) {
  struct state *state = opaque;
  int error = frame_fill(state, picture, request);
  if (error < 0)
    return error;
  int av_error = oriel_lavc()->avcodec_send_frame(state->context, state->frame);
  oriel_lavc()->av_frame_unref(state->frame);
  if (av_error < 0)
    return av_error == AVERROR(ENOMEM) ? -ENOMEM : -EIO;
  /* Low delay was asked for: an encoder that wants another picture first is not usable here. */
  av_error = oriel_lavc()->avcodec_receive_packet(state->context, state->unit);
  if (av_error < 0)
    return av_error == AVERROR(ENOMEM) ? -ENOMEM : -EIO;
  error = unit_copy(state->unit, state->context, state->unit->flags & AV_PKT_FLAG_KEY, packet);
  oriel_lavc()->av_packet_unref(state->unit);
  if (error == 0)
    state->passes_due = request->quality == ORIEL_QUALITY_SHARPEN && !request->force_key
                          ? state->passes_due - (state->passes_due > 0) : SHARPEN_PASSES;
  return error;
}

static bool state_needs_sharpening(const void *opaque) {
  const struct state *state = opaque;
  return state->passes_due > 0;
}

const struct oriel_encoder_impl oriel_encoder_lavc = {
  .open = state_open,
  .close = state_close,
  .reconfigure = state_reconfigure,
  .encode = state_encode,
  .needs_sharpening = state_needs_sharpening,
};
