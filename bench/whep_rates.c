/* SPDX-License-Identifier: MIT
 *
 * How the estimate of a WHEP client's way follows what it carries: the table of goals in virtual time, on a simulated
 * link of 40 ms round trip with a queue of 250 KB, from twenty seeds a row; and the cases of RFC 8867 that apply.
 * Virtual milliseconds do not depend on the machine. One thread.
 */
#include <math.h>
#include <stdint.h>

#include "bench/series.h"
#include "core/clock.h"
#include "tests/webrtc/call.h"

#define MS ORIEL_NS_PER_MS
enum { SEEDS = 20, START_BPS = 3000000, SETTLE_MS = 15000, FALL_MS = 10000, NEVER_MS = 60000 };

static double share_of(uint64_t part, uint64_t whole) {
  return whole ? (double)part / (double)whole : 0;
}

/* ---- capacity that falls ---- */

struct fall_rows {
  struct series cut, behind, worst, queue;
};

static void fall(struct fall_rows *rows, uint64_t from_bps, uint64_t to_bps, uint32_t seed) {
  struct call *call = call_start(from_bps, START_BPS, seed);
  unsigned cut_ms = 0, behind_ms = 0;
  uint64_t queue_ms = 0;
  call_run(call, SETTLE_MS);
  const uint64_t before_bps = oriel_estimate_bps(call->estimate);
  call->link.rate_bps = to_bps;
  for (unsigned ms = 1; ms <= FALL_MS; ms++) {
    call_run(call, 1);
    if (!cut_ms && oriel_estimate_bps(call->estimate) < before_bps * 9 / 10)
      cut_ms = ms;
    if (call_behind_ns(call) > 150 * MS + call->link.delay_ns)
      behind_ms = ms;
    if (ms > 1500 && link_queue_ns(&call->link) / MS > queue_ms)
      queue_ms = link_queue_ns(&call->link) / MS;
  }
  call_end(call);
  series_add(&rows->cut, cut_ms ? cut_ms : NEVER_MS);
  series_add(&rows->behind, behind_ms);
  series_add(&rows->worst, behind_ms);
  series_add(&rows->queue, (double)queue_ms);
}

static void falls(void) {
  static struct fall_rows most = {
    .cut = {.name = "20 to 1.5 Mbit/s: first cut", .unit = "ms", .target = "<= 250", .limit = 250, .judge = SERIES_P99_MOST},
    .behind = {.name = "20 to 1.5 Mbit/s: pictures timely again", .unit = "ms", .target = "<= 2000", .limit = 2000},
    .worst = {.name = "  the worst", .unit = "ms", .target = "<= 3000", .limit = 3000, .judge = SERIES_P99_MOST},
    .queue = {.name = "  longest queue after 1.5 s", .unit = "ms"},
  }, half = {
    .cut = {.name = "10 to 4 Mbit/s: first cut", .unit = "ms", .target = "<= 250", .limit = 250, .judge = SERIES_P99_MOST},
    .behind = {.name = "10 to 4 Mbit/s: pictures timely again", .unit = "ms"},
    .worst = {.name = "  the worst", .unit = "ms", .target = "<= 1000", .limit = 1000, .judge = SERIES_P99_MOST},
    .queue = {.name = "  longest queue after 1.5 s", .unit = "ms"},
  }, tenth = {
    .cut = {.name = "5 to 0.5 Mbit/s: first cut", .unit = "ms", .target = "<= 250", .limit = 250, .judge = SERIES_P99_MOST},
    .behind = {.name = "5 to 0.5 Mbit/s: pictures timely again", .unit = "ms"},
    .worst = {.name = "  the worst", .unit = "ms"},
    .queue = {.name = "  longest queue after 1.5 s", .unit = "ms", .target = "<= 400", .limit = 400, .judge = SERIES_P99_MOST},
  };
  struct fall_rows *const rows[] = {&most, &half, &tenth};
  static const uint64_t ways[][2] = {{20000000, 1500000}, {10000000, 4000000}, {5000000, 500000}};
  for (unsigned way = 0; way < 3; way++) {
    for (uint32_t seed = 1; seed <= SEEDS; seed++)
      fall(rows[way], ways[way][0], ways[way][1], seed);
    series_report(&rows[way]->cut);
    series_report(&rows[way]->behind);
    series_report(&rows[way]->worst);
    series_report(&rows[way]->queue);
  }
}

/* ---- capacity that is found ---- */

static unsigned reach(struct call *call, uint64_t bps) {
  unsigned ms = 0;
  while (ms < NEVER_MS && oriel_estimate_bps(call->estimate) < bps) {
    call_run(call, 1);
    ms++;
  }
  return ms;
}

static void restore(struct series *row, uint64_t from_bps, uint64_t to_bps, bool still) {
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct call *call = call_start(from_bps, START_BPS, seed);
    call_run(call, 10000);
    call->link.rate_bps = to_bps;
    call_run(call, 15000 + seed * 377);
    call->link.rate_bps = from_bps;
    call->wanted_bps = still ? 200000 : call->wanted_bps;
    series_add(row, reach(call, from_bps * 9 / 10));
    call_end(call);
  }
  series_report(row);
}

static void starts(void) {
  static struct series most = {.name = "1.5 to 20 Mbit/s restored: 90 % found", .unit = "ms", .target = "<= 5000",
                               .limit = 5000, .judge = SERIES_P99_MOST},
    tenth = {.name = "0.5 to 5 Mbit/s restored: 90 % found", .unit = "ms", .target = "<= 5000", .limit = 5000,
             .judge = SERIES_P99_MOST},
    still = {.name = "4 to 10 Mbit/s restored, small changes only: 90 % found", .unit = "ms", .target = "<= 10000",
             .limit = 10000, .judge = SERIES_P99_MOST},
    cold = {.name = "cold start on 20 Mbit/s: 5 Mbit/s found", .unit = "ms", .target = "<= 1000", .limit = 1000,
            .judge = SERIES_P99_MOST};
  restore(&most, 20000000, 1500000, false);
  restore(&tenth, 5000000, 500000, false);
  restore(&still, 10000000, 4000000, true);
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct call *call = call_start(20000000, 1000000, seed);
    call->key_factor = 6;
    series_add(&cold, reach(call, 5000000));
    call_end(call);
  }
  series_report(&cold);
}

/* ---- loss, and a still screen ---- */

static void lose(struct series *gaps, struct series *rates, double loss) {
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct call *call = call_start(6000000, START_BPS, seed);
    uint64_t least_bps = UINT64_MAX, shown_ns, gap_ns = 0;
    call->wanted_bps = 4800000;
    call_run(call, 5000);
    call->link.loss = loss;
    uint32_t newest = call->newest;
    shown_ns = call->now_ns;
    for (unsigned ms = 0; ms < 60000; ms++) {
      call_run(call, 1);
      const uint64_t bps = oriel_estimate_bps(call->estimate);
      least_bps = bps < least_bps ? bps : least_bps;
      gap_ns = call->now_ns - shown_ns > gap_ns ? call->now_ns - shown_ns : gap_ns;
      if (call->newest != newest) {
        newest = call->newest;
        shown_ns = call->now_ns;
      }
    }
    series_add(gaps, (double)gap_ns / MS);
    series_add(rates, 100 * share_of(least_bps, call->wanted_bps));
    call_end(call);
  }
  series_report(gaps);
  series_report(rates);
}

static void losses(void) {
  static struct series gap2 = {.name = "2 % random loss, 60 s: longest gap between pictures", .unit = "ms",
                               .target = "<= 150", .limit = 150, .judge = SERIES_P99_MOST},
    rate2 = {.name = "  the estimate at its least, of what is wanted", .unit = "%", .target = ">= 80", .limit = 80,
             .judge = SERIES_MEDIAN_LEAST},
    gap5 = {.name = "5 % random loss, 60 s: longest gap between pictures", .unit = "ms", .target = "<= 250",
            .limit = 250, .judge = SERIES_P99_MOST},
    rate5 = {.name = "  the estimate at its least, of what is wanted", .unit = "%", .target = ">= 80", .limit = 80,
             .judge = SERIES_MEDIAN_LEAST};
  lose(&gap2, &rate2, 0.02);
  lose(&gap5, &rate5, 0.05);
}

static void still_minute(void) {
  static struct series row = {.name = "a still minute, then motion: off from what the way carries", .unit = "%",
                              .target = "<= 50", .limit = 50, .judge = SERIES_P99_MOST};
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct call *call = call_start(8000000, START_BPS, seed);
    call_run(call, 10000);
    call->wanted_bps = 0;
    call_run(call, 60000);
    const double off = 100 * share_of(oriel_estimate_bps(call->estimate), call->link.rate_bps) - 100;
    series_add(&row, off < 0 ? -off : off);
    call_end(call);
  }
  series_report(&row);
}

/* ---- beside others ---- */

/* How far ours is from the middle of 0.3 to 0.7 of what two equal flows would get, over 20 s after the first 20. */
static void beside(struct series *row, enum rival_kind kind, uint64_t rate_bps) {
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct call *call = call_start(rate_bps, START_BPS, seed);
    call_run(call, 10000);
    rival_start(&call->rival, kind);
    call_run(call, 20000);
    const uint64_t ours = call->sent_bytes, theirs = call->rival.arrived_bytes;
    call_run(call, 20000);
    const uint64_t mine = call->sent_bytes - ours;
    series_add(row, fabs(2 * share_of(mine, mine + call->rival.arrived_bytes - theirs) - 0.5));
    call_end(call);
  }
  series_report(row);
}

static void rivals(void) {
  static struct series rows[] = {
    {.name = "beside a flow of Reno at 4 Mbit/s: fair share off 0.5", .unit = "", .target = "<= 0.2", .limit = 0.2, .judge = SERIES_P99_MOST},
    {.name = "beside a flow of Reno at 10 Mbit/s: fair share off 0.5", .unit = "", .target = "<= 0.2", .limit = 0.2, .judge = SERIES_P99_MOST},
    {.name = "beside a flow of CUBIC at 4 Mbit/s: fair share off 0.5", .unit = "", .target = "<= 0.2", .limit = 0.2, .judge = SERIES_P99_MOST},
    {.name = "beside a flow of CUBIC at 10 Mbit/s: fair share off 0.5", .unit = "", .target = "<= 0.2", .limit = 0.2, .judge = SERIES_P99_MOST},
  };
  beside(&rows[0], RIVAL_RENO, 4000000);
  beside(&rows[1], RIVAL_RENO, 10000000);
  beside(&rows[2], RIVAL_CUBIC, 4000000);
  beside(&rows[3], RIVAL_CUBIC, 10000000);
}

/* ---- RFC 8867 ---- */

/* 5.1: one flow, and a way that carries 1, 2.5, 0.6 and 1 Mbit/s in turn. */
static void variable_capacity(void) {
  static const struct {
    unsigned from_ms;
    uint64_t bps;
  } steps[] = {{0, 1000000}, {40000, 2500000}, {60000, 600000}, {80000, 1000000}, {100000, 0}};
  static struct series used = {.name = "RFC 8867 5.1, variable capacity: used", .unit = "%"},
    queue = {.name = "  queue, 95 % of the time at most", .unit = "ms"};
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct call *call = call_start(steps[0].bps, 300000, seed);
    uint64_t carried = 0;
    unsigned hist[1000] = {0}, total = 0, ms95 = 0;
    for (unsigned step = 0; steps[step].bps; step++) {
      call->link.rate_bps = steps[step].bps;
      const unsigned span_ms = steps[step + 1].from_ms - steps[step].from_ms;
      carried += steps[step].bps / 8 * span_ms / 1000;
      for (unsigned ms = 0; ms < span_ms; ms++) {
        call_run(call, 1);
        const uint64_t now_ms = link_queue_ns(&call->link) / MS;
        hist[now_ms < 999 ? now_ms : 999]++;
        total++;
      }
    }
    for (unsigned seen = 0; ms95 < 999 && (seen += hist[ms95]) * 100 < total * 95; ms95++)
      ;
    series_add(&used, 100 * share_of(call->sent_bytes, carried));
    series_add(&queue, ms95);
    call_end(call);
  }
  series_report(&used);
  series_report(&queue);
}

/* Jain's index of what each flow sent since `before`. */
static double fairness(struct call *const *flows, unsigned count, const uint64_t *before) {
  double sum = 0, squares = 0;
  for (unsigned i = 0; i < count; i++) {
    const double sent = (double)(flows[i]->sent_bytes - before[i]);
    sum += sent;
    squares += sent * sent;
  }
  return squares > 0 ? sum * sum / (count * squares) : 0;
}

/* 5.4 and 5.5: flows begin 20 s apart; the last 40 s are looked at. `apart_ns`: of their ways, each way. */
static void several(struct series *fair, struct series *used, unsigned count, uint64_t rate_bps, const uint64_t *apart_ns) {
  for (uint32_t seed = 1; seed <= 5; seed++) {
    struct call *flows[CALL_FLOWS];
    uint64_t before[CALL_FLOWS], sent = 0;
    flows[0] = call_start(rate_bps, 300000, seed);
    flows[0]->apart_ns = apart_ns ? apart_ns[0] : 0;
    for (unsigned i = 1; i < count; i++) {
      call_run(flows[0], 20000);
      flows[i] = call_join(flows[0], 300000, seed + 10 * i);
      flows[i]->apart_ns = apart_ns ? apart_ns[i] : 0;
    }
    call_run(flows[0], 20000);
    for (unsigned i = 0; i < count; i++)
      before[i] = flows[i]->sent_bytes;
    call_run(flows[0], 40000);
    for (unsigned i = 0; i < count; i++)
      sent += flows[i]->sent_bytes - before[i];
    series_add(fair, fairness(flows, count, before));
    series_add(used, 100 * share_of(sent, rate_bps / 8 * 40));
    call_end(flows[0]);
  }
  series_report(fair);
  series_report(used);
}

/* 5.8: one of three pauses for 20 s, and then is to get its part again. */
static void pause_media(void) {
  static struct series row = {.name = "RFC 8867 5.8, one of three pauses 20 s: fair again, Jain's index", .unit = ""};
  for (uint32_t seed = 1; seed <= 5; seed++) {
    struct call *flows[3];
    uint64_t before[3];
    flows[0] = call_start(3500000, 300000, seed);
    flows[1] = call_join(flows[0], 300000, seed + 10);
    flows[2] = call_join(flows[0], 300000, seed + 20);
    call_run(flows[0], 40000);
    const uint64_t wanted_bps = flows[1]->wanted_bps;
    flows[1]->wanted_bps = 0;
    call_run(flows[0], 20000);
    flows[1]->wanted_bps = wanted_bps;
    call_run(flows[0], 20000);
    for (unsigned i = 0; i < 3; i++)
      before[i] = flows[i]->sent_bytes;
    call_run(flows[0], 40000);
    series_add(&row, fairness(flows, 3, before));
    call_end(flows[0]);
  }
  series_report(&row);
}

static void rfc8867(void) {
  static const uint64_t apart_ns[] = {0, 12 * MS, 25 * MS, 50 * MS, 70 * MS};
  static struct series fair = {.name = "RFC 8867 5.4, three flows on 3.5 Mbit/s: Jain's index", .unit = ""},
    used = {.name = "  used", .unit = "%"},
    unfair = {.name = "RFC 8867 5.5, five flows, 40 to 180 ms, on 4 Mbit/s: Jain's index", .unit = ""},
    used5 = {.name = "  used", .unit = "%"};
  variable_capacity();
  several(&fair, &used, 3, 3500000, NULL);
  several(&unfair, &used5, 5, 4000000, apart_ns);
  pause_media();
}

int main(int argc, char **argv) {
  series_options(argc, argv);
  falls();
  starts();
  losses();
  still_minute();
  rivals();
  rfc8867();
  series_end();
  return 0;
}
