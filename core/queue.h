/* SPDX-License-Identifier: MIT
 *
 * A bounded queue of packets with a named policy for when it is full. Thread-safety: none by itself; the owner's lock
 * (a desktop's, for its viewers' queues) guards it. Holds one reference to each packet inside.
 */
#ifndef ORIEL_CORE_QUEUE_H
#define ORIEL_CORE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"

enum oriel_queue_policy {
  ORIEL_QUEUE_DROP_OLDEST, /* sound: the newest second is worth more than the one before */
  ORIEL_QUEUE_REFUSE,      /* pictures: a delta cannot be left out, so the caller breaks the chain and asks for a key */
};

struct oriel_queue {
  struct oriel_packet **slots;
  size_t capacity, head, count;
  enum oriel_queue_policy policy;
  uint64_t pushed, dropped; /* since init; for metrics */
};

/** Prepares an empty queue for 1..4096 packets. 0, -EINVAL, -ENOMEM. */
int oriel_queue_init(struct oriel_queue *queue, size_t capacity, enum oriel_queue_policy policy);
void oriel_queue_finish(struct oriel_queue *queue);
/** Adds a packet, taking a reference of its own. True if it is inside; false if the policy refused it. Under
 *  DROP_OLDEST always true; the oldest is released when full. */
bool oriel_queue_push(struct oriel_queue *queue, struct oriel_packet *packet);
/** Takes the oldest out; the caller owns the reference. NULL when empty. */
struct oriel_packet *oriel_queue_pop(struct oriel_queue *queue);
/** Releases all; counts them as dropped. Returns how many. */
size_t oriel_queue_clear(struct oriel_queue *queue);

#endif
