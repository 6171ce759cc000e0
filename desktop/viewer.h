/* SPDX-License-Identifier: MIT
 *
 * A viewer's life: it comes, looks and listens or does not, and goes. Network thread only.
 */
#ifndef ORIEL_DESKTOP_VIEWER_H
#define ORIEL_DESKTOP_VIEWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "desktop/delivery.h"

struct oriel_desktop;
struct oriel_viewer;

struct oriel_viewer_config {
  enum oriel_role role; /* CONTROLLER takes the controls where that needs nobody's consent, else waits in line */
  bool watcher;         /* never has the controls */
  uint64_t owner;       /* who is behind it, as the server knows; 0 = unknown */
  bool video, vp8, tiles, audio; /* what it can take; video: H.264, which goes before VP8 */
  bool microphone;          /* it wants to know what becomes of one */
  size_t clipboard_piece;   /* bytes of a text that one delivery may have; 0 = it takes no texts of the guest's */
  bool opening;             /* with tiles and video: takes a whole picture as tiles ahead of its first key frame */
  bool part;                /* with tiles and video or vp8: draws of a video picture only the part that it is told */
  /* whose it is, whatever it connects how often: shares the budget of key frames; 0 = nobody's */
  uint64_t peer;
};

/** Adds a viewer: it gets state, role, cursor and a picture that starts with a key frame (asked for once, shared by all
 *  who ask within the rate limit). 0, -EUSERS (256 viewers), -ENOMEM. */
int oriel_viewer_attach(struct oriel_desktop *desktop, const struct oriel_viewer_config *config,
                        struct oriel_viewer **viewer);
/** Removes it and everything queued for it; keys it held are released. NULL is fine. */
void oriel_viewer_detach(struct oriel_viewer *viewer);
/** From true to false what viewers take and report reaches the media thread at the end, at once: to hand a picture to
 *  hundreds, one wake-up instead of hundreds. Within one turn of the network thread. */
void oriel_desktop_gather(struct oriel_desktop *desktop, bool gathers);
/** A number unique for the life of the desktop, from 1. */
uint32_t oriel_viewer_id(const struct oriel_viewer *viewer);

/** Hidden or shown, muted or not: what is not wanted is not sent, and not made if nobody else wants it. Showing again
 *  starts with a key frame. */
void oriel_viewer_want(struct oriel_viewer *viewer, bool pictures, bool sound);
/** Its pictures go another way from now on, where nothing of them is: they begin anew with a key frame, as after
 *  showing again. */
void oriel_viewer_renew(struct oriel_viewer *viewer);

#endif
