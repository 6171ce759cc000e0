/* SPDX-License-Identifier: MIT
 *
 * SRTCP: RTCP packets sealed and opened. The index and its E bit are the last four bytes with AES-GCM, and in front of
 * the tag with HMAC-SHA1. Caller's thread.
 */
#include <errno.h>
#include <string.h>

#include "core/bytes.h"
#include "webrtc/srtp.h"
#include "webrtc/srtp_private.h"

enum { HEADER_SIZE = 8, INDEX_SIZE = 4 };
#define ENCRYPTED UINT32_C(0x80000000)

static uint32_t be32(const uint8_t *bytes) {
  struct oriel_reader reader;
  oriel_reader_init(&reader, bytes, 4);
  return oriel_read_u32_be(&reader);
}

static void put_be32(uint8_t *bytes, uint32_t value) {
  struct oriel_writer writer;
  oriel_writer_init(&writer, bytes, 4);
  oriel_write_u32_be(&writer, value);
}

/** Version 2, and a packet type of RTCP (RFC 5761 section 4). */
static bool is_rtcp(const uint8_t *packet, size_t size) {
  return size >= HEADER_SIZE && packet[0] >> 6 == 2 && packet[1] >= 192 && packet[1] <= 223;
}

static struct srtp_unit make_unit(uint8_t *packet, size_t size, uint32_t index) {
  struct srtp_unit unit = {
    .ssrc = be32(packet + 4),
    .index = index,
    .header = packet,
    .header_size = HEADER_SIZE,
    .in = packet + HEADER_SIZE,
    .out = packet + HEADER_SIZE,
    .size = size - HEADER_SIZE,
    .trailer_in_gcm = true,
  };
  put_be32(unit.trailer, ENCRYPTED | index);
  return unit;
}

int oriel_srtp_protect_rtcp(struct oriel_srtp *srtp, uint8_t *packet, size_t size, size_t capacity) {
  uint8_t tag[SRTP_TAG_MAX];
  const size_t tag_size = srtp->rtcp.tag_size;
  if (!is_rtcp(packet, size))
    return -EINVAL;
  if (size > ORIEL_SRTP_PACKET_MAX || size + tag_size + INDEX_SIZE > capacity)
    return -ENOSPC;
  if (srtp->rtcp_next & ENCRYPTED)
    return -EKEYEXPIRED;
  const struct srtp_unit unit = make_unit(packet, size, srtp->rtcp_next);
  if (oriel_srtp_cipher_seal(&srtp->rtcp, &unit, tag))
    return -EIO;
  const bool tag_first = srtp->rtcp.profile == ORIEL_SRTP_AEAD_AES_128_GCM;
  memcpy(packet + size + (tag_first ? 0 : INDEX_SIZE), tag, tag_size);
  memcpy(packet + size + (tag_first ? tag_size : 0), unit.trailer, INDEX_SIZE);
  srtp->rtcp_next++;
  return (int)(size + tag_size + INDEX_SIZE);
}

int oriel_srtp_unprotect_rtcp(struct oriel_srtp *srtp, uint8_t *packet, size_t size) {
  struct srtp_place place;
  const size_t tag_size = srtp->rtcp.tag_size, added = tag_size + INDEX_SIZE;
  if (size > ORIEL_SRTP_PACKET_MAX || size < HEADER_SIZE + added || !is_rtcp(packet, size))
    return -EBADMSG;
  const bool tag_first = srtp->rtcp.profile == ORIEL_SRTP_AEAD_AES_128_GCM;
  const uint8_t *tail = packet + size - added;
  const uint32_t index = be32(tail + (tag_first ? tag_size : 0));
  if (!(index & ENCRYPTED))
    return -EBADMSG;
  const struct srtp_unit unit = make_unit(packet, size - added, index & ~ENCRYPTED);
  if (oriel_srtp_place_rtcp(&srtp->rtcp_streams, unit.ssrc, index & ~ENCRYPTED, &place))
    return -EALREADY;
  const int error = oriel_srtp_cipher_open(&srtp->rtcp, &unit, tail + (tag_first ? 0 : INDEX_SIZE));
  if (error)
    return error == -EACCES ? error : -EIO;
  if (!place.stream)
    return -ENOSPC;
  oriel_srtp_place_take(&place);
  return (int)(size - added);
}
