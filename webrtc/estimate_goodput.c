/* SPDX-License-Identifier: MIT
 *
 * A ring of what arrived. Called by the network thread.
 */
#include "webrtc/estimate_goodput.h"

#define US_PER_SECOND 1000000ull

void oriel_goodput_add(struct oriel_goodput *goodput, int64_t sent_us, int64_t arrived_us, uint32_t bytes) {
  const unsigned index = goodput->count++ % ORIEL_GOODPUT_PACKETS;
  goodput->packets[index].sent_us = sent_us;
  goodput->packets[index].arrived_us = arrived_us;
  goodput->packets[index].bytes = bytes;
  if (goodput->count >= 2 * ORIEL_GOODPUT_PACKETS)
    goodput->count -= ORIEL_GOODPUT_PACKETS;
}

static uint64_t bps(uint64_t bytes, int64_t us) {
  return us > 0 ? bytes * 8 * US_PER_SECOND / (uint64_t)us : UINT64_MAX;
}

bool oriel_goodput_over(const struct oriel_goodput *goodput, int64_t window_us, unsigned packets_min,
                        struct oriel_goodput_rate *rate) {
  const unsigned held = goodput->count < ORIEL_GOODPUT_PACKETS ? goodput->count : ORIEL_GOODPUT_PACKETS;
  const unsigned newest = (goodput->count - 1) % ORIEL_GOODPUT_PACKETS;
  const int64_t last_us = goodput->packets[newest].arrived_us;
  unsigned packets = 0, first = newest;
  uint64_t bytes = 0;
  while (packets < held) {
    const unsigned index = (newest + ORIEL_GOODPUT_PACKETS - packets) % ORIEL_GOODPUT_PACKETS;
    if (last_us - goodput->packets[index].arrived_us > window_us)
      break;
    bytes += goodput->packets[index].bytes;
    first = index;
    packets++;
  }
  if (packets < packets_min || goodput->packets[first].arrived_us >= last_us)
    return false;
  bytes -= goodput->packets[first].bytes; /* they took the time before its arrival */
  rate->packets = packets;
  rate->arrived_bps = bps(bytes, last_us - goodput->packets[first].arrived_us);
  rate->sent_bps = bps(bytes, goodput->packets[newest].sent_us - goodput->packets[first].sent_us);
  return true;
}
