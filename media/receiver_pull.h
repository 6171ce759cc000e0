/* SPDX-License-Identifier: MIT
 *
 * The receiver's end towards the consumer: from the ring, at the pace that keeps the target, with seams faded.
 *
 * Thread-safety: init and finish while nothing is pulled; pull is the data thread's (no lock, no allocation).
 */
#ifndef ORIEL_MEDIA_RECEIVER_PULL_H
#define ORIEL_MEDIA_RECEIVER_PULL_H

#include <stddef.h>
#include <stdint.h>

struct oriel_receiver;

/** `receiver->config` is set and valid. 0, -ENOMEM. */
int receiver_pull_init(struct oriel_receiver *receiver);
void receiver_pull_finish(struct oriel_receiver *receiver);
/** oriel_receiver_pull, which says the rest. */
size_t receiver_pull(struct oriel_receiver *receiver, float *frames, size_t count, uint64_t now_ns);

#endif
