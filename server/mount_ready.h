/* SPDX-License-Identifier: MIT
 *
 * The list of desktops with something to send: pushed by any thread, taken as a whole by the loop's, which is woken
 * once.
 */
#ifndef ORIEL_SERVER_MOUNT_READY_H
#define ORIEL_SERVER_MOUNT_READY_H

#include "server/mounts.h"

/** Opens the handle by which the loop is woken. Loop thread. 0, -errno: it is not open. */
int oriel_ready_open(struct oriel_mounts *mounts);
/** Closes it, if it is open. What is pushed from then on is not sent. Loop thread. */
void oriel_ready_close(struct oriel_mounts *mounts);
/** This desktop has something to send. Any thread; does not block. */
void oriel_ready_push(struct oriel_mount *mount);

#endif
