/* SPDX-License-Identifier: MIT
 *
 * Workers of libuv's pool that go into a mount's desktop, which must not be destroyed under them. Thread-safety: the
 * loop thread only, but for oriel_mount_worker_left.
 */
#ifndef ORIEL_SERVER_MOUNT_WORK_H
#define ORIEL_SERVER_MOUNT_WORK_H

#include "server/mounts.h"

/** Runs `run` in a worker, inside the desktop, and then `done` in the loop; the mount is held until
 *  oriel_mount_worker_done. 0; -errno of uv_queue_work: neither runs. */
int oriel_mount_queue_work(struct oriel_mount *mount, uv_work_t *work, uv_work_cb run, uv_after_work_cb done);
/** The worker has left the desktop; it says so itself, with its last breath. Any thread. */
void oriel_mount_worker_left(struct oriel_mount *mount);
/** It is back in the loop: whoever waits for the last one is told. The mount may be gone then. */
void oriel_mount_worker_done(struct oriel_mount *mount);
/** Waits until none is inside the desktop; only briefly, where their pictures were given up before. */
void oriel_mount_await_workers(struct oriel_mount *mount);
/** Calls `left` once none is, before this returns or in a later turn of the loop. One caller at a time. */
void oriel_mount_tell_left(struct oriel_mount *mount, void (*left)(void *user), void *user);

#endif
