/* SPDX-License-Identifier: MIT
 *
 * H.264 by x264: zero latency, damage hints, a QP per picture from media/rate. Called by one media thread.
 *
 * x264 runs in constant-QP mode with the QP of each picture forced. A macroblock marked constant is skipped without
 * analysis if it was last coded at a QP no higher than this picture's; x264 keeps that map (its effective_qp) and ours is
 * a copy. So an ordinary picture never uses a QP below that of any undamaged macroblock, and a
 * sharpening picture is simply one of low QP: x264 codes again exactly what was coarser.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <x264.h>

#include "core/clock.h"
#include "core/log.h"
#include "media/encoder_impl.h"
#include "media/macroblocks.h"
#include "media/rate.h"

enum {
  QP_SHARP = 14,    /* luma PSNR 46 dB on text; lower gains nothing that survives 4:2:0 */
  QP_SMALL = 18,    /* floor for small damage: nearly sharp at once, and cheap */
  QP_LARGE = 22,    /* floor for large damage: below it bits and time rise faster than what eyes see of motion */
  QP_HURRIED = 30,  /* that floor where time is short */
  QP_COARSEST = 50,
  QP_MIDDLE = 31,   /* see open_params */
  SHARPEN_STEP = 4, /* least improvement of a sharpening pass */
  SMALL_PART = 8,   /* damage is small below 1/8 of the picture */
  DEBLOCK_QP = 28,  /* up to it blocks do not show; and small damage never has the filter touch what is around it */
  THREADS_MAX = 4,
  THREAD_PIXELS = 1600 * 900, /* below it one core is fast enough */
};

static_assert(X264_MBINFO_CONSTANT == 1, "the map of macroblocks is x264's own");

/* Coding large damage should take this long. Fewer bits are the one thing that makes x264 faster from here (1920x1080:
 * 11.5 ms at QP 22, 7.4 at 26); partitions and motion search are at their least and change nothing measurable. */
#define LARGE_GOAL_NS (6 * ORIEL_NS_PER_MS)

struct state {
  x264_t *x264;
  x264_param_t params;
  struct oriel_encoder_config config;
  struct oriel_rate rate;
  struct oriel_macroblocks blocks; /* coded_qp: as x264's own */
  int64_t pictures;
  int large_floor;     /* QP_LARGE..QP_HURRIED */
  bool sharpening_due; /* some coded_qp is above QP_SHARP */
};

static void log_line(void *unused, int level, const char *format, va_list arguments) {
  (void)unused;
  char line[256];
  vsnprintf(line, sizeof line, format, arguments);
  line[strcspn(line, "\n")] = 0;
  oriel_log(level <= X264_LOG_ERROR ? ORIEL_LOG_ERROR : ORIEL_LOG_DEBUG, "media", "x264: %s", line);
}

/* Slices of one picture in parallel: frames in parallel would cost a picture of delay each. Half of the cores at most,
 * since the guest computes too: on two cores of which it has one, two slices were slower than one (1920x1080: 10.5 ms
 * against 9), on two idle ones faster (4.8 against 7). */
static int slice_threads(const struct oriel_encoder_config *config) {
  long threads = sysconf(_SC_NPROCESSORS_ONLN) / 2;
  if (config->single_thread || (uint32_t)config->width * config->height < THREAD_PIXELS || threads < 1)
    return 1;
  return threads < THREADS_MAX ? (int)threads : THREADS_MAX;
}

static int open_params(const struct oriel_encoder_config *config, x264_param_t *params) {
  if (x264_param_default_preset(params, "superfast", "zerolatency") < 0)
    return -ENODEV;
  params->pf_log = log_line;
  params->i_log_level = X264_LOG_WARNING;
  params->i_width = (config->width + 1) & ~1;
  params->i_height = (config->height + 1) & ~1;
  params->i_csp = X264_CSP_I420;
  params->i_fps_num = config->fps;
  params->i_fps_den = 1;
  params->b_vfr_input = 0; /* else x264 holds each picture until it knows how long it lasted */
  params->i_threads = slice_threads(config);
  params->b_sliced_threads = params->i_threads > 1;

  params->b_annexb = 1;
  params->b_repeat_headers = 1; /* lesson 6 */
  params->i_keyint_max = X264_KEYINT_MAX_INFINITE;
  params->i_scenecut_threshold = 0;
  params->i_bframe = 0;
  params->i_frame_reference = 1;
  params->analyse.i_weighted_pred = X264_WEIGHTP_NONE; /* would switch the damage hints off */
  params->analyse.b_mb_info = 1;

  /* Whole-pixel motion: desktops scroll by whole pixels, and without it the half-pixel planes of the entire picture
   * need not be computed for each small change (1280x720: 1.0 ms instead of 1.7). */
  params->analyse.i_subpel_refine = 0;
  params->analyse.b_psy = 0;
  /* Text and 8x8 transforms do not match: 4x4 alone is a tenth faster and smaller on it, 1 % larger on video. */
  params->analyse.b_transform_8x8 = 0;
  params->analyse.intra = X264_ANALYSE_I4x4;
  /* Between keys whole blocks alone: 1920x1080 of motion a twentieth faster and 2 % smaller at the same PSNR (40.4 dB
   * at QP 22), scrolled text 0.7 dB less at 17 % fewer bits, which buy more than that in QP. */
  params->analyse.inter = 0;
  /* Costs 10 ns a bit, twice the rest of a busy picture, but text takes 60 % of CAVLC's bits: under a bitrate that is
   * sharpness. */
  params->b_cabac = 1;

  /* What media/picture converts to: BT.601 matrix, full range; primaries and transfer of an sRGB desktop. */
  params->vui.b_fullrange = 1;
  params->vui.i_colorprim = 1;
  params->vui.i_transfer = 13;
  params->vui.i_colmatrix = 6;

  /* Constant QP bounds each forced QP by the three picture types' own. Far-apart factors open [13, 51]. */
  params->rc.i_rc_method = X264_RC_CQP;
  params->rc.i_qp_constant = QP_MIDDLE;
  params->rc.f_ip_factor = 8;
  params->rc.f_pb_factor = 10;
  params->rc.i_aq_mode = X264_AQ_NONE;
  params->rc.b_mb_tree = 0;
  params->rc.i_lookahead = 0;
  return x264_param_apply_profile(params, "high") < 0 ? -ENODEV : 0;
}

static void state_close(void *opaque) {
  struct state *state = opaque;
  if (state->x264)
    x264_encoder_close(state->x264);
  oriel_macroblocks_finish(&state->blocks);
  free(state);
}

static int state_open(const char *codec, const struct oriel_encoder_config *config, void **opaque, const char **name) {
  (void)codec;
  (void)name;
  struct state *state = calloc(1, sizeof *state);
  if (!state)
    return -ENOMEM;
  state->config = *config;
  state->large_floor = QP_LARGE;
  int error = oriel_macroblocks_init(&state->blocks, config->width, config->height);
  if (error == 0)
    error = open_params(config, &state->params);
  if (error == 0) {
    state->x264 = x264_encoder_open(&state->params);
    error = state->x264 ? 0 : -ENODEV;
  }
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
  /* x264 itself knows neither rate nor pace: its fps only went into the level and the VUI. */
  state->config = *config;
  oriel_rate_set(&state->rate, config->bitrate_kbps, config->fps);
  return 0;
}

struct plan {
  enum oriel_rate_kind kind;
  int qp;
  uint64_t activity;
  bool deblock, small;
};

static struct plan plan_picture(struct state *state, const struct oriel_picture *picture,
                                const struct oriel_encode_request *request) {
  bool sharpen = request->quality == ORIEL_QUALITY_SHARPEN;
  int damaged = oriel_macroblocks_mark(&state->blocks, request->force_key ? NULL : request->damage);
  uint64_t now = request->converted_ns ? request->converted_ns : oriel_clock_ns();
  struct plan plan = {.kind = ORIEL_RATE_DELTA};
  struct oriel_macroblock_analysis analysis =
    oriel_macroblocks_analyse(&state->blocks, picture, sharpen ? QP_SHARP : QP_COARSEST);
  plan.activity = analysis.activity;
  bool small = damaged * SMALL_PART < state->blocks.columns * state->blocks.rows;
  int floor = small ? QP_SMALL : state->large_floor;
  if (sharpen) {
    plan.kind = ORIEL_RATE_SHARPEN;
    floor = QP_SHARP;
  } else if (floor < analysis.coarsest) {
    floor = analysis.coarsest; /* see the top of the file */
  }
  if (request->force_key)
    plan.kind = ORIEL_RATE_KEY;
  plan.qp = oriel_rate_qp(&state->rate, plan.kind, now, plan.activity, floor, QP_COARSEST);
  if (plan.kind == ORIEL_RATE_SHARPEN) { /* each pass gets nearer, so that a few of them end it */
    int better = oriel_macroblocks_coarsest(&state->blocks) - SHARPEN_STEP;
    plan.qp = plan.qp < better ? plan.qp : better;
    plan.qp = plan.qp > QP_SHARP ? plan.qp : QP_SHARP;
  }
  plan.deblock = plan.qp > DEBLOCK_QP && !small;
  plan.small = small;
  return plan;
}

static int deblock_switch(struct state *state, bool on) {
  if (state->params.b_deblocking_filter == on)
    return 0;
  state->params.b_deblocking_filter = on;
  return x264_encoder_reconfig(state->x264, &state->params) < 0 ? -EIO : 0;
}

/* Moves the floor of large damage by one step towards the time it should take. */
static void large_floor_update(struct state *state, uint64_t took_ns) {
  if (took_ns > LARGE_GOAL_NS && state->large_floor < QP_HURRIED)
    state->large_floor++;
  else if (took_ns < LARGE_GOAL_NS * 3 / 4 && state->large_floor > QP_LARGE)
    state->large_floor--;
}

static int state_encode(void *opaque, const struct oriel_picture *picture, const struct oriel_encode_request *request,
                       struct oriel_packet **packet) {
  struct state *state = opaque;
  struct plan plan = plan_picture(state, picture, request);
  int error = deblock_switch(state, plan.deblock);
  if (error < 0)
    return error;
  x264_picture_t in, out;
  x264_picture_init(&in);
  in.i_type = request->force_key ? X264_TYPE_IDR : X264_TYPE_P;
  in.i_qpplus1 = plan.qp + 1;
  in.i_pts = state->pictures++;
  in.img.i_csp = X264_CSP_I420;
  in.img.i_plane = 3;
  in.img.plane[0] = picture->y;
  in.img.plane[1] = picture->u;
  in.img.plane[2] = picture->v;
  in.img.i_stride[0] = picture->stride_y;
  in.img.i_stride[1] = in.img.i_stride[2] = picture->stride_uv;
  in.prop.mb_info = state->blocks.unchanged; /* ours: used up when the call returns */
  x264_nal_t *units = NULL;
  int count = 0;
  uint64_t start_ns = oriel_clock_ns();
  int size = x264_encoder_encode(state->x264, &units, &count, &in, &out);
  if (size <= 0 || count <= 0)
    return -EIO;
  struct oriel_packet *made = oriel_packet_create(ORIEL_PACKET_VIDEO, (size_t)size);
  if (!made)
    return -ENOMEM;
  memcpy(made->data, units[0].p_payload, (size_t)size); /* x264 lays a picture's units end to end */
  made->key = out.b_keyframe;
  oriel_rate_spend(&state->rate, plan.kind, plan.activity, plan.qp, (uint64_t)size * 8);
  if (plan.kind == ORIEL_RATE_DELTA && !plan.small)
    large_floor_update(state, oriel_clock_ns() - start_ns);
  state->sharpening_due = oriel_macroblocks_coded(&state->blocks, plan.qp, QP_SHARP);
  *packet = made;
  return 0;
}

static bool state_needs_sharpening(const void *opaque) {
  const struct state *state = opaque;
  return state->sharpening_due;
}

const struct oriel_encoder_impl oriel_encoder_x264 = {
  .open = state_open,
  .close = state_close,
  .reconfigure = state_reconfigure,
  .encode = state_encode,
  .needs_sharpening = state_needs_sharpening,
};
