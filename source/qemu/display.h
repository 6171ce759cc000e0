/* SPDX-License-Identifier: MIT
 *
 * What a console's display is, as its listener learns it. Thread-safety: none needed; values.
 */
#ifndef ORIEL_SOURCE_QEMU_DISPLAY_H
#define ORIEL_SOURCE_QEMU_DISPLAY_H

#include <stdint.h>

enum oriel_qemu_display_kind {
  ORIEL_QEMU_DISPLAY_ON,
  ORIEL_QEMU_DISPLAY_OFF,       /* the guest switched it off */
  ORIEL_QEMU_DISPLAY_NOT_YET,   /* the guest has not switched it on */
  ORIEL_QEMU_DISPLAY_OPENGL,    /* QEMU hands out GPU buffers, which are refused */
  ORIEL_QEMU_DISPLAY_TOO_LARGE, /* the picture was refused for its size */
  ORIEL_QEMU_DISPLAY_FORMAT,    /* for its pixel format */
  ORIEL_QEMU_DISPLAY_BROKEN,    /* for something that no working QEMU says */
};

struct oriel_qemu_display {
  enum oriel_qemu_display_kind kind;
  uint32_t width, height; /* of a picture that is too large */
  uint32_t format;        /* pixman's number of an unknown one */
};

#endif
