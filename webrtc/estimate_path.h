/* SPDX-License-Identifier: MIT
 *
 * The queue on the way to a viewer: measured from delay, and foreseen for the next packet from what left since. Private
 * to webrtc/estimate.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_ESTIMATE_PATH_H
#define ORIEL_WEBRTC_ESTIMATE_PATH_H

#include <stdbool.h>
#include <stdint.h>

struct oriel_path {
  bool begun;
  int64_t least_us[2];   /* least delay, in the present time of memory and in the one before; of two clocks */
  int64_t turn_us;       /* when the present one began */
  int64_t foreign_us;    /* queue that others keep: seen by packets that had none of ours before them */
  int64_t queue_us;      /* ours, of the last packet */
  unsigned over;         /* packets in a row behind a queue that is too long */
  int64_t over_sent_us;  /* when the first of them left */
  int64_t busy_until_us; /* our clock: when what has left is through the narrowest link */
};

/** A packet of `bytes` left into a path of `bps`. */
void oriel_path_sent(struct oriel_path *path, int64_t now_us, uint32_t bytes, uint64_t bps);
/** A packet arrived. `alone`: when it left, all before it had been told of. `limit_us`: the queue that is too long;
 *  `memory_us`: the least delay is that of once to twice this. True: that is proven, by several packets or for a while.
 *  */
bool oriel_path_arrived(struct oriel_path *path, int64_t sent_us, int64_t arrived_us, bool alone, int64_t limit_us,
                        int64_t memory_us);
/** After the last arrival of a feedback: foresight starts again from what that one met; then oriel_path_sent is to be
 *  called for each packet that left after it. */
void oriel_path_resume(struct oriel_path *path, int64_t sent_us);
/** The queue that a packet would meet now, microseconds. */
int64_t oriel_path_ahead_us(const struct oriel_path *path, int64_t now_us);

#endif
