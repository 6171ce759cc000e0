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
