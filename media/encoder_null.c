/* SPDX-License-Identifier: MIT
 *
 * The encoder that codes nothing: each picture yields a packet that holds one H.264 access unit delimiter (I slices for
 * a key, else P) and bytes that decoders pass over, so that it is as large as the bitrate allows. Counted, sent and
 * skipped like any other, but no decoder shows a picture from it. For benchmarks of the channels and the network, where
 * an encoder's time would hide theirs. Called by one media thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/encoder_impl.h"

/* NAL units of H.264 by their start code and type: the delimiter (7.3.2.4) with primary_pic_type 0 (I) or 1 (I, P) and
 * a stop bit; one of a reserved type, which decoders pass over (7.4.1) and, other than filler, whoever sends it does
 * not. */
static const uint8_t delimiter[] = {0, 0, 0, 1, 0x09}, reserved[] = {0, 0, 0, 1, 0x16};
enum { I_SLICES = 0x10, P_SLICES = 0x30, DATA = 0x55 };
enum { HEAD = sizeof delimiter + 1 };

struct null {
  size_t size; /* bytes of a picture */
};

static int null_reconfigure(void *state, const struct oriel_encoder_config *config) {
  struct null *null = state;
  null->size = (size_t)config->bitrate_kbps * 1000 / 8 / config->fps;
  if (null->size <= HEAD + sizeof reserved)
    null->size = HEAD;
  return 0;
}

static int null_open(const char *codec, const struct oriel_encoder_config *config, void **state, const char **name) {
  (void)codec;
  (void)name;
  struct null *null = malloc(sizeof *null);
  if (!null)
    return -ENOMEM;
  *state = null;
  return null_reconfigure(null, config);
}

static void null_close(void *state) {
  free(state);
}

static int null_encode(void *state, const struct oriel_picture *picture, const struct oriel_encode_request *request,
                       struct oriel_packet **packet) {
  (void)picture;
  const struct null *null = state;
  struct oriel_packet *made = oriel_packet_create(ORIEL_PACKET_VIDEO, null->size);
  if (!made)
    return -ENOMEM;
  memcpy(made->data, delimiter, sizeof delimiter);
  made->data[sizeof delimiter] = request->force_key ? I_SLICES : P_SLICES;
  if (null->size > HEAD) {
    memcpy(made->data + HEAD, reserved, sizeof reserved);
    memset(made->data + HEAD + sizeof reserved, DATA, null->size - HEAD - sizeof reserved);
  }
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
