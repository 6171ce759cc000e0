/* SPDX-License-Identifier: MIT
 *
 * How much smaller than the screen the pictures of a rendition are that costs more than it may. Pure arithmetic on what
 * they took.
 *
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_DESKTOP_THRIFT_H
#define ORIEL_DESKTOP_THRIFT_H

#include <stdint.h>

struct oriel_thrift {
  unsigned least, shrink; /* sides are divided by it: 1, 2 or 4; the least that it may be, and now */
  unsigned slow, quick;   /* pictures in a row that took too long, and so little that larger ones would not */
};

void oriel_thrift_init(struct oriel_thrift *thrift, unsigned least);
/** A picture that was coded as a whole took so much processor time. Returns by what sides are divided from now on. */
unsigned oriel_thrift_note(struct oriel_thrift *thrift, uint64_t took_ns);

#endif
