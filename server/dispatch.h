/* SPDX-License-Identifier: MIT
 *
 * From one whole message of a viewer to one call: parse, order (hello first, once), rates, permission, then the table's
 * slot.
 * Thread-safety: one owner, the loop thread.
 */
#ifndef ORIEL_SERVER_DISPATCH_H
#define ORIEL_SERVER_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/bucket.h"
#include "source/input.h"
#include "wire/viewer.h"

enum {
  ORIEL_INPUT_RATE = 1000, /* input events a second */
  ORIEL_REQUEST_RATE = 50, /* RESIZE, KEY_FRAME, WANT and CONTROL together, a second */
  ORIEL_FRAME_RATE = 4000, /* WebSocket frames of any kind a second */
  ORIEL_MICROPHONE_RATE = 110, /* packets a second; 100 are 10 ms each */
  ORIEL_PIECE_RATE = 500,      /* pieces of clipboards a second: 4 MiB, if they are whole */
};

/** What messages do; every slot is needed but those marked optional. */
struct oriel_dispatch_ops {
  /** Optional: AUTHENTICATE and LOGIN are errors without it. 0, or the reason to close with. */
  enum oriel_viewer_reason (*authenticate)(void *user, const struct oriel_viewer_in *in);
  /** Optional: whether this viewer may send such a message now. Without it everything is permitted. */
  bool (*permits)(void *user, enum oriel_viewer_message type);
  /** With `permits`: such a message came after the hello, and is dropped. */
  void (*denied)(void *user, const struct oriel_viewer_in *in);
  /** 0, or the reason to close with. */
  enum oriel_viewer_reason (*hello)(void *user, const struct oriel_viewer_in *in);
  void (*input)(void *user, const struct oriel_input *input);
  /** Everything else but BYE: acks, pings, requests, the microphone, the clipboard. */
  void (*other)(void *user, const struct oriel_viewer_in *in);
  void (*bye)(void *user, uint16_t reason, const char *text);
};

struct oriel_dispatch {
  const struct oriel_dispatch_ops *ops;
  void *user;
  bool greeted;
  struct oriel_bucket inputs, requests, frames, microphone, pieces;
  uint64_t microphone_excess; /* packets beyond the rate: dropped */
  const char *excess; /* after RATE: what there was too much of */
};

void oriel_dispatch_init(struct oriel_dispatch *dispatch, const struct oriel_dispatch_ops *ops, void *user,
                         uint64_t now_ns);
/** Counts a frame. 0, or RATE. */
int oriel_dispatch_frame(struct oriel_dispatch *dispatch, uint64_t now_ns);
/** Handles one message. 0, or the enum oriel_viewer_reason to close with. */
int oriel_dispatch_message(struct oriel_dispatch *dispatch, const void *data, size_t size, uint64_t now_ns);
/** The same for one that came in another form, of a viewer that greeted another way. */
int oriel_dispatch_live(struct oriel_dispatch *dispatch, const struct oriel_viewer_in *in, uint64_t now_ns);

#endif
