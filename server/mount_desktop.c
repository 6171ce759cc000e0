/* SPDX-License-Identifier: MIT
 *
 * The desktop at its place: set, taken away under its viewers and under workers that are inside it. Loop thread, but
 * for oriel_mount_worker_left.
 */
#include "server/mount.h"
#include "server/peer.h"
#include "server/private.h"

/** Viewers are told and leave; a worker may still be inside the desktop, but it waits for no picture any more. */
static void detach(struct oriel_mount *mount, const char *text) {
  oriel_peers_bye(mount, ORIEL_VIEWER_REASON_GOING_AWAY, text, ORIEL_CLOSE_LIMIT_NS);
  if (mount->desktop)
    oriel_desktop_hurry_snapshots(mount->desktop);
  mount->desktop = NULL;
  oriel_thumbnail_drop(&mount->thumbnail);
}

static void await_workers(struct oriel_mount *mount) {
  struct oriel_server *server = mount->server;
  uv_mutex_lock(&server->worker_lock);
  while (mount->workers_inside)
    uv_cond_wait(&server->worker_left, &server->worker_lock);
  uv_mutex_unlock(&server->worker_lock);
}

void oriel_mount_set_desktop(struct oriel_mount *mount, struct oriel_desktop *desktop) {
  if (desktop == mount->desktop)
    return;
  if (mount->desktop) {
    detach(mount, "the desktop is no longer served");
    await_workers(mount);
  }
  mount->desktop = desktop;
}

static void count_inside(struct oriel_mount *mount, unsigned change) {
  struct oriel_server *server = mount->server;
  uv_mutex_lock(&server->worker_lock);
  mount->workers_inside += change;
  uv_cond_broadcast(&server->worker_left);
  uv_mutex_unlock(&server->worker_lock);
}

/** A worker goes into the desktop, and the mount is held for it. */
static void worker_enters(struct oriel_mount *mount) {
  (void)oriel_mount_ref(mount);
  mount->workers++;
  mount->server->workers++;
  count_inside(mount, 1);
}

void oriel_mount_release_desktop(struct oriel_mount *mount, void (*left)(void *user), void *user) {
  detach(mount, "the desktop is no longer served");
  mount->left = left;
  mount->left_user = user;
  worker_enters(mount); /* as if one did, and came back at once */
  oriel_mount_worker_left(mount);
  oriel_mount_worker_done(mount);
}

int oriel_mount_queue_work(struct oriel_mount *mount, uv_work_t *work, uv_work_cb run, uv_after_work_cb done) {
  worker_enters(mount);
  const int status = uv_queue_work(mount->server->loop, work, run, done);
  if (status < 0) {
    oriel_mount_worker_left(mount);
    oriel_mount_worker_done(mount);
  }
  return status;
}

void oriel_mount_worker_left(struct oriel_mount *mount) {
  count_inside(mount, -1u);
}

void oriel_mount_worker_done(struct oriel_mount *mount) {
  mount->workers--;
  mount->server->workers--;
  void (*left)(void *user) = mount->workers ? NULL : mount->left;
  if (left) {
    mount->left = NULL;
    left(mount->left_user); /* which may unmount it */
  }
  oriel_mount_unref(mount);
}

void oriel_server_unmount(struct oriel_mount *mount) {
  mount->unmounted = true;
  mount->server->mount_count--;
  detach(mount, "this desktop is no longer served");
  await_workers(mount);
  oriel_mount_unref(mount);
}

void oriel_mounts_detach(struct oriel_server *server) {
  for (struct oriel_mount *mount = NULL; (mount = oriel_mount_next(server, mount)) != NULL;)
    oriel_mount_set_desktop(mount, NULL);
}
