/* SPDX-License-Identifier: MIT
 *
 * The receiver's parts: what the network thread owns, what the data thread owns, and what they share.
 *
 * Thread-safety: as the comments of the fields say.
 */
#ifndef ORIEL_MEDIA_RECEIVER_IMPL_H
#define ORIEL_MEDIA_RECEIVER_IMPL_H

#include <stdatomic.h>
#include <string.h>

#include "media/receiver_clock.h"
#include "media/receiver_conceal.h"
#include "media/receiver_config.h"
#include "media/receiver_control.h"
#include "media/receiver_decode.h"
#include "media/receiver_peak.h"
#include "media/receiver_resampler.h"
#include "media/receiver_ring.h"

enum receiver_counter {
  RECEIVER_PACKETS, RECEIVER_BAD, RECEIVER_LOST, RECEIVER_RECOVERED, RECEIVER_OVERFLOWN, /* the network thread counts */
  RECEIVER_LAST_NS, RECEIVER_JITTER_NS,
  RECEIVER_CONCEALED, RECEIVER_SILENT, RECEIVER_TRIMMED, RECEIVER_UNDERRUNS, /* the data thread counts */
  RECEIVER_TARGET_US, RECEIVER_LEVEL_US, RECEIVER_DRIFT, RECEIVER_RATIO, RECEIVER_LOCKED,
  RECEIVER_COUNTERS,
};

/* The network thread's. */
struct receiver_in {
  struct receiver_decode decode;
  struct receiver_clock clock;        /* of the sender: frames sent, made-up ones too, against arrival */
  struct receiver_peak late, packets; /* ns of lateness; frames of a packet */
  double held_ns;                     /* lateness of the last packets that may yet prove to be a pause */
  uint64_t sent;                      /* frames of the sender so far */
  uint64_t base;                      /* position in the ring where this stream begins */
  uint64_t next_sequence, last_ns, underruns;
  float peak;                         /* of the packet pushed last */
  bool started;
};

enum receiver_state {
  RECEIVER_WAITING,    /* silence, until the target's worth is there */
  RECEIVER_PLAYING,
  RECEIVER_CONCEALING, /* ran dry a moment ago */
};

/* The data thread's. */
struct receiver_out {
  enum receiver_state state;
  struct receiver_clock clock; /* of the consumer: frames pulled against the time they are due */
  struct receiver_resampler resampler;
  struct receiver_control control;
  struct receiver_conceal conceal;
  struct receiver_peak pulls, owed; /* frames of a pull; frames by which the ring fell short of the sender's clock */
  double owed_now, owed_before;     /* most of this and the last quarter second, not yet believed */
  double owed_always;               /* the lesser of the last two that are: how far ahead the consumer asks */
  double spare_now, spare_before;   /* least frames left over by a pull, of this and the last eighth of a second */
  uint64_t quarter_ns, eighth_ns, last_ns, pulled, base, limit;
  uint64_t dry_ns;                  /* when it last ran dry or was stopped; 0 = never */
  uint32_t shifts;
  double target;                    /* frames */
  float *tail;                      /* what the sound before a seam would have gone on like; owned */
  size_t tail_frames, tail_at;
};

struct oriel_receiver {
  struct oriel_receiver_config config;
  struct receiver_ring ring;
  struct receiver_in in;
  struct receiver_out out;
  /* One writer each, read by stats: relaxed, nothing else hangs on them. */
  atomic_uint_least64_t counters[RECEIVER_COUNTERS];
};

static inline void receiver_set(struct oriel_receiver *receiver, enum receiver_counter which, uint64_t value) {
  atomic_store_explicit(&receiver->counters[which], value, memory_order_relaxed);
}

static inline uint64_t receiver_get(const struct oriel_receiver *receiver, enum receiver_counter which) {
  return atomic_load_explicit(&receiver->counters[which], memory_order_relaxed);
}

static inline void receiver_count(struct oriel_receiver *receiver, enum receiver_counter which, uint64_t more) {
  receiver_set(receiver, which, receiver_get(receiver, which) + more);
}

static inline void receiver_set_double(struct oriel_receiver *receiver, enum receiver_counter which, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  receiver_set(receiver, which, bits);
}

#endif
