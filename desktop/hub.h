/* SPDX-License-Identifier: MIT
 *
 * The hub: who looks, what each holds, and whose experience counts.
 *
 * Thread-safety: hub.lock; init and finish from one thread.
 */
#ifndef ORIEL_DESKTOP_HUB_H
#define ORIEL_DESKTOP_HUB_H

#include "desktop/state.h"

int oriel_hub_init(struct oriel_hub *hub);
void oriel_hub_finish(struct oriel_hub *hub);
/** True when the viewer's connection has room for one more picture on its way. */
bool oriel_hub_window_open_locked(const struct oriel_hub *hub, const struct oriel_viewer *viewer, uint64_t now_ns);
/** Finds anew whose experience counts in each channel: the controller's, or the quickest one's. Called when one comes,
 *  goes or changes its role, and now and then: what they experience changes. */
void oriel_hub_refer_locked(struct oriel_hub *hub);
/** Whose experience stands for everybody's; NULL when nobody looks. */
struct oriel_viewer *oriel_hub_reference_locked(const struct oriel_hub *hub);
/** Returns the newest key frame, which nobody takes any more, for the caller to release; or NULL. */
struct oriel_packet *oriel_hub_forget_key_locked(struct oriel_hub *hub, enum oriel_channel_kind kind);
/** Drops the pictures that wait for it, which then waits for a key frame. */
void oriel_hub_need_key_locked(struct oriel_viewer *viewer, uint64_t key_after_ns);
/** Wakes the media thread if it waits for one of `events`; 0 = always. */
void oriel_hub_wake_locked(struct oriel_hub *hub, unsigned events);

/** True when this viewer has the controls. Network thread, which alone changes who does. */
bool oriel_hub_controls(const struct oriel_viewer *viewer);

#endif
