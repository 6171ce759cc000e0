/* SPDX-License-Identifier: MIT
 *
 * For tests of desktop/: a desktop on the fake source, with its threads running. Every wait has a bound.
 */
#ifndef ORIEL_TESTS_DESKTOP_LIVE_H
#define ORIEL_TESTS_DESKTOP_LIVE_H

#include "fake.h"

struct live {
  struct fake fake;
  struct oriel_desktop *desktop;
  struct oriel_desktop_stats stats;
};

/** A change that fits into tiles, and the whole of a screen of 640 x 480. */
extern const struct oriel_rect live_small, live_all;

/** 0 x 0 = no size yet; `encoder` may be NULL for the usual one. Freed by live_end, when every viewer has left. */
struct live *live_begin(uint16_t width, uint16_t height, const char *encoder);
void live_end(struct live *live);
/** Fills live->stats; valid until it is called again. */
const struct oriel_desktop_stats *live_stats(struct live *live);
/** The viewer's next picture, acknowledged; the caller unrefs. */
struct oriel_packet *live_picture(struct live *live, struct oriel_viewer *viewer);
/** The same, which has to be such a picture, stamped from its capture on. */
void live_expect_picture(struct live *live, struct oriel_viewer *viewer, enum oriel_packet_kind kind, bool key);

#endif
