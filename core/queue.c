/* SPDX-License-Identifier: MIT
 *
 * The bounded packet queue: a circle of references. The owner's lock guards it.
 */
#include "core/queue.h"

#include <errno.h>
#include <stdlib.h>

enum { CAPACITY_MAX = 4096 };

int oriel_queue_init(struct oriel_queue *queue, size_t capacity, enum oriel_queue_policy policy) {
  if (capacity < 1 || capacity > CAPACITY_MAX)
    return -EINVAL;
  if (policy != ORIEL_QUEUE_DROP_OLDEST && policy != ORIEL_QUEUE_REFUSE)
    return -EINVAL;
  struct oriel_packet **slots = calloc(capacity, sizeof *slots);
  if (!slots)
    return -ENOMEM;
  *queue = (struct oriel_queue){ .slots = slots, .capacity = capacity, .policy = policy };
  return 0;
}

void oriel_queue_finish(struct oriel_queue *queue) {
  if (!queue)
    return;
  for (struct oriel_packet *packet; (packet = oriel_queue_pop(queue));)
    oriel_packet_unref(packet);
  free(queue->slots);
  *queue = (struct oriel_queue){ 0 };
}

bool oriel_queue_push(struct oriel_queue *queue, struct oriel_packet *packet) {
  if (queue->count == queue->capacity) {
    queue->dropped++;
    if (queue->policy == ORIEL_QUEUE_REFUSE)
      return false;
    oriel_packet_unref(oriel_queue_pop(queue));
  }
  queue->slots[(queue->head + queue->count) % queue->capacity] = oriel_packet_ref(packet);
  queue->count++;
  queue->pushed++;
  return true;
}

struct oriel_packet *oriel_queue_pop(struct oriel_queue *queue) {
  if (!queue->count)
    return NULL;
  struct oriel_packet *packet = queue->slots[queue->head];
  queue->slots[queue->head] = NULL;
  queue->head = (queue->head + 1) % queue->capacity;
  queue->count--;
  return packet;
}

size_t oriel_queue_clear(struct oriel_queue *queue) {
  const size_t count = queue->count;
  for (struct oriel_packet *packet; (packet = oriel_queue_pop(queue));)
    oriel_packet_unref(packet);
  queue->dropped += count;
  return count;
}
