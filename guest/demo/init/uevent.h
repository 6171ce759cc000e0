/* SPDX-License-Identifier: MIT
 *
 * What the kernel tells of devices: input devices and sound that appear are made usable, displays that change are told.
 * Thread-safety: none needed, init has one thread.
 */
#ifndef ORIEL_GUEST_UEVENT_H
#define ORIEL_GUEST_UEVENT_H

#include <stdbool.h>

/** The netlink socket of uevents, non-blocking, which the caller owns; -1 = none. */
int uevent_open(void);

/** Reads all that waits. True when a display was plugged in or out, or wants another size. */
bool uevent_read(int fd);

#endif
