/* SPDX-License-Identifier: MIT
 *
 * Delay as a queue. Called by the network thread.
 */
#include "webrtc/estimate_path.h"

enum {
  OVER_PACKETS = 3,       /* jitter rarely holds up as many in a row without a queue */
  OVER_FEW = 2,           /* fewer count when they left this far from each other */
  OVER_US = 40000,
  FOREIGN_MIN_US = 10000, /* less is noise */
};

static int64_t least(const struct oriel_path *path) {
  return path->least_us[0] < path->least_us[1] ? path->least_us[0] : path->least_us[1];
}

static void note_least(struct oriel_path *path, int64_t delay_us, int64_t sent_us, int64_t memory_us) {
  if (!path->begun) {
    *path = (struct oriel_path){.begun = true, .least_us = {delay_us, delay_us}, .turn_us = sent_us,
                                .busy_until_us = path->busy_until_us};
  } else if (sent_us - path->turn_us > memory_us) {
    path->least_us[1] = path->least_us[0];
    path->least_us[0] = delay_us;
    path->turn_us = sent_us;
  } else if (delay_us < path->least_us[0]) {
    path->least_us[0] = delay_us;
  }
}

void oriel_path_sent(struct oriel_path *path, int64_t now_us, uint32_t bytes, uint64_t bps) {
  if (path->busy_until_us < now_us)
    path->busy_until_us = now_us;
  path->busy_until_us += (int64_t)((uint64_t)bytes * 8000000 / bps);
}

bool oriel_path_arrived(struct oriel_path *path, int64_t sent_us, int64_t arrived_us, bool alone, int64_t limit_us,
                        int64_t memory_us) {
  const int64_t delay_us = arrived_us - sent_us;
  note_least(path, delay_us, sent_us, memory_us);
  const int64_t queue_us = delay_us - least(path);
  if (alone && queue_us > FOREIGN_MIN_US)
    path->foreign_us = queue_us;
  else if (queue_us < path->foreign_us)
    path->foreign_us = queue_us;
  path->queue_us = queue_us - path->foreign_us;
  if (path->queue_us <= limit_us) {
    path->over = 0;
    return false;
  }
  if (!path->over++)
    path->over_sent_us = sent_us;
  return path->over >= OVER_PACKETS || (path->over >= OVER_FEW && sent_us - path->over_sent_us >= OVER_US);
}

void oriel_path_resume(struct oriel_path *path, int64_t sent_us) {
  path->busy_until_us = sent_us + path->queue_us;
}

int64_t oriel_path_ahead_us(const struct oriel_path *path, int64_t now_us) {
  return path->busy_until_us > now_us ? path->busy_until_us - now_us : 0;
}
