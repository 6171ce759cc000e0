/* SPDX-License-Identifier: MIT
 *
 * Messages of the data channel `input`: JSON objects as docs/protocols/whep.md has them, made to messages of the viewer
 * protocol. Pure but for what is left of wheels and motion.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_SERVER_WHEP_INPUT_H
#define ORIEL_SERVER_WHEP_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "wire/viewer.h"

enum {
  ORIEL_WHEP_INPUT_MAX = 1024,  /* bytes of a message */
  ORIEL_WHEP_INPUT_EVENTS = 2,  /* of one: the pointer moves there, then a button goes down */
};

/** What a client's next message goes on from. Zeroed at first. */
struct oriel_whep_input {
  double wheel_x, wheel_y;   /* 1/120 detents that are less than one */
  double motion_x, motion_y; /* pixels, likewise */
  /* Positions are of the video as it was sent; where these sizes differ they are scaled. 0 = not known. */
  uint16_t video_width, video_height, width, height;
};

/** Reads a message: how many events it is (0: a key that is not known, a wheel that has not turned far enough), or
 *  -EINVAL with *why, a static sentence of what it must be. */
int oriel_whep_input_parse(struct oriel_whep_input *input, const void *data, size_t size,
                           struct oriel_viewer_in events[ORIEL_WHEP_INPUT_EVENTS], const char **why);

#endif
