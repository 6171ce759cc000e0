/* SPDX-License-Identifier: MIT
 *
 * Probes: short series of packets at a rate above the estimate, when they are due and what came of them. Private to
 * webrtc/estimate.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_ESTIMATE_PROBE_H
#define ORIEL_WEBRTC_ESTIMATE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

/** A series of packets to be sent at a rate, so that their arrival shows whether the path carries it. */
struct oriel_estimate_probe {
  unsigned id;    /* for oriel_estimate_sent; never 0 */
  uint64_t bps;   /* to be paced at, also above the window */
  uint32_t bytes; /* to be sent in all, of media that wait and of old packets as RTX */
};

struct oriel_probes {
  struct oriel_estimate_probe active; /* id 0: none */
  uint64_t begun_ns;
  unsigned next_id;      /* 1..255, as what was sent remembers it */
  unsigned start_left;   /* of those at the start */
  uint64_t due_ns;       /* when the next periodic one is */
  uint64_t again_bps;    /* the last one showed room: the next at this rate, at once; 0 = none */
  /* The active one, so far. */
  uint32_t sent, sent_bytes, last_sent_bytes;
  uint64_t first_sent_ns, last_sent_ns;
  uint32_t arrived, arrived_bytes, first_arrived_bytes;
  int64_t first_arrived_us, last_arrived_us;
};

/** What the choice of a probe depends on. */
struct oriel_probe_need {
  uint64_t bps, max_bps; /* the estimate; what more would be of no use */
  bool congested;        /* a queue is there or was just now: no probe */
  bool limited;          /* media take less than the estimate: it does not grow by itself */
  bool recovering;       /* the path carried clearly more a short while ago */
};

void oriel_probes_init(struct oriel_probes *probes, uint64_t now_ns);
/** True, and `probe` filled, when one is to begin now. */
bool oriel_probes_begin(struct oriel_probes *probes, const struct oriel_probe_need *need, uint64_t now_ns,
                        struct oriel_estimate_probe *probe);
void oriel_probes_sent(struct oriel_probes *probes, unsigned id, uint32_t bytes, uint64_t now_ns);
/** A packet of probe `id` arrived; others than the active one's are passed over. */
void oriel_probes_arrived(struct oriel_probes *probes, unsigned id, uint32_t bytes, int64_t arrived_us);
/** After each feedback and now and then: true once the active one is over and showed what the path carries, `bps`. */
bool oriel_probes_result(struct oriel_probes *probes, uint64_t now_ns, uint64_t *bps);
/** The path is congested: what a probe under way says is worthless, and none follows at once. */
void oriel_probes_cancel(struct oriel_probes *probes, uint64_t now_ns);

#endif
