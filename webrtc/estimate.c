/* SPDX-License-Identifier: MIT
 *
 * Feedback to estimate: finds what it speaks of, and shows it to all who judge. Called by the network thread.
 */
#include "webrtc/estimate.h"

#include <stdlib.h>

#include "core/clock.h"
#include "webrtc/estimate_control.h"
#include "webrtc/estimate_goodput.h"
#include "webrtc/estimate_path.h"
#include "webrtc/estimate_probe.h"
#include "webrtc/estimate_rivalry.h"
#include "webrtc/estimate_trend.h"
#include "webrtc/rtcp_transport.h"

enum {
  SENT_COUNT = 2048, /* a second of 20 Mbit/s */
  QUEUE_MIN_US = 30000, QUEUE_MAX_US = 100000, /* bounds of what is too long a queue */
  QUEUE_PACKETS_BITS = 5 * 1200 * 8,
  AHEAD_US = 100000,   /* so much may be on its way into a path that was full lately */
  DRAINED_US = 10000,
  RIVAL_QUEUE_MAX_US = 400000,
  MEMORY_US = 10000000,       /* the least delay is that of once to twice this: clocks drift, routes change */
  RIVAL_MEMORY_US = 60000000, /* but a queue that never empties is not to be taken for the path */
};
#define ROUND_TRIP_START_NS (100 * ORIEL_NS_PER_MS)
#define ROUND_TRIP_MAX_NS (10 * ORIEL_NS_PER_SECOND)
#define LATELY_NS (5 * ORIEL_NS_PER_SECOND)       /* after a cut: no bursts, no long queues */
#define YIELDED_NS (2 * ORIEL_NS_PER_SECOND)      /* after a cut a queue that is still there is not ours */
#define PROVING_MAX_NS (600 * ORIEL_NS_PER_MS)
#define PROBE_PAUSE_NS ORIEL_NS_PER_SECOND        /* after a cut */
#define SILENCE_NS ORIEL_NS_PER_SECOND            /* so long without feedback: the path may be gone */
#define SILENT_STEP_NS (100 * ORIEL_NS_PER_MS)    /* then a packet now and then finds out */
#define SENT_WINDOW_NS (200 * ORIEL_NS_PER_MS)
#define PACING 2.5       /* libwebrtc's: pictures come unevenly */
#define PACING_LATELY 1.5
#define USEFUL 5         /* times what media want: a picture in a fifth of its time */
#define LIMITED_SHARE 0.65

enum state {
  UNUSED, ON_ITS_WAY, LOST, ARRIVED,
};

struct sent {
  uint32_t us; /* low bits of when */
  uint16_t bytes;
  uint8_t probe;
  uint8_t state : 2, alone : 1;
};

struct oriel_estimate {
  struct sent sent[SENT_COUNT]; /* by number */
  uint64_t start_bps;           /* the first guess */
  uint16_t next;                /* number after the last that left */
  uint16_t told;                /* number after the last that feedback spoke of */
  bool begun, heard, reported;  /* a packet left; feedback came; a report's round trip did */
  bool draining;                /* after a cut: nothing is sent until our queue is gone */
  bool proving;                 /* the one before did not help: until all that left was told of, to see whose it is */
  uint64_t drain_ns;            /* when that began */
  int32_t reference;            /* of the last feedback, and what its 24 bits stand for */
  int64_t reference_whole;
  uint64_t sent_ns, heard_ns, waiting_ns; /* last packet, last feedback, first packet since that */
  uint64_t round_trip_ns, least_trip_ns;
  uint64_t window_ns, window_bytes, sent_bps; /* what leaves, over SENT_WINDOW_NS */
  enum oriel_trend_state trend_state;
  struct oriel_trend trend;
  struct oriel_path path;
  struct oriel_goodput goodput;
  struct oriel_control control;
  struct oriel_probes probes;
  struct oriel_rivalry rivalry;
  bool pausing; /* as it says */
};

/** Of a zeroed one. */
static void begin(struct oriel_estimate *estimate, uint64_t start_bps, uint64_t now_ns) {
  estimate->start_bps = start_bps;
  estimate->round_trip_ns = ROUND_TRIP_START_NS;
  estimate->least_trip_ns = UINT64_MAX;
  oriel_trend_init(&estimate->trend);
  oriel_control_init(&estimate->control, start_bps);
  oriel_probes_init(&estimate->probes, now_ns);
}

struct oriel_estimate *oriel_estimate_create(uint64_t start_bps, uint64_t now_ns) {
  struct oriel_estimate *estimate = calloc(1, sizeof *estimate);
  if (estimate)
    begin(estimate, start_bps, now_ns);
  return estimate;
}

void oriel_estimate_move(struct oriel_estimate *estimate, uint64_t now_ns) {
  const struct oriel_estimate before = *estimate;
  const uint64_t bps = before.control.bps < before.start_bps ? before.control.bps : before.start_bps;
  *estimate = (struct oriel_estimate){
    .begun = before.begun, .next = before.next, .told = before.next, /* nothing of the old way is waited for */
    .heard = before.heard, .reference = before.reference, .reference_whole = before.reference_whole, /* one clock */
    .sent_ns = now_ns, .heard_ns = now_ns, .waiting_ns = now_ns, .window_ns = now_ns};
  begin(estimate, bps, now_ns);
  estimate->start_bps = before.start_bps;
}

void oriel_estimate_destroy(struct oriel_estimate *estimate) {
  free(estimate);
}

/* Whether all that left was told of. */
static bool is_idle(const struct oriel_estimate *estimate) {
  return estimate->told == estimate->next;
}

static void count_sent(struct oriel_estimate *estimate, uint32_t bytes, uint64_t now_ns) {
  const uint64_t passed_ns = now_ns - estimate->window_ns;
  if (passed_ns >= SENT_WINDOW_NS) {
    estimate->sent_bps = estimate->window_bytes * 8 * 1000 / (passed_ns / ORIEL_NS_PER_MS);
    estimate->window_ns = now_ns;
    estimate->window_bytes = 0;
  }
  estimate->window_bytes += bytes;
}

void oriel_estimate_sent(struct oriel_estimate *estimate, uint16_t sequence, uint32_t bytes, unsigned probe,
                         uint64_t now_ns) {
  const uint64_t now_us = now_ns / ORIEL_NS_PER_US;
  if (!estimate->begun)
    estimate->told = estimate->next = sequence;
  if (is_idle(estimate))
    estimate->waiting_ns = now_ns;
  estimate->sent[sequence % SENT_COUNT] = (struct sent){
    .us = (uint32_t)now_us, .bytes = (uint16_t)bytes, .probe = (uint8_t)probe, .state = ON_ITS_WAY,
    .alone = is_idle(estimate),
  };
  estimate->begun = true;
  estimate->next = (uint16_t)(sequence + 1);
  estimate->sent_ns = now_ns;
  count_sent(estimate, bytes, now_ns);
  oriel_path_sent(&estimate->path, (int64_t)now_us, bytes, estimate->control.path_bps);
  oriel_probes_sent(&estimate->probes, probe, bytes, now_ns);
}

/* What left with this number, if that is remembered. */
static struct sent *find(struct oriel_estimate *estimate, uint16_t sequence) {
  struct sent *sent = &estimate->sent[sequence % SENT_COUNT];
  const uint16_t back = (uint16_t)(estimate->next - 1 - sequence);
  return back < SENT_COUNT && sent->state != UNUSED ? sent : NULL;
}

static int64_t sent_us(const struct sent *sent, uint64_t now_ns) {
  const uint64_t now_us = now_ns / ORIEL_NS_PER_US;
  return (int64_t)(now_us - (uint32_t)((uint32_t)now_us - sent->us));
}

/* Microseconds to add to a feedback's times, which wrap after twelve days. */
static int64_t unwrap(struct oriel_estimate *estimate, int32_t reference) {
  int32_t step = (int32_t)(((uint32_t)reference - (uint32_t)estimate->reference) & 0xffffff);
  step = step >= 0x800000 ? step - 0x1000000 : step;
  estimate->reference_whole += estimate->heard ? step : reference;
  estimate->reference = reference;
  return (estimate->reference_whole - reference) * 64000;
}

static bool was_cut_lately(const struct oriel_estimate *estimate, uint64_t now_ns, uint64_t within_ns) {
  return estimate->control.cut_ns && now_ns - estimate->control.cut_ns < within_ns;
}

/* The queue that is too long: twice the way of an empty path, and some packets where each takes long. */
static int64_t limit_us(const struct oriel_estimate *estimate) {
  const int64_t packets_us = (int64_t)(QUEUE_PACKETS_BITS * ORIEL_NS_PER_MS / estimate->control.path_bps);
  const int64_t twice_us = estimate->least_trip_ns == UINT64_MAX
                             ? QUEUE_MAX_US : (int64_t)(estimate->least_trip_ns / ORIEL_NS_PER_US);
  const int64_t least_us = packets_us < QUEUE_MIN_US ? QUEUE_MIN_US : packets_us;
  const int64_t limit = twice_us < least_us ? least_us : twice_us;
  return limit > QUEUE_MAX_US ? QUEUE_MAX_US : limit;
}

/* What one feedback brought. */
struct news {
  unsigned received, lost;
  bool too_long;              /* a queue */
  bool known;                 /* the next is */
  uint16_t last;              /* number of the last that arrived */
  int64_t last_sent_us;
};

static void take_arrival(struct oriel_estimate *estimate, struct sent *sent, const struct oriel_rtcp_arrival *arrival,
                         uint64_t now_ns, struct news *news) {
  const int64_t left_us = sent_us(sent, now_ns);
  news->received++;
  news->known = true;
  news->last = arrival->sequence;
  news->last_sent_us = left_us;
  sent->state = ARRIVED;
  news->too_long = oriel_path_arrived(&estimate->path, left_us, arrival->arrived_us, sent->alone, limit_us(estimate),
                                      estimate->rivalry.on ? RIVAL_MEMORY_US : MEMORY_US);
  oriel_rivalry_queue(&estimate->rivalry, estimate->path.queue_us + estimate->path.foreign_us);
  if (sent->alone)
    oriel_rivalry_alone(&estimate->rivalry, estimate->path.foreign_us, was_cut_lately(estimate, now_ns, YIELDED_NS),
                        now_ns);
  oriel_goodput_add(&estimate->goodput, left_us, arrival->arrived_us, sent->bytes);
  oriel_probes_arrived(&estimate->probes, sent->probe, sent->bytes, arrival->arrived_us);
  estimate->trend_state = oriel_trend_take(&estimate->trend, left_us, arrival->arrived_us);
}

static void take_all(struct oriel_estimate *estimate, struct oriel_rtcp_transport *feedback, uint64_t now_ns,
                     struct news *news) {
  const int64_t add_us = unwrap(estimate, feedback->reference);
  struct oriel_rtcp_arrival arrival;
  while (oriel_rtcp_transport_next(feedback, &arrival)) {
    struct sent *sent = find(estimate, arrival.sequence);
    if (!sent || sent->state == ARRIVED)
      continue;
    if ((uint16_t)(arrival.sequence - estimate->told) < (uint16_t)(estimate->next - estimate->told))
      estimate->told = (uint16_t)(arrival.sequence + 1);
    arrival.arrived_us += add_us;
    if (arrival.received) {
      take_arrival(estimate, sent, &arrival, now_ns, news);
    } else if (sent->state == ON_ITS_WAY) {
      sent->state = LOST;
      news->lost++;
    }
  }
}

/* Foresees the queue from the last arrival on. */
static void look_ahead(struct oriel_estimate *estimate, const struct news *news, uint64_t now_ns) {
  oriel_path_resume(&estimate->path, news->last_sent_us);
  for (uint16_t sequence = (uint16_t)(news->last + 1); sequence != estimate->next; sequence++) {
    const struct sent *sent = find(estimate, sequence);
    if (sent && sent->state == ON_ITS_WAY)
      oriel_path_sent(&estimate->path, sent_us(sent, now_ns), sent->bytes, estimate->control.path_bps);
  }
}

/* Feedback waits at the receiver until some more is to be told: `exact` ones, of reports, count rather. */
static void note_trip(struct oriel_estimate *estimate, uint64_t trip_ns, bool exact) {
  if (trip_ns > ROUND_TRIP_MAX_NS)
    return;
  if (exact || !estimate->reported)
    estimate->round_trip_ns = trip_ns;
  estimate->reported = estimate->reported || exact;
  if (trip_ns < estimate->least_trip_ns)
    estimate->least_trip_ns = trip_ns;
}

/* Delay says nothing of us now, unless it is beyond what anybody's queue should be. */
static void adapt_beside_rival(struct oriel_estimate *estimate, const struct news *news, uint64_t now_ns) {
  estimate->draining = false;
  oriel_probes_cancel(&estimate->probes, now_ns);
  estimate->trend_state = estimate->trend.state = ORIEL_TREND_NORMAL;
  if (estimate->path.queue_us > RIVAL_QUEUE_MAX_US)
    oriel_control_cut(&estimate->control, &estimate->goodput, ORIEL_NS_PER_SECOND, now_ns);
  else
    oriel_control_compete(&estimate->control, news->lost, now_ns);
}

static void begin_drain(struct oriel_estimate *estimate, bool again, uint64_t now_ns) {
  if (!estimate->draining)
    estimate->drain_ns = now_ns;
  estimate->draining = true;
  estimate->proving = again;
}

static bool is_drained(const struct oriel_estimate *estimate, uint64_t now_ns) {
  if (oriel_path_ahead_us(&estimate->path, (int64_t)(now_ns / ORIEL_NS_PER_US)) > DRAINED_US)
    return false;
  return !estimate->proving || is_idle(estimate) || now_ns - estimate->drain_ns > PROVING_MAX_NS;
}

static void adapt(struct oriel_estimate *estimate, const struct news *news, uint64_t now_ns) {
  struct oriel_control *control = &estimate->control;
  const uint64_t least_ns = estimate->least_trip_ns == UINT64_MAX ? 0 : estimate->least_trip_ns;
  const uint64_t pause_ns = least_ns + ROUND_TRIP_START_NS;
  const bool overuse = estimate->trend_state == ORIEL_TREND_OVERUSE;
  uint64_t probed_bps;
  if (estimate->rivalry.on) {
    adapt_beside_rival(estimate, news, now_ns);
  } else if (news->too_long || overuse) {
    oriel_probes_cancel(&estimate->probes, now_ns);
    const bool again = estimate->draining ? estimate->proving : was_cut_lately(estimate, now_ns, YIELDED_NS);
    if (oriel_control_cut(control, &estimate->goodput, pause_ns, now_ns) && news->too_long)
      begin_drain(estimate, again, now_ns);
    if (overuse)
      estimate->trend_state = estimate->trend.state = ORIEL_TREND_NORMAL;
  } else if (oriel_probes_result(&estimate->probes, now_ns, &probed_bps)) {
    oriel_control_raise(control, probed_bps);
  } else if (estimate->trend_state == ORIEL_TREND_NORMAL && !estimate->draining) {
    oriel_control_grow(control, &estimate->goodput, estimate->round_trip_ns, now_ns);
  } else {
    oriel_control_hold(control, now_ns);
  }
}

void oriel_estimate_feedback(struct oriel_estimate *estimate, struct oriel_rtcp_transport *feedback, uint64_t now_ns) {
  struct news news = {.received = 0};
  take_all(estimate, feedback, now_ns, &news);
  estimate->heard = true;
  if (!news.received && !news.lost)
    return;
  estimate->heard_ns = estimate->waiting_ns = now_ns;
  oriel_control_count(&estimate->control, news.received, news.lost, now_ns);
  if (!news.known)
    return;
  note_trip(estimate, now_ns - (uint64_t)news.last_sent_us * ORIEL_NS_PER_US, false);
  adapt(estimate, &news, now_ns);
  look_ahead(estimate, &news, now_ns);
  oriel_estimate_tick(estimate, now_ns);
}

void oriel_estimate_round_trip(struct oriel_estimate *estimate, uint64_t round_trip_ns) {
  note_trip(estimate, round_trip_ns, true);
}

void oriel_estimate_remb(struct oriel_estimate *estimate, uint64_t bps) {
  if (estimate->heard)
    return;
  oriel_control_init(&estimate->control, bps);
}

void oriel_estimate_tick(struct oriel_estimate *estimate, uint64_t now_ns) {
  uint64_t bps;
  if (oriel_probes_result(&estimate->probes, now_ns, &bps))
    oriel_control_raise(&estimate->control, bps);
  estimate->pausing = oriel_rivalry_pauses(&estimate->rivalry, is_idle(estimate), now_ns);
  if (estimate->draining && is_drained(estimate, now_ns))
    estimate->draining = false;
}

uint64_t oriel_estimate_bps(const struct oriel_estimate *estimate) {
  return estimate->control.bps;
}

uint64_t oriel_estimate_pacing_bps(const struct oriel_estimate *estimate) {
  const bool lately = was_cut_lately(estimate, estimate->sent_ns, LATELY_NS);
  return (uint64_t)((double)estimate->control.bps * (lately ? PACING_LATELY : PACING));
}

bool oriel_estimate_may_send(const struct oriel_estimate *estimate, uint64_t now_ns) {
  if (is_idle(estimate) || !estimate->heard)
    return true;
  if (now_ns - estimate->waiting_ns > SILENCE_NS)
    return now_ns - estimate->sent_ns >= SILENT_STEP_NS;
  if (estimate->pausing || estimate->rivalry.on)
    return !estimate->pausing;
  const int64_t ahead_us = oriel_path_ahead_us(&estimate->path, (int64_t)(now_ns / ORIEL_NS_PER_US));
  if (estimate->draining)
    return is_drained(estimate, now_ns);
  return ahead_us <= AHEAD_US || !was_cut_lately(estimate, now_ns, LATELY_NS);
}

bool oriel_estimate_wants_probe(struct oriel_estimate *estimate, uint64_t wanted_bps, uint64_t now_ns,
                                struct oriel_estimate_probe *probe) {
  const struct oriel_control *control = &estimate->control;
  const uint64_t useful_bps = wanted_bps ? wanted_bps * USEFUL : ORIEL_CONTROL_MAX_BPS;
  const struct oriel_probe_need need = {
    .bps = control->bps,
    .max_bps = useful_bps < ORIEL_CONTROL_MAX_BPS ? useful_bps : ORIEL_CONTROL_MAX_BPS,
    .congested = estimate->draining || estimate->rivalry.on || estimate->path.over ||
                 was_cut_lately(estimate, now_ns, PROBE_PAUSE_NS),
    .limited = (double)estimate->sent_bps < LIMITED_SHARE * (double)control->bps,
    .recovering = oriel_control_recovering(control, now_ns),
  };
  return oriel_probes_begin(&estimate->probes, &need, now_ns, probe);
}

uint64_t oriel_estimate_queue_ns(const struct oriel_estimate *estimate) {
  const int64_t queue_us = estimate->path.queue_us + estimate->path.foreign_us;
  return queue_us > 0 ? (uint64_t)queue_us * ORIEL_NS_PER_US : 0;
}

uint64_t oriel_estimate_round_trip_ns(const struct oriel_estimate *estimate) {
  return estimate->round_trip_ns;
}
