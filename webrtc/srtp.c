/* SPDX-License-Identifier: MIT
 *
 * SRTP: RTP packets sealed and opened. Caller's thread.
 */
#include "webrtc/srtp.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "webrtc/srtp_private.h"

enum { INDEX_BITS = 48 };

static int init(struct oriel_srtp *srtp, enum oriel_srtp_profile profile, const struct oriel_srtp_key *key) {
  struct srtp_session_keys keys;
  int error = oriel_srtp_derive(profile, key, SRTP_KIND_RTP, &keys);
  if (!error)
    error = oriel_srtp_cipher_init(&srtp->rtp, profile, &keys);
  if (!error)
    error = oriel_srtp_derive(profile, key, SRTP_KIND_RTCP, &keys);
  if (!error)
    error = oriel_srtp_cipher_init(&srtp->rtcp, profile, &keys);
  OPENSSL_cleanse(&keys, sizeof keys);
  return error;
}

struct oriel_srtp *oriel_srtp_create(enum oriel_srtp_profile profile, const struct oriel_srtp_key *key) {
  if (profile != ORIEL_SRTP_AEAD_AES_128_GCM && profile != ORIEL_SRTP_AES128_CM_SHA1_80)
    return NULL;
  struct oriel_srtp *srtp = calloc(1, sizeof *srtp);
  if (srtp && init(srtp, profile, key)) {
    oriel_srtp_destroy(srtp);
    return NULL;
  }
  return srtp;
}

void oriel_srtp_destroy(struct oriel_srtp *srtp) {
  if (!srtp)
    return;
  oriel_srtp_cipher_finish(&srtp->rtp);
  oriel_srtp_cipher_finish(&srtp->rtcp);
  free(srtp);
}

/** What an RTP packet says at its beginning, and how much of it stays readable. */
struct readable {
  size_t size;
  uint16_t sequence;
  uint32_t ssrc;
};

/** False: no RTP, or cut short. */
static bool read_header(const uint8_t *packet, size_t size, struct readable *readable) {
  struct oriel_reader reader;
  oriel_reader_init(&reader, packet, size);
  const uint8_t first = oriel_read_u8(&reader);
  oriel_read_u8(&reader);
  readable->sequence = oriel_read_u16_be(&reader);
  oriel_read_u32_be(&reader);
  readable->ssrc = oriel_read_u32_be(&reader);
  oriel_read_bytes(&reader, 4 * (size_t)(first & 15));
  if (first & 0x10) {
    oriel_read_u16_be(&reader);
    oriel_read_bytes(&reader, 4 * (size_t)oriel_read_u16_be(&reader));
  }
  readable->size = size - reader.left;
  return oriel_reader_ok(&reader) && first >> 6 == 2;
}

static struct srtp_unit make_unit(const struct srtp_place *place) {
  const uint32_t rounds = (uint32_t)(place->index >> 16);
  return (struct srtp_unit){
    .ssrc = place->ssrc,
    .index = place->index,
    .trailer = { (uint8_t)(rounds >> 24), (uint8_t)(rounds >> 16), (uint8_t)(rounds >> 8), (uint8_t)rounds },
  };
}

int oriel_srtp_protect(struct oriel_srtp *srtp, const uint8_t *header, size_t header_size, const uint8_t *payload,
                       size_t payload_size, uint8_t *out, size_t capacity) {
  struct readable readable;
  struct srtp_place place;
  const size_t tag_size = srtp->rtp.tag_size;
  if (!read_header(header, header_size, &readable) || readable.size != header_size)
    return -EINVAL;
  if (payload_size > ORIEL_SRTP_PACKET_MAX || header_size + payload_size + tag_size > capacity)
    return -ENOSPC;
  if (oriel_srtp_place_rtp(&srtp->rtp_streams, readable.ssrc, readable.sequence, &place))
    return -EALREADY;
  if (!place.stream)
    return -ENOSPC;
  if (place.index >> INDEX_BITS)
    return -EKEYEXPIRED;
  struct srtp_unit unit = make_unit(&place);
  unit.header = header;
  unit.header_size = header_size;
  unit.in = payload;
  unit.out = out + header_size;
  unit.size = payload_size;
  if (out != header)
    memcpy(out, header, header_size);
  if (oriel_srtp_cipher_seal(&srtp->rtp, &unit, unit.out + payload_size))
    return -EIO;
  oriel_srtp_place_take(&place);
  return (int)(header_size + payload_size + tag_size);
}

int oriel_srtp_unprotect(struct oriel_srtp *srtp, uint8_t *packet, size_t size) {
  struct readable readable;
  struct srtp_place place;
  const size_t tag_size = srtp->rtp.tag_size;
  if (size > ORIEL_SRTP_PACKET_MAX || size < tag_size || !read_header(packet, size - tag_size, &readable))
    return -EBADMSG;
  if (oriel_srtp_place_rtp(&srtp->rtp_streams, readable.ssrc, readable.sequence, &place))
    return -EALREADY;
  struct srtp_unit unit = make_unit(&place);
  unit.header = packet;
  unit.header_size = readable.size;
  unit.in = unit.out = packet + readable.size;
  unit.size = size - tag_size - readable.size;
  const int error = oriel_srtp_cipher_open(&srtp->rtp, &unit, packet + size - tag_size);
  if (error)
    return error == -EACCES ? error : -EIO;
  if (!place.stream)
    return -ENOSPC;
  oriel_srtp_place_take(&place);
  return (int)(size - tag_size);
}
