/* SPDX-License-Identifier: MIT
 *
 * The receiving end of sound: packets go in as they arrive, frames come out at the pace of another clock. Inside:
 * Opus or PCM decoding, a jitter buffer whose target follows the measured jitter, a delay-locked loop over both
 * clocks with a slow control of the resampling ratio (within +-0.5 %, dead band, slew limit), concealment (Opus' own,
 * in-band FEC where the next packet has it), trimming of backlog to the target, fades at every seam. One
 * implementation for host, agent and driver (lessons 24, 27).
 *
 * Thread-safety: push, reset, idle and learn from one thread (network), pull from one other (data thread: no lock, no
 * allocation, no system call, no log); stats from any thread.
 */
#ifndef ORIEL_MEDIA_RECEIVER_H
#define ORIEL_MEDIA_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/receiver_config.h"

struct oriel_receiver;

/** 0, -EINVAL, -ENOMEM. */
int oriel_receiver_create(const struct oriel_receiver_config *config, struct oriel_receiver **receiver);
void oriel_receiver_destroy(struct oriel_receiver *receiver);

/** A packet of 1..1500 bytes arrived. `sequence` counts packets where the transport knows it; pass the last one plus
 *  one where it does not. 0; -EBADMSG: no Opus packet, or no whole number of frames: it is counted and concealed, the
 *  stream may go on. */
int oriel_receiver_push(struct oriel_receiver *receiver, const void *packet, size_t size, uint64_t sequence,
                        uint64_t arrived_ns);
/** Largest magnitude in the packet pushed last, 0 for silence. The thread that pushes. */
float oriel_receiver_pushed_peak(const struct oriel_receiver *receiver);
/** A new stream (reconnection, another source): what is buffered fades out within 5 ms, the next packet starts
 *  afresh. */
void oriel_receiver_reset(struct oriel_receiver *receiver);
/** The same where the stream goes on later: an Opus decoder keeps what it knows, without which the packets of a sender
 *  that has not begun anew are far too loud for some 60 ms. */
void oriel_receiver_idle(struct oriel_receiver *receiver);
/** Lets a decoder that is idle know of a packet that another one played. */
void oriel_receiver_learn(struct oriel_receiver *receiver, const void *packet, size_t size);

/** Fills `count` (1..8192) interleaved frames: sound, concealment or silence; never fails. `now_ns` is when the first
 *  of them is due at the consumer's clock. Returns how many frames were real sound. Data thread. */
size_t oriel_receiver_pull(struct oriel_receiver *receiver, float *frames, size_t count, uint64_t now_ns);

struct oriel_receiver_stats {
  uint64_t packets, bad_packets, lost_packets, recovered_packets; /* recovered by FEC */
  uint64_t concealed_frames, silent_frames, trimmed_frames;
  uint64_t underruns;      /* episodes, not frames */
  uint32_t target_us, level_us, jitter_us;
  double drift_ppm;        /* the sender's clock against ours, positive = it is faster */
  double ratio;            /* resampling now in use, 1 = none */
  bool locked;             /* the loop has settled */
  uint64_t last_packet_ns; /* 0 = never: tells "never started" from "starved" (lesson 23) */
};
void oriel_receiver_stats(const struct oriel_receiver *receiver, struct oriel_receiver_stats *stats);

#endif
