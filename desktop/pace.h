/* SPDX-License-Identifier: MIT
 *
 * Pacing and rate: when a picture may leave, how many may be on their way, how many bits it may cost, and whether it
 * goes as tiles or as video. Pure arithmetic on times that the caller passes in; no clock, no thread, no allocation.
 * Thread-safety: none; the hub's lock or the media thread guards each object.
 */
#ifndef ORIEL_DESKTOP_PACE_H
#define ORIEL_DESKTOP_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* ---- token bucket (generic cell rate algorithm) ---- */

struct oriel_pace {
  uint64_t interval_ns, slack_ns; /* slack: how far ahead of an even rhythm an event may be */
  uint64_t due_ns;                /* when the next event would come in an even rhythm */
};

/** `rate` events a second on average, at most `burst` (>= 1) at once after a pause. */
void oriel_pace_init(struct oriel_pace *pace, uint32_t rate, unsigned burst);
/** Earliest time for the next event; at or before `now` means at once. */
uint64_t oriel_pace_next(const struct oriel_pace *pace, uint64_t now_ns);
/** An event happens now. */
void oriel_pace_take(struct oriel_pace *pace, uint64_t now_ns);

/* ---- pictures on their way ---- */

enum {
  ORIEL_WINDOW_MAX = 32,
  ORIEL_DECODE_BACKLOG_MAX = 3, /* received and not yet decoded */
  ORIEL_RTT_UNKNOWN_US = 50000, /* before the first ping came back */
};

/** How many pictures may be sent and not yet received: enough to cover 1.25 round trips and two more. rtt_us 0 =
 *  unknown. */
unsigned oriel_pace_window(uint32_t rtt_us, uint32_t fps);

/* ---- minimum over the last ten seconds ---- */

enum { ORIEL_MINIMUM_SECONDS = 10 };

struct oriel_minimum {
  uint64_t second[ORIEL_MINIMUM_SECONDS]; /* which second a slot holds, from 1; 0 = empty */
  int64_t value[ORIEL_MINIMUM_SECONDS];
};

void oriel_minimum_add(struct oriel_minimum *minimum, int64_t value, uint64_t now_ns);
/** False when there is no sample in the window. */
bool oriel_minimum_read(const struct oriel_minimum *minimum, uint64_t now_ns, int64_t *value);

/* ---- bitrate ---- */

struct oriel_bitrate {
  uint32_t cap_kbps;
  double base_kbps;  /* in force at base_ns; grows by 5 % of the cap a second from there */
  uint64_t base_ns, cut_ns;
  uint64_t cuts;
};

void oriel_bitrate_init(struct oriel_bitrate *rate, uint32_t cap_kbps, uint64_t now_ns);
/** A new cap (the size changed); keeps the proportion. */
void oriel_bitrate_cap(struct oriel_bitrate *rate, uint32_t cap_kbps, uint64_t now_ns);
uint32_t oriel_bitrate_kbps(const struct oriel_bitrate *rate, uint64_t now_ns);
/** One picture took `excess_us` longer on its way than the quickest of the last ten seconds. Cuts to 0.7 when that is
 *  more than the smallest round trip and than 30 ms, at most once per 250 ms (lesson 17: delay warns before loss).
 *  True when it cut. */
bool oriel_bitrate_delay(struct oriel_bitrate *rate, int64_t excess_us, uint32_t rtt_min_us, uint64_t now_ns);

/* ---- skipping viewers ---- */

struct oriel_backoff {
  unsigned level;
  uint64_t last_ns;
};

/** A viewer's chain broke now. Returns the earliest time for the key frame that takes it up again: at once the first
 *  time, then 1, 2, 4, 4 ... seconds later while breaks come within ten seconds of each other. */
uint64_t oriel_backoff_break(struct oriel_backoff *backoff, uint64_t now_ns);

/* ---- tiles or video ---- */

enum { ORIEL_MOTION_LARGE = 3, ORIEL_MOTION_LARGE_MAX = 6 };

struct oriel_motion {
  unsigned large;         /* recent pictures too large for tiles */
  uint64_t large_ns;      /* when the last of them was */
  double spent_bytes;     /* leaky bucket of tile bytes */
  uint64_t spent_ns;
  bool overspent;         /* the bucket ran full and is not half empty again */
};

/** Whether damage of `area` pixels should go as tiles: it is small, the last pictures were not motion (three large ones
 *  closer than 300 ms), and tiles did not use more than half of `kbps` lately: a small video on the page is cheaper
 *  as video, a key press is quicker as tiles. Once they did, such a video stays with the encoder until it stops. */
bool oriel_motion_tiles(const struct oriel_motion *motion, uint64_t area, uint32_t kbps, uint64_t now_ns);
/** A picture of `area` pixels went out; `tile_bytes` of tiles, 0 for video. */
void oriel_motion_note(struct oriel_motion *motion, uint64_t area, uint64_t tile_bytes, uint32_t kbps, uint64_t now_ns);

#endif
