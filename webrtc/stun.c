/* SPDX-License-Identifier: MIT
 *
 * Reading STUN messages. Any thread.
 */
#include "webrtc/stun.h"

#include <errno.h>
#include <openssl/crypto.h>

#include "webrtc/stun_digest.h"

/** Attributes that must be understood, are, and say nothing that is needed here. */
static bool needless(uint16_t type) {
  enum { MAPPED_ADDRESS = 0x0001, REALM = 0x0014, NONCE = 0x0015 };
  return type == MAPPED_ADDRESS || type == REALM || type == NONCE || type == ORIEL_STUN_ERROR_CODE ||
         type == ORIEL_STUN_UNKNOWN_ATTRIBUTES || type == ORIEL_STUN_XOR_MAPPED_ADDRESS;
}

static bool take_username(struct oriel_stun_message *message, const uint8_t *value, size_t size) {
  if (message->username || size > ORIEL_STUN_USERNAME_MAX)
    return false;
  message->username = value;
  message->username_size = size;
  return true;
}

/** Counts all, keeps the first. */
static void take_unknown(struct oriel_stun_message *message, uint16_t type) {
  if (message->unknown_count < ORIEL_STUN_UNKNOWN_MAX)
    message->unknown[message->unknown_count] = type;
  message->unknown_count++;
}

static uint32_t be32(const uint8_t *bytes) {
  struct oriel_reader reader;
  oriel_reader_init(&reader, bytes, 4);
  return oriel_read_u32_be(&reader);
}

/** An attribute before MESSAGE-INTEGRITY, or that itself; `value` lies in the packet. False: the message is bad. */
static bool take(struct oriel_stun_message *message, uint16_t type, const uint8_t *value, size_t size) {
  switch (type) {
    case ORIEL_STUN_USERNAME:
      return take_username(message, value, size);
    case ORIEL_STUN_MESSAGE_INTEGRITY:
      message->integrity_offset = (size_t)(value - message->data) - 4;
      return size == STUN_INTEGRITY_SIZE;
    case ORIEL_STUN_PRIORITY:
      if (size == 4)
        message->priority = be32(value);
      return size == 4;
    case ORIEL_STUN_USE_CANDIDATE:
      message->use_candidate = true;
      return size == 0;
    case ORIEL_STUN_ICE_CONTROLLED:
      message->controlled = true;
      return size == 8 && !message->controlling;
    case ORIEL_STUN_ICE_CONTROLLING:
      message->controlling = true;
      return size == 8 && !message->controlled;
    default:
      if (type < 0x8000 && !needless(type))
        take_unknown(message, type);
      return true;
  }
}

/** The last attribute: nothing may be behind it. */
static bool take_fingerprint(struct oriel_stun_message *message, const struct oriel_reader *rest, size_t size) {
  message->fingerprint = true;
  return size == 4 && rest->left == 0;
}

static bool read_attributes(struct oriel_stun_message *message, struct oriel_reader *reader) {
  for (unsigned count = 0; reader->left; count++) {
    const uint16_t type = oriel_read_u16_be(reader), size = oriel_read_u16_be(reader);
    const uint8_t *value = oriel_read_bytes(reader, size);
    oriel_read_bytes(reader, -size & 3u);
    if (count == ORIEL_STUN_ATTRIBUTES_MAX || !oriel_reader_ok(reader))
      return false;
    if (type == ORIEL_STUN_FINGERPRINT) {
      if (!take_fingerprint(message, reader, size))
        return false;
    } else if (!message->integrity_offset && !take(message, type, value, size)) {
      return false;
    }
  }
  return true;
}

int oriel_stun_read(const void *data, size_t size, struct oriel_stun_message *message) {
  struct oriel_reader reader;
  struct oriel_stun_message read = { .data = data, .size = size };
  oriel_reader_init(&reader, data, size);
  read.type = oriel_read_u16_be(&reader);
  const uint16_t length = oriel_read_u16_be(&reader);
  const uint32_t cookie = oriel_read_u32_be(&reader);
  read.transaction = oriel_read_bytes(&reader, ORIEL_STUN_TRANSACTION_SIZE);
  if (!oriel_reader_ok(&reader) || read.type >> 14 || cookie != STUN_COOKIE || size > STUN_MESSAGE_MAX ||
      length != reader.left || length % 4)
    return -EBADMSG;
  if (!read_attributes(&read, &reader))
    return -EBADMSG;
  *message = read;
  return 0;
}

/** Whether FINGERPRINT, the last eight bytes, is right. */
static bool is_intact(const struct oriel_stun_message *message) {
  return be32(message->data + message->size - 4) == stun_fingerprint(message->data, message->size - 8);
}

int oriel_stun_parse(const void *data, size_t size, struct oriel_stun_message *message) {
  struct oriel_stun_message read;
  if (oriel_stun_read(data, size, &read) < 0 || (read.fingerprint && !is_intact(&read)))
    return -EBADMSG;
  *message = read;
  return 0;
}

bool oriel_stun_authentic(const struct oriel_stun_message *message, const void *key, size_t key_size) {
  uint8_t digest[STUN_INTEGRITY_SIZE];
  return message->integrity_offset &&
         stun_integrity(message->data, message->integrity_offset, key, key_size, digest) &&
         !CRYPTO_memcmp(digest, message->data + message->integrity_offset + 4, sizeof digest);
}
