/* SPDX-License-Identifier: MIT
 *
 * Follows the size that the host asks for. The kernel tells of it with a uevent and a new preferred mode; without a
 * udev daemon the compositor hears neither, so init asks it over IPC.
 * Thread-safety: none needed, init has one thread.
 */
#ifndef ORIEL_GUEST_DISPLAY_H
#define ORIEL_GUEST_DISPLAY_H

/** Makes the kernel read the connectors again and asks the compositor on sway_fd for each one's preferred size, if it
 *  is not the one asked for last. Returns 0 or -errno when the compositor is gone. */
int display_follow(int sway_fd);

/** Forgets what was asked for: the compositor is a new one, which starts at the preferred size. */
void display_forget(void);

#endif
