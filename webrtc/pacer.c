/* SPDX-License-Identifier: MIT
 *
 * Pacing by the time that what has left takes at the rate. Called by the network thread.
 */
#include "webrtc/pacer.h"

#include <assert.h>

#include "core/clock.h"

void oriel_pacer_init(struct oriel_pacer *pacer, uint64_t bps, uint64_t now_ns) {
  assert(bps);
  *pacer = (struct oriel_pacer){.bps = bps, .free_ns = now_ns};
}

void oriel_pacer_rate(struct oriel_pacer *pacer, uint64_t bps) {
  assert(bps);
  pacer->bps = bps;
}

uint64_t oriel_pacer_next_ns(const struct oriel_pacer *pacer) {
  return pacer->free_ns;
}

/* Where the next packet's time begins: now, but a caller that came late may make up for some of it. */
static uint64_t start_ns(const struct oriel_pacer *pacer, uint64_t now_ns) {
  const uint64_t earliest = now_ns > ORIEL_PACER_LATE_NS ? now_ns - ORIEL_PACER_LATE_NS : 0;
  return pacer->free_ns > earliest ? pacer->free_ns : earliest;
}

size_t oriel_pacer_room(const struct oriel_pacer *pacer, uint64_t now_ns) {
  if (now_ns < pacer->free_ns)
    return 0;
  const uint64_t ns = now_ns - start_ns(pacer, now_ns) + ORIEL_PACER_BURST_NS;
  const uint64_t bytes = ns * (pacer->bps / 8) / ORIEL_NS_PER_SECOND;
  return bytes ? (size_t)bytes : 1;
}

void oriel_pacer_sent(struct oriel_pacer *pacer, size_t bytes, uint64_t now_ns) {
  pacer->free_ns = start_ns(pacer, now_ns) + (uint64_t)bytes * 8 * ORIEL_NS_PER_SECOND / pacer->bps;
}
