/* SPDX-License-Identifier: MIT
 *
 * The media thread's state, and its plans: what to make now, or how long to sleep. Only its two files include this.
 *
 * Thread-safety: none; the media thread owns all of it. `_locked` means that the caller holds hub.lock.
 */
#ifndef ORIEL_DESKTOP_MEDIA_H
#define ORIEL_DESKTOP_MEDIA_H

#include "desktop/lossless.h"
#include "desktop/private.h"
#include "media/motion.h"

struct oriel_media {
  struct oriel_desktop *desktop;
  struct oriel_encoder *encoder; /* exists while watched and keep_ns longer */
  struct oriel_picture picture;  /* what the encoder saw last; valid while encoder is */
  uint32_t generation;           /* of the surface the picture is of */
  struct oriel_surface_cursor cursor; /* of the surface's damage, for viewers of video */
  uint64_t seen_events;   /* hub.damage_events when the surface was last looked at for them */
  bool unshown;           /* what was taken then did not become a picture */
  uint64_t looked_events; /* the same when it was last looked at for anybody */
  uint8_t *canvas;               /* BGRX copy of a surface below the least size, on the least canvas; else NULL */
  struct oriel_damage video_damage; /* went out as tiles since the last video picture */
  struct oriel_rate_limit pace, open_pace, opening_pace;
  struct oriel_keys_budget keys;
  struct oriel_motion motion;
  struct oriel_lossless lossless; /* for viewers without video */
  uint64_t lossless_ns;           /* since when something is due for them; 0 = nothing */
  struct oriel_refine refine; /* what came by video and is not yet exact */
  unsigned restarts;          /* of refinement for who missed a part, after the last video picture; 4 stands for more */
  uint64_t restart_at_ns;
  bool key_forced; /* the next picture must be a key frame, whoever asks */
  bool empty;      /* the surface had no size then */
  bool held;       /* counted as held back */
  unsigned sharpenings; /* since the last picture of normal quality */
  unsigned failures;    /* in a row */
  uint64_t change_ns, video_ns, idle_ns, retry_at_ns;
  uint32_t kbps; /* as the encoder was last told */
};

enum oriel_media_action {
  ORIEL_MEDIA_SLEEP,
  ORIEL_MEDIA_PICTURE,
  ORIEL_MEDIA_OPENING,
  ORIEL_MEDIA_KEY,
  ORIEL_MEDIA_SHARPEN,
  ORIEL_MEDIA_REFINE,
  ORIEL_MEDIA_LOSSLESS,
  ORIEL_MEDIA_RELEASE, /* the encoder: nobody has looked for long */
};

struct oriel_media_plan {
  enum oriel_media_action action;
  bool tiles;       /* ORIEL_MEDIA_PICTURE: tiles fit all who look */
  bool alone;       /* ORIEL_MEDIA_LOSSLESS: nobody looks who takes video */
  bool video_due;   /* ORIEL_MEDIA_PICTURE: needed even without new damage, by a viewer that missed tiles */
  uint64_t wake_ns; /* ORIEL_MEDIA_SLEEP: 0 = until poked */
  uint64_t joined_ns; /* when somebody last began to look */
};

/** True when the screen shows something that viewers of video have not got. */
bool oriel_media_damaged_locked(const struct oriel_media *media, const struct oriel_hub *hub);
/** What to do now; sets hub->wait to what may change the answer before plan.wake_ns. */
struct oriel_media_plan oriel_media_plan_locked(struct oriel_media *media, struct oriel_hub *hub, uint64_t now_ns);
/** Brings the time of waking forward to `wake_ns`. */
void oriel_media_plan_wake(struct oriel_media_plan *plan, uint64_t wake_ns);

#endif
