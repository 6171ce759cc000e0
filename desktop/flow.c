/* SPDX-License-Identifier: MIT
 *
 * Flows of sound. Pure.
 */
#include "desktop/flow.h"

#include "core/clock.h"

static const uint64_t hold_ns = 400 * ORIEL_NS_PER_MS;  /* silence for so long: the input is gone */
static const uint64_t ended_ns = 100 * ORIEL_NS_PER_MS; /* the same, once its connection is */
static const uint64_t window_ns = ORIEL_NS_PER_SECOND;
static const uint64_t late_max_ns = ORIEL_NS_PER_SECOND;   /* later than this: the sender left something out */
static const uint64_t drift_after_ns = 5 * ORIEL_NS_PER_SECOND;
static const uint64_t punctual_ns = 60 * ORIEL_NS_PER_MS;

bool oriel_flow_lives(const struct oriel_flow *flow, uint64_t now_ns) {
  return flow->last_ns && now_ns < flow->last_ns + (flow->ended ? ended_ns : hold_ns);
}

static void begin(struct oriel_flow *flow, uint64_t now_ns) {
  flow->since_ns = now_ns;
  flow->media_ns = 0;
  flow->offset_ns = flow->fresh_ns = now_ns;
  flow->window_ns = now_ns;
  flow->anchor_ns = 0;
  flow->jitter_us = 0;
  flow->late_ns = 0;
  flow->drift_ppm = 0;
}

/* Where nothing is numbered a lost packet shows as time: all that follow come later by its length, even the most
 * punctual one of a whole window. A stall that outlasts a window looks the same, until its backlog comes. */
static void count_lost(struct oriel_flow *flow, uint64_t length_ns) {
  const int64_t rise = (int64_t)(flow->fresh_ns - flow->offset_ns) + flow->early_ns, half = (int64_t)length_ns / 2;
  flow->early_ns = 0;
  if (rise >= half && half)
    flow->lost += (uint64_t)(rise + half) / length_ns;
  else if (rise <= -half)
    flow->early_ns = rise;
}

/* A window is over: its least offset is what the next is compared with. The sender's drift is what the least offsets
 * wander, measured from the first whole window. */
static void turn_window(struct oriel_flow *flow, uint64_t length_ns, uint64_t offset_ns, uint64_t now_ns) {
  if (flow->anchor_ns) /* a sender may begin with what waited */
    count_lost(flow, length_ns);
  flow->offset_ns = flow->fresh_ns;
  flow->fresh_ns = offset_ns;
  flow->window_ns = now_ns;
  if (!flow->anchor_ns) {
    flow->anchor_ns = now_ns;
    flow->anchor_offset_ns = flow->offset_ns;
  } else if (now_ns - flow->anchor_ns >= drift_after_ns) {
    const double moved = (double)(int64_t)(flow->anchor_offset_ns - flow->offset_ns);
    flow->drift_ppm = moved / (double)(now_ns - flow->anchor_ns) * 1e6;
  }
}

uint64_t oriel_flow_heard(struct oriel_flow *flow, uint64_t length_ns, uint64_t now_ns) {
  if (!oriel_flow_lives(flow, now_ns) || now_ns - flow->media_ns > flow->offset_ns + late_max_ns)
    begin(flow, now_ns);
  /* A sender whose clock is the faster one, or that sends a backlog, gets ahead: offsets fall. */
  const uint64_t offset = now_ns > flow->media_ns ? now_ns - flow->media_ns : 0;
  if (now_ns - flow->window_ns >= window_ns)
    turn_window(flow, length_ns, offset, now_ns);
  if (offset < flow->fresh_ns)
    flow->fresh_ns = offset;
  const uint64_t least = flow->fresh_ns < flow->offset_ns ? flow->fresh_ns : flow->offset_ns;
  const uint64_t due = least + flow->media_ns, late = now_ns > due ? now_ns - due : 0;
  const int64_t late_us = (int64_t)(late / ORIEL_NS_PER_US);
  flow->jitter_us = (uint32_t)((int64_t)flow->jitter_us + (late_us - (int64_t)flow->jitter_us) / 16);
  flow->late += late > flow->late_ns + punctual_ns; /* those behind it are late for its sake */
  flow->late_ns = late;
  flow->media_ns += length_ns;
  flow->last_ns = now_ns;
  flow->ended = false;
  return now_ns - late;
}

void oriel_flow_missed(struct oriel_flow *flow, uint64_t length_ns) {
  flow->media_ns += length_ns;
}

void oriel_flow_end(struct oriel_flow *flow) {
  flow->ended = true;
}

void oriel_flow_sounded(struct oriel_flow *flow, uint64_t now_ns) {
  flow->heard_ns = now_ns;
}

bool oriel_flow_sounds(const struct oriel_flow *flow, uint64_t now_ns) {
  return oriel_flow_lives(flow, now_ns) && flow->heard_ns && now_ns < flow->heard_ns + hold_ns;
}

int oriel_flow_choose(const struct oriel_flow *flows, int count, int active, uint64_t now_ns) {
  const bool holds = active >= 0 && oriel_flow_lives(&flows[active], now_ns);
  if (holds && oriel_flow_sounds(&flows[active], now_ns))
    return active;
  for (int i = 0; i < count; i++)
    if (oriel_flow_sounds(&flows[i], now_ns))
      return i;
  for (int i = 0; i < count && !holds; i++)
    if (oriel_flow_lives(&flows[i], now_ns))
      return i;
  return active;
}
