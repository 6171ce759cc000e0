/* SPDX-License-Identifier: MIT
 *
 * How much the path to one viewer carries, from transport-wide feedback: the trend of delay (GCC,
 * draft-ietf-rmcat-gcc-02, with libwebrtc's constants), the delay itself for traffic that follows damage, loss, and
 * probes. docs/webrtc.md says how they come together. Private to webrtc/.
 *
 * Thread-safety: none; one owner. Allocates once, when created.
 */
#ifndef ORIEL_WEBRTC_ESTIMATE_H
#define ORIEL_WEBRTC_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

#include "webrtc/estimate_probe.h"

struct oriel_estimate;
struct oriel_rtcp_transport;

/** `start_bps`: the first guess. NULL when memory is short. */
struct oriel_estimate *oriel_estimate_create(uint64_t start_bps, uint64_t now_ns);
/** NULL is fine. */
void oriel_estimate_destroy(struct oriel_estimate *estimate);

/** A packet of `bytes` leaves, with `sequence` as its transport-wide number; numbers follow each other. `probe`: the
 *  series it is part of, 0 = none. */
void oriel_estimate_sent(struct oriel_estimate *estimate, uint16_t sequence, uint32_t bytes, unsigned probe,
                         uint64_t now_ns);
/** Takes a whole feedback, which is read to its end. Packets that were never sent, or were told of before, are passed
 *  over, so that repeated and forged ones change nothing. */
void oriel_estimate_feedback(struct oriel_estimate *estimate, struct oriel_rtcp_transport *feedback, uint64_t now_ns);
/** A round trip was measured by reports. */
void oriel_estimate_round_trip(struct oriel_estimate *estimate, uint64_t round_trip_ns);
/** The receiver's own guess (REMB): an upper bound, while there is no transport-wide feedback. */
void oriel_estimate_remb(struct oriel_estimate *estimate, uint64_t bps);
/** What leaves from now on takes another way: what is on its way is neither waited for nor counted as lost, delays are
 *  learned anew, and the rate is that of before, but no more than the first guess, until probes tell. */
void oriel_estimate_move(struct oriel_estimate *estimate, uint64_t now_ns);
/** Time passes; also without feedback. To be called at least every 100 ms while packets are on their way. */
void oriel_estimate_tick(struct oriel_estimate *estimate, uint64_t now_ns);

/** Bits a second that media may be coded at. */
uint64_t oriel_estimate_bps(const struct oriel_estimate *estimate);
/** Bits a second to be paced at. */
uint64_t oriel_estimate_pacing_bps(const struct oriel_estimate *estimate);
/** Whether a packet more may be on its way. False while a queue that we made drains: what is sent now would only wait
 *  in it. Sound and probes need not ask. */
bool oriel_estimate_may_send(const struct oriel_estimate *estimate, uint64_t now_ns);
/** True, and `probe` filled, when a series is to begin now. It counts as begun; the next one is not given before this
 *  one was sent or given up. To be asked while media flow; `wanted_bps`: what they could use, 0 = unknown. */
bool oriel_estimate_wants_probe(struct oriel_estimate *estimate, uint64_t wanted_bps, uint64_t now_ns,
                                struct oriel_estimate_probe *probe);
/** How much longer than at its best the way takes at present, ns. */
uint64_t oriel_estimate_queue_ns(const struct oriel_estimate *estimate);
/** The last round trip, of reports or, before there is any, of feedback; 100 ms before that, ns. */
uint64_t oriel_estimate_round_trip_ns(const struct oriel_estimate *estimate);

#endif
