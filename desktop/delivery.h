/* SPDX-License-Identifier: MIT
 *
 * What is handed to a viewer, and the words for who has the controls.
 *
 * Thread-safety: values.
 */
#ifndef ORIEL_DESKTOP_DELIVERY_H
#define ORIEL_DESKTOP_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"
#include "source/facts.h"

enum { ORIEL_VIEWER_NAME_MAX = 64 }; /* bytes of UTF-8 */

/** How a viewer comes to the controls while another has them. Free ones it gets at once, and so it does from a viewer
 *  of the same owner. */
enum oriel_control {
  ORIEL_CONTROL_NEWEST, /* at once; in line the newest is first */
  ORIEL_CONTROL_ASK,    /* the holder is asked; one that has sent no input for 10 s is not. In line who asks, then who
                           waits, each the longest first */
  ORIEL_CONTROL_FIXED,  /* never, while the holder keeps them. In line the longest first */
};

enum oriel_role { ORIEL_ROLE_VIEWER, ORIEL_ROLE_CONTROLLER };

struct oriel_cursor_position {
  int32_t x, y;
  bool visible;
};

struct oriel_volume {
  float left, right;
  bool muted;
};

enum oriel_delivery_type {
  ORIEL_DELIVERY_NONE,
  ORIEL_DELIVERY_STATE,
  ORIEL_DELIVERY_ABILITIES,
  ORIEL_DELIVERY_ROLE,
  ORIEL_DELIVERY_CURSOR,
  ORIEL_DELIVERY_CURSOR_POSITION,
  ORIEL_DELIVERY_PICTURE, /* packet: video or tiles */
  ORIEL_DELIVERY_AUDIO,
  ORIEL_DELIVERY_SKIPPED, /* pictures were left out for this viewer; the next one is a key frame */
  ORIEL_DELIVERY_VOLUME,
  ORIEL_DELIVERY_MICROPHONE,
  ORIEL_DELIVERY_CONTROLS, /* who has them, and who asks */
  ORIEL_DELIVERY_TYPED,
  ORIEL_DELIVERY_CLIPBOARD, /* packet: a text of the guest's, of which a piece is meant */
};

struct oriel_delivery {
  enum oriel_delivery_type type;
  struct oriel_packet *packet; /* owned by the taker: unref; NULL for types without */
  union {
    struct {
      enum oriel_source_state state;
      bool absolute_pointer;
      uint16_t width, height;
      char detail[160];
    } state;
    struct oriel_source_abilities abilities;
    enum oriel_role role;
    struct {
      bool partly; /* this viewer is to draw packet->part alone */
    } picture;
    struct oriel_cursor_position cursor_position;
    struct {
      uint32_t count; /* pictures left out since the last notice */
    } skipped;
    struct oriel_volume volume;
    struct {
      uint32_t holder; /* id; 0 = nobody */
      uint32_t asker;  /* for the holder: whom to answer; for one that asks: itself; else 0 */
      bool never;      /* this viewer is a watcher */
      enum oriel_control way;
      char holder_name[ORIEL_VIEWER_NAME_MAX + 1], asker_name[ORIEL_VIEWER_NAME_MAX + 1];
    } controls;
    struct {
      enum oriel_microphone_use use;
      uint32_t owner; /* id of the viewer that is heard; 0 = nobody */
    } microphone;
    struct {
      uint32_t number; /* lower half of the mark of this viewer's newest text that the guest was given */
      uint32_t dropped; /* presses and releases, since the last of these, that it was not given */
    } typed;
    struct {
      uint32_t number;      /* of the text: another one with each; a text may end without its last piece */
      size_t offset, count; /* bytes of the packet */
      bool kept;            /* the guest had it before this viewer had the controls: nobody copied it just now */
    } clipboard;
  };
};

#endif
