/* SPDX-License-Identifier: MIT
 *
 * RTP headers. Any thread.
 */
#include "wire/rtp.h"

#include <errno.h>

enum { VERSION = 2, CONTROL_FIRST = 192, CONTROL_LAST = 223 };

static uint16_t read16(const uint8_t *bytes) {
  return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t read32(const uint8_t *bytes) {
  return (uint32_t)read16(bytes) << 16 | read16(bytes + 2);
}

bool oriel_rtp_is_control(const uint8_t *data, size_t size) {
  return size >= 8 && data[0] >> 6 == VERSION && data[1] >= CONTROL_FIRST && data[1] <= CONTROL_LAST;
}

int oriel_rtp_parse(const uint8_t *data, size_t size, struct oriel_rtp_packet *packet) {
  if (size <= ORIEL_RTP_HEADER_SIZE || data[0] >> 6 != VERSION || oriel_rtp_is_control(data, size))
    return -EBADMSG;
  const bool padded = data[0] & 0x20, extended = data[0] & 0x10;
  size_t at = ORIEL_RTP_HEADER_SIZE + (size_t)(data[0] & 0x0f) * 4; /* behind the contributing sources */
  if (extended) {
    if (size < at + 4)
      return -EBADMSG;
    at += 4 + (size_t)read16(data + at + 2) * 4;
  }
  const size_t padding = padded ? data[size - 1] : 0;
  if ((padded && !padding) || at + padding >= size)
    return -EBADMSG;
  *packet = (struct oriel_rtp_packet){
    .marker = data[1] >> 7, .type = data[1] & 0x7f, .sequence = read16(data + 2), .timestamp = read32(data + 4),
    .ssrc = read32(data + 8), .payload = data + at, .size = size - at - padding,
  };
  return 0;
}
