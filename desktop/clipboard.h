/* SPDX-License-Identifier: MIT
 *
 * The clipboard's text: from the viewer that has the controls to every end in the guest that takes one, and from
 * whichever of them speaks to that viewer. The newest text of either way is kept, at most ORIEL_CLIPBOARD_MAX bytes: a
 * guest that has it is not given it again, and one that tells of it within three seconds, by whichever end, only
 * repeats what went the other way, or by the other end. Which ways are open says the desktop's configuration.
 *
 * A viewer is told what the guest's clipboard got while it had the controls, or another one of its owner: whoever takes
 * them over does not learn what the one before copied.
 *
 * Thread-safety: oriel_viewer_* on the network thread. tell, present and stats from any thread, no lock held. init,
 * start and finish from the desktop's owner.
 */
#ifndef ORIEL_DESKTOP_CLIPBOARD_H
#define ORIEL_DESKTOP_CLIPBOARD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/clipboard.h"
#include "desktop/clipboard_state.h"

struct oriel_delivery;
struct oriel_desktop;
struct oriel_viewer;

/** Part of a text from a viewer, in order and without gaps: `count` bytes at `offset` of `size`. Offset 0 begins a text,
 *  and ends one that is not whole. */
struct oriel_clipboard_piece {
  size_t size;       /* of the whole text, 1..ORIEL_CLIPBOARD_MAX */
  size_t offset, count;
  const void *bytes; /* borrowed */
};

/** Takes a piece. 1: the text is whole, and the guest's; 0: more is to come; -EPERM: it has not the controls; -EACCES:
 *  no text goes to this guest; -ENOTCONN: nothing in the guest takes texts now; -EPROTO: no such piece was due;
 *  -EMSGSIZE, -EILSEQ as oriel_clipboard_check; -ENOMEM. After an error nothing of that text is kept. */
int oriel_viewer_clipboard(struct oriel_viewer *viewer, const struct oriel_clipboard_piece *piece);

/* ---- for this room ---- */

/** 0, -ENOMEM. */
int oriel_clipboard_init(struct oriel_clipboard *clipboard);
void oriel_clipboard_finish(struct oriel_clipboard *clipboard);
/** Starts the end that is no part of the source, if there is one. 0, -EAGAIN, -ENOMEM. */
int oriel_clipboard_start(struct oriel_desktop *desktop);
/** An end in the guest says what its clipboard has; NULL: something else, without a text. */
void oriel_clipboard_tell(struct oriel_desktop *desktop, struct oriel_packet *text);
/** Whether somebody is there who may have what the guest copies. hub.lock is held. */
bool oriel_clipboard_is_wanted_locked(const struct oriel_desktop *desktop);
/** Passes on whether it is wanted. No lock but watch_lock held. */
void oriel_clipboard_watch(struct oriel_desktop *desktop, bool wanted);
/** The controls went from one viewer to another, or to nobody: what came of a text is no more. */
void oriel_clipboard_forget(struct oriel_desktop *desktop);
/** Whether a piece of a text waits for this viewer. Cheap when none does. */
bool oriel_clipboard_due(struct oriel_viewer *viewer);
/** That piece; false when there is none. */
bool oriel_clipboard_take(struct oriel_viewer *viewer, struct oriel_delivery *delivery);
/** It is about to be freed. */
void oriel_clipboard_leave(struct oriel_viewer *viewer);
void oriel_clipboard_stats(struct oriel_clipboard *clipboard, struct oriel_clipboard_stats *stats);

#endif
