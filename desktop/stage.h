/* SPDX-License-Identifier: MIT
 *
 * Stages of a picture's and of a packet of sound's way, and how long each took.
 *
 * Thread-safety: of plain histograms, whoever owns them; struct oriel_stages has a lock of its own, a leaf.
 */
#ifndef ORIEL_DESKTOP_STAGE_H
#define ORIEL_DESKTOP_STAGE_H

#include <pthread.h>
#include <stdint.h>

#include "core/histogram.h"
#include "core/packet.h"

/** Stages of one picture's way, in order; X(NAME, name as it is told). */
#define ORIEL_STAGE_LIST(X) \
  X(CAPTURE, "capture") /* damage arrived -> media thread took it */ \
  X(CONVERT, "convert") /* -> pixels converted */ \
  X(ENCODE, "encode")   /* -> bytes ready */ \
  X(QUEUE, "queue")     /* -> taken from the mailbox */ \
  X(SEND, "send")       /* -> whole in the kernel */ \
  X(WIRE, "wire")       /* -> whole in the page */ \
  X(DECODE, "decode")   /* -> decoded */ \
  X(PAINT, "paint")     /* -> on the screen's next frame */ \
  X(TOTAL, "total")     /* capture -> paint */
enum oriel_stage {
#define X(name, text) ORIEL_STAGE_##name,
  ORIEL_STAGE_LIST(X)
#undef X
  ORIEL_STAGES,
};

/** Stages of a packet of sound on this host; likewise. */
#define ORIEL_SOUND_STAGE_LIST(X) \
  X(HOST, "host")   /* captured by, or arrived at, this host -> bytes ready for viewers */ \
  X(QUEUE, "queue") /* -> taken from a mailbox */
enum oriel_sound_stage {
#define X(name, text) ORIEL_SOUND_STAGE_##name,
  ORIEL_SOUND_STAGE_LIST(X)
#undef X
  ORIEL_SOUND_STAGES,
};

/** Adds end - start to a stage; a difference that clock mapping explains (up to 5 ms before) counts as 0, absurd ones
 *  (over a minute, or a time of 0) are left out. */
void oriel_stage_add(struct oriel_histogram *stages, enum oriel_stage stage, uint64_t start_ns, uint64_t end_ns);

/** Adds to a stage of sound as oriel_stage_add does. */
void oriel_sound_stage_add(struct oriel_histogram *stages, enum oriel_sound_stage stage, uint64_t start_ns,
                           uint64_t end_ns);

/* ---- of a desktop's pictures ---- */

struct oriel_stages {
  pthread_mutex_t lock; /* guards the rest */
  struct oriel_histogram histograms[ORIEL_STAGES];
};

/** 0, -ENOMEM. */
int oriel_stages_init(struct oriel_stages *stages);
void oriel_stages_finish(struct oriel_stages *stages);
void oriel_stages_add(struct oriel_stages *stages, enum oriel_stage stage, uint64_t start_ns, uint64_t end_ns);
/** A picture was made: capture, convert, encode; of a sharpening pass none counts. */
void oriel_stages_made(struct oriel_stages *stages, const struct oriel_packet *packet);
/** A copy of the histograms, to be sorted outside the lock. */
void oriel_stages_copy(struct oriel_stages *stages, struct oriel_histogram copy[ORIEL_STAGES]);

#endif
