/* SPDX-License-Identifier: MIT
 *
 * A desktop: one source, a rendition for each kind of viewer that looks (form.h; level.h says who takes the lower one),
 * one Opus encoder, and the channels that hand their packets to any number of viewers. Encodes once for all viewers of a
 * kind; runs only while somebody watches; encodes only when somebody can take the result (drop before encoding, lessons
 * 2, 3, 32).
 *
 * Pictures are at least 64 x 64 pixels: a smaller desktop lies in the top left corner of a black canvas of that size.
 * A desktop without a size yet (0 x 0) is waited for.
 *
 * Controls: one viewer has them. How another comes to them says enum oriel_control. When the holder leaves or gives
 * them up, they go to one of those who are in line: who asked for them and has not given them up. Keys and buttons of a
 * viewer that loses them are released.
 *
 * Threads inside: the media thread (the director: damage -> renditions -> channels) and the audio thread (ring -> Opus
 * -> channels). They meet the network thread only in what waits for viewers, under a short lock of each channel.
 *
 * Thread-safety: every oriel_viewer_* call from one thread (the network loop). create/start/destroy from the same
 * thread. state, stats, snapshot and command from any thread. wake() is called from the media, audio and source
 * threads.
 */
#ifndef ORIEL_DESKTOP_DESKTOP_H
#define ORIEL_DESKTOP_DESKTOP_H

#include "desktop/clipboard.h"
#include "desktop/config.h"
#include "desktop/controls.h"
#include "desktop/delivery.h"
#include "desktop/feedback.h"
#include "desktop/mailbox.h"
#include "desktop/microphone.h"
#include "desktop/snapshot.h"
#include "desktop/stats.h"
#include "desktop/viewer.h"
#include "desktop/watch.h"

struct oriel_source;

/** Takes over `source` (destroyed with the desktop, also when create fails). 0, -EINVAL, -ENOMEM. */
int oriel_desktop_create(const struct oriel_desktop_config *config, struct oriel_source *source,
                         struct oriel_desktop **desktop);
/** Starts threads and source. 0, -EAGAIN, -ENOMEM. */
int oriel_desktop_start(struct oriel_desktop *desktop);
/** Detaches from the source, joins the threads, frees. All viewers must have been detached. NULL is fine. */
void oriel_desktop_destroy(struct oriel_desktop *desktop);

/** Looks at what nothing tells of by itself: whether the holder of the controls is idle while another asks, and, at
 *  most twice a second, whether the guest takes the microphone. Call it several times a second while there are viewers,
 *  who are told of changes. */
void oriel_desktop_look(struct oriel_desktop *desktop, uint64_t now_ns);

/* ---- any thread ---- */

/** What the source said of itself last. */
enum oriel_source_state oriel_desktop_state(struct oriel_desktop *desktop);
/** What this desktop can do now, sound from inside its guest included; viewers are told when it changes. */
void oriel_desktop_abilities(struct oriel_desktop *desktop, struct oriel_source_abilities *abilities);
/** As oriel_source_command. */
int oriel_desktop_command(struct oriel_desktop *desktop, enum oriel_source_command command);

#endif
