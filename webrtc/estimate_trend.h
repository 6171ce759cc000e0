/* SPDX-License-Identifier: MIT
 *
 * Whether delay rises or falls: libwebrtc's trend line over groups of packets and its adaptive threshold
 * (draft-ietf-rmcat-gcc-02, section 5). Private to webrtc/estimate.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_ESTIMATE_TREND_H
#define ORIEL_WEBRTC_ESTIMATE_TREND_H

#include <stdbool.h>
#include <stdint.h>

enum oriel_trend_state {
  ORIEL_TREND_NORMAL,
  ORIEL_TREND_OVERUSE,  /* a queue grows */
  ORIEL_TREND_UNDERUSE, /* a queue empties */
};

enum { ORIEL_TREND_POINTS = 20 };

/** Packets that left within 5 ms, or arrived as one burst. */
struct oriel_trend_group {
  bool begun;
  int64_t first_sent_us, last_sent_us, first_arrived_us, last_arrived_us;
};

struct oriel_trend {
  enum oriel_trend_state state;
  struct oriel_trend_group group, before;
  unsigned deltas;         /* differences between groups so far */
  double delay_ms, smooth_ms; /* their sum, and smoothed */
  struct {
    double ms, delay_ms;
  } points[ORIEL_TREND_POINTS]; /* a ring, by arrival */
  unsigned count;
  int64_t start_us;
  double trend;            /* of the last group */
  double threshold_ms;
  int64_t threshold_us;    /* when that was last moved */
  double over_ms;          /* so long has the trend been above it */
  unsigned over_count;
};

void oriel_trend_init(struct oriel_trend *trend);
/** A packet that left and arrived then, each by its own clock. Returns the state. */
enum oriel_trend_state oriel_trend_take(struct oriel_trend *trend, int64_t sent_us, int64_t arrived_us);

#endif
