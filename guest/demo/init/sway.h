/* SPDX-License-Identifier: MIT
 *
 * A connection to the compositor's IPC socket (the i3 protocol, documented in sway-ipc(7)): commands out, window
 * events in.
 * Thread-safety: none needed, init has one thread.
 */
#ifndef ORIEL_GUEST_SWAY_H
#define ORIEL_GUEST_SWAY_H

#include <stdbool.h>

#define SWAY_SOCKET "/run/user/1000/sway.sock"

/** Connects and subscribes to window events. Returns the descriptor to poll, which the caller owns, or -errno. */
int sway_connect(void);

/** Sends one command line; its reply arrives later and sway_read drops it. Returns 0 or -errno. */
int sway_command(int fd, const char *command);

/** Reads one message; *window_opened says whether it told of a new window. Returns 0, or -errno to disconnect. */
int sway_read(int fd, bool *window_opened);

#endif
