/* SPDX-License-Identifier: MIT
 *
 * Chunks and their parameters, measured. Caller's thread.
 */
#include "webrtc/sctp_front.h"

#include "core/bytes.h"

enum chunk {
  DATA = 0,
  INIT = 1,
  INIT_ACK = 2,
  SACK = 3,
  HEARTBEAT = 4,
  HEARTBEAT_ACK = 5,
  ABORT = 6,
  SHUTDOWN = 7,
  SHUTDOWN_ACK = 8,
  ERROR = 9,
  COOKIE_ECHO = 10,
  COOKIE_ACK = 11,
  SHUTDOWN_COMPLETE = 14,
  RECONFIG = 130,
  PADDING = 132,
  FORWARD_TSN = 192,
};

enum { CHUNK_HEADER_SIZE = 4, PARAMETER_HEADER_SIZE = 4, PARAMETERS_MAX = 32, RESETS_MAX = 64 };

/* Of INIT and INIT ACK: the sender's addresses, and one that it would have as its first. */
enum { IPV4_ADDRESS = 5, IPV6_ADDRESS = 6, HOST_NAME = 11, SET_PRIMARY = 0xc004 };

/* Of RECONFIG: what resets streams, what answers, and what adds streams of the sender's. Not among them: what resets
 * the association, and what has us add streams, of which each costs memory here. */
enum { OUTGOING_RESET = 13, INCOMING_RESET = 14, RESPONSE = 16, ADD_OUTGOING = 17 };

struct parameter {
  unsigned type;
  size_t size; /* of its value */
};

/** The next one of a list, whose last need not be padded. False: it is cut short. */
static bool next_parameter(struct oriel_reader *reader, struct parameter *parameter) {
  parameter->type = oriel_read_u16_be(reader);
  const size_t length = oriel_read_u16_be(reader);
  if (!oriel_reader_ok(reader) || length < PARAMETER_HEADER_SIZE || length - PARAMETER_HEADER_SIZE > reader->left)
    return false;
  parameter->size = length - PARAMETER_HEADER_SIZE;
  const size_t padded = (parameter->size + 3) & ~(size_t)3;
  (void)oriel_read_bytes(reader, padded < reader->left ? padded : reader->left);
  return true;
}

static bool is_init(struct oriel_reader *reader) {
  const size_t fixed = 16;
  struct parameter parameter;
  (void)oriel_read_bytes(reader, fixed);
  if (!oriel_reader_ok(reader))
    return false;
  for (unsigned count = 0; reader->left; count++) {
    if (count == PARAMETERS_MAX || !next_parameter(reader, &parameter) || parameter.type == IPV4_ADDRESS ||
        parameter.type == IPV6_ADDRESS || parameter.type == HOST_NAME || parameter.type == SET_PRIMARY)
      return false;
  }
  return true;
}

/** Two requests at most, or a request and a response (RFC 6525, section 3.1). */
static bool is_reconfig(struct oriel_reader *reader) {
  struct parameter parameter;
  for (unsigned count = 0; reader->left; count++) {
    if (count == 2 || !next_parameter(reader, &parameter))
      return false;
    const size_t fixed = parameter.type == OUTGOING_RESET ? 12 : parameter.type == INCOMING_RESET ? 4 : 8;
    const bool resets = parameter.type == OUTGOING_RESET || parameter.type == INCOMING_RESET;
    const bool known = resets || parameter.type == RESPONSE || parameter.type == ADD_OUTGOING;
    if (!known || parameter.size < fixed || (resets && parameter.size > fixed + 2 * RESETS_MAX))
      return false;
  }
  return true;
}

static bool is_sack(struct oriel_reader *reader) {
  (void)oriel_read_bytes(reader, 8);
  const unsigned gaps = oriel_read_u16_be(reader), doubles = oriel_read_u16_be(reader);
  return oriel_reader_ok(reader) && reader->left == 4 * ((size_t)gaps + doubles);
}

/** Whether a chunk's content is as its type asks for; `alone`: it is the packet's only one so far. */
static bool is_chunk(unsigned type, struct oriel_reader *reader, bool alone) {
  switch (type) {
  case DATA:
    return reader->left > 12;
  case INIT:
  case INIT_ACK:
    return alone && is_init(reader);
  case SACK:
    return is_sack(reader);
  case HEARTBEAT:
  case HEARTBEAT_ACK:
    return reader->left >= PARAMETER_HEADER_SIZE;
  case SHUTDOWN:
    return reader->left == 4;
  case COOKIE_ECHO:
    return alone && reader->left > 0;
  case COOKIE_ACK:
  case SHUTDOWN_ACK:
  case SHUTDOWN_COMPLETE:
    return reader->left == 0;
  case RECONFIG:
    return reader->left > 0 && is_reconfig(reader);
  case FORWARD_TSN:
    return reader->left >= 4 && reader->left % 4 == 0;
  case ABORT:
  case ERROR:
  case PADDING:
    return true;
  default:
    return false;
  }
}

/** Takes a chunk with the padding behind it off the front. */
static bool take_chunk(struct oriel_reader *reader, bool alone, unsigned *type) {
  struct oriel_reader content;
  *type = oriel_read_u8(reader);
  (void)oriel_read_u8(reader); /* flags */
  const size_t length = oriel_read_u16_be(reader);
  if (!oriel_reader_ok(reader) || length < CHUNK_HEADER_SIZE)
    return false;
  const size_t size = length - CHUNK_HEADER_SIZE, padding = (4 - length % 4) % 4;
  const uint8_t *data = oriel_read_bytes(reader, size);
  if (!oriel_reader_ok(reader))
    return false;
  (void)oriel_read_bytes(reader, padding < reader->left ? padding : reader->left);
  oriel_reader_init(&content, data, size);
  return is_chunk(*type, &content, alone);
}

bool sctp_front_passes(const uint8_t *data, size_t size) {
  struct oriel_reader reader;
  if (size > SCTP_DATAGRAM_MAX)
    return false;
  oriel_reader_init(&reader, data, size);
  (void)oriel_read_bytes(&reader, SCTP_HEADER_SIZE);
  if (!oriel_reader_ok(&reader) || !reader.left)
    return false;
  bool single = false; /* nothing may stand behind the first chunk */
  for (unsigned count = 0; reader.left; count++) {
    unsigned type;
    if (single || count == SCTP_CHUNKS_MAX || !take_chunk(&reader, count == 0, &type))
      return false;
    single = type == INIT || type == INIT_ACK;
  }
  return true;
}
