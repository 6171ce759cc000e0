/* SPDX-License-Identifier: MIT
 *
 * A ring of packets. Caller's thread.
 */
#include "webrtc/sctp_queue.h"

#include <string.h>

bool sctp_queue_add(struct sctp_queue *queue, const void *data, size_t size) {
  if (queue->count == SCTP_QUEUE_MAX)
    return false;
  const unsigned at = (queue->first + queue->count++) % SCTP_QUEUE_MAX;
  memcpy(queue->packets[at].data, data, size);
  queue->packets[at].size = size;
  return true;
}

size_t sctp_queue_take(struct sctp_queue *queue, uint8_t *packet) {
  if (!queue->count)
    return 0;
  const unsigned at = queue->first;
  queue->first = (at + 1) % SCTP_QUEUE_MAX;
  queue->count--;
  memcpy(packet, queue->packets[at].data, queue->packets[at].size);
  return queue->packets[at].size;
}
