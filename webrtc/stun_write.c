/* SPDX-License-Identifier: MIT
 *
 * Writing STUN messages. Any thread.
 */
#include <string.h>

#include "webrtc/address.h"
#include "webrtc/stun.h"
#include "webrtc/stun_digest.h"

void oriel_stun_begin(struct oriel_stun_writer *writer, void *data, size_t size, uint16_t type,
                      const uint8_t transaction[ORIEL_STUN_TRANSACTION_SIZE]) {
  writer->start = data;
  oriel_writer_init(&writer->bytes, data, size < STUN_MESSAGE_MAX ? size : STUN_MESSAGE_MAX);
  oriel_write_u16_be(&writer->bytes, type);
  oriel_write_u16_be(&writer->bytes, 0); /* the length, once it is known */
  oriel_write_u32_be(&writer->bytes, STUN_COOKIE);
  oriel_write_bytes(&writer->bytes, transaction, ORIEL_STUN_TRANSACTION_SIZE);
}

void oriel_stun_add(struct oriel_stun_writer *writer, uint16_t attribute, const void *value, size_t size) {
  static const uint8_t padding[3];
  oriel_write_u16_be(&writer->bytes, attribute);
  oriel_write_u16_be(&writer->bytes, (uint16_t)size);
  oriel_write_bytes(&writer->bytes, value, size);
  oriel_write_bytes(&writer->bytes, padding, -size & 3);
}

void oriel_stun_add_u32(struct oriel_stun_writer *writer, uint16_t attribute, uint32_t value) {
  oriel_write_u16_be(&writer->bytes, attribute);
  oriel_write_u16_be(&writer->bytes, 4);
  oriel_write_u32_be(&writer->bytes, value);
}

void oriel_stun_add_address(struct oriel_stun_writer *writer, const struct oriel_webrtc_address *address) {
  uint8_t value[4 + 16] = { 0, address->size == 4 ? 1 : 2 };
  if (writer->bytes.failed)
    return;
  /* The mask is the cookie, and then the transaction: what the message has behind its length. */
  const uint8_t *mask = writer->start + 4;
  value[2] = (uint8_t)(address->port >> 8) ^ mask[0];
  value[3] = (uint8_t)address->port ^ mask[1];
  for (size_t i = 0; i < address->size; i++)
    value[4 + i] = address->bytes[i] ^ mask[i];
  oriel_stun_add(writer, ORIEL_STUN_XOR_MAPPED_ADDRESS, value, 4u + address->size);
}

void oriel_stun_add_error(struct oriel_stun_writer *writer, unsigned code, const char *reason) {
  uint8_t value[4 + 127] = { 0, 0, (uint8_t)(code / 100), (uint8_t)(code % 100) };
  const size_t size = strnlen(reason, sizeof value - 4);
  memcpy(value + 4, reason, size);
  oriel_stun_add(writer, ORIEL_STUN_ERROR_CODE, value, 4 + size);
}

/** The length field as if `more` bytes followed. */
static void set_length(struct oriel_stun_writer *writer, size_t more) {
  const size_t length = writer->bytes.written - STUN_HEADER_SIZE + more;
  if (writer->bytes.failed)
    return;
  writer->start[2] = (uint8_t)(length >> 8);
  writer->start[3] = (uint8_t)length;
}

size_t oriel_stun_finish(struct oriel_stun_writer *writer, const void *key, size_t key_size) {
  uint8_t digest[STUN_INTEGRITY_SIZE];
  if (key && !writer->bytes.failed) {
    if (!stun_integrity(writer->start, writer->bytes.written, key, key_size, digest))
      return 0;
    oriel_stun_add(writer, ORIEL_STUN_MESSAGE_INTEGRITY, digest, sizeof digest);
  }
  set_length(writer, 8);
  if (writer->bytes.failed)
    return 0;
  oriel_stun_add_u32(writer, ORIEL_STUN_FINGERPRINT, stun_fingerprint(writer->start, writer->bytes.written));
  return oriel_writer_size(&writer->bytes);
}
