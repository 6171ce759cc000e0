/* SPDX-License-Identifier: MIT
 *
 * STUN messages (RFC 8489), as far as ICE needs them (RFC 8445 section 16.1): one parser, one writer. Pure functions of
 * bytes. Thread-safety: any; one owner per message and writer.
 */
#ifndef ORIEL_WEBRTC_STUN_H
#define ORIEL_WEBRTC_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"

struct oriel_webrtc_address;

enum {
  ORIEL_STUN_TRANSACTION_SIZE = 12,
  ORIEL_STUN_ATTRIBUTES_MAX = 32, /* of one message; browsers send about ten */
  ORIEL_STUN_UNKNOWN_MAX = 8,     /* attributes that an error answer names */
  ORIEL_STUN_USERNAME_MAX = 512,  /* bytes; RFC 8489 section 14.3 says fewer than 509 */
};

/* Method and class in one (RFC 8489 section 5). */
enum oriel_stun_type {
  ORIEL_STUN_BINDING_REQUEST = 0x0001,
  ORIEL_STUN_BINDING_INDICATION = 0x0011,
  ORIEL_STUN_BINDING_SUCCESS = 0x0101,
  ORIEL_STUN_BINDING_ERROR = 0x0111,
};

enum oriel_stun_attribute {
  ORIEL_STUN_USERNAME = 0x0006,
  ORIEL_STUN_MESSAGE_INTEGRITY = 0x0008,
  ORIEL_STUN_ERROR_CODE = 0x0009,
  ORIEL_STUN_UNKNOWN_ATTRIBUTES = 0x000a,
  ORIEL_STUN_XOR_MAPPED_ADDRESS = 0x0020,
  ORIEL_STUN_PRIORITY = 0x0024,
  ORIEL_STUN_USE_CANDIDATE = 0x0025,
  ORIEL_STUN_FINGERPRINT = 0x8028,
  ORIEL_STUN_ICE_CONTROLLED = 0x8029,
  ORIEL_STUN_ICE_CONTROLLING = 0x802a,
};

/** A parsed message. Pointers are borrowed from the packet. */
struct oriel_stun_message {
  const uint8_t *data;
  size_t size;
  const uint8_t *transaction; /* ORIEL_STUN_TRANSACTION_SIZE bytes */
  const uint8_t *username;    /* NULL = none; not ended by a zero */
  size_t username_size;
  size_t integrity_offset; /* of MESSAGE-INTEGRITY in the packet; 0 = none */
  uint32_t priority;       /* 0 = none */
  uint16_t type;           /* enum oriel_stun_type, or another that nobody here answers */
  bool use_candidate, controlling, controlled, fingerprint;
  unsigned unknown_count;                   /* attributes that must be understood (below 0x8000) and are not */
  uint16_t unknown[ORIEL_STUN_UNKNOWN_MAX]; /* the first of them */
};

/** Reads a whole packet as one message. 0, or -EBADMSG with *message untouched: not STUN, lengths that do not add up,
 *  more than 640 bytes, a second username, attributes of a wrong size, more than ORIEL_STUN_ATTRIBUTES_MAX of them, a
 *  FINGERPRINT that is wrong or not last. What follows MESSAGE-INTEGRITY is not believed (RFC 8489 section 14.5). */
int oriel_stun_parse(const void *data, size_t size, struct oriel_stun_message *message);
/** The same, but does not sum up what FINGERPRINT is of: what a message claims, to see whether it is for anybody. */
int oriel_stun_read(const void *data, size_t size, struct oriel_stun_message *message);
/** Whether the message carries a MESSAGE-INTEGRITY made with `key` (short-term: the password; in constant time). */
bool oriel_stun_authentic(const struct oriel_stun_message *message, const void *key, size_t key_size);

struct oriel_stun_writer {
  uint8_t *start;
  struct oriel_writer bytes;
};

/** Begins a message in `size` bytes at `data`, which are borrowed until oriel_stun_finish. */
void oriel_stun_begin(struct oriel_stun_writer *writer, void *data, size_t size, uint16_t type,
                      const uint8_t transaction[ORIEL_STUN_TRANSACTION_SIZE]);
/** Adds an attribute of `size` bytes (at most 65,535), and what makes it a multiple of four. */
void oriel_stun_add(struct oriel_stun_writer *writer, uint16_t attribute, const void *value, size_t size);
void oriel_stun_add_u32(struct oriel_stun_writer *writer, uint16_t attribute, uint32_t value);
/** Adds XOR-MAPPED-ADDRESS. */
void oriel_stun_add_address(struct oriel_stun_writer *writer, const struct oriel_webrtc_address *address);
/** Adds ERROR-CODE (300 to 699) with a reason of at most 127 bytes. */
void oriel_stun_add_error(struct oriel_stun_writer *writer, unsigned code, const char *reason);
/** Ends the message with MESSAGE-INTEGRITY, unless `key` is NULL, and FINGERPRINT. Its size in bytes, or 0 when it did
 *  not fit. */
size_t oriel_stun_finish(struct oriel_stun_writer *writer, const void *key, size_t key_size);

#endif
