/* SPDX-License-Identifier: MIT
 *
 * Deferred work: requests and news that come faster than they may be passed on, the newest of each kind. Media thread.
 */
#ifndef ORIEL_DESKTOP_DEFERRED_H
#define ORIEL_DESKTOP_DEFERRED_H

#include "desktop/state.h"

/** Does one piece of deferred work that is due; hub.lock, which the caller holds, is free meanwhile. True when there was
 *  one, so that plans are stale. Otherwise *wake_ns is brought forward to when the next one is due (0 = never). */
bool oriel_deferred_run_locked(struct oriel_desktop *desktop, uint64_t now_ns, uint64_t *wake_ns);

#endif
