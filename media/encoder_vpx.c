/* SPDX-License-Identifier: MIT
 *
 * VP8 by libvpx: no look-ahead, damage as its map of active macroblocks, a quantiser per picture from media/rate. Called
 * by one media thread.
 *
 * Like x264 it is told what to code and how coarsely. Macroblocks that are not active are copied from the picture before
 * without analysis, whatever the quantiser, and its copy of the picture is brought up to date in active ones alone. So a
 * sharpening picture is one of a low quantiser, whose active macroblocks are those that were coded coarser.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

#include "core/clock.h"
#include "core/log.h"
#include "media/encoder_impl.h"
#include "media/macroblocks.h"
#include "media/rate.h"

/* In QP of H.264, which media/rate counts in. */
enum {
  QP_SHARP = 14,
  QP_SMALL = 18,
  QP_LARGE = 24,
  QP_COARSEST = 47, /* libvpx has no coarser one */
  SHARPEN_STEP = 4,
  SMALL_PART = 8,
  /* 1920x1080 of scrolled text 11 ms, as at -16; at -8 12, at -4 16, a picture of noise 26, 25, 28 and 64, and small
   * damage 3.8, 3.3, 3.6 and 10; pictures are equally large from -8 on. */
  SPEED = -12,
};

/* libvpx's own numbers of quantisers, 0..63, by QP: of a step twice as long, since its transform's gain is two. */
static const uint8_t quantisers[QP_COARSEST + 1] = {
  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  1,  2,  2,  3,  4,  5,  5,  6,  8,  9,  10, 11,
  12, 14, 17, 19, 23, 26, 28, 31, 34, 37, 39, 41, 42, 44, 46, 48, 50, 51, 53, 55, 57, 59, 61, 63,
};

/* The picture before is the only one that is referred to: two more would be searched, and none of them is nearer. */
static const vpx_enc_frame_flags_t last_alone =
  VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_REF_ARF | VP8_EFLAG_NO_UPD_GF | VP8_EFLAG_NO_UPD_ARF;

struct state {
  vpx_codec_ctx_t codec;
  bool open; /* codec is; from the first picture on */
  vpx_codec_enc_cfg_t config;
  struct oriel_rate rate;
  struct oriel_macroblocks blocks;
  uint8_t *active; /* owned; per macroblock, 1: is coded */
  int64_t pictures;
  bool sharpening_due; /* some macroblock is coarser than QP_SHARP */
};

static void state_close(void *opaque) {
  struct state *state = opaque;
  if (state->open)
    (void)vpx_codec_destroy(&state->codec);
  oriel_macroblocks_finish(&state->blocks);
  free(state->active);
  free(state);
}

static int set_controls(vpx_codec_ctx_t *codec) {
  const bool refused = vpx_codec_control(codec, VP8E_SET_CPUUSED, SPEED) ||
                       vpx_codec_control(codec, VP8E_SET_STATIC_THRESHOLD, 1) ||
                       vpx_codec_control(codec, VP8E_SET_SCREEN_CONTENT_MODE, 1) ||
                       vpx_codec_control(codec, VP8E_SET_NOISE_SENSITIVITY, 0) ||
                       vpx_codec_control(codec, VP8E_SET_ENABLEAUTOALTREF, 0) ||
                       vpx_codec_control(codec, VP8E_SET_TOKEN_PARTITIONS, VP8_ONE_TOKENPARTITION);
  return refused ? -EIO : 0;
}

/* One thread: whoever makes pictures in VP8 does so beside others, on a thread of its own. */
static int configure(struct state *state, const struct oriel_encoder_config *config) {
  vpx_codec_enc_cfg_t *made = &state->config;
  if (vpx_codec_enc_config_default(vpx_codec_vp8_cx(), made, 0))
    return -ENODEV;
  made->g_w = config->width;
  made->g_h = config->height;
  made->g_timebase = (struct vpx_rational){1, (int)config->fps};
  made->g_threads = 1;
  made->g_lag_in_frames = 0;
  made->g_error_resilient = 0;
  made->g_pass = VPX_RC_ONE_PASS;
  made->kf_mode = VPX_KF_DISABLED;
  made->rc_end_usage = VPX_CBR;
  made->rc_dropframe_thresh = 0;
  made->rc_resize_allowed = 0;
  made->rc_target_bitrate = config->bitrate_kbps; /* of no account: each picture's quantiser is given */
  return 0;
}

/* Not before the first picture, since that is coded where time matters to nobody else: this takes up to 60 ms of
 * touching memory for 1920x1080. */
static int open_codec(struct state *state) {
  if (state->open)
    return 0;
  if (vpx_codec_enc_init(&state->codec, vpx_codec_vp8_cx(), &state->config, 0))
    return -EIO;
  state->open = true;
  return set_controls(&state->codec);
}

static int state_open(const char *codec, const struct oriel_encoder_config *config, void **opaque, const char **name) {
  (void)codec;
  (void)name;
  struct state *state = calloc(1, sizeof *state);
  if (!state)
    return -ENOMEM;
  int error = oriel_macroblocks_init(&state->blocks, config->width, config->height);
  if (error == 0)
    state->active = malloc((size_t)state->blocks.columns * (size_t)state->blocks.rows);
  if (error == 0)
    error = state->active ? configure(state, config) : -ENOMEM;
  if (error < 0) {
    state_close(state);
    return error;
  }
  oriel_rate_init(&state->rate, config->bitrate_kbps, config->fps);
  *opaque = state;
  return 0;
}

static int state_reconfigure(void *opaque, const struct oriel_encoder_config *config) {
  struct state *state = opaque;
  oriel_rate_set(&state->rate, config->bitrate_kbps, config->fps); /* libvpx knows neither rate nor pace */
  return 0;
}

/* ---- a picture ---- */

struct plan {
  enum oriel_rate_kind kind;
  int qp;
  uint64_t activity;
};

static int sharper_qp(const struct state *state, int qp) {
  const int better = oriel_macroblocks_coarsest(&state->blocks) - SHARPEN_STEP; /* so that a few passes end it */
  qp = qp < better ? qp : better;
  return qp > QP_SHARP ? qp : QP_SHARP;
}

static struct plan plan_picture(struct state *state, const struct oriel_picture *picture,
                                const struct oriel_encode_request *request) {
  const bool sharpen = request->quality == ORIEL_QUALITY_SHARPEN && !request->force_key;
  struct oriel_macroblocks *blocks = &state->blocks;
  const int changed = oriel_macroblocks_mark(blocks, request->force_key ? NULL : request->damage);
  const uint64_t now = request->converted_ns ? request->converted_ns : oriel_clock_ns();
  struct plan plan = {.kind = request->force_key ? ORIEL_RATE_KEY : sharpen ? ORIEL_RATE_SHARPEN : ORIEL_RATE_DELTA};
  plan.activity = oriel_macroblocks_analyse(blocks, picture, sharpen ? QP_SHARP : QP_COARSEST).activity;
  const int floor = sharpen ? QP_SHARP : changed * SMALL_PART < blocks->columns * blocks->rows ? QP_SMALL : QP_LARGE;
  plan.qp = oriel_rate_qp(&state->rate, plan.kind, now, plan.activity, floor, QP_COARSEST);
  if (sharpen)
    plan.qp = sharper_qp(state, plan.qp);
  return plan;
}

/* What changed, and in a sharpening picture what is coarser than it. */
static void activate(struct state *state, const struct plan *plan) {
  const struct oriel_macroblocks *blocks = &state->blocks;
  const bool sharpen = plan->kind == ORIEL_RATE_SHARPEN;
  for (int i = 0; i < blocks->columns * blocks->rows; i++)
    state->active[i] = !blocks->unchanged[i] || (sharpen && blocks->coded_qp[i] > plan->qp);
}

static int prepare(struct state *state, const struct plan *plan) {
  const unsigned quantiser = quantisers[plan->qp];
  vpx_active_map_t map = {.active_map = state->active, .rows = (unsigned)state->blocks.rows,
                          .cols = (unsigned)state->blocks.columns};
  activate(state, plan);
  if (vpx_codec_control(&state->codec, VP8E_SET_ACTIVEMAP, &map))
    return -EIO;
  if (state->config.rc_min_quantizer == quantiser && state->config.rc_max_quantizer == quantiser)
    return 0;
  state->config.rc_min_quantizer = state->config.rc_max_quantizer = quantiser;
  return vpx_codec_enc_config_set(&state->codec, &state->config) ? -EIO : 0;
}

static vpx_image_t image_of(const struct oriel_picture *picture) {
  vpx_image_t image;
  (void)vpx_img_wrap(&image, VPX_IMG_FMT_I420, picture->width, picture->height, 1, picture->y);
  image.planes[VPX_PLANE_U] = picture->u;
  image.planes[VPX_PLANE_V] = picture->v;
  image.stride[VPX_PLANE_Y] = picture->stride_y;
  image.stride[VPX_PLANE_U] = image.stride[VPX_PLANE_V] = picture->stride_uv;
  return image;
}

static const vpx_codec_cx_pkt_t *run(struct state *state, const struct oriel_picture *picture, bool key) {
  vpx_image_t image = image_of(picture);
  vpx_codec_iter_t iterator = NULL;
  const vpx_codec_cx_pkt_t *packet = NULL;
  if (vpx_codec_encode(&state->codec, &image, state->pictures++, 1, key ? VPX_EFLAG_FORCE_KF : last_alone,
                       VPX_DL_REALTIME)) {
    oriel_debug("media", "libvpx: %s", vpx_codec_error(&state->codec));
    return NULL;
  }
  do
    packet = vpx_codec_get_cx_data(&state->codec, &iterator);
  while (packet && packet->kind != VPX_CODEC_CX_FRAME_PKT);
  return packet;
}

static int state_encode(void *opaque, const struct oriel_picture *picture, const struct oriel_encode_request *request,
                        struct oriel_packet **packet) {
  struct state *state = opaque;
  const struct plan plan = plan_picture(state, picture, request);
  int error = open_codec(state);
  if (error == 0)
    error = prepare(state, &plan);
  if (error < 0)
    return error;
  const vpx_codec_cx_pkt_t *coded = run(state, picture, request->force_key);
  if (!coded || !coded->data.frame.sz)
    return -EIO;
  struct oriel_packet *made = oriel_packet_create(ORIEL_PACKET_VIDEO, coded->data.frame.sz);
  if (!made)
    return -ENOMEM;
  memcpy(made->data, coded->data.frame.buf, coded->data.frame.sz);
  made->key = coded->data.frame.flags & VPX_FRAME_IS_KEY;
  oriel_rate_spend(&state->rate, plan.kind, plan.activity, plan.qp, (uint64_t)coded->data.frame.sz * 8);
  state->sharpening_due = oriel_macroblocks_coded(&state->blocks, plan.qp, QP_SHARP);
  *packet = made;
  return 0;
}

static bool state_needs_sharpening(const void *opaque) {
  const struct state *state = opaque;
  return state->sharpening_due;
}

const struct oriel_encoder_impl oriel_encoder_vpx = {
  .open = state_open,
  .close = state_close,
  .reconfigure = state_reconfigure,
  .encode = state_encode,
  .needs_sharpening = state_needs_sharpening,
};
