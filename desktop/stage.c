/* SPDX-License-Identifier: MIT
 *
 * See stage.h.
 */
#include "desktop/stage.h"

#include <errno.h>
#include <string.h>

#include "core/clock.h"

void oriel_stage_add(struct oriel_histogram *stages, enum oriel_stage stage, uint64_t start_ns, uint64_t end_ns) {
  static const uint64_t mapping_ns = 5 * ORIEL_NS_PER_MS, absurd_ns = 60 * ORIEL_NS_PER_SECOND;
  if (!start_ns || !end_ns)
    return;
  if (end_ns < start_ns) {
    if (start_ns - end_ns > mapping_ns)
      return;
    end_ns = start_ns;
  }
  if (end_ns - start_ns > absurd_ns)
    return;
  oriel_histogram_add(&stages[stage], (uint32_t)((end_ns - start_ns) / ORIEL_NS_PER_US));
}

void oriel_sound_stage_add(struct oriel_histogram *stages, enum oriel_sound_stage stage, uint64_t start_ns,
                           uint64_t end_ns) {
  oriel_stage_add(&stages[stage], (enum oriel_stage)0, start_ns, end_ns);
}

int oriel_stages_init(struct oriel_stages *stages) {
  for (unsigned i = 0; i < ORIEL_STAGES; i++)
    oriel_histogram_init(&stages->histograms[i]);
  return pthread_mutex_init(&stages->lock, NULL) ? -ENOMEM : 0;
}

void oriel_stages_finish(struct oriel_stages *stages) {
  pthread_mutex_destroy(&stages->lock);
}

void oriel_stages_add(struct oriel_stages *stages, enum oriel_stage stage, uint64_t start_ns, uint64_t end_ns) {
  pthread_mutex_lock(&stages->lock);
  oriel_stage_add(stages->histograms, stage, start_ns, end_ns);
  pthread_mutex_unlock(&stages->lock);
}

void oriel_stages_made(struct oriel_stages *stages, const struct oriel_packet *packet) {
  if (packet->sharpening)
    return;
  pthread_mutex_lock(&stages->lock);
  oriel_stage_add(stages->histograms, ORIEL_STAGE_CAPTURE, packet->captured_ns, packet->taken_ns);
  oriel_stage_add(stages->histograms, ORIEL_STAGE_CONVERT, packet->taken_ns, packet->converted_ns);
  oriel_stage_add(stages->histograms, ORIEL_STAGE_ENCODE, packet->converted_ns, packet->encoded_ns);
  pthread_mutex_unlock(&stages->lock);
}

void oriel_stages_copy(struct oriel_stages *stages, struct oriel_histogram copy[ORIEL_STAGES]) {
  pthread_mutex_lock(&stages->lock);
  memcpy(copy, stages->histograms, sizeof stages->histograms);
  pthread_mutex_unlock(&stages->lock);
}
