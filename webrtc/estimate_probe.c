/* SPDX-License-Identifier: MIT
 *
 * When to probe and what a probe showed. Called by the network thread.
 */
#include "webrtc/estimate_probe.h"

#include "core/clock.h"

enum {
  PACKETS_MIN = 5, PACKET_SIZE = 1200, /* a series is at least so many packets */
  START_PROBES = 2,
  ARRIVED_PERCENT = 80, /* less arrived: the rest was lost, and the times say little */
  ID_MAX = 255,
};
#define SERIES_NS (15 * ORIEL_NS_PER_MS)
#define LIMITED_NS (5 * ORIEL_NS_PER_SECOND)    /* libwebrtc's pause between probes of limited traffic */
#define RECOVERING_NS (1500 * ORIEL_NS_PER_MS)  /* a fall may have been a neighbour's burst */
#define TIMEOUT_NS ORIEL_NS_PER_SECOND          /* for sending and being told */
#define AGAIN_SHARE 0.7 /* of the probed rate: this much came through, so that more may */
#define FULL_SHARE 0.9  /* arrived slower than sent by more: that is the path's rate, and 95 % of it is usable */
#define USABLE 0.95
#define SPAN_MIN_US 1000

void oriel_probes_init(struct oriel_probes *probes, uint64_t now_ns) {
  *probes = (struct oriel_probes){.start_left = START_PROBES, .due_ns = now_ns};
}

/* The rate to probe at now; 0 = no probe. */
static uint64_t choose(struct oriel_probes *probes, const struct oriel_probe_need *need, uint64_t now_ns) {
  uint64_t bps = 0;
  if (probes->active.id || need->congested || need->bps >= need->max_bps)
    return 0;
  if (probes->start_left) {
    bps = need->bps * (probes->start_left == START_PROBES ? 3 : 2); /* threefold, then sixfold */
    probes->start_left--;
  } else if (probes->again_bps) {
    bps = probes->again_bps;
  } else if (now_ns >= probes->due_ns && (need->limited || need->recovering)) {
    bps = need->bps * 2;
  }
  probes->again_bps = 0;
  if (bps)
    probes->due_ns = now_ns + (need->recovering ? RECOVERING_NS : LIMITED_NS);
  return bps > need->max_bps ? need->max_bps : bps;
}

bool oriel_probes_begin(struct oriel_probes *probes, const struct oriel_probe_need *need, uint64_t now_ns,
                        struct oriel_estimate_probe *probe) {
  if (need->recovering && probes->due_ns > now_ns + RECOVERING_NS)
    probes->due_ns = now_ns + RECOVERING_NS;
  const uint64_t bps = choose(probes, need, now_ns);
  if (!bps)
    return false;
  const uint64_t bytes = bps / 8 * SERIES_NS / ORIEL_NS_PER_SECOND;
  struct oriel_probes begun = {.next_id = probes->next_id % ID_MAX + 1, .start_left = probes->start_left,
                               .due_ns = probes->due_ns, .begun_ns = now_ns};
  begun.active = (struct oriel_estimate_probe){
    .id = begun.next_id, .bps = bps,
    .bytes = (uint32_t)(bytes < PACKETS_MIN * PACKET_SIZE ? PACKETS_MIN * PACKET_SIZE : bytes)};
  *probes = begun;
  *probe = begun.active;
  return true;
}

void oriel_probes_sent(struct oriel_probes *probes, unsigned id, uint32_t bytes, uint64_t now_ns) {
  if (!id || id != probes->active.id)
    return;
  if (!probes->sent++)
    probes->first_sent_ns = now_ns;
  probes->sent_bytes += bytes;
  probes->last_sent_bytes = bytes;
  probes->last_sent_ns = now_ns;
}

void oriel_probes_arrived(struct oriel_probes *probes, unsigned id, uint32_t bytes, int64_t arrived_us) {
  if (!id || id != probes->active.id)
    return;
  if (!probes->arrived++) {
    probes->first_arrived_us = probes->last_arrived_us = arrived_us;
    probes->first_arrived_bytes = bytes;
  }
  probes->arrived_bytes += bytes;
  probes->last_arrived_us = arrived_us > probes->last_arrived_us ? arrived_us : probes->last_arrived_us;
}

/* What the path carried; 0: it cannot be told. */
static uint64_t measure(const struct oriel_probes *probes) {
  const int64_t sent_us = (int64_t)((probes->last_sent_ns - probes->first_sent_ns) / ORIEL_NS_PER_US);
  const int64_t arrived_us = probes->last_arrived_us - probes->first_arrived_us;
  if (probes->arrived < PACKETS_MIN - 1 || sent_us < SPAN_MIN_US || arrived_us < SPAN_MIN_US)
    return 0;
  const double sent = (double)(probes->sent_bytes - probes->last_sent_bytes) * 8e6 / (double)sent_us;
  const double arrived = (double)(probes->arrived_bytes - probes->first_arrived_bytes) * 8e6 / (double)arrived_us;
  if (arrived > 2 * sent)
    return 0; /* held up and let go together: says nothing */
  return (uint64_t)(arrived < FULL_SHARE * sent ? arrived * USABLE : arrived < sent ? arrived : sent);
}

bool oriel_probes_result(struct oriel_probes *probes, uint64_t now_ns, uint64_t *bps) {
  const struct oriel_estimate_probe *active = &probes->active;
  if (!active->id)
    return false;
  const bool whole = probes->sent_bytes >= active->bytes &&
                     (uint64_t)probes->arrived_bytes * 100 >= (uint64_t)probes->sent_bytes * ARRIVED_PERCENT;
  if (!whole && now_ns - probes->begun_ns < TIMEOUT_NS)
    return false;
  const uint64_t result = whole ? measure(probes) : 0;
  if (result && (double)result > AGAIN_SHARE * (double)active->bps)
    probes->again_bps = result * 2;
  probes->active.id = 0;
  *bps = result;
  return result > 0;
}

void oriel_probes_cancel(struct oriel_probes *probes, uint64_t now_ns) {
  probes->active.id = 0;
  probes->again_bps = 0;
  probes->start_left = 0;
  if (probes->due_ns < now_ns + RECOVERING_NS)
    probes->due_ns = now_ns + RECOVERING_NS;
}
