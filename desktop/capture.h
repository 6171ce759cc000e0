/* SPDX-License-Identifier: MIT
 *
 * A capture: somebody who takes one picture of the surface. While it waits for one the source is watched, as for a
 * viewer; whoever no longer wants the picture cancels it.
 *
 * Thread-safety: init and finish by the owner, finish when what takes the picture has returned; cancel from any thread;
 * the rest from the thread that takes it, but for `wake`.
 */
#ifndef ORIEL_DESKTOP_CAPTURE_H
#define ORIEL_DESKTOP_CAPTURE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/list.h"
#include "core/waiter.h"

struct oriel_capture {
  struct oriel_list node; /* in hub.captures, guarded by hub.lock */
  struct oriel_waiter waiter;
  atomic_bool is_cancelled;
};

/** 0, -ENOMEM. */
int oriel_capture_init(struct oriel_capture *capture);
void oriel_capture_finish(struct oriel_capture *capture);
/** What takes the picture returns -ECANCELED as soon as it can: at once where it waits for one, or has not begun. */
void oriel_capture_cancel(struct oriel_capture *capture);
/** 0, -ECANCELED. */
int oriel_capture_check(const struct oriel_capture *capture);
/** All of a list look again whether there is a picture; hub.lock is held. */
void oriel_captures_wake(struct oriel_list *captures);

#endif
