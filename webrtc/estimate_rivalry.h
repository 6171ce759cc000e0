/* SPDX-License-Identifier: MIT
 *
 * Whether the queue on the way is another's, such as a download that fills it whatever we do. Who gives way to each
 * queue starves beside it: then loss, not delay, says how much is too much. Private to webrtc/estimate.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_ESTIMATE_RIVALRY_H
#define ORIEL_WEBRTC_ESTIMATE_RIVALRY_H

#include <stdbool.h>
#include <stdint.h>

struct oriel_rivalry {
  bool on;
  bool checking;      /* nothing is sent until all that left was told of: the next packet finds no queue of ours */
  uint64_t check_ns;  /* when that began, or begins next */
};

/** A packet that had none of ours before it met a queue of `queue_us`. `cut`: we had given way just before. */
void oriel_rivalry_alone(struct oriel_rivalry *rivalry, int64_t queue_us, bool cut, uint64_t now_ns);
/** Any packet met a queue of `queue_us` in all: a short one proves that nobody keeps it filled. */
void oriel_rivalry_queue(struct oriel_rivalry *rivalry, int64_t queue_us);
/** Time passes; `idle`: all that left was told of. True while nothing is to be sent. */
bool oriel_rivalry_pauses(struct oriel_rivalry *rivalry, bool idle, uint64_t now_ns);

#endif
