/* SPDX-License-Identifier: MIT
 *
 * Additive and multiplicative increase, multiplicative decrease. Called by the network thread.
 */
#include "webrtc/estimate_control.h"

#include <math.h>

#include "core/clock.h"
#include "webrtc/estimate_goodput.h"

enum {
  CARRIED_US = 100000, CARRIED_PACKETS = 5,    /* what a queue lets through shows in a few packets */
  PROVEN_US = 500000, PROVEN_PACKETS = 3,
  LOSS_PACKETS = 50,
  PACKET_BITS = 1200 * 8,
};
#define DECREASE 0.85
#define SPREAD 0.95         /* arrives slower than it left by more: the queue is ours, and drained at this rate */
#define INCREASE 1.08       /* a second, away from where a queue was met */
#define PROVEN 1.5          /* times what arrives: no growth beyond what media have tried */
#define LIMITED 0.8         /* media take less of the estimate: arrivals prove nothing about its growth */
#define RIVAL_SHARE 0.3     /* of what the path carried: somewhat less than half, and than what another takes */
#define RIVAL_INCREASE 1.1
#define RIVAL_STEP_BPS 100000.0
#define RIVAL_PAUSE_NS ORIEL_NS_PER_SECOND
#define RECOVERED 0.9       /* of the rate before the cuts */
#define LOSS_HIGH 0.10
#define LOSS_LOW 0.02
#define LINK_MEMORY 0.05    /* libwebrtc's, and its deviations */
#define LINK_DEVIATIONS 3.0
#define LOSS_NS (200 * ORIEL_NS_PER_MS)
#define RESPONSE_NS (100 * ORIEL_NS_PER_MS) /* and a round trip: how soon a packet more shows in feedback */
#define PEAK_NS (60 * ORIEL_NS_PER_SECOND)

static void set(struct oriel_control *control, double bps) {
  bps = fmin(fmax(bps, (double)ORIEL_CONTROL_MIN_BPS), (double)ORIEL_CONTROL_MAX_BPS);
  control->bps = (uint64_t)bps;
  if (control->path_bps < control->bps)
    control->path_bps = control->bps;
}

void oriel_control_init(struct oriel_control *control, uint64_t start_bps) {
  *control = (struct oriel_control){.link_deviation = 0.4};
  set(control, (double)start_bps);
}

/* Mean and deviation (in kbit/s, normalised as libwebrtc does) of what the link carried when a queue was met. */
static void learn_link(struct oriel_control *control, double bps) {
  const double kbps = bps / 1000;
  if (control->link_bps <= 0 || fabs(kbps - control->link_bps / 1000) >
                                  LINK_DEVIATIONS * sqrt(control->link_deviation * control->link_bps / 1000)) {
    control->link_bps = bps;
    control->link_deviation = 0.4;
    return;
  }
  const double mean = (1 - LINK_MEMORY) * control->link_bps / 1000 + LINK_MEMORY * kbps, off = mean - kbps;
  control->link_bps = mean * 1000;
  control->link_deviation = (1 - LINK_MEMORY) * control->link_deviation + LINK_MEMORY * off * off / fmax(mean, 1);
  control->link_deviation = fmin(fmax(control->link_deviation, 0.4), 2.5);
}

/* The path carried this much before: worth looking for it again. */
static void note_peak(struct oriel_control *control, uint64_t now_ns) {
  if (control->bps > control->peak_bps || now_ns - control->peak_ns > PEAK_NS)
    control->peak_bps = control->bps;
  control->peak_ns = now_ns;
}

bool oriel_control_cut(struct oriel_control *control, const struct oriel_goodput *goodput, uint64_t pause_ns,
                       uint64_t now_ns) {
  struct oriel_goodput_rate rate;
  if (control->cut_ns && now_ns - control->cut_ns < pause_ns)
    return false;
  double carried = (double)control->bps;
  const bool seen = oriel_goodput_over(goodput, CARRIED_US, CARRIED_PACKETS, &rate) ||
                    oriel_goodput_over(goodput, PROVEN_US, PROVEN_PACKETS, &rate);
  if (seen && (double)rate.arrived_bps < SPREAD * (double)rate.sent_bps) {
    carried = (double)rate.arrived_bps;
    learn_link(control, carried);
    control->path_bps = 0; /* set makes it at least the estimate */
  }
  note_peak(control, now_ns);
  control->cut_ns = control->grown_ns = now_ns;
  set(control, fmin(DECREASE * carried, (double)control->bps));
  if ((double)control->path_bps < carried)
    control->path_bps = (uint64_t)carried;
  return true;
}

static bool is_near_link(const struct oriel_control *control, double arrived_bps) {
  return control->link_bps > 0 && fabs(arrived_bps - control->link_bps) / 1000 <=
                                    LINK_DEVIATIONS * sqrt(control->link_deviation * control->link_bps / 1000);
}

void oriel_control_grow(struct oriel_control *control, const struct oriel_goodput *goodput, uint64_t round_trip_ns,
                        uint64_t now_ns) {
  struct oriel_goodput_rate rate;
  const double passed_s = control->grown_ns ? fmin((double)(now_ns - control->grown_ns) * 1e-9, 1) : 0;
  control->grown_ns = now_ns;
  if (control->loss > LOSS_LOW || !oriel_goodput_over(goodput, PROVEN_US, PROVEN_PACKETS, &rate))
    return;
  const double arrived = (double)rate.arrived_bps, bps = (double)control->bps;
  if (arrived < LIMITED * bps)
    return;
  double more = bps * (pow(INCREASE, passed_s) - 1);
  if (is_near_link(control, arrived))
    more = PACKET_BITS / ((double)(round_trip_ns + RESPONSE_NS) * 1e-9) * passed_s;
  set(control, fmax(fmin(bps + more, PROVEN * arrived), bps));
}

void oriel_control_compete(struct oriel_control *control, unsigned lost, uint64_t now_ns) {
  const double passed_s = control->grown_ns ? fmin((double)(now_ns - control->grown_ns) * 1e-9, 1) : 0;
  const double share = RIVAL_SHARE * (double)control->peak_bps, bps = (double)control->bps;
  control->grown_ns = control->peak_ns = now_ns;
  if (lost && now_ns - control->yielded_ns > RIVAL_PAUSE_NS) {
    control->yielded_ns = now_ns;
    set(control, bps * DECREASE);
  } else if (bps < share) {
    set(control, fmin(bps * pow(RIVAL_INCREASE, passed_s) + RIVAL_STEP_BPS * passed_s, share));
  }
}

void oriel_control_hold(struct oriel_control *control, uint64_t now_ns) {
  control->grown_ns = now_ns;
}

void oriel_control_count(struct oriel_control *control, unsigned received, unsigned lost, uint64_t now_ns) {
  if (!control->lost_window_ns)
    control->lost_window_ns = now_ns;
  control->received += received;
  control->lost += lost;
  const unsigned packets = control->received + control->lost;
  if (packets < LOSS_PACKETS || now_ns - control->lost_window_ns < LOSS_NS)
    return;
  control->loss = (double)control->lost / packets;
  control->received = control->lost = 0;
  control->lost_window_ns = now_ns;
  if (control->loss <= LOSS_HIGH)
    return;
  note_peak(control, now_ns);
  control->grown_ns = now_ns;
  set(control, (double)control->bps * (1 - control->loss / 2));
}

void oriel_control_raise(struct oriel_control *control, uint64_t bps) {
  if (bps > control->bps)
    set(control, (double)bps);
}

bool oriel_control_recovering(const struct oriel_control *control, uint64_t now_ns) {
  return control->peak_ns && now_ns - control->peak_ns < PEAK_NS &&
         (double)control->bps < RECOVERED * (double)control->peak_bps;
}
