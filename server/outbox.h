/* SPDX-License-Identifier: MIT
 *
 * To a viewer: one WebSocket message at a time, its headers in a small buffer and its payload by reference to the
 * shared packet, written with one gathering call and resumed where the link stopped. Nothing is queued here: the next
 * message is chosen when the last one is whole in the kernel, so that the newest wins (lesson 32). Thread-safety: one
 * owner, the loop thread.
 */
#ifndef ORIEL_SERVER_OUTBOX_H
#define ORIEL_SERVER_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"
#include "server/link.h"

enum {
  ORIEL_FRAME_HEADER_MAX = 10, /* RFC 6455 section 5.2, unmasked */
  ORIEL_OUTBOX_HEAD_MAX = 256, /* the largest message without a packet: STATE with its text */
};

enum oriel_opcode { ORIEL_OPCODE_BINARY = 2, ORIEL_OPCODE_CLOSE = 8, ORIEL_OPCODE_PONG = 10 };

struct oriel_outbox {
  uint8_t bytes[ORIEL_FRAME_HEADER_MAX + ORIEL_OUTBOX_HEAD_MAX];
  size_t head_start, head_size;  /* frame header and head within bytes */
  struct oriel_packet *packet;   /* owned; NULL when the message has none */
  size_t offset, count;          /* of its bytes, those that are sent */
  size_t written, total;         /* bytes of frame header, head and packet; total 0 = nothing to send */
  bool begun;                    /* the link took none of what is next, but has to get the same again */
};

/** Writes an unmasked frame header to `header`, which holds ORIEL_FRAME_HEADER_MAX bytes; returns its size. */
size_t oriel_frame_header(uint8_t *header, enum oriel_opcode opcode, uint64_t size);
/** Where a message's head is written, ORIEL_OUTBOX_HEAD_MAX bytes; only while the outbox is idle. */
uint8_t *oriel_outbox_head(struct oriel_outbox *outbox);
/** Starts a message of `head_size` bytes written to oriel_outbox_head, then the packet's bytes (NULL = none), whose
 *  reference it takes over. */
void oriel_outbox_start(struct oriel_outbox *outbox, enum oriel_opcode opcode, size_t head_size,
                        struct oriel_packet *packet);
/** The same with `count` bytes of the packet, which it has, from `offset`. */
void oriel_outbox_start_part(struct oriel_outbox *outbox, enum oriel_opcode opcode, size_t head_size,
                             struct oriel_packet *packet, size_t offset, size_t count);
/** True when nothing is being sent. */
bool oriel_outbox_idle(const struct oriel_outbox *outbox);
/** True when part of a message is on its way and part is not: nothing else may be sent before the rest. */
bool oriel_outbox_torn(const struct oriel_outbox *outbox);
/** Sends what the link takes. 0 = the message is whole in the kernel (the packet is still held: see
 *  oriel_outbox_clear); -EAGAIN; other -errno = the connection is lost. *sent is increased by the bytes taken. */
int oriel_outbox_send(struct oriel_outbox *outbox, struct oriel_link *link, uint64_t *sent);
/** Gives up or completes the message; releases the packet. */
void oriel_outbox_clear(struct oriel_outbox *outbox);

#endif
