/* SPDX-License-Identifier: MIT
 *
 * What goes into a machine, from whoever makes it through the desktop to the source: events of keyboard, pointer and
 * touch, and a microphone's packets. Plain values; nothing here reaches a source.
 *
 * Thread-safety: values.
 */
#ifndef ORIEL_SOURCE_INPUT_H
#define ORIEL_SOURCE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum oriel_input_type {
  ORIEL_INPUT_KEY,
  ORIEL_INPUT_POINTER,  /* absolute */
  ORIEL_INPUT_MOTION,   /* relative */
  ORIEL_INPUT_BUTTON,
  ORIEL_INPUT_WHEEL,
  ORIEL_INPUT_TOUCH,
  ORIEL_INPUT_RELEASE_ALL, /* every key and button that is down; what waits of texts is dropped */
  ORIEL_INPUT_TEXT,        /* keys at the guest's pace */
  ORIEL_INPUT_LOCKS,       /* how the user's lock keys stand */
};

enum oriel_button { ORIEL_BUTTON_LEFT, ORIEL_BUTTON_MIDDLE, ORIEL_BUTTON_RIGHT, ORIEL_BUTTON_SIDE, ORIEL_BUTTON_EXTRA,
                    ORIEL_BUTTONS };

enum oriel_touch_phase { ORIEL_TOUCH_DOWN, ORIEL_TOUCH_MOVE, ORIEL_TOUCH_UP, ORIEL_TOUCH_CANCEL };

/** Added to usages of HID's consumer page 0x0c in a key's number. */
enum { ORIEL_KEY_CONSUMER = 0xc000 };

enum { ORIEL_LOCK_CAPS = 1, ORIEL_LOCK_NUM = 2 };

enum { ORIEL_TEXT_STROKES_MAX = 64 };

/** A key of a text goes down or up; `usage` as in a key event. */
struct oriel_stroke {
  uint16_t usage;
  bool pressed;
};

struct oriel_input {
  enum oriel_input_type type;
  union {
    struct {
      /* USB HID usage (HID Usage Tables 1.4) of the keyboard page 0x07: 0x04 = A; or ORIEL_KEY_CONSUMER + one of the
       * consumer page 0x0c, for media keys. */
      uint16_t usage;
      /* a key that is down and pressed again repeats: passed on where the guest does not repeat by itself */
      bool pressed;
    } key;
    struct {
      uint16_t x, y; /* pixels of the surface; clamped by the source */
    } pointer;
    struct {
      int16_t dx, dy; /* guest units, right and down positive */
    } motion;
    struct {
      enum oriel_button button;
      bool pressed;
    } button;
    struct {
      int16_t dx, dy; /* 1/120 detent, right and down positive */
    } wheel;
    struct {
      enum oriel_touch_phase phase;
      uint8_t id; /* 0..9 */
      uint16_t x, y;
    } touch;
    struct {
      const struct oriel_stroke *strokes; /* borrowed during the call */
      unsigned count;                     /* up to ORIEL_TEXT_STROKES_MAX */
      uint64_t mark;                      /* comes back in the sink's typed() */
    } text;
    struct {
      uint8_t known, on; /* ORIEL_LOCK_*: those that the user's keyboard has, and those of them that are on */
    } locks;
  };
};

/** One packet of a viewer's microphone. */
struct oriel_microphone {
  const void *opus; /* borrowed; 10 or 20 ms at 48 kHz, mono or stereo */
  size_t size;      /* 1..1500 bytes; 0 = the microphone ends */
  uint32_t sequence; /* counts packets, wraps */
  uint64_t captured_ns;
};

#endif
