/* SPDX-License-Identifier: MIT
 *
 * The rate itself: what is cut when a queue or loss shows, and how it grows again (draft-ietf-rmcat-gcc-02, sections
 * 5.5 and 6). Private to webrtc/estimate.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_ESTIMATE_CONTROL_H
#define ORIEL_WEBRTC_ESTIMATE_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

struct oriel_goodput;

#define ORIEL_CONTROL_MIN_BPS 60000ull
#define ORIEL_CONTROL_MAX_BPS 100000000ull

struct oriel_control {
  uint64_t bps;
  uint64_t path_bps;   /* what the narrowest link was last seen to carry, or the estimate where that is more */
  uint64_t peak_bps, peak_ns; /* before the last cuts, and when the last of them was */
  uint64_t grown_ns, cut_ns; /* last times; 0 = never */
  uint64_t yielded_ns;       /* when it last gave way to loss beside a rival; 0 = never */
  uint64_t lost_window_ns;   /* when the present window of loss began */
  unsigned received, lost;   /* in it */
  double loss;               /* of the last whole one, 0..1 */
  double link_bps, link_deviation; /* mean of what was carried at cuts; 0 = not known */
};

void oriel_control_init(struct oriel_control *control, uint64_t start_bps);
/** A queue of ours grows, or is too long: cuts to what comes through, at most once in `pause_ns`. True when it cut. */
bool oriel_control_cut(struct oriel_control *control, const struct oriel_goodput *goodput, uint64_t pause_ns,
                       uint64_t now_ns);
/** No queue: grows, as far as what arrives proves it. */
void oriel_control_grow(struct oriel_control *control, const struct oriel_goodput *goodput, uint64_t round_trip_ns,
                        uint64_t now_ns);
/** Beside a flow that keeps the queue filled: gives way to loss, and takes a part of what the path carried before, so
 *  that the other is not starved either. `lost`: packets that were told to be, just now. */
void oriel_control_compete(struct oriel_control *control, unsigned lost, uint64_t now_ns);
/** Time passes in which it may not grow. */
void oriel_control_hold(struct oriel_control *control, uint64_t now_ns);
/** Packets were told of. Cuts at the end of a window that lost too many. */
void oriel_control_count(struct oriel_control *control, unsigned received, unsigned lost, uint64_t now_ns);
/** A probe or a receiver showed that the path carries `bps`. */
void oriel_control_raise(struct oriel_control *control, uint64_t bps);
/** True while the path carried clearly more within the last minute. */
bool oriel_control_recovering(const struct oriel_control *control, uint64_t now_ns);

#endif
