/* SPDX-License-Identifier: MIT
 *
 * Headers of RTP, in and out. Called by the network thread.
 */
#include "webrtc/rtp.h"

#include <errno.h>

#include "core/bytes.h"
#include "core/clock.h"

enum {
  VERSION = 2,
  ONE_BYTE = 0xbede,
  TWO_BYTE = 0x1000, TWO_BYTE_MASK = 0xfff0, /* the last four bits are the application's */
  ONE_BYTE_ID_MAX = 14, /* 15 ends the list */
};

static uint32_t read_u24(const uint8_t *data) {
  return (uint32_t)data[0] << 16 | (uint32_t)data[1] << 8 | data[2];
}

static void take_extension(struct oriel_rtp_extensions *extensions, const struct oriel_rtp_extension_ids *ids,
                           uint8_t id, const uint8_t *data, size_t size) {
  if (id == ids->mid && size && size <= ORIEL_RTP_MID_MAX) {
    extensions->mid = (const char *)data;
    extensions->mid_size = size;
  } else if (id == ids->transport && size == 2) {
    extensions->has_transport = true;
    extensions->transport = (uint16_t)(data[0] << 8 | data[1]);
  } else if (id == ids->playout && size == 3) {
    extensions->has_playout = true;
    extensions->playout_min = (uint16_t)(read_u24(data) >> 12);
    extensions->playout_max = (uint16_t)(read_u24(data) & 0xfff);
  } else if (id == ids->send_time && size == 3) {
    extensions->has_send_time = true;
    extensions->send_time = read_u24(data);
  }
}

/* The elements of one header extension, as `profile` says. False: one reaches beyond the end. */
static bool read_extensions(struct oriel_reader *reader, uint16_t profile, const struct oriel_rtp_extension_ids *ids,
                            struct oriel_rtp_extensions *extensions) {
  const bool one_byte = profile == ONE_BYTE;
  if (!one_byte && (profile & TWO_BYTE_MASK) != TWO_BYTE)
    return true; /* something else, which RFC 3550 lets us skip */
  while (reader->left) {
    uint8_t id = oriel_read_u8(reader);
    if (!id)
      continue; /* padding */
    size_t size;
    if (one_byte) {
      size = (id & 15u) + 1;
      id >>= 4;
      if (id > ONE_BYTE_ID_MAX)
        return true; /* RFC 8285, section 4.2: stop here */
    } else {
      size = oriel_read_u8(reader);
    }
    const uint8_t *data = oriel_read_bytes(reader, size);
    if (!data)
      return false;
    if (id)
      take_extension(extensions, ids, id, data, size);
  }
  return true;
}

static bool read_extension_block(struct oriel_reader *reader, const struct oriel_rtp_extension_ids *ids,
                                 struct oriel_rtp_extensions *extensions) {
  uint16_t profile = oriel_read_u16_be(reader);
  size_t size = (size_t)oriel_read_u16_be(reader) * 4;
  const uint8_t *data = oriel_read_bytes(reader, size);
  if (!data)
    return false;
  struct oriel_reader block;
  oriel_reader_init(&block, data, size);
  return read_extensions(&block, profile, ids, extensions);
}

int oriel_rtp_read(const uint8_t *data, size_t size, const struct oriel_rtp_extension_ids *ids,
                   struct oriel_rtp_header *packet) {
  struct oriel_reader reader;
  oriel_reader_init(&reader, data, size);
  uint8_t first = oriel_read_u8(&reader), second = oriel_read_u8(&reader);
  struct oriel_rtp_header read = {.marker = second & 0x80, .type = second & 0x7f};
  read.sequence = oriel_read_u16_be(&reader);
  read.timestamp = oriel_read_u32_be(&reader);
  read.ssrc = oriel_read_u32_be(&reader);
  oriel_read_bytes(&reader, (first & 15u) * 4u); /* contributors */
  if (!oriel_reader_ok(&reader) || first >> 6 != VERSION)
    return -EBADMSG;
  if (first & 0x10 && !read_extension_block(&reader, ids, &read.extensions))
    return -EBADMSG;
  if (first & 0x20) {
    size_t padding = reader.left ? reader.next[reader.left - 1] : 0;
    if (!padding || padding > reader.left)
      return -EBADMSG;
    reader.left -= padding;
  }
  read.payload = reader.next;
  read.size = reader.left;
  *packet = read;
  return 0;
}

static void write_element(struct oriel_writer *writer, bool one_byte, uint8_t id, const void *data, size_t size) {
  if (one_byte) {
    oriel_write_u8(writer, (uint8_t)((unsigned)id << 4 | (unsigned)(size - 1)));
  } else {
    oriel_write_u8(writer, id);
    oriel_write_u8(writer, (uint8_t)size);
  }
  oriel_write_bytes(writer, data, size);
}

static void write_u24(struct oriel_writer *writer, bool one_byte, uint8_t id, uint32_t value) {
  const uint8_t data[] = {(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
  write_element(writer, one_byte, id, data, sizeof data);
}

static void write_elements(struct oriel_writer *writer, const struct oriel_rtp_extensions *extensions,
                           const struct oriel_rtp_extension_ids *ids, bool one_byte) {
  if (ids->transport && extensions->has_transport) {
    const uint8_t data[] = {(uint8_t)(extensions->transport >> 8), (uint8_t)extensions->transport};
    write_element(writer, one_byte, ids->transport, data, sizeof data);
  }
  if (ids->playout && extensions->has_playout)
    write_u24(writer, one_byte, ids->playout,
              (extensions->playout_min & 0xfffu) << 12 | (extensions->playout_max & 0xfffu));
  if (ids->send_time && extensions->has_send_time)
    write_u24(writer, one_byte, ids->send_time, extensions->send_time);
  if (ids->mid && extensions->mid && extensions->mid_size && extensions->mid_size <= ORIEL_RTP_MID_MAX)
    write_element(writer, one_byte, ids->mid, extensions->mid, extensions->mid_size);
}

static bool fits_one_byte(const struct oriel_rtp_extension_ids *ids) {
  return ids->mid <= ONE_BYTE_ID_MAX && ids->transport <= ONE_BYTE_ID_MAX && ids->playout <= ONE_BYTE_ID_MAX &&
         ids->send_time <= ONE_BYTE_ID_MAX;
}

size_t oriel_rtp_write(const struct oriel_rtp_header *packet, const struct oriel_rtp_extension_ids *ids, uint8_t *data,
                       size_t size) {
  uint8_t elements[48]; /* all four in the longer form, mid of 16: 37 */
  struct oriel_writer block, writer;
  const bool one_byte = fits_one_byte(ids);
  oriel_writer_init(&block, elements, sizeof elements);
  write_elements(&block, &packet->extensions, ids, one_byte);
  while (oriel_writer_size(&block) % 4)
    oriel_write_u8(&block, 0);
  size_t length = oriel_writer_size(&block);
  oriel_writer_init(&writer, data, size);
  oriel_write_u8(&writer, (uint8_t)(VERSION << 6 | (length ? 0x10 : 0)));
  oriel_write_u8(&writer, (uint8_t)((packet->marker ? 0x80 : 0) | (packet->type & 0x7f)));
  oriel_write_u16_be(&writer, packet->sequence);
  oriel_write_u32_be(&writer, packet->timestamp);
  oriel_write_u32_be(&writer, packet->ssrc);
  if (length) {
    oriel_write_u16_be(&writer, one_byte ? ONE_BYTE : TWO_BYTE);
    oriel_write_u16_be(&writer, (uint16_t)(length / 4));
    oriel_write_bytes(&writer, elements, length);
  }
  return oriel_writer_size(&writer);
}

bool oriel_rtp_is_rtcp(const uint8_t *data, size_t size) {
  return size >= 2 && data[0] >> 6 == VERSION && data[1] >= 192 && data[1] <= 223;
}

uint32_t oriel_rtp_ticks(uint64_t ns, uint32_t rate) {
  const uint64_t seconds = ns / ORIEL_NS_PER_SECOND, rest = ns % ORIEL_NS_PER_SECOND;
  return (uint32_t)(seconds * rate + rest * rate / ORIEL_NS_PER_SECOND);
}

uint64_t oriel_rtp_ntp(uint64_t ns) {
  return ns / ORIEL_NS_PER_SECOND << 32 | (ns % ORIEL_NS_PER_SECOND << 32) / ORIEL_NS_PER_SECOND;
}

uint32_t oriel_rtp_send_time(uint64_t ns) {
  return (uint32_t)(oriel_rtp_ntp(ns) >> 14) & 0xffffff;
}
