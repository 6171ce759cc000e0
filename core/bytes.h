/* SPDX-License-Identifier: MIT
 *
 * Bounds-checked reading and writing of bytes that cross a border. Little-endian unless the name ends in _be. Errors
 * stick: after the first overrun every further read yields 0 and every write is dropped, so that a parser reads all its
 * fields and asks once. Thread-safety: none; one owner.
 */
#ifndef ORIEL_CORE_BYTES_H
#define ORIEL_CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oriel_reader {
  const uint8_t *next;
  size_t left; /* bytes that remain, never an end pointer: a subtraction cannot wrap (lesson 31) */
  bool failed;
};

struct oriel_writer {
  uint8_t *next;
  size_t left;
  size_t written;
  bool failed;
};

/** Reads from `size` bytes at `data`, borrowed for the reader's life. `data` may be NULL when size is 0. */
void oriel_reader_init(struct oriel_reader *reader, const void *data, size_t size);
uint8_t oriel_read_u8(struct oriel_reader *reader);
uint16_t oriel_read_u16(struct oriel_reader *reader);
uint32_t oriel_read_u32(struct oriel_reader *reader);
uint64_t oriel_read_u64(struct oriel_reader *reader);
int16_t oriel_read_i16(struct oriel_reader *reader);
int32_t oriel_read_i32(struct oriel_reader *reader);
int64_t oriel_read_i64(struct oriel_reader *reader);
uint16_t oriel_read_u16_be(struct oriel_reader *reader);
uint32_t oriel_read_u32_be(struct oriel_reader *reader);
/** Borrows the next `size` bytes, or returns NULL and fails. */
const uint8_t *oriel_read_bytes(struct oriel_reader *reader, size_t size);
/** True when nothing failed so far. */
bool oriel_reader_ok(const struct oriel_reader *reader);
/** True when nothing failed and nothing is left: the message had exactly its length. */
bool oriel_reader_done(const struct oriel_reader *reader);

void oriel_writer_init(struct oriel_writer *writer, void *data, size_t size);
void oriel_write_u8(struct oriel_writer *writer, uint8_t value);
void oriel_write_u16(struct oriel_writer *writer, uint16_t value);
void oriel_write_u32(struct oriel_writer *writer, uint32_t value);
void oriel_write_u64(struct oriel_writer *writer, uint64_t value);
void oriel_write_i16(struct oriel_writer *writer, int16_t value);
void oriel_write_i32(struct oriel_writer *writer, int32_t value);
void oriel_write_i64(struct oriel_writer *writer, int64_t value);
void oriel_write_u16_be(struct oriel_writer *writer, uint16_t value);
void oriel_write_u32_be(struct oriel_writer *writer, uint32_t value);
void oriel_write_bytes(struct oriel_writer *writer, const void *data, size_t size);
/** Bytes written, or 0 when anything did not fit. */
size_t oriel_writer_size(const struct oriel_writer *writer);

#endif
