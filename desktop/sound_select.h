/* SPDX-License-Identifier: MIT
 *
 * Which input of sound sets the pace. Inputs are judged by what is heard: one that sends silence, or comes and goes,
 * takes nothing from another. They are numbered by preference, 0 first.
 *
 * Thread-safety: pure.
 */
#ifndef ORIEL_DESKTOP_SOUND_SELECT_H
#define ORIEL_DESKTOP_SOUND_SELECT_H

#include <stdint.h>

#include "desktop/arrival.h"

enum { ORIEL_SOUND_NONE = -1 };

/** Which of `count` inputs is to set the pace at which all that sound are mixed, now that `active` (or
 *  ORIEL_SOUND_NONE) does. One that is there keeps its place, unless it is silent and another one sounds. With nobody
 *  there `active` stays. */
int oriel_sound_select(const struct oriel_arrival *arrivals, int count, int active, uint64_t now_ns);

#endif
