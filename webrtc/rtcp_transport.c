/* SPDX-License-Identifier: MIT
 *
 * The reader of transport-wide feedback: one walk that checks, the same again that gives. Called by the network thread.
 */
#include "webrtc/rtcp_transport.h"

#include <errno.h>

#include "webrtc/rtcp.h"

enum {
  SYMBOL_NONE, SYMBOL_SMALL, SYMBOL_LARGE, SYMBOL_RESERVED,
  CHUNK_VECTOR = 0x8000, CHUNK_TWO_BITS = 0x4000, RUN_MASK = 0x1fff,
  TICKS_OF_REFERENCE = 64000 / 250, US_OF_TICK = 250,
};

static void next_chunk(struct oriel_rtcp_transport *transport) {
  const uint16_t word = oriel_read_u16_be(&transport->chunks);
  if (!(word & CHUNK_VECTOR)) {
    transport->symbol_bits = 0;
    transport->chunk = word >> 13 & 3;
    transport->chunk_left = word & RUN_MASK;
  } else {
    transport->symbol_bits = word & CHUNK_TWO_BITS ? 2 : 1;
    transport->chunk = (uint16_t)(word << 2);
    transport->chunk_left = word & CHUNK_TWO_BITS ? 7 : 14;
  }
}

/* The next packet's symbol. Empty runs are passed over: each costs its sender two bytes. */
static unsigned next_symbol(struct oriel_rtcp_transport *transport) {
  while (!transport->chunk_left && oriel_reader_ok(&transport->chunks))
    next_chunk(transport);
  if (!transport->chunk_left)
    return SYMBOL_RESERVED;
  transport->chunk_left--;
  if (!transport->symbol_bits)
    return transport->chunk;
  const unsigned symbol = (unsigned)transport->chunk >> (16 - transport->symbol_bits);
  transport->chunk = (uint16_t)(transport->chunk << transport->symbol_bits);
  return symbol;
}

/* Reads all symbols, which leaves the chunks' reader where the times begin. False: they are not what they should be. */
static bool count_times(struct oriel_rtcp_transport *walk, size_t *size) {
  *size = 0;
  for (unsigned i = 0; i < walk->count; i++) {
    const unsigned symbol = next_symbol(walk);
    if (symbol == SYMBOL_RESERVED)
      return false;
    *size += symbol; /* a small time is one byte, a large one two */
  }
  return oriel_reader_ok(&walk->chunks);
}

int oriel_rtcp_transport_read_head(struct oriel_rtcp_transport *transport, const struct oriel_rtcp_packet *packet) {
  struct oriel_rtcp_transport read = {.chunks = packet->items};
  read.base = read.next = oriel_read_u16_be(&read.chunks);
  read.count = read.left = oriel_read_u16_be(&read.chunks);
  const uint32_t word = oriel_read_u32_be(&read.chunks);
  read.number = (uint8_t)word;
  read.reference = (int32_t)(word >> 8);
  read.time = (int64_t)read.reference * TICKS_OF_REFERENCE;
  if (packet->kind != ORIEL_RTCP_TRANSPORT || !oriel_reader_ok(&read.chunks) || !read.count ||
      read.count > ORIEL_RTCP_TRANSPORT_MAX)
    return -EBADMSG;
  *transport = read;
  return 0;
}

int oriel_rtcp_transport_begin(struct oriel_rtcp_transport *transport, const struct oriel_rtcp_packet *packet) {
  struct oriel_rtcp_transport read;
  if (oriel_rtcp_transport_read_head(&read, packet) < 0)
    return -EBADMSG;
  struct oriel_rtcp_transport walk = read;
  size_t size;
  if (!count_times(&walk, &size) || walk.chunks.left < size)
    return -EBADMSG;
  read.deltas = walk.chunks;
  *transport = read;
  return 0;
}

bool oriel_rtcp_transport_next(struct oriel_rtcp_transport *transport, struct oriel_rtcp_arrival *arrival) {
  if (!transport->left)
    return false;
  transport->left--;
  *arrival = (struct oriel_rtcp_arrival){.sequence = transport->next++};
  const unsigned symbol = next_symbol(transport);
  if (symbol == SYMBOL_NONE)
    return true;
  transport->time += symbol == SYMBOL_SMALL ? oriel_read_u8(&transport->deltas)
                                            : (int16_t)oriel_read_u16_be(&transport->deltas);
  arrival->received = true;
  arrival->arrived_us = transport->time * US_OF_TICK;
  return true;
}
