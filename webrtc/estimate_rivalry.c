/* SPDX-License-Identifier: MIT
 *
 * Another's queue. Called by the network thread.
 */
#include "webrtc/estimate_rivalry.h"

#include "core/clock.h"

enum { KEPT_US = 25000, EMPTY_US = 10000 }; /* a queue that somebody keeps; and one that nobody does */
#define CHECK_NS (5 * ORIEL_NS_PER_SECOND)
#define CHECK_MAX_NS (400 * ORIEL_NS_PER_MS) /* a picture may be so late, once in CHECK_NS */

void oriel_rivalry_alone(struct oriel_rivalry *rivalry, int64_t queue_us, bool cut, uint64_t now_ns) {
  if (rivalry->on && queue_us < KEPT_US)
    rivalry->on = false;
  if (!rivalry->on && cut && queue_us >= KEPT_US)
    *rivalry = (struct oriel_rivalry){.on = true, .check_ns = now_ns + CHECK_NS};
}

void oriel_rivalry_queue(struct oriel_rivalry *rivalry, int64_t queue_us) {
  if (queue_us < EMPTY_US)
    rivalry->on = false;
}

bool oriel_rivalry_pauses(struct oriel_rivalry *rivalry, bool idle, uint64_t now_ns) {
  if (!rivalry->on || now_ns < rivalry->check_ns)
    return false;
  if (!rivalry->checking) {
    rivalry->checking = true;
    rivalry->check_ns = now_ns;
  }
  if (!idle && now_ns - rivalry->check_ns < CHECK_MAX_NS)
    return true;
  rivalry->checking = false;
  rivalry->check_ns = now_ns + CHECK_NS;
  return false;
}
