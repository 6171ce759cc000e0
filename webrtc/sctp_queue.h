/* SPDX-License-Identifier: MIT
 *
 * Packets of SCTP that wait to leave, in their order. Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_SCTP_QUEUE_H
#define ORIEL_WEBRTC_SCTP_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCTP_QUEUE_MAX = 24, SCTP_QUEUE_PACKET_MAX = 1136 /* bytes */ };

/** Zeroed at first. */
struct sctp_queue {
  unsigned first, count;
  struct {
    uint8_t data[SCTP_QUEUE_PACKET_MAX];
    size_t size;
  } packets[SCTP_QUEUE_MAX];
};

/** Copies a packet, at most SCTP_QUEUE_PACKET_MAX bytes. False: there is no room. */
bool sctp_queue_add(struct sctp_queue *queue, const void *data, size_t size);
/** Copies the first to `packet`, SCTP_QUEUE_PACKET_MAX bytes, and takes it out: its size; 0 = there is none. */
size_t sctp_queue_take(struct sctp_queue *queue, uint8_t *packet);

#endif
