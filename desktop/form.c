/* SPDX-License-Identifier: MIT
 *
 * The table of forms.
 */
#include "desktop/form.h"

const struct oriel_form oriel_forms[ORIEL_RENDITIONS] = {
  [ORIEL_CHANNEL_TILES] = {.codec = ORIEL_CODEC_H264, .tiles = true, .shrink = 1},
  [ORIEL_CHANNEL_VIDEO] = {.codec = ORIEL_CODEC_H264, .shrink = 1},
  /* Takes three times as long as H.264. */
  [ORIEL_CHANNEL_VP8] = {.codec = ORIEL_CODEC_VP8, .tiles = true, .beside = true, .shrink = 1},
  [ORIEL_CHANNEL_LOW] = {.codec = ORIEL_CODEC_H264, .beside = true, .fps = 20, .shrink = 2},
};
