/* SPDX-License-Identifier: MIT
 *
 * Pictures for viewers that decode no video: tiles alone, each viewer's own blocks of what it has not got yet, one
 * packet at a time and within the bitrate. Such a viewer holds nobody up and takes nothing from others: video and tiles
 * of the rest are made as if it were not there.
 *
 * Thread-safety: none; the media thread owns it. `_locked` means that the caller holds hub.lock, the others take it.
 */
#ifndef ORIEL_DESKTOP_LOSSLESS_H
#define ORIEL_DESKTOP_LOSSLESS_H

#include "desktop/private.h"

struct oriel_lossless {
  struct oriel_pace pace;      /* packets for all of them together */
  uint64_t seen_damage_events; /* damage up to here was looked at */
};

/** What becomes of the surface's damage. */
enum oriel_look {
  ORIEL_LOOK_SIZE, /* nothing: others are about to take it, and say so by oriel_lossless_owe */
  ORIEL_LOOK_PEEK, /* it is owed, and left for the others, who cannot take it now */
  ORIEL_LOOK_TAKE, /* it is owed and taken: nobody gets video */
};

void oriel_lossless_init(struct oriel_lossless *lossless);
/** True when a packet may be due now. Otherwise *at_ns says when to ask again; 0 = not before damage or a viewer's
 *  word. Damage counts as something to send unless `look` is ORIEL_LOOK_SIZE. */
bool oriel_lossless_due_locked(const struct oriel_lossless *lossless, const struct oriel_hub *hub,
                               enum oriel_look look, uint64_t now_ns, uint64_t *at_ns);
/** Every viewer of this kind owes itself this part of a surface of width x height. */
void oriel_lossless_owe(struct oriel_desktop *desktop, const struct oriel_damage *damage, uint16_t width,
                        uint16_t height);
/** Looks at the surface: *damage is what it holds. Returns false when it has no size; otherwise *width x *height is its
 *  own. */
bool oriel_lossless_look(struct oriel_lossless *lossless, struct oriel_desktop *desktop, enum oriel_look look,
                         struct oriel_damage *damage, uint16_t *width, uint16_t *height);
/** Makes one packet for the viewer that has waited longest, if one is due, and puts it into its mailbox. `width` and
 *  `height` as pictures have it. */
void oriel_lossless_send(struct oriel_lossless *lossless, struct oriel_desktop *desktop, uint16_t width,
                         uint16_t height, uint32_t kbps);

#endif
