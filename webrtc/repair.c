/* SPDX-License-Identifier: MIT
 *
 * What a client lacks and does not know of. Pure.
 */
#include "webrtc/repair.h"

static struct oriel_repair_sent *place(struct oriel_repair *repair, uint16_t transport) {
  return &repair->sent[transport % ORIEL_REPAIR_SENT];
}

void oriel_repair_left(struct oriel_repair *repair, uint16_t transport, uint16_t sequence, bool again,
                       uint64_t round_trip_ns, uint64_t now_ns) {
  *place(repair, transport) = (struct oriel_repair_sent){true, transport, sequence};
  repair->open = true;
  repair->last = transport;
  repair->tries = again ? repair->tries : 0;
  repair->due_ns = now_ns + ((round_trip_ns + ORIEL_REPAIR_WAIT_NS) << repair->tries);
}

void oriel_repair_pass(struct oriel_repair *repair, uint16_t transport) {
  *place(repair, transport) = (struct oriel_repair_sent){.transport = transport};
}

bool oriel_repair_told(struct oriel_repair *repair, uint16_t transport, bool received, uint16_t *sequence) {
  struct oriel_repair_sent *sent = place(repair, transport);
  if (!sent->media || sent->transport != transport)
    return false;
  if (transport == repair->last && received)
    repair->open = false;
  sent->media = false; /* said once: the same feedback again changes nothing */
  *sequence = sent->sequence;
  return !received;
}

uint64_t oriel_repair_due_ns(const struct oriel_repair *repair) {
  return repair->open && repair->tries < ORIEL_REPAIR_TRIES ? repair->due_ns : 0;
}

unsigned oriel_repair_try(struct oriel_repair *repair) {
  return repair->tries++;
}
