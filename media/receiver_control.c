/* SPDX-License-Identifier: MIT
 *
 * The pace of reading. Called by the data thread.
 */
#include "media/receiver_control.h"

#include <math.h>

#define RATIO_LIMIT 5e-3
#define PULL_LIMIT 3e-3     /* 5 cents; the rest is left for the drift itself */
#define SLEW_PER_S 2e-3     /* 3.5 cents a second, not heard as a glide */
#define BAND_S 0.1e-3       /* within it the level is as good as any estimate of it */
#define PULL_S 1.0          /* outside: the error beyond the band falls with this time constant */
#define CALM_PULL_S 500.0   /* inside: at most a fifth of a ppm */
#define SMOOTH_S 0.3
#define DRIFT_LEAST 0.5e-6  /* below it, one clock: the band takes it up */

void receiver_control_init(struct receiver_control *control) {
  *control = (struct receiver_control){.ratio = 1, .fresh = true};
}

void receiver_control_restart(struct receiver_control *control) {
  control->fresh = true;
}

static double clip(double value, double limit) {
  return fmin(fmax(value, -limit), limit);
}

double receiver_control_step(struct receiver_control *control, double drift, double uncertainty, double error_s,
                             double passed_s) {
  if (control->fresh)
    control->error_s = error_s;
  control->fresh = false;
  control->error_s += (error_s - control->error_s) * passed_s / (passed_s + SMOOTH_S);
  double least = uncertainty + DRIFT_LEAST;
  control->follows = fabs(drift) > (control->follows ? least / 2 : least);
  double beyond = fmax(fabs(control->error_s) - BAND_S, 0);
  double pull = copysign(fmin(beyond / PULL_S, PULL_LIMIT), control->error_s);
  double wanted = 1;
  if (control->follows)
    wanted = 1 + clip(drift + pull + clip(control->error_s, BAND_S) / CALM_PULL_S, RATIO_LIMIT);
  else if (pull != 0)
    wanted = 1 + pull;
  double step = SLEW_PER_S * passed_s;
  control->ratio += clip(wanted - control->ratio, step);
  if (fabs(control->ratio - wanted) < 1e-12)
    control->ratio = wanted;
  return control->ratio;
}
