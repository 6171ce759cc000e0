/* SPDX-License-Identifier: MIT
 *
 * Bounds-checked reading and writing, byte by byte, so that neither alignment nor the host's byte order matters. Any
 * thread; one owner per reader and writer.
 */
#include "core/bytes.h"

#include <string.h>

void oriel_reader_init(struct oriel_reader *reader, const void *data, size_t size) {
  *reader = (struct oriel_reader){ .next = data, .left = data ? size : 0, .failed = !data && size };
}

const uint8_t *oriel_read_bytes(struct oriel_reader *reader, size_t size) {
  /* A read of nothing from an empty message succeeds, and must not look like a failure because `next` is NULL. */
  static const uint8_t nothing;
  if (reader->failed || size > reader->left) {
    reader->failed = true;
    return NULL;
  }
  if (!size)
    return reader->next ? reader->next : &nothing;
  const uint8_t *bytes = reader->next;
  reader->next += size;
  reader->left -= size;
  return bytes;
}

/* `size` bytes, least significant first; 0 after an overrun. */
static uint64_t read_le(struct oriel_reader *reader, unsigned size) {
  const uint8_t *bytes = oriel_read_bytes(reader, size);
  uint64_t value = 0;
  for (unsigned i = size; bytes && i-- > 0;)
    value = value << 8 | bytes[i];
  return value;
}

static uint64_t read_be(struct oriel_reader *reader, unsigned size) {
  const uint8_t *bytes = oriel_read_bytes(reader, size);
  uint64_t value = 0;
  for (unsigned i = 0; bytes && i < size; i++)
    value = value << 8 | bytes[i];
  return value;
}

uint8_t oriel_read_u8(struct oriel_reader *reader) {
  return (uint8_t)read_le(reader, 1);
}

uint16_t oriel_read_u16(struct oriel_reader *reader) {
  return (uint16_t)read_le(reader, 2);
}

uint32_t oriel_read_u32(struct oriel_reader *reader) {
  return (uint32_t)read_le(reader, 4);
}

uint64_t oriel_read_u64(struct oriel_reader *reader) {
  return read_le(reader, 8);
}

int16_t oriel_read_i16(struct oriel_reader *reader) {
  return (int16_t)oriel_read_u16(reader);
}

int32_t oriel_read_i32(struct oriel_reader *reader) {
  return (int32_t)oriel_read_u32(reader);
}

int64_t oriel_read_i64(struct oriel_reader *reader) {
  return (int64_t)oriel_read_u64(reader);
}

uint16_t oriel_read_u16_be(struct oriel_reader *reader) {
  return (uint16_t)read_be(reader, 2);
}

uint32_t oriel_read_u32_be(struct oriel_reader *reader) {
  return (uint32_t)read_be(reader, 4);
}

bool oriel_reader_ok(const struct oriel_reader *reader) {
  return !reader->failed;
}

bool oriel_reader_done(const struct oriel_reader *reader) {
  return !reader->failed && reader->left == 0;
}

void oriel_writer_init(struct oriel_writer *writer, void *data, size_t size) {
  *writer = (struct oriel_writer){ .next = data, .left = data ? size : 0 };
}

/* Room for `size` bytes, or NULL after marking the failure. */
static uint8_t *claim(struct oriel_writer *writer, size_t size) {
  if (writer->failed || size > writer->left) {
    writer->failed = true;
    return NULL;
  }
  uint8_t *bytes = writer->next;
  if (size) {
    writer->next += size;
    writer->left -= size;
    writer->written += size;
  }
  return bytes;
}

static void write_le(struct oriel_writer *writer, uint64_t value, unsigned size) {
  uint8_t *bytes = claim(writer, size);
  for (unsigned i = 0; bytes && i < size; i++)
    bytes[i] = (uint8_t)(value >> (8 * i));
}

static void write_be(struct oriel_writer *writer, uint64_t value, unsigned size) {
  uint8_t *bytes = claim(writer, size);
  for (unsigned i = 0; bytes && i < size; i++)
    bytes[size - 1 - i] = (uint8_t)(value >> (8 * i));
}

void oriel_write_u8(struct oriel_writer *writer, uint8_t value) {
  write_le(writer, value, 1);
}

void oriel_write_u16(struct oriel_writer *writer, uint16_t value) {
  write_le(writer, value, 2);
}

void oriel_write_u32(struct oriel_writer *writer, uint32_t value) {
  write_le(writer, value, 4);
}

void oriel_write_u64(struct oriel_writer *writer, uint64_t value) {
  write_le(writer, value, 8);
}

void oriel_write_i16(struct oriel_writer *writer, int16_t value) {
  write_le(writer, (uint16_t)value, 2);
}

void oriel_write_i32(struct oriel_writer *writer, int32_t value) {
  write_le(writer, (uint32_t)value, 4);
}

void oriel_write_i64(struct oriel_writer *writer, int64_t value) {
  write_le(writer, (uint64_t)value, 8);
}

void oriel_write_u16_be(struct oriel_writer *writer, uint16_t value) {
  write_be(writer, value, 2);
}

void oriel_write_u32_be(struct oriel_writer *writer, uint32_t value) {
  write_be(writer, value, 4);
}

void oriel_write_bytes(struct oriel_writer *writer, const void *data, size_t size) {
  uint8_t *bytes = claim(writer, size);
  if (bytes && size)
    memcpy(bytes, data, size);
}

size_t oriel_writer_size(const struct oriel_writer *writer) {
  return writer->failed ? 0 : writer->written;
}
