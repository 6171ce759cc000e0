/* SPDX-License-Identifier: MIT
 *
 * The desktop at its place: set, taken away under its viewers and under workers that are inside it. Loop thread, but
 * for oriel_mount_wake.
 */
#include "server/mount.h"

#include "server/mount_ready.h"
#include "server/mount_work.h"
#include "server/mounts.h"

/** Viewers are told and leave; a worker may still be inside the desktop, but it waits for no picture any more. */
static void detach(struct oriel_mount *mount, const char *text) {
  mount->mounts->viewers->bye(mount, ORIEL_VIEWER_REASON_GOING_AWAY, text, ORIEL_CLOSE_LIMIT_NS);
  if (mount->desktop)
    oriel_desktop_end_snapshot_waits(mount->desktop);
  mount->desktop = NULL;
  oriel_thumbnail_drop(&mount->thumbnail);
}

void oriel_mount_set_desktop(struct oriel_mount *mount, struct oriel_desktop *desktop) {
  if (desktop == mount->desktop)
    return;
  if (mount->desktop) {
    detach(mount, "the desktop is no longer served");
    oriel_mount_await_workers(mount);
  }
  mount->desktop = desktop;
}

void oriel_mount_release_desktop(struct oriel_mount *mount, void (*left)(void *user), void *user) {
  detach(mount, "the desktop is no longer served");
  oriel_mount_tell_left(mount, left, user);
}

void oriel_server_unmount(struct oriel_mount *mount) {
  mount->unmounted = true;
  mount->mounts->count--;
  detach(mount, "this desktop is no longer served");
  oriel_mount_await_workers(mount);
  oriel_mount_unref(mount);
}

void oriel_mount_wake(void *mount) {
  oriel_ready_push(mount);
}
