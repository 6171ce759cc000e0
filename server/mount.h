/* SPDX-License-Identifier: MIT
 *
 * A desktop at its place in a server: a mount, which has a name and its own tokens, and a desktop that comes and goes
 * under its viewers and workers. A server makes it: server.h.
 *
 * Thread-safety: the loop thread only, but oriel_mount_wake (any thread).
 */
#ifndef ORIEL_SERVER_MOUNT_H
#define ORIEL_SERVER_MOUNT_H

#include "server/mount_config.h"

struct oriel_desktop;
struct oriel_mount;

/** Takes the desktop away, if it was not yet, and frees the name at once: its viewers are told that it is no longer
 *  served; nobody else notices. The mount is gone for the caller: its desktop's threads, which call oriel_mount_wake,
 *  must have ended before, so set no desktop, destroy it, and unmount. */
void oriel_server_unmount(struct oriel_mount *mount);
/** The desktop to serve. NULL before it is destroyed: every viewer is then detached from it at once and told that it
 *  goes away, and no snapshot of it is being made any more when this returns: those that wait for a picture are given
 *  up, and one that is being coded is waited for, some tens of ms. */
void oriel_mount_set_desktop(struct oriel_mount *mount, struct oriel_desktop *desktop);
/** The same without waiting for the worker that codes a snapshot: `left` is called from the loop's thread, before this
 *  returns or in a later turn, once nothing here is inside the desktop any more. Set no other one before. */
void oriel_mount_release_desktop(struct oriel_mount *mount, void (*left)(void *user), void *user);
/** Packets wait in mailboxes: the desktop's wake callback, with the mount as its user. Any thread; does not block. */
void oriel_mount_wake(void *mount);

#endif
