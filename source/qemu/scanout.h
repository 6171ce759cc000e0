/* SPDX-License-Identifier: MIT
 *
 * What QEMU's display listener receives: pictures, damage and the cursor, checked and copied into the surface.
 *
 * Thread-safety: message from one thread at a time (the listener's, under its lock); expect, stale,
 * refresh, size and frames from any thread.
 */
#ifndef ORIEL_SOURCE_QEMU_SCANOUT_H
#define ORIEL_SOURCE_QEMU_SCANOUT_H

#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <stdbool.h>
#include <stdint.h>

#include "media/surface.h"
#include "source/qemu/scanout_events.h"
#include "source/sink.h"

struct oriel_qemu_scanout;

/** Borrows surface and sink for its life. 0, -ENOMEM. */
int oriel_qemu_scanout_create(struct oriel_surface *surface, const struct oriel_source_sink *sink,
                              const struct oriel_qemu_scanout_events *events, struct oriel_qemu_scanout **scanout);
void oriel_qemu_scanout_destroy(struct oriel_qemu_scanout *scanout);

/** Handles one method call on /org/qemu/Display1/Listener. `body` and `fds` may be NULL; fds stay the caller's. NULL,
 *  or why it was refused (static): the caller answers with a D-Bus error. */
const char *oriel_qemu_scanout_message(struct oriel_qemu_scanout *scanout, const char *interface, const char *member,
                                       GVariant *body, GUnixFDList *fds);

/** After the listener ended: gives shared memory back and expects the display to be on. The size stays known. Not while
 *  message runs. */
void oriel_qemu_scanout_reset(struct oriel_qemu_scanout *scanout);
/** The next registration's first picture is compared with the present one and counts as no frame: nothing becomes
 *  damage that did not change. */
void oriel_qemu_scanout_recheck(struct oriel_qemu_scanout *scanout);
/** The VM was reset: its cursor is gone until the guest shows one again. Any thread. */
void oriel_qemu_scanout_forget_cursor(struct oriel_qemu_scanout *scanout);
/** The console says its size: a scanout of that size should follow or have come. */
void oriel_qemu_scanout_expect(struct oriel_qemu_scanout *scanout, uint32_t width, uint32_t height);
/** True when the picture we have is not of the console's size. QEMU (7.2 to 9.1 at least) tells listeners of a new size
 *  by a whole picture only if the adapter happens to draw all of it at once; in text mode it sends updates for a
 *  picture that nobody was shown. Registering again brings the whole picture. */
bool oriel_qemu_scanout_stale(struct oriel_qemu_scanout *scanout);
/** Reports the whole picture as damage. */
void oriel_qemu_scanout_refresh(struct oriel_qemu_scanout *scanout);
/** Size of the last scanout; 0 x 0 before the first. */
void oriel_qemu_scanout_size(struct oriel_qemu_scanout *scanout, uint16_t *width, uint16_t *height);
/** Pictures and updates taken since create, those of a recheck left out. */
uint64_t oriel_qemu_scanout_frames(struct oriel_qemu_scanout *scanout);

#endif
