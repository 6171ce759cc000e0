/* SPDX-License-Identifier: MIT
 *
 * Stages of a picture's and of a packet of sound's way, and how long each took.
 *
 * Thread-safety: whoever owns the histograms.
 */
#ifndef ORIEL_DESKTOP_STAGE_H
#define ORIEL_DESKTOP_STAGE_H

#include <stdint.h>

#include "core/histogram.h"

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

void oriel_sound_stage_add(struct oriel_histogram *stages, enum oriel_sound_stage stage, uint64_t start_ns,
                           uint64_t end_ns);

#endif
