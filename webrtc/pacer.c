/* SPDX-License-Identifier: MIT
 *
 * Pacing by the time that what has left takes at the rate. Called by the network thread.
 */
#include "webrtc/pacer.h"

#include <assert.h>

#include "core/clock.h"

static uint64_t time_of(uint64_t bytes, uint64_t bps) {
  return bytes * 8 * ORIEL_NS_PER_SECOND / bps;
}

static uint64_t burst_at(uint64_t bps) {
  const uint64_t ns = time_of(ORIEL_PACER_BURST_BYTES, bps);
  if (ns > ORIEL_PACER_BURST_NS)
    return ORIEL_PACER_BURST_NS;
  return ns > ORIEL_PACER_BURST_MIN_NS ? ns : ORIEL_PACER_BURST_MIN_NS;
}

void oriel_pacer_init(struct oriel_pacer *pacer, uint64_t bps, uint64_t now_ns) {
  assert(bps);
  *pacer = (struct oriel_pacer){.bps = bps, .burst_ns = burst_at(bps), .free_ns = now_ns};
}

void oriel_pacer_rate(struct oriel_pacer *pacer, uint64_t bps) {
  assert(bps);
  if (bps == pacer->bps && pacer->burst_ns)
    return;
  pacer->bps = bps;
  pacer->burst_ns = burst_at(bps);
}

void oriel_pacer_rate_evenly(struct oriel_pacer *pacer, uint64_t bps) {
  assert(bps);
  pacer->bps = bps;
  pacer->burst_ns = 0;
}

uint64_t oriel_pacer_next_ns(const struct oriel_pacer *pacer) {
  if (pacer->spent || pacer->free_ns < pacer->burst_ns)
    return pacer->free_ns;
  return pacer->free_ns - pacer->burst_ns;
}

/* Where the next packet's time begins: where the last one's ended, if a timer was no later than that; what was not used
 * for longer is not saved up, but that a burst is less than what is forgiven. */
static uint64_t start_ns(const struct oriel_pacer *pacer, uint64_t now_ns) {
  if (pacer->free_ns + ORIEL_PACER_LATE_NS >= now_ns)
    return pacer->free_ns;
  return pacer->burst_ns < ORIEL_PACER_LATE_NS ? now_ns - (ORIEL_PACER_LATE_NS - pacer->burst_ns) : now_ns;
}

void oriel_pacer_sent(struct oriel_pacer *pacer, size_t bytes, uint64_t now_ns) {
  const bool refilled = pacer->free_ns <= now_ns;
  pacer->free_ns = start_ns(pacer, now_ns) + time_of(bytes, pacer->bps);
  pacer->spent = (pacer->spent && !refilled) || pacer->free_ns > now_ns + pacer->burst_ns;
}
