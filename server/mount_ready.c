/* SPDX-License-Identifier: MIT
 *
 * The list of desktops with something to send: pushed by any thread, taken as a whole by the loop's.
 */
#include "server/mount.h"
#include "server/peer.h"
#include "server/private.h"

void oriel_mount_wake(void *user) {
  struct oriel_mount *mount = user;
  struct oriel_server *server = mount->server;
  /* Acquires what the loop's thread released when it took the mount off: next_ready is ours then. */
  if (atomic_exchange_explicit(&mount->ready, true, memory_order_acq_rel))
    return;
  struct oriel_mount *first = atomic_load_explicit(&server->ready, memory_order_relaxed);
  do
    mount->next_ready = first;
  while (!atomic_compare_exchange_weak_explicit(&server->ready, &first, mount, memory_order_release,
                                                memory_order_relaxed)); /* with the exchange in oriel_mounts_flush */
  (void)uv_async_send(&server->wake);
}

void oriel_mounts_flush(struct oriel_server *server) {
  struct oriel_mount *mount = atomic_exchange_explicit(&server->ready, NULL, memory_order_acquire), *next;
  for (; mount; mount = next) {
    next = mount->next_ready;
    /* Before its mailboxes are looked at: what comes after that wakes us again. With the exchange in wake. */
    (void)atomic_exchange_explicit(&mount->ready, false, memory_order_acq_rel);
    oriel_peers_flush(mount);
    oriel_mount_free_unused(mount);
  }
}
