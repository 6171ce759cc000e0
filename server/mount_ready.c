/* SPDX-License-Identifier: MIT
 *
 * The list of desktops with something to send: pushed by any thread, taken as a whole by the loop's.
 */
#include "server/mount_ready.h"

void oriel_ready_push(struct oriel_mount *mount) {
  struct oriel_mounts *mounts = mount->mounts;
  /* Acquires what the loop's thread released when it took the mount off: next_ready is ours then. */
  if (atomic_exchange_explicit(&mount->ready, true, memory_order_acq_rel))
    return;
  struct oriel_mount *first = atomic_load_explicit(&mounts->ready, memory_order_relaxed);
  do
    mount->next_ready = first;
  while (!atomic_compare_exchange_weak_explicit(&mounts->ready, &first, mount, memory_order_release,
                                                memory_order_relaxed)); /* with the exchange in on_wake */
  (void)uv_async_send(&mounts->wake);
}

static void on_wake(uv_async_t *async) {
  struct oriel_mounts *mounts = async->data;
  struct oriel_mount *mount = atomic_exchange_explicit(&mounts->ready, NULL, memory_order_acquire), *next;
  for (; mount; mount = next) {
    next = mount->next_ready;
    /* Before its mailboxes are looked at: what comes after that wakes us again. With the exchange in push. */
    (void)atomic_exchange_explicit(&mount->ready, false, memory_order_acq_rel);
    mounts->viewers->flush(mount);
    oriel_mount_free_unused(mount);
  }
}

int oriel_ready_open(struct oriel_mounts *mounts) {
  const int status = uv_async_init(mounts->loop->uv, &mounts->wake, on_wake);
  if (status < 0)
    return status;
  mounts->wake.data = mounts;
  oriel_loop_opened(mounts->loop);
  return 0;
}

static void on_closed(uv_handle_t *handle) {
  const struct oriel_mounts *mounts = handle->data;
  oriel_loop_closed(mounts->loop);
}

void oriel_ready_close(struct oriel_mounts *mounts) {
  if (mounts->wake.data)
    uv_close((uv_handle_t *)&mounts->wake, on_closed);
}
