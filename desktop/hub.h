/* SPDX-License-Identifier: MIT
 *
 * The hub: who is there, and whose experience counts.
 *
 * Thread-safety: `_locked`: hub.lock is held; init and finish from one thread.
 */
#ifndef ORIEL_DESKTOP_HUB_H
#define ORIEL_DESKTOP_HUB_H

#include "desktop/state.h"

/** 0, -ENOMEM. */
int oriel_hub_init(struct oriel_hub *hub, const struct oriel_desktop_config *config);
void oriel_hub_finish(struct oriel_hub *hub);
/** The viewer that subscribes. */
struct oriel_viewer *oriel_hub_viewer(const struct oriel_subscriber *subscriber);
/** Finds anew whose experience counts in each channel and for all: the controller's, or the quickest one's. Called when
 *  one comes, goes or changes its role, and now and then: what they experience changes. */
void oriel_hub_refer_locked(struct oriel_hub *hub);
/** True when this one's experience stands for everybody's. Any thread, no lock needed. */
bool oriel_hub_refers_to(const struct oriel_hub *hub, const struct oriel_viewer *viewer);
/** Drops the pictures that wait for it, which then waits for a key frame. The lock of its channel is held. */
void oriel_hub_need_key(struct oriel_viewer *viewer, uint64_t key_after_ns);
/** Wakes the media thread if one of `events` concerns it now; 0 = always. What changed was changed before, under the
 *  lock under which the media thread looks at it. Any thread. */
void oriel_hub_wake(struct oriel_hub *hub, unsigned events);
/** The same for ORIEL_WAIT_VIEWERS; what is gathered (viewer.h) wakes once. Network thread. */
void oriel_hub_wake_by_viewer(struct oriel_hub *hub);

/** True when this viewer has the controls. Network thread, which alone changes who does. */
bool oriel_hub_controls(const struct oriel_viewer *viewer);

#endif
