/* SPDX-License-Identifier: MIT
 *
 * Pictures for viewers that decode no video: tiles alone, each viewer's own blocks of what it has not got yet, one
 * packet at a time and within the bitrate. Such a viewer holds nobody up and takes nothing from others: video and tiles
 * of the rest are made as if it were not there.
 *
 * Thread-safety: none; the media thread owns it. `_locked` means that the caller holds hub.lock.
 */
#ifndef ORIEL_DESKTOP_LOSSLESS_H
#define ORIEL_DESKTOP_LOSSLESS_H

#include "desktop/state.h"

struct oriel_lossless {
  struct oriel_rate_limit pace; /* packets for all of them together */
  struct oriel_surface_cursor cursor;
  uint64_t seen_events; /* hub.damage_events when the surface was last looked at */
};

void oriel_lossless_init(struct oriel_lossless *lossless);
/** True when the screen shows something that was not yet looked at for them. */
bool oriel_lossless_damaged_locked(const struct oriel_lossless *lossless, const struct oriel_hub *hub);
/** True when a packet may be due now. Otherwise *at_ns says when to ask again; 0 = not before damage or a viewer's
 *  word. */
bool oriel_lossless_due_locked(const struct oriel_lossless *lossless, struct oriel_hub *hub, uint64_t now_ns,
                               uint64_t *at_ns);
/** Looks at the surface: from now on, every viewer of this kind owes itself what has changed. False when it has no
 *  size; otherwise *width x *height is its own. */
bool oriel_lossless_look(struct oriel_lossless *lossless, struct oriel_desktop *desktop, uint16_t *width,
                         uint16_t *height);
/** Makes one packet for the viewer that has waited longest, if one is due, and puts it into its mailbox. `width` and
 *  `height` as pictures have it. */
void oriel_lossless_send(struct oriel_lossless *lossless, struct oriel_desktop *desktop, uint16_t width,
                         uint16_t height, uint32_t kbps);

#endif
