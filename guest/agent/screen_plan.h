/* SPDX-License-Identifier: MIT
 *
 * What is to be done where the host asked for another size. A virtual display tells it as its preferred mode; desktops
 * on Wayland and some on X11 take that up by themselves, others wait for `xrandr --output … --auto`, which this is. A
 * mode that the user chose stays until the host asks for yet another size.
 *
 * Thread-safety: pure; one memory, one thread.
 */
#ifndef ORIEL_GUEST_AGENT_SCREEN_PLAN_H
#define ORIEL_GUEST_AGENT_SCREEN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AGENT_SCREEN_OUTPUTS = 16 };

/** An output of RandR. Modes and CRTCs are its ids, 0 = none. */
struct agent_screen_output {
  uint32_t id;
  bool is_connected;
  uint32_t preferred;                         /* mode */
  uint16_t preferred_width, preferred_height; /* 0 = it prefers none */
  uint32_t crtc, mode;                        /* in use */
  uint32_t free_crtc;                         /* it could have, where it has none */
  int16_t x, y;
  uint16_t width, height;
};

struct agent_screen {
  struct agent_screen_output outputs[AGENT_SCREEN_OUTPUTS];
  size_t count;
  uint16_t width_most, height_most; /* of all outputs together */
};

/** What each output preferred when it was last looked at. All zero: never. */
struct agent_screen_memory {
  struct {
    uint32_t id;
    uint16_t width, height;
  } seen[AGENT_SCREEN_OUTPUTS];
  size_t count;
};

struct agent_screen_place {
  uint32_t output, crtc, mode; /* mode 0: off */
  int16_t x;                   /* at the top */
  uint16_t width, height;
};

struct agent_screen_plan {
  struct agent_screen_place places[AGENT_SCREEN_OUTPUTS]; /* every CRTC that is or will be in use */
  size_t count;
  uint16_t width, height; /* of all together */
};

enum agent_screen_verdict {
  AGENT_SCREEN_RIGHT, /* nothing is to be done */
  AGENT_SCREEN_CHANGE,
  AGENT_SCREEN_BEYOND, /* larger than the X server allows: nothing is done */
};

/** Looks at `screen`, takes into `memory` what is preferred now, and says what to do: outputs from left to right in
 *  their present order. `plan` is written only with AGENT_SCREEN_CHANGE. */
enum agent_screen_verdict agent_screen_plan(const struct agent_screen *screen, struct agent_screen_memory *memory,
                                            struct agent_screen_plan *plan);

#endif
