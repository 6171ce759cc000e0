/* SPDX-License-Identifier: MIT
 *
 * Arrival times against media time. Pure.
 */
#include "desktop/arrival.h"

#include "core/clock.h"

static const uint64_t hold_ns = 400 * ORIEL_NS_PER_MS;  /* silence for so long: the input is gone */
static const uint64_t ended_ns = 100 * ORIEL_NS_PER_MS; /* the same, once its connection is */
static const uint64_t window_ns = ORIEL_NS_PER_SECOND;
static const uint64_t late_max_ns = ORIEL_NS_PER_SECOND;   /* later than this: the sender left something out */
static const uint64_t drift_after_ns = 5 * ORIEL_NS_PER_SECOND;
static const uint64_t punctual_ns = 60 * ORIEL_NS_PER_MS;

bool oriel_arrival_lives(const struct oriel_arrival *arrival, uint64_t now_ns) {
  return arrival->last_ns && now_ns < arrival->last_ns + (arrival->ended ? ended_ns : hold_ns);
}

static void begin(struct oriel_arrival *arrival, uint64_t now_ns) {
  arrival->since_ns = now_ns;
  arrival->media_ns = 0;
  arrival->offset_ns = arrival->fresh_ns = now_ns;
  arrival->window_ns = now_ns;
  arrival->anchor_ns = 0;
  arrival->jitter_us = 0;
  arrival->late_ns = 0;
  arrival->drift_ppm = 0;
}

/* Where nothing is numbered a lost packet shows as time: all that follow come later by its length, even the most
 * punctual one of a whole window. A stall that outlasts a window looks the same, until its backlog comes. */
static void count_lost(struct oriel_arrival *arrival, uint64_t length_ns) {
  const int64_t rise = (int64_t)(arrival->fresh_ns - arrival->offset_ns) + arrival->early_ns, half = (int64_t)length_ns / 2;
  arrival->early_ns = 0;
  if (rise >= half && half)
    arrival->lost += (uint64_t)(rise + half) / length_ns;
  else if (rise <= -half)
    arrival->early_ns = rise;
}

/* A window is over: its least offset is what the next is compared with. The sender's drift is what the least offsets
 * wander, measured from the first whole window. */
static void turn_window(struct oriel_arrival *arrival, uint64_t length_ns, uint64_t offset_ns, uint64_t now_ns) {
  if (arrival->anchor_ns) /* a sender may begin with what waited */
    count_lost(arrival, length_ns);
  arrival->offset_ns = arrival->fresh_ns;
  arrival->fresh_ns = offset_ns;
  arrival->window_ns = now_ns;
  if (!arrival->anchor_ns) {
    arrival->anchor_ns = now_ns;
    arrival->anchor_offset_ns = arrival->offset_ns;
  } else if (now_ns - arrival->anchor_ns >= drift_after_ns) {
    const double moved = (double)(int64_t)(arrival->anchor_offset_ns - arrival->offset_ns);
    arrival->drift_ppm = moved / (double)(now_ns - arrival->anchor_ns) * 1e6;
  }
}

uint64_t oriel_arrival_heard(struct oriel_arrival *arrival, uint64_t length_ns, uint64_t now_ns) {
  if (!oriel_arrival_lives(arrival, now_ns) || now_ns - arrival->media_ns > arrival->offset_ns + late_max_ns)
    begin(arrival, now_ns);
  /* A sender whose clock is the faster one, or that sends a backlog, gets ahead: offsets fall. */
  const uint64_t offset = now_ns > arrival->media_ns ? now_ns - arrival->media_ns : 0;
  if (now_ns - arrival->window_ns >= window_ns)
    turn_window(arrival, length_ns, offset, now_ns);
  if (offset < arrival->fresh_ns)
    arrival->fresh_ns = offset;
  const uint64_t least = arrival->fresh_ns < arrival->offset_ns ? arrival->fresh_ns : arrival->offset_ns;
  const uint64_t due = least + arrival->media_ns, late = now_ns > due ? now_ns - due : 0;
  const int64_t late_us = (int64_t)(late / ORIEL_NS_PER_US);
  arrival->jitter_us = (uint32_t)((int64_t)arrival->jitter_us + (late_us - (int64_t)arrival->jitter_us) / 16);
  arrival->late += late > arrival->late_ns + punctual_ns; /* those behind it are late for its sake */
  arrival->late_ns = late;
  arrival->media_ns += length_ns;
  arrival->last_ns = now_ns;
  arrival->ended = false;
  return now_ns - late;
}

void oriel_arrival_missed(struct oriel_arrival *arrival, uint64_t length_ns) {
  arrival->media_ns += length_ns;
}

void oriel_arrival_end(struct oriel_arrival *arrival) {
  arrival->ended = true;
}

void oriel_arrival_sounded(struct oriel_arrival *arrival, uint64_t now_ns) {
  arrival->heard_ns = now_ns;
}

bool oriel_arrival_sounds(const struct oriel_arrival *arrival, uint64_t now_ns) {
  return oriel_arrival_lives(arrival, now_ns) && arrival->heard_ns && now_ns < arrival->heard_ns + hold_ns;
}
