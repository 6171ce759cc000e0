/* SPDX-License-Identifier: MIT
 *
 * A viewer begins and ends to look at a channel's pictures, or goes over to another channel's.
 *
 * Thread-safety: the network thread, with hub.lock held.
 */
#ifndef ORIEL_DESKTOP_LOOK_H
#define ORIEL_DESKTOP_LOOK_H

#include "desktop/state.h"

/** Who begins to look starts with a key frame; who looked already goes on. */
void oriel_look_locked(struct oriel_hub *hub, struct oriel_viewer *viewer, bool looks);
/** What is on its way to it is lost: it begins anew, with a key frame. True when one waits for it. */
bool oriel_look_renew_locked(struct oriel_hub *hub, struct oriel_viewer *viewer);
/** Moves it to another channel, which is not ORIEL_CHANNEL_LOSSLESS. What is on its way to it is still good; the next
 *  picture is a key frame of that channel, which is made at once. */
void oriel_look_move_locked(struct oriel_hub *hub, struct oriel_viewer *viewer, enum oriel_channel_kind kind);

#endif
