/* SPDX-License-Identifier: MIT
 *
 * One picture as PNG, for whoever does not watch.
 * Thread-safety: any thread that may block.
 */
#ifndef ORIEL_DESKTOP_SNAPSHOT_H
#define ORIEL_DESKTOP_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "desktop/capture.h"

struct oriel_desktop;

/** Encodes the current picture as PNG (owned by the caller, free). Waits up to 2 s for a first picture when nobody was
 *  watching. Blocks for tens of ms: a worker thread, which must have returned before destroy. 0, -EAGAIN (no
 *  picture came), -ECANCELED, -ENOMEM, -EIO. */
int oriel_desktop_snapshot(struct oriel_desktop *desktop, struct oriel_capture *capture, uint8_t **png, size_t *size);
/** The same, made smaller so that it fits into max_width x max_height, each 1 or more; one that fits is left as it is. */
int oriel_desktop_thumbnail(struct oriel_desktop *desktop, struct oriel_capture *capture, unsigned max_width,
                            unsigned max_height, uint8_t **png, size_t *size);
/** From now on no snapshot waits for a picture: those that do return -EAGAIN at once. For an end that must not wait. */
void oriel_desktop_end_snapshot_waits(struct oriel_desktop *desktop);

#endif
