/* SPDX-License-Identifier: MIT
 *
 * Sending WebSocket messages. Loop thread; never blocks.
 */
#include "server/outbox.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

size_t oriel_frame_header(uint8_t *header, enum oriel_opcode opcode, uint64_t size) {
  header[0] = (uint8_t)(0x80u | opcode); /* FIN: nothing is fragmented */
  if (size < 126) {
    header[1] = (uint8_t)size;
    return 2;
  }
  size_t digits = size <= UINT16_MAX ? 2 : 8;
  header[1] = digits == 2 ? 126 : 127;
  for (size_t i = 0; i < digits; i++)
    header[2 + i] = (uint8_t)(size >> (8 * (digits - 1 - i)));
  return 2 + digits;
}

uint8_t *oriel_outbox_head(struct oriel_outbox *outbox) {
  assert(oriel_outbox_idle(outbox));
  return outbox->bytes + ORIEL_FRAME_HEADER_MAX;
}

void oriel_outbox_start(struct oriel_outbox *outbox, enum oriel_opcode opcode, size_t head_size,
                        struct oriel_packet *packet) {
  oriel_outbox_start_part(outbox, opcode, head_size, packet, 0, packet ? packet->size : 0);
}

void oriel_outbox_start_part(struct oriel_outbox *outbox, enum oriel_opcode opcode, size_t head_size,
                             struct oriel_packet *packet, size_t offset, size_t count) {
  assert(oriel_outbox_idle(outbox) && head_size <= ORIEL_OUTBOX_HEAD_MAX);
  uint8_t header[ORIEL_FRAME_HEADER_MAX];
  assert(packet ? offset <= packet->size && count <= packet->size - offset : !count);
  size_t size = head_size + count;
  size_t header_size = oriel_frame_header(header, opcode, size);
  /* The head has a fixed place; the frame header ends where it begins. */
  outbox->head_start = ORIEL_FRAME_HEADER_MAX - header_size;
  memcpy(outbox->bytes + outbox->head_start, header, header_size);
  outbox->head_size = header_size + head_size;
  outbox->packet = packet;
  outbox->offset = offset;
  outbox->count = count;
  outbox->written = 0;
  outbox->begun = false;
  outbox->total = header_size + size;
}

bool oriel_outbox_idle(const struct oriel_outbox *outbox) {
  return outbox->total == 0;
}

bool oriel_outbox_torn(const struct oriel_outbox *outbox) {
  return (outbox->written > 0 || outbox->begun) && outbox->written < outbox->total;
}

/** What remains, as one or two pieces. */
static size_t gather(struct oriel_outbox *outbox, struct iovec pieces[2]) {
  size_t count = 0;
  if (outbox->written < outbox->head_size)
    pieces[count++] = (struct iovec){
      .iov_base = outbox->bytes + outbox->head_start + outbox->written,
      .iov_len = outbox->head_size - outbox->written,
    };
  size_t offset = outbox->written > outbox->head_size ? outbox->written - outbox->head_size : 0;
  if (outbox->packet && offset < outbox->count)
    pieces[count++] = (struct iovec){
      .iov_base = outbox->packet->data + outbox->offset + offset,
      .iov_len = outbox->count - offset,
    };
  return count;
}

int oriel_outbox_send(struct oriel_outbox *outbox, struct oriel_link *link, uint64_t *sent) {
  while (outbox->written < outbox->total) {
    struct iovec pieces[2];
    const ssize_t count = oriel_link_sendv(link, pieces, gather(outbox, pieces));
    if (count < 0) {
      outbox->begun = count == -EAGAIN && oriel_link_begun(link);
      return (int)count;
    }
    outbox->written += (size_t)count;
    *sent += (uint64_t)count;
  }
  return 0;
}

void oriel_outbox_clear(struct oriel_outbox *outbox) {
  oriel_packet_unref(outbox->packet);
  outbox->packet = NULL;
  outbox->head_size = outbox->written = outbox->total = 0;
}
