/* SPDX-License-Identifier: MIT
 *
 * Workers inside desktops. Loop thread, but for oriel_mount_worker_left.
 */
#include "server/mount_work.h"

void oriel_mount_await_workers(struct oriel_mount *mount) {
  struct oriel_mounts *mounts = mount->mounts;
  uv_mutex_lock(&mounts->worker_lock);
  while (mount->workers_inside)
    uv_cond_wait(&mounts->worker_left, &mounts->worker_lock);
  uv_mutex_unlock(&mounts->worker_lock);
}

static void count_inside(struct oriel_mount *mount, unsigned change) {
  struct oriel_mounts *mounts = mount->mounts;
  uv_mutex_lock(&mounts->worker_lock);
  mount->workers_inside += change;
  uv_cond_broadcast(&mounts->worker_left);
  uv_mutex_unlock(&mounts->worker_lock);
}

/** A worker goes into the desktop, and the mount is held for it. */
static void worker_enters(struct oriel_mount *mount) {
  (void)oriel_mount_ref(mount);
  mount->workers++;
  mount->mounts->workers++;
  count_inside(mount, 1);
}

int oriel_mount_queue_work(struct oriel_mount *mount, uv_work_t *work, uv_work_cb run, uv_after_work_cb done) {
  worker_enters(mount);
  const int status = uv_queue_work(mount->mounts->loop->uv, work, run, done);
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
  mount->mounts->workers--;
  void (*left)(void *user) = mount->workers ? NULL : mount->left;
  if (left) {
    mount->left = NULL;
    left(mount->left_user); /* which may unmount it */
  }
  oriel_mount_unref(mount);
}

void oriel_mount_tell_left(struct oriel_mount *mount, void (*left)(void *user), void *user) {
  mount->left = left;
  mount->left_user = user;
  worker_enters(mount); /* as if one did, and came back at once */
  oriel_mount_worker_left(mount);
  oriel_mount_worker_done(mount);
}
