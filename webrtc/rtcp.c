/* SPDX-License-Identifier: MIT
 *
 * The reader of RTCP. Called by the network thread with what passed SRTCP's authentication, which proves who sent it,
 * not that it makes sense.
 */
#include "webrtc/rtcp.h"

#include <errno.h>
#include <string.h>

enum {
  VERSION = 2,
  HEADER_SIZE = 4,
  TYPE_SENDER_REPORT = 200, TYPE_RECEIVER_REPORT, TYPE_DESCRIPTION, TYPE_BYE,
  TYPE_TRANSPORT_FEEDBACK = 205, TYPE_PAYLOAD_FEEDBACK = 206,
  FORMAT_NACK = 1, FORMAT_TRANSPORT = 15, /* of transport feedback */
  FORMAT_PLI = 1, FORMAT_FIR = 4, FORMAT_APPLICATION = 15, /* of payload feedback */
  BLOCK_SIZE = 24, SSRC_SIZE = 4,
};

/* The body of the packet at the reader, without padding. False: its frame is wrong. Padding of one to three bytes is not
 * RFC 3550's, and is what libwebrtc puts behind transport-wide feedback: three in four of a browser's have some. */
static bool take_frame(struct oriel_reader *reader, uint8_t *first, uint8_t *type, struct oriel_reader *body) {
  *first = oriel_read_u8(reader);
  *type = oriel_read_u8(reader);
  size_t size = (size_t)oriel_read_u16_be(reader) * 4;
  const uint8_t *data = oriel_read_bytes(reader, size);
  if (!data || *first >> 6 != VERSION)
    return false;
  if (*first & 0x20) {
    const size_t padding = size ? data[size - 1] : 0;
    if (!padding || padding > size)
      return false;
    size -= padding;
  }
  oriel_reader_init(body, data, size);
  return true;
}

int oriel_rtcp_begin(struct oriel_rtcp_cursor *cursor, const uint8_t *data, size_t size) {
  struct oriel_reader reader, body;
  uint8_t first, type;
  if (size < HEADER_SIZE)
    return -EBADMSG;
  oriel_reader_init(&reader, data, size);
  while (reader.left)
    if (!take_frame(&reader, &first, &type, &body))
      return -EBADMSG;
  oriel_reader_init(&cursor->left, data, size);
  return 0;
}

static void open_report(struct oriel_rtcp_packet *packet, bool of_sender) {
  struct oriel_reader *items = &packet->items;
  packet->kind = of_sender ? ORIEL_RTCP_SENDER_REPORT : ORIEL_RTCP_RECEIVER_REPORT;
  packet->ssrc = oriel_read_u32_be(items);
  if (of_sender) {
    packet->ntp = (uint64_t)oriel_read_u32_be(items) << 32;
    packet->ntp |= oriel_read_u32_be(items);
    packet->timestamp = oriel_read_u32_be(items);
    oriel_read_u32_be(items); /* packets */
    oriel_read_u32_be(items); /* bytes */
  }
  if (items->left < (size_t)packet->count * BLOCK_SIZE)
    items->failed = true;
}

static void open_bye(struct oriel_rtcp_packet *packet) {
  packet->kind = ORIEL_RTCP_BYE;
  if (packet->items.left < (size_t)packet->count * SSRC_SIZE)
    packet->items.failed = true;
}

static void open_remb(struct oriel_rtcp_packet *packet) {
  const uint8_t *name = oriel_read_bytes(&packet->items, 4);
  if (!name || memcmp(name, "REMB", 4)) {
    packet->kind = ORIEL_RTCP_OTHER; /* another application's */
    packet->items.failed = false;
    return;
  }
  packet->kind = ORIEL_RTCP_REMB;
  packet->count = oriel_read_u8(&packet->items);
  const uint8_t first = oriel_read_u8(&packet->items);
  const uint64_t mantissa = (uint64_t)(first & 3u) << 16 | oriel_read_u16_be(&packet->items);
  const unsigned exponent = first >> 2;
  packet->bitrate = exponent > 46 && mantissa ? UINT64_MAX : mantissa << (exponent > 46 ? 0 : exponent);
  if (packet->items.left < (size_t)packet->count * SSRC_SIZE)
    packet->items.failed = true;
}

static void open_feedback(struct oriel_rtcp_packet *packet, uint8_t type, uint8_t format) {
  packet->ssrc = oriel_read_u32_be(&packet->items);
  packet->media = oriel_read_u32_be(&packet->items);
  packet->count = 0;
  if (type == TYPE_TRANSPORT_FEEDBACK && format == FORMAT_NACK)
    packet->kind = ORIEL_RTCP_NACK;
  else if (type == TYPE_TRANSPORT_FEEDBACK && format == FORMAT_TRANSPORT)
    packet->kind = ORIEL_RTCP_TRANSPORT;
  else if (type == TYPE_PAYLOAD_FEEDBACK && format == FORMAT_PLI)
    packet->kind = ORIEL_RTCP_PLI;
  else if (type == TYPE_PAYLOAD_FEEDBACK && format == FORMAT_FIR)
    packet->kind = ORIEL_RTCP_FIR;
  else if (type == TYPE_PAYLOAD_FEEDBACK && format == FORMAT_APPLICATION && packet->items.left)
    open_remb(packet);
}

bool oriel_rtcp_next(struct oriel_rtcp_cursor *cursor, struct oriel_rtcp_packet *packet) {
  uint8_t first, type;
  *packet = (struct oriel_rtcp_packet){.kind = ORIEL_RTCP_OTHER};
  if (!cursor->left.left || !take_frame(&cursor->left, &first, &type, &packet->items))
    return false;
  packet->count = first & 0x1f;
  if (type == TYPE_SENDER_REPORT || type == TYPE_RECEIVER_REPORT)
    open_report(packet, type == TYPE_SENDER_REPORT);
  else if (type == TYPE_DESCRIPTION)
    packet->kind = ORIEL_RTCP_DESCRIPTION;
  else if (type == TYPE_BYE)
    open_bye(packet);
  else if (type == TYPE_TRANSPORT_FEEDBACK || type == TYPE_PAYLOAD_FEEDBACK)
    open_feedback(packet, type, packet->count);
  if (!oriel_reader_ok(&packet->items))
    packet->kind = ORIEL_RTCP_BROKEN;
  return true;
}

static int32_t sign_extend_24(uint32_t value) {
  return value & 0x800000 ? (int32_t)value - 0x1000000 : (int32_t)value;
}

/* Whether one more counted item of `size` bytes is there. */
static bool take_counted(struct oriel_rtcp_packet *packet, size_t size) {
  if (!packet->count || packet->items.left < size)
    return false;
  packet->count--;
  return true;
}

bool oriel_rtcp_read_block(struct oriel_rtcp_packet *packet, struct oriel_rtcp_block *block) {
  const bool is_report = packet->kind == ORIEL_RTCP_SENDER_REPORT || packet->kind == ORIEL_RTCP_RECEIVER_REPORT;
  if (!is_report || !take_counted(packet, BLOCK_SIZE))
    return false;
  struct oriel_reader *items = &packet->items;
  block->ssrc = oriel_read_u32_be(items);
  const uint32_t loss = oriel_read_u32_be(items);
  block->fraction_lost = (uint8_t)(loss >> 24);
  block->lost = sign_extend_24(loss & 0xffffff);
  block->highest_sequence = oriel_read_u32_be(items);
  block->jitter = oriel_read_u32_be(items);
  block->last_report = oriel_read_u32_be(items);
  block->delay = oriel_read_u32_be(items);
  return true;
}

bool oriel_rtcp_read_ssrc(struct oriel_rtcp_packet *packet, uint32_t *ssrc) {
  if ((packet->kind != ORIEL_RTCP_BYE && packet->kind != ORIEL_RTCP_REMB) || !take_counted(packet, SSRC_SIZE))
    return false;
  *ssrc = oriel_read_u32_be(&packet->items);
  return true;
}

bool oriel_rtcp_read_nack(struct oriel_rtcp_packet *packet, uint16_t *sequence, uint16_t *following) {
  if (packet->kind != ORIEL_RTCP_NACK || packet->items.left < 4)
    return false;
  *sequence = oriel_read_u16_be(&packet->items);
  *following = oriel_read_u16_be(&packet->items);
  return true;
}

bool oriel_rtcp_read_fir(struct oriel_rtcp_packet *packet, uint32_t *ssrc, uint8_t *number) {
  if (packet->kind != ORIEL_RTCP_FIR || packet->items.left < 8)
    return false;
  *ssrc = oriel_read_u32_be(&packet->items);
  *number = (uint8_t)(oriel_read_u32_be(&packet->items) >> 24);
  return true;
}
