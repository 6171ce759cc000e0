/* SPDX-License-Identifier: MIT
 *
 * Records and handshake fragments in the clear, measured. Caller's thread.
 */
#include "webrtc/dtls_front.h"

#include "core/bytes.h"

enum content { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23 };
enum message { CLIENT_HELLO = 1, CERTIFICATE = 11, CERTIFICATE_VERIFY = 15, CLIENT_KEY_EXCHANGE = 16 };
enum { RECORD_MAX = 16384 + 2048 };

static uint32_t read_u24(struct oriel_reader *reader) {
  const uint32_t high = oriel_read_u8(reader);
  return high << 16 | oriel_read_u16_be(reader);
}

static bool is_clients(unsigned type) {
  return type == CLIENT_HELLO || type == CERTIFICATE || type == CERTIFICATE_VERIFY || type == CLIENT_KEY_EXCHANGE;
}

/** Notes a message's length. False: it was said to be another, or all together are too long. */
static bool claim(struct dtls_front *front, unsigned sequence, uint32_t length) {
  uint32_t total = length;
  if (front->seen >> sequence & 1)
    return front->lengths[sequence] == length;
  for (unsigned i = 0; i < DTLS_MESSAGES_MAX; i++)
    total += front->lengths[i];
  if (total > DTLS_REASSEMBLY_MAX)
    return false;
  front->lengths[sequence] = (uint16_t)length;
  front->seen |= (uint8_t)(1u << sequence);
  return true;
}

/** A record of handshake fragments in the clear (RFC 6347 section 4.2.2). */
static bool take_fragments(struct dtls_front *front, struct oriel_reader *reader) {
  do {
    const unsigned type = oriel_read_u8(reader);
    const uint32_t length = read_u24(reader);
    const unsigned sequence = oriel_read_u16_be(reader);
    const uint32_t offset = read_u24(reader), size = read_u24(reader);
    oriel_read_bytes(reader, size);
    if (!oriel_reader_ok(reader) || !is_clients(type) || sequence >= DTLS_MESSAGES_MAX ||
        length > DTLS_REASSEMBLY_MAX || offset + size > length || (type == CLIENT_HELLO) != (sequence == 0) ||
        !claim(front, sequence, length))
      return false;
    front->begun |= type == CLIENT_HELLO;
  } while (reader->left);
  return true;
}

/** A record in the clear. */
static bool take_clear(struct dtls_front *front, unsigned type, const uint8_t *content, size_t size) {
  struct oriel_reader reader;
  oriel_reader_init(&reader, content, size);
  if (front->connected)
    return true; /* the client's last flight again; OpenSSL looks at none of these any more */
  switch (type) {
    case CHANGE_CIPHER_SPEC:
      return size == 1;
    case ALERT:
      return size == 2;
    case HANDSHAKE:
      return take_fragments(front, &reader);
    default:
      return false;
  }
}

struct record {
  unsigned type, epoch;
  const uint8_t *content;
  size_t size;
};

static bool read_record(struct oriel_reader *reader, struct record *record) {
  record->type = oriel_read_u8(reader);
  const unsigned version = oriel_read_u16_be(reader);
  record->epoch = oriel_read_u16_be(reader);
  oriel_read_bytes(reader, 6); /* the sequence number */
  record->size = oriel_read_u16_be(reader);
  record->content = oriel_read_bytes(reader, record->size);
  return oriel_reader_ok(reader) && (version == 0xfeff || version == 0xfefd) && record->type >= CHANGE_CIPHER_SPEC &&
         record->type <= APPLICATION_DATA && record->epoch <= 1 && record->size >= 1 && record->size <= RECORD_MAX;
}

/* Behind the last early record that OpenSSL may keep, the datagram is cut: what comes in the clear before it may be
 * what the handshake waits for. */
size_t dtls_front_take(struct dtls_front *front, const uint8_t *data, size_t size) {
  struct dtls_front after = *front;
  struct oriel_reader reader;
  size_t passed = 0;
  bool cut = false;
  if (size > DTLS_DATAGRAM_MAX)
    return 0;
  oriel_reader_init(&reader, data, size);
  for (unsigned count = 0; reader.left; count++) {
    struct record record;
    if (count == DTLS_RECORDS_MAX || !read_record(&reader, &record))
      return 0;
    if (record.epoch == 0 && !take_clear(&after, record.type, record.content, record.size))
      return 0;
    const bool early = record.epoch == 1 && !after.connected;
    cut = cut || (early && after.early == DTLS_EARLY_RECORDS_MAX);
    if (cut)
      continue;
    if (early)
      after.early++;
    passed = size - reader.left;
  }
  if (!after.begun || !passed)
    return 0;
  *front = after;
  return passed;
}
