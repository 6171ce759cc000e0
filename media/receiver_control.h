/* SPDX-License-Identifier: MIT
 *
 * The pace of reading: the measured drift of the two clocks, and a slow pull of the level towards the target.
 *
 * Thread-safety: one object, the data thread. Real-time safe.
 */
#ifndef ORIEL_MEDIA_RECEIVER_CONTROL_H
#define ORIEL_MEDIA_RECEIVER_CONTROL_H

#include <stdbool.h>

struct receiver_control {
  double ratio;    /* in use */
  double error_s;  /* level above target, smoothed */
  bool follows;    /* the drift is more than uncertainty */
  bool fresh;      /* the next error is taken as it is */
};

void receiver_control_init(struct receiver_control *control);
/** The level was put on its target. The ratio stays. */
void receiver_control_restart(struct receiver_control *control);
/** `drift` and its `uncertainty` are relative rates (1e-6 = 1 ppm), `error_s` how far the level is above the target,
 *  `passed_s` the time since the last step. Returns the ratio, within 0.5 % of 1, and exactly 1 while nothing needs
 *  correction. */
double receiver_control_step(struct receiver_control *control, double drift, double uncertainty, double error_s,
                             double passed_s);

#endif
