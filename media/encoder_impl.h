/* SPDX-License-Identifier: MIT
 *
 * What an encoder backend gives to encoder.c. Private to media/. Every call on the encoder's media thread.
 */
#ifndef ORIEL_MEDIA_ENCODER_IMPL_H
#define ORIEL_MEDIA_ENCODER_IMPL_H

#include <stdbool.h>

#include "core/packet.h"
#include "media/encoder_config.h"
#include "media/picture.h"

struct oriel_encoder_impl {
  /** Opens the codec called `codec` with a checked config; *state is the backend's own. *name, when set, must be static
   *  and replaces the table's. 0, -ENODEV (not here), -ENOENT (no such codec), -ENOMEM. */
  int (*open)(const char *codec, const struct oriel_encoder_config *config, void **state, const char **name);
  void (*close)(void *state);
  /** Takes new fps and bitrate; the size is unchanged. 0, -EINVAL. */
  int (*reconfigure)(void *state, const struct oriel_encoder_config *config);
  /** As oriel_encoder_encode; the wrapper sets the packet's times, sizes and flags except `key`. */
  int (*encode)(void *state, const struct oriel_picture *picture, const struct oriel_encode_request *request,
                struct oriel_packet **packet);
  /** Optional; NULL = never. */
  bool (*needs_sharpening)(const void *state);
};

extern const struct oriel_encoder_impl oriel_encoder_x264, oriel_encoder_lavc, oriel_encoder_vpx, oriel_encoder_null;

#endif
