/* SPDX-License-Identifier: MIT
 *
 * The encoder that codes nothing: each picture yields a packet that holds one H.264 access unit delimiter (I slices for
 * a key, else P). Counted, sent and skipped like any other, but no decoder shows a picture from it. For benchmarks of
 * the channels and the network, where an encoder's time would hide theirs. Called by one media thread.
 */
#include <errno.h>
#include <string.h>

#include "media/encoder_impl.h"

static int null_open(const char *codec, const struct oriel_encoder_config *config, void **state, const char **name) {
  (void)codec;
  (void)config;
  (void)name;
  *state = NULL;
  return 0;
}

static void null_close(void *state) {
  (void)state;
}

static int null_reconfigure(void *state, const struct oriel_encoder_config *config) {
  (void)state;
  (void)config;
  return 0;
}

static int null_encode(void *state, const struct oriel_picture *picture, const struct oriel_encode_request *request,
                       struct oriel_packet **packet) {
  (void)state;
  (void)picture;
  /* Start code, nal_unit_type 9, primary_pic_type 0 (I) or 1 (I, P), stop bit: H.264 7.3.2.4. */
  const uint8_t unit[] = {0, 0, 0, 1, 0x09, request->force_key ? 0x10 : 0x30};
  struct oriel_packet *made = oriel_packet_create(ORIEL_PACKET_VIDEO, sizeof unit);
  if (!made)
    return -ENOMEM;
  memcpy(made->data, unit, sizeof unit);
  made->key = request->force_key;
  *packet = made;
  return 0;
}

const struct oriel_encoder_impl oriel_encoder_null = {
  .open = null_open,
  .close = null_close,
  .reconfigure = null_reconfigure,
  .encode = null_encode,
};
