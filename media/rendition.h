/* SPDX-License-Identifier: MIT
 *
 * A rendition: one encoded form of a surface, with its own encoder, view of the damage, pace and sequence. Its owner
 * asks for a plan by what its subscribers want, and has it make a packet. Small changes go as lossless tiles where all
 * subscribers take them, larger ones as video; what stands still is sharpened, and then sent again as tiles until it is
 * exact.
 *
 * Thread-safety: none, no lock and no thread; whoever runs it owns it. The surface's lock is taken for a conversion or
 * for coding a few tiles; video is encoded outside of every lock (lesson 1).
 */
#ifndef ORIEL_MEDIA_RENDITION_H
#define ORIEL_MEDIA_RENDITION_H

#include "core/packet.h"
#include "core/rate_limit.h"
#include "media/encoder.h"
#include "media/motion.h"
#include "media/picture.h"
#include "media/refine.h"
#include "media/surface.h"

struct oriel_rate {
  uint32_t kbps, cap_kbps; /* in force, and at most */
};

struct oriel_rendition_config {
  enum oriel_codec codec;
  const char *encoder; /* name in the encoder table, borrowed; NULL = the first that works */
  uint32_t fps;        /* 1..240 */
  bool single_thread;  /* as of struct oriel_encoder_config */
  /** The bitrate for pictures of this size, of which the next one is. Called by oriel_rendition_make; may lock. */
  struct oriel_rate (*rate)(void *user, uint16_t width, uint16_t height, uint64_t now_ns);
  void *user;
};

/** What the subscribers want, all together. */
struct oriel_demand {
  unsigned subscribers;      /* that look */
  unsigned live, live_ready; /* that have the picture before the next one; of them, that can take a picture now */
  bool tiles;                /* all of `live` take tiles */
  bool video_due;            /* a ready one missed tiles: video covers them */
  bool key_due;              /* a ready one, or one that is expected, waits for a key frame and may have one now */
  uint64_t key_after_ns;     /* otherwise: when the first ready one may; 0 = none waits */
  bool refinable;            /* one of `live_ready` takes tiles and missed none */
  bool unrefined;            /* such a one missed a part of the refinement */
  uint64_t refine_after_ns;  /* one that is behind may catch up until then; 0 = none */
  bool blocked;              /* one that looks cannot take a picture now */
  bool full_size;            /* one that looks relies on pictures of the surface's own size */
};

enum oriel_rendition_action {
  ORIEL_RENDITION_SLEEP,
  ORIEL_RENDITION_PICTURE, /* of what changed */
  ORIEL_RENDITION_KEY,
  ORIEL_RENDITION_SHARPEN,
  ORIEL_RENDITION_REFINE,
  ORIEL_RENDITION_OWE,     /* tell oriel_rendition_owe what was missed of the refinement, and plan again */
  ORIEL_RENDITION_RELEASE, /* the encoder: nobody has looked for long */
};

struct oriel_rendition_step {
  enum oriel_rendition_action action;
  bool tiles, video_due; /* PICTURE: as the demand said */
  bool held_back;        /* SLEEP: a change waits, from now on, for somebody who can take it */
  uint64_t wake_ns;      /* SLEEP: plan again then; 0 = when something changed */
  uint64_t joined_ns;    /* set by the owner: when a subscriber last began to look */
};

/** A picture on its way from the surface to a packet. */
struct oriel_rendition_work {
  struct oriel_rendition_step step;
  struct oriel_damage damage;  /* new in this picture */
  struct oriel_packet *packet; /* owned; NULL: what was taken is to be coded */
  uint64_t started_ns, captured_ns, taken_ns, converted_ns;
  bool key;
  int error; /* of the encoder */
};

struct oriel_rendition {
  struct oriel_rendition_config config;
  unsigned shrink;               /* sides of the surface are divided by it: 1, 2 or 4; from the next encoder on */
  struct oriel_encoder *encoder; /* exists while watched and some seconds longer */
  struct oriel_picture picture;  /* what the encoder saw last; valid while encoder is */
  uint32_t generation;           /* of the surface the picture is of */
  uint8_t *canvas; /* BGRX of the picture's size, where the surface has another: it is below the least size, or shrunk */
  struct oriel_surface_cursor cursor;
  struct oriel_damage video_damage; /* went out as tiles since the last video picture */
  struct oriel_rate_limit pace, open_limit, key_spacing, key_average;
  struct oriel_motion motion;
  struct oriel_refine refine; /* what came by video and is not yet exact */
  unsigned restarts;          /* of refinement for who missed a part, after the last video picture; 4 stands for more */
  uint64_t restart_at_ns;
  uint32_t sequence; /* of the newest packet; from 1, which is whatever goes ahead of the first one's */
  uint32_t kbps;     /* as the encoder was last told */
  bool key_forced;   /* the next picture must be a key frame, whoever asks */
  bool unshown;      /* what was taken of the surface did not become a packet */
  bool held;         /* held back, and said so */
  unsigned sharpenings; /* since the last picture of normal quality */
  unsigned failures;    /* in a row */
  uint64_t change_ns, video_ns, idle_ns, retry_at_ns;
  uint64_t conversions; /* pictures of which something was converted */
};

void oriel_rendition_init(struct oriel_rendition *rendition, const struct oriel_rendition_config *config);
void oriel_rendition_finish(struct oriel_rendition *rendition);

/** What to do now. Pure but for notes about the plan itself. `damaged`: the surface changed since the last look. */
struct oriel_rendition_step oriel_rendition_plan(struct oriel_rendition *rendition, const struct oriel_demand *demand,
                                                 bool damaged, uint64_t now_ns);
/** The same while nobody looks nor is expected: to keep the encoder for a while, or to release it. */
struct oriel_rendition_step oriel_rendition_plan_idle(struct oriel_rendition *rendition, uint64_t now_ns);

/** Makes the packet of a step: PICTURE, KEY, SHARPEN or REFINE. It is numbered, all times set, owned by the caller. 0;
 *  -ENODATA: nothing to make after all; -EAGAIN: the surface has no size; -EBUSY: its size changes faster than encoders
 *  may be opened; -ENOMEM and what the encoder says: the picture could not be encoded: whoever follows needs a key
 *  frame, and the next plan tries again later. */
int oriel_rendition_make(struct oriel_rendition *rendition, struct oriel_surface *surface,
                         const struct oriel_rendition_step *step, struct oriel_packet **packet);
/** The three parts of oriel_rendition_make. The middle one takes nearly all of the time and no lock, so it may run on
 *  another thread, while nobody calls anything else for this rendition. take: as make, but for the encoder's errors; then
 *  there is nothing to end. code: codes what was taken, where it is not a packet already. end: as make. */
int oriel_rendition_take(struct oriel_rendition *rendition, struct oriel_surface *surface,
                         const struct oriel_rendition_step *step, struct oriel_rendition_work *work);
void oriel_rendition_code(struct oriel_rendition *rendition, struct oriel_rendition_work *work);
int oriel_rendition_end(struct oriel_rendition *rendition, struct oriel_rendition_work *work,
                        struct oriel_packet **packet);
/** Sides of pictures are the surface's divided by `shrink` (1, 2 or 4) from the next one on, which is a key frame then;
 *  not where one would be below 64 pixels. */
void oriel_rendition_shrink(struct oriel_rendition *rendition, unsigned shrink);
/** Somebody misses this of the refinement: it goes out once more. */
void oriel_rendition_owe(struct oriel_rendition *rendition, const struct oriel_damage *missed);
/** Everything is to be made exact again: somebody drew all of a picture of which others draw a part. */
void oriel_rendition_owe_all(struct oriel_rendition *rendition);
/** Lets go of the encoder and what it saw. */
void oriel_rendition_release(struct oriel_rendition *rendition);
/** Name of the encoder in use, static; "" before the first one. */
const char *oriel_rendition_encoder(const struct oriel_rendition *rendition);

#endif
