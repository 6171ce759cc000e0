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

/** Stages of one picture's way, in order. */
enum oriel_stage {
  ORIEL_STAGE_CAPTURE, /* damage arrived -> media thread took it */
  ORIEL_STAGE_CONVERT, /* -> pixels converted */
  ORIEL_STAGE_ENCODE,  /* -> bytes ready */
  ORIEL_STAGE_QUEUE,   /* -> taken from the mailbox */
  ORIEL_STAGE_SEND,    /* -> whole in the kernel */
  ORIEL_STAGE_WIRE,    /* -> whole in the page */
  ORIEL_STAGE_DECODE,  /* -> decoded */
  ORIEL_STAGE_PAINT,   /* -> on the screen's next frame */
  ORIEL_STAGE_TOTAL,   /* capture -> paint */
  ORIEL_STAGES,
};
/** "capture" ... "total"; static. */
const char *oriel_stage_name(enum oriel_stage stage);

/** Stages of a packet of sound on this host. */
enum oriel_sound_stage {
  ORIEL_SOUND_STAGE_HOST,  /* captured by, or arrived at, this host -> bytes ready for viewers */
  ORIEL_SOUND_STAGE_QUEUE, /* -> taken from a mailbox */
  ORIEL_SOUND_STAGES,
};
/** "host", "queue"; static. */
const char *oriel_sound_stage_name(enum oriel_sound_stage stage);

/** Adds end - start to a stage; a difference that clock mapping explains (up to 5 ms before) counts as 0, absurd ones
 *  (over a minute, or a time of 0) are left out. */
void oriel_stage_add(struct oriel_histogram *stages, enum oriel_stage stage, uint64_t start_ns, uint64_t end_ns);

void oriel_sound_stage_add(struct oriel_histogram *stages, enum oriel_sound_stage stage, uint64_t start_ns,
                           uint64_t end_ns);

#endif
