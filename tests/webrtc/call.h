/* SPDX-License-Identifier: MIT
 *
 * A viewer behind a simulated link, in virtual time: pictures at the estimate's rate, a pacer, feedback as a browser
 * sends it, lost packets sent again. For tests. One thread.
 */
#ifndef ORIEL_TESTS_WEBRTC_CALL_H
#define ORIEL_TESTS_WEBRTC_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link.h"
#include "rival.h"
#include "webrtc/estimate.h"
#include "webrtc/pacer.h"

enum {
  CALL_PACKETS = 1 << 16, /* by transport-wide number, of which none is used twice within a second */
  CALL_PICTURES = 1 << 14,
  CALL_AGAIN = 4096,
  PACKET_BYTES = 1200,
  CALL_FLOWS = 8, /* on one link */
};

struct call_picture {
  uint64_t captured_ns, arrived_ns; /* arrived: the last of its packets; 0 = not yet */
  uint32_t packets, got;
};

struct call {
  struct link link;       /* of the first of the calls on it */
  struct rival rival;     /* likewise; not running at first */
  struct call *first, *flows[CALL_FLOWS]; /* flows: of the first, itself among them */
  unsigned flow, flow_count;
  struct oriel_estimate *estimate;
  struct oriel_pacer pacer;
  /* What the test wants. */
  uint64_t wanted_bps;    /* pictures of a moving screen; 0 = static */
  uint64_t frame_ns;
  uint64_t feedback_ns;
  uint64_t apart_ns;      /* its way is longer than the link by so much, each way */
  bool silent;            /* no feedback gets through */
  double key_factor;      /* the next picture is so much larger, once; 0 = not */
  /* Inside. */
  uint64_t now_ns, next_picture_ns, next_feedback_ns;
  uint16_t sequence;      /* transport-wide */
  uint32_t picture, waiting; /* packets of it that wait */
  double carry_bytes;        /* packets are of one size: what is less than one */
  struct oriel_estimate_probe probe;
  uint32_t probe_left;
  uint64_t probe_free_ns;
  struct {
    uint32_t picture; /* UINT32_MAX: a probe's old one */
    int64_t arrived_us;
  } packets[CALL_PACKETS];
  struct call_picture pictures[CALL_PICTURES];
  struct {
    uint64_t at_ns;
    uint32_t picture;
  } again[CALL_AGAIN];
  unsigned again_first, again_count;
  uint16_t feedback_from, feedback_to; /* what the receiver saw and did not tell yet */
  uint8_t feedback_number;
  struct {
    uint64_t at_ns;
    size_t size;
    uint8_t data[4096];
  } reports[64];
  unsigned report_first, report_count;
  uint32_t newest;        /* complete picture with all before it complete */
  uint64_t sent_bytes;
};

/** A call over a link of this rate. Ended by call_end. */
struct call *call_start(uint64_t rate_bps, uint64_t start_bps, uint32_t seed);
/** One more over the link of `first`, with which it runs and ends; at most CALL_FLOWS. */
struct call *call_join(struct call *first, uint64_t start_bps, uint32_t seed);
void call_end(struct call *call);
/** Half a millisecond passes for all on the link; this and the next but one take the first of them. */
void call_step(struct call *call);
/** How old the newest picture that can be shown is, ns. */
uint64_t call_behind_ns(const struct call *call);
/** Steps through so many ms. */
void call_run(struct call *call, unsigned ms);

#endif
